"""The recordings that are compared, and their transcripts from a ledger, where it has them."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from stenoflow.billing.pricing import Prices
from stenoflow.comparison.candidates import Candidate
from stenoflow.comparison.words import ComparedWord, words_of
from stenoflow.engines.base import Engine
from stenoflow.errors import NotFound, Rejected
from stenoflow.ledger.ledger import Ledger
from stenoflow.manifest.keys import manifests_of, parse_manifest_key, version_mark
from stenoflow.manifest.model import Manifest, read_manifest
from stenoflow.media.decoding import probe
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.rendering import costs_of
from stenoflow.pipeline.transcribe import rebuild
from stenoflow.pipeline.transcription import Transcription
from stenoflow.profile.model import Profile
from stenoflow.storage import ObjectInfo, Store, locate, open_store

ANY_SIZE = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRecording:
    """A recording, as its store and the manifests at the destination know it."""

    name: str
    """As it was named: a path or URL."""
    key: str
    source: Store
    sha256: str
    duration_s: float | None
    """None if neither a manifest nor the recording's header has it."""
    channels: int
    manifests: tuple[Manifest, ...]
    """Those of this version of it, whichever profile they are of."""


@dataclass(frozen=True, slots=True)
class CandidateTranscript:
    """A candidate's transcript of a recording."""

    words: tuple[ComparedWord, ...]
    usd: Decimal | None
    """Estimated cost, whenever it was bought; None if no price is known."""
    duration_s: float
    """Of the recording."""


def identify(recording: str, destination: Store) -> ComparedRecording:
    """Return what is known of a recording, given by its path or URL.

    Its digest is that of a manifest of the same version; without one it is fetched. Raises
    ConfigurationError, StoreRefused, SourceChanged, StoreUnavailable.
    """
    folder, key = locate(recording)
    source = open_store(folder)
    info = source.stat(key)
    found = tuple(_manifests(destination, info))
    digest = next((each.source.sha256 for each in found if each.source.sha256), None)
    duration_s = next((each.duration_s for each in found if each.duration_s), None)
    channels = max((len(each.channels) for each in found), default=0)
    if digest is None:
        with scratch_folder() as scratch:
            fetched = source.fetch(key, scratch / "recording", max_bytes=ANY_SIZE)
            digest = fetched.sha256
            with suppress(Rejected):  # What is wrong with it is reported if it is to be bought.
                media = probe(fetched.path)
                duration_s = media.claimed_s
                channels = media.audio[media.default_stream].channels if media.audio else 0
    return ComparedRecording(recording, key, source, digest, duration_s, channels or 1, found)


def from_ledger(
    recording: ComparedRecording, candidate: Candidate, ledger: Ledger, prices: Prices
) -> CandidateTranscript | None:
    """Return a candidate's transcript without buying anything; None if it is not, or not all, there.

    Raises UnusableResponse, StoreUnavailable.
    """
    if _is_silent(recording.manifests, candidate.profile):
        return CandidateTranscript((), Decimal(0), recording.duration_s or 0.0)
    try:
        found = rebuild(candidate.profile, candidate.engine, ledger, recording.sha256)
    except NotFound:
        return None
    return transcript_of(found, candidate.engine, prices)


def price_of(
    recording: ComparedRecording, candidate: Candidate, prices: Prices
) -> tuple[float | None, Decimal | None]:
    """Return the seconds of audio in a recording, and their price; None if unknown.

    Pauses are not sent, so a purchase mostly costs less.
    """
    if recording.duration_s is None:
        return None, None
    separate = candidate.profile.media.channels == "apart"
    seconds = recording.duration_s * (recording.channels if separate else 1)
    engine = candidate.engine
    return seconds, prices.estimate(engine.name, engine.identity(), seconds).usd


def _manifests(destination: Store, info: ObjectInfo) -> Iterable[Manifest]:
    mark = version_mark(info.version)
    with suppress(NotFound):  # There is no such folder or bucket yet.
        for found in destination.list(manifests_of(info.key)):
            key = parse_manifest_key(found.key)
            if key and key.version == mark and (each := read_manifest(destination, found.key)):
                yield each


def _is_silent(manifests: Iterable[Manifest], profile: Profile) -> bool:
    """Return True if a recording has no speech, by the speech detection that a profile asks for."""
    return any(
        each.outcome == "no_speech"
        and not each.purchases
        and (each.profile.media, each.profile.vad) == (profile.media, profile.vad)
        for each in manifests
    )


def transcript_of(found: Transcription, engine: Engine, prices: Prices) -> CandidateTranscript:
    """Return the words of a transcription, and their cost."""
    return CandidateTranscript(
        words=words_of(found.transcript),
        usd=costs_of(found, prices, engine).estimate_usd,
        duration_s=found.transcript.duration_s,
    )
