"""Transcribe the corpus, and compare each recording's outcome with what the corpus expects.

    python -m bench.scale.corpus [--kind broken ...] [--jobs 2]

It runs ``stenoflow transcribe`` with Whisper, and prints outcomes by kind, each disagreement, and the
word error rate on English transcripts.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

from bench.harness.corpus import recordings, shared
from bench.harness.measure import Measure, report


def main(arguments: list[str] | None = None) -> None:
    """Transcribe, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kind", action="append", help="only recordings of this kind")
    parser.add_argument("--jobs", type=int, default=2, help="recordings at the same time")
    chosen = parser.parse_args(arguments)
    folder = shared()
    if folder is None:
        print("skipped, as the corpus is not here: corpus", file=sys.stderr)
        return
    entries = [each for each in recordings() if not chosen.kind or each["kind"] in chosen.kind]
    with tempfile.TemporaryDirectory() as destination:
        endings = transcribe(folder / "corpus", entries, Path(destination), chosen.jobs)
        print_outcomes(entries, endings)
        print_word_errors(entries, endings, Path(destination))
        unexpected = print_disagreements(entries, endings)
    report(
        [
            Measure(
                name="corpus, unexpected outcomes",
                ours=unexpected,
                peer=len(entries),
                unit="recordings",
                against="all recordings of these kinds",
            )
        ]
    )


def transcribe(
    corpus: Path, entries: Iterable[Mapping[str, Any]], destination: Path, jobs: int
) -> dict[str, dict[str, Any]]:
    """Return the report of ``stenoflow transcribe --json`` on each recording, by name."""
    names = [entry["name"] for entry in entries]
    stenoflow = Path(sys.executable).with_name("stenoflow")
    done = subprocess.run(
        [stenoflow, "transcribe", "--json", "--at-once", str(jobs), "--to", destination, *names],
        cwd=corpus,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if len(found) != len(names):
        sys.exit(f"{len(names)} recordings were named, {len(found)} ended")
    return {each["recording"]: each for each in found}


def expected(entry: Mapping[str, Any]) -> set[str]:
    """Return the outcomes that the corpus allows for a recording."""
    verdict = entry["expect"] or ""
    if verdict.startswith("no speech") or entry["speech_intervals_expected"] == 0:
        return {"no_speech"}
    if verdict == "no audio" or (entry["seconds"] is None and entry["kind"] == "vad"):
        return {"rejected"}  # a file without a length among recordings is a file of labels
    if entry["transcript"] or entry["speech_intervals_expected"]:
        return {"published"}
    if entry["kind"] == "broken":
        return {"rejected"} if entry["seconds"] is None else {"published", "no_speech", "rejected"}
    return {"published", "no_speech"}


def print_outcomes(
    entries: Iterable[Mapping[str, Any]], endings: Mapping[str, Mapping[str, Any]]
) -> None:
    """Print a line of counts for each kind."""
    counts = Counter((each["kind"], endings[each["name"]]["outcome"]) for each in entries)
    outcomes = ("published", "no_speech", "rejected", "gave_up")
    print(f"{'kind':14}" + "".join(f"{outcome:>11}" for outcome in outcomes))
    for kind in sorted({kind for kind, _ in counts}):
        print(f"{kind:14}" + "".join(f"{counts[kind, outcome]:11}" for outcome in outcomes))


def print_disagreements(
    entries: Iterable[Mapping[str, Any]], endings: Mapping[str, Mapping[str, Any]]
) -> int:
    """Print each recording with an unexpected outcome, and why; return how many there are."""
    print("\ndisagreements:")
    found = 0
    for entry in entries:
        ending, wanted = endings[entry["name"]], expected(entry)
        if ending["outcome"] not in wanted:
            found += 1
            print(
                f"  {entry['name']}: {ending['outcome']}, not {' or '.join(sorted(wanted))} "
                f"(speech {ending['speech_s']} s of {ending['duration_s']} s; {ending['reason']})"
            )
    return found


def print_word_errors(
    entries: Iterable[Mapping[str, Any]],
    endings: Mapping[str, Mapping[str, Any]],
    destination: Path,
) -> None:
    """Print the word error rate on English transcripts, with the normalization of Whisper's authors."""
    normalize = EnglishTextNormalizer()
    references: list[str] = []
    hypotheses: list[str] = []
    for entry in entries:
        if entry["language"] != "en" or not entry["transcript"]:
            continue
        references.append(normalize(entry["transcript"]))
        found = endings[entry["name"]]["artifacts"].get("json")
        words = json.loads((destination / found).read_text())["words"] if found else []
        hypotheses.append(normalize(" ".join(word["text"] for word in words)))
    if references:
        measured = jiwer.process_words(references, hypotheses)
        words = measured.hits + measured.substitutions + measured.deletions
        print(
            f"\nword error rate {measured.wer:.1%} on {len(references)} English transcripts, {words} words"
            f" ({measured.substitutions} substituted, {measured.deletions} deleted,"
            f" {measured.insertions} inserted)"
        )


if __name__ == "__main__":
    main()
