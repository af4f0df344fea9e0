"""``stenoflow compare``: error rates and costs of engines or profiles, as a table, JSON, or a page."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from pathlib import Path
from threading import Event
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stenoflow.comparison.alignment import Edits
from stenoflow.comparison.candidates import Candidate, engine_candidates, profile_candidates
from stenoflow.comparison.compare import compare
from stenoflow.comparison.figures import cost_text, edits_text, per_word_text, rate_text
from stenoflow.comparison.purchasing import Purchases
from stenoflow.comparison.result import Comparison, Missing
from stenoflow.comparison.summary import CandidateSummary, summarize
from stenoflow.deployments.cli.interruption import run_stoppable
from stenoflow.errors import ConfigurationError
from stenoflow.profile import Profile, read_profile
from stenoflow.times import format_length

FEW = 10
"""Recordings whose figures are printed without being asked for."""

CENT = Decimal("0.01")

LONGEST_NAME = 24
"""Columns that names take, so that a table fits into 80 columns."""


@dataclass(frozen=True)
class Choices:
    """What the command line asks for."""

    candidates: tuple[Candidate, ...]
    reference: str | None
    buy: bool
    max_cost_usd: Decimal | None

    @classmethod
    def of(
        cls,
        *,
        engines: str,
        profiles: Sequence[str],
        reference: str | None,
        buy: bool,
        max_cost_usd: Decimal | None,
    ) -> Self:
        """Return the choices. Raises ConfigurationError if they make no sense or name nothing."""
        names = [name.strip() for name in engines.split(",") if name.strip()]
        if names and len(profiles) > 1:
            raise ConfigurationError(
                "--engines goes with one --profile at most: it has the engines' options."
            )
        if not names and not profiles:
            raise ConfigurationError("Say what to compare: --engines NAMES, or --profile FILE.")
        if max_cost_usd is not None and not buy:
            raise ConfigurationError("--max-cost limits what --buy spends: add --buy.")
        if names:
            profile = read_profile(profiles[0]) if profiles else Profile()
            candidates = engine_candidates(names, profile)
        else:
            candidates = profile_candidates(_named(profiles))
        return cls(candidates, reference, buy, max_cost_usd)


def _named(files: Sequence[str]) -> dict[str, Profile]:
    """Return profiles by their files' names, or by their paths if two have one name."""
    stems = [Path(file).stem for file in files]
    found = {
        file if stems.count(stem) > 1 else stem: read_profile(file)
        for file, stem in zip(files, stems, strict=True)
    }
    if len(found) < len(files):
        raise ConfigurationError("A profile is named twice: name each file once.")
    return found


