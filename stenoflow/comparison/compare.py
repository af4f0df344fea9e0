"""The comparison itself: every candidate's transcript of every recording, aligned with the base."""

from collections.abc import Iterable, Mapping, Sequence

from stenoflow.billing.pricing import Prices
from stenoflow.comparison.alignment import align, load_jiwer
from stenoflow.comparison.candidates import REFERENCE, Candidate
from stenoflow.comparison.purchasing import ENDS_ALL, Pair, Purchases, buy_all, missing
from stenoflow.comparison.recordings import (
    CandidateTranscript,
    ComparedRecording,
    from_ledger,
    identify,
)
from stenoflow.comparison.references import find_reference, is_reference_file
from stenoflow.comparison.result import Compared, Comparison, Missing
from stenoflow.comparison.words import ComparedWord
from stenoflow.engines.prices import prices_in_force
from stenoflow.errors import ConfigurationError, StenoflowError
from stenoflow.ledger.ledger import Ledger
from stenoflow.rendering.playback import playback_url
from stenoflow.storage import Store, open_store

Words = tuple[ComparedWord, ...]


def compare(
    recordings: Sequence[str],
    destination: str,
    candidates: Sequence[Candidate],
    *,
    reference: str | None = None,
    purchases: Purchases | None = None,
) -> Comparison:
    """Return how candidates differ on recordings, from the ledger at ``destination``.

    They are compared with ``reference``, a file or a folder of files, or without one with the first of
    them. Nothing is bought without ``purchases``; what cannot be had is among ``missing``. Raises
    ConfigurationError if what is asked makes no sense or a reference cannot be read; MissingDependency
    without jiwer; Stopped.
    """
    load_jiwer()
    recordings = tuple(dict.fromkeys(recordings))
    _check(recordings, candidates, reference)
    prices = prices_in_force()
    store = open_store(destination, create=purchases is not None)
    known, left = _identified(recordings, store, candidates)
    references = _references(reference, known, left) if reference else None
    found, lacking = _looked_up(known, candidates, store, prices, left)
    if purchases:
        bought, not_bought = buy_all(lacking, purchases, store, prices)
        found |= bought
        left += not_bought
    else:
        left += [missing(pair, prices) for pair in lacking]
    bases = references if references is not None else _words_of(found, candidates[0].name)
    base = candidates[0].name if references is None else REFERENCE
    return Comparison(
        base=base,
        candidates=tuple(each.name for each in candidates),
        recordings=recordings,
        compared=tuple(_compared(found, known, candidates, base, bases)),
        missing=tuple(left),
        playback=dict(_playback(known, candidates)),
    )


def _check(
    recordings: Sequence[str], candidates: Sequence[Candidate], reference: str | None
) -> None:
    if reference is None and len(candidates) < 2:
        raise ConfigurationError(
            "There is nothing to compare with: name two engines or profiles, or a reference."
        )
    if reference and is_reference_file(reference) and len(recordings) > 1:
        raise ConfigurationError(
            f"{reference} is the reference of one recording, and there are {len(recordings)}: name a "
            "folder that has a file for each."
        )


def _identified(
    recordings: Sequence[str], destination: Store, candidates: Sequence[Candidate]
) -> tuple[list[ComparedRecording], list[Missing]]:
    known: list[ComparedRecording] = []
    left: list[Missing] = []
    for name in recordings:
        try:
            known.append(identify(name, destination))
        except ENDS_ALL:
            raise
        except StenoflowError as error:
            left += [Missing(name, each.name, str(error)) for each in candidates]
    return known, left


def _looked_up(
    known: Sequence[ComparedRecording],
    candidates: Sequence[Candidate],
    destination: Store,
    prices: Prices,
    left: list[Missing],
) -> tuple[dict[tuple[str, str], CandidateTranscript], list[Pair]]:
    """Return what the ledger has, and what it lacks; add to ``left`` what it cannot give."""
    ledger = Ledger(destination)
    found: dict[tuple[str, str], CandidateTranscript] = {}
    lacking: list[Pair] = []
    for recording in known:
        for candidate in candidates:
            try:
                transcript = from_ledger(recording, candidate, ledger, prices)
            except StenoflowError as error:
                left.append(Missing(recording.name, candidate.name, str(error)))
                continue
            if transcript is None:
                lacking.append((recording, candidate))
            else:
                found[recording.name, candidate.name] = transcript
    return found, lacking


def _references(
    reference: str, known: Sequence[ComparedRecording], left: list[Missing]
) -> dict[str, Words]:
    found: dict[str, Words] = {}
    for each in known:
        words = find_reference(reference, each.key)
        if words is None:
            left.append(Missing(each.name, REFERENCE, f"{reference} has none for {each.key}"))
        else:
            found[each.name] = words
    return found


def _words_of(
    found: Mapping[tuple[str, str], CandidateTranscript], candidate: str
) -> dict[str, Words]:
    return {name: each.words for (name, of), each in found.items() if of == candidate}


def _compared(
    found: Mapping[tuple[str, str], CandidateTranscript],
    known: Sequence[ComparedRecording],
    candidates: Sequence[Candidate],
    base: str,
    bases: Mapping[str, Words],
) -> Iterable[Compared]:
    for recording in known:
        for candidate in candidates:
            transcript = found.get((recording.name, candidate.name))
            if transcript is None:
                continue
            words = None if candidate.name == base else bases.get(recording.name)
            yield Compared(
                recording=recording.name,
                candidate=candidate.name,
                words=len(transcript.words),
                usd=transcript.usd,
                duration_s=transcript.duration_s,
                alignment=None if words is None else align(words, transcript.words),
            )


def _playback(
    known: Sequence[ComparedRecording], candidates: Sequence[Candidate]
) -> Iterable[tuple[str, str]]:
    """Yield the address of each recording, by the options of the first profile; none if one redacts."""
    if any(each.profile.redacts for each in candidates):
        return
    options = candidates[0].profile.playback
    for each in known:
        url = playback_url(
            options,
            key=each.key,
            source_url=each.source.url_of(each.key),
            presign=lambda expires_s, of=each: of.source.presign(of.key, expires_s=expires_s),
        )
        if url:
            yield each.name, url