def show_comparison(
    recordings: Sequence[str],
    to: str,
    choices: Choices,
    *,
    page: str | None,
    as_json: bool,
    verbose: bool,
) -> bool:
    """Print a comparison, and write its page. Return True if anything could be compared.

    Raises ConfigurationError if a reference, the destination or the page's path cannot be used;
    MissingDependency without jiwer.
    """
    with Console(stderr=True).status("Looking into the ledger") as status:

        def progress(recording: str, candidate: str) -> None:
            status.update(f"{escape(_short(recording))}: {escape(candidate)}")

        def work(stop: Event) -> Comparison:
            return compare(
                recordings,
                to if "://" in to else str(Path(to).absolute()),
                choices.candidates,
                reference=choices.reference,
                purchases=Purchases(choices.max_cost_usd, progress, stop) if choices.buy else None,
            )

        found = run_stoppable(work)
    if page is not None:
        _write_page(found, Path(page))
    if as_json:
        json.dump(figures(found), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        console = Console(highlight=False)
        print_comparison(console, found, each=verbose or len(found.recordings) < FEW)
        if page is not None:
            console.print(f"Differences: {escape(page)}", soft_wrap=True)
    return found.has_figures


def print_comparison(console: Console, comparison: Comparison, *, each: bool) -> None:
    """Print the table of candidates, with ``each`` one of recordings too, and what is missing."""
    summaries = summarize(comparison)
    if comparison.has_figures:
        console.print(_table(comparison, summaries))
        if each and len(comparison.recordings) > 1:
            console.print()
            console.print(_recordings_table(comparison))
        console.print()
    for line in _notes(comparison, summaries):
        console.print(escape(line))


def _table(comparison: Comparison, summaries: Iterable[CandidateSummary]) -> Table:
    table = _new_table("candidate")
    for head in ("recordings", "words", "WER", "CER", "S/D/I", "USD/h", "USD/word"):
        table.add_column(head, justify="right")
    for found in summaries:
        name = f"{found.name} (base)" if found.name == comparison.base else found.name
        table.add_row(
            escape(name),
            str(found.recordings),
            f"{found.words:,}",
            rate_text(found.edits and found.edits.wer),
            rate_text(found.edits and found.edits.cer),
            edits_text(found.edits),
            cost_text(found.usd_per_hour),
            per_word_text(found.usd_per_corrected_word),
        )
    return table


def _recordings_table(comparison: Comparison) -> Table:
    table = _new_table("recording")
    table.add_column("candidate", overflow="fold", max_width=LONGEST_NAME)
    for head in ("words", "WER", "CER", "S/D/I"):
        table.add_column(head, justify="right")
    for found in comparison.compared:
        if found.candidate == comparison.base:
            continue
        edits = found.alignment and found.alignment.edits
        table.add_row(
            escape(_short(found.recording)),
            escape(found.candidate),
            f"{found.words:,}",
            rate_text(edits and edits.wer),
            rate_text(edits and edits.cer),
            edits_text(edits),
        )
    return table


def _new_table(head: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(head, overflow="fold", max_width=LONGEST_NAME)
    return table


def _notes(comparison: Comparison, summaries: Sequence[CandidateSummary]) -> Iterator[str]:
    measured = [each for each in summaries if each.edits]
    if measured:
        words = max(each.edits.base_words for each in measured if each.edits)
        base = "the references" if comparison.base == "reference" else comparison.base
        yield (
            f"Compared with {base}, {words:,} words, without case and punctuation. "
            "S/D/I: words substituted, left out, added."
        )
    for each in measured:
        if each.wer_interval:
            low, high = map(rate_text, each.wer_interval)
            yield f"{each.name}: WER {low} to {high} (95 % interval over recordings)."
    if len({each.recordings for each in summaries if each.recordings}) > 1:
        yield "The candidates do not have the same recordings: compare their rates with care."
    for each in comparison.missing:
        yield f"{_short(each.recording)}, {each.candidate}: {_reason(each)}"
    if any(each.purchasable for each in comparison.missing):
        yield f"To buy what is missing: {_remedy(comparison.missing)}"


def _reason(missing: Missing) -> str:
    if not missing.purchasable:
        return missing.reason
    if missing.seconds is None:
        return f"{missing.reason}."
    length = format_length(missing.seconds)
    if missing.usd is None:
        return f"{missing.reason} ({length}, of unknown price)."
    price = "free" if not missing.usd else f"an estimated {missing.usd:.4f} USD"
    return f"{missing.reason} ({length}, {price})."


def _remedy(missing: Iterable[Missing]) -> str:
    prices = [each.usd for each in missing if each.purchasable]
    known = [each for each in prices if each is not None]
    if len(known) < len(prices):
        return "--buy --max-cost USD"
    total = sum(known, Decimal(0)).quantize(CENT, rounding=ROUND_UP)
    return f"--buy --max-cost {total}" if total else "--buy"


def _short(recording: str) -> str:
    return recording.rstrip("/").rpartition("/")[2] or recording


def _write_page(comparison: Comparison, path: Path) -> None:
    from stenoflow.comparison.page import comparison_page  # noqa: PLC0415 -- for --page only

    try:
        path.write_text(comparison_page(comparison), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The page {path} cannot be written: {error}") from error


def figures(comparison: Comparison) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "base": comparison.base,
        "candidates": [_summary_figures(each) for each in summarize(comparison)],
        "recordings": [
            {
                "recording": each.recording,
                "candidate": each.candidate,
                "words": each.words,
                "duration_s": each.duration_s,
                "usd": _number(each.usd),
                **_edit_figures(each.alignment and each.alignment.edits),
            }
            for each in comparison.compared
        ],
        "missing": [
            {
                "recording": each.recording,
                "candidate": each.candidate,
                "reason": each.reason,
                "purchasable": each.purchasable,
                "seconds": each.seconds,
                "usd": _number(each.usd),
            }
            for each in comparison.missing
        ],
    }


def _summary_figures(summary: CandidateSummary) -> dict[str, Any]:
    return {
        "candidate": summary.name,
        "recordings": summary.recordings,
        "words": summary.words,
        **_edit_figures(summary.edits),
        "wer_interval": summary.wer_interval,
        "duration_s": summary.duration_s,
        "usd": _number(summary.usd),
        "usd_per_hour": _number(summary.usd_per_hour),
        "usd_per_corrected_word": _number(summary.usd_per_corrected_word),
    }


def _edit_figures(edits: Edits | None) -> dict[str, Any]:
    return {
        "base_words": edits and edits.base_words,
        "hits": edits and edits.hits,
        "substitutions": edits and edits.substitutions,
        "deletions": edits and edits.deletions,
        "insertions": edits and edits.insertions,
        "wer": edits and edits.wer,
        "cer": edits and edits.cer,
        "characters": edits and edits.characters,
        "character_edits": edits and edits.character_edits,
    }


def _number(usd: Decimal | None) -> float | None:
    return None if usd is None else float(usd)
