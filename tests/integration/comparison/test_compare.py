"""Comparisons of real transcripts: from the ledger for nothing, and bought only with leave to do so."""

import shutil
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import stenoflow
from stenoflow.comparison.candidates import Candidate, engine_candidates, profile_candidates
from stenoflow.comparison.compare import compare
from stenoflow.comparison.purchasing import Purchases
from stenoflow.comparison.result import Comparison
from stenoflow.comparison.summary import summarize
from stenoflow.deployments.samples import sample_recordings
from stenoflow.deployments.samples.texts import TEXTS
from stenoflow.engines.credentials import Credential
from stenoflow.errors import ConfigurationError, MissingDependency, Stopped
from stenoflow.profile.model import Profile
from stenoflow.testing.deepgram.server import StandIn

SAMPLES = {path.name: str(path) for path in sample_recordings()}
INTERVIEW, BRIEFING, QUIET = (
    SAMPLES[name] for name in ("interview.mp3", "briefing.mp4", "quiet-room.ogg")
)


def profile(**sections: Any) -> Profile:
    return Profile.model_validate({"artifacts": ("json",), **sections})


NARROW = profile(whisper={"beam_size": 1})
WIDE = profile(whisper={"beam_size": 5})
WHISPERS = profile_candidates({"narrow": NARROW, "wide": WIDE})


@pytest.fixture(scope="module")
def transcribed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A destination where both profiles have transcribed two of the samples."""
    folder = tmp_path_factory.mktemp("transcribed")
    for each in (NARROW, WIDE):
        for recording in (INTERVIEW, BRIEFING):
            stenoflow.transcribe(recording, profile=each, destination=folder)
    return folder


@pytest.fixture
def references(tmp_path: Path) -> str:
    folder = tmp_path / "references"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / f"{Path(name).stem}.txt").write_text(text)
    return str(folder)


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The stand-in, which the environment has the key for."""
    with StandIn() as standin:
        monkeypatch.setenv("DEEPGRAM_API_KEY", standin.key)
        monkeypatch.setenv("DEEPGRAM_BASE_URL", standin.url)
        yield standin


def names(comparison: Comparison) -> list[tuple[str, str]]:
    return [(Path(each.recording).name, each.candidate) for each in comparison.compared]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_profiles_are_compared_with_references(transcribed: Path, references: str) -> None:
    found = compare([INTERVIEW, BRIEFING], str(transcribed), WHISPERS, reference=references)
    assert found.base == "reference"
    assert found.missing == ()
    assert len(found.compared) == 4
    for each in summarize(found):
        assert each.recordings == 2
        assert each.edits and each.edits.base_words == sum(len(t.split()) for t in TEXTS.values())
        assert each.edits.wer is not None and each.edits.wer < 0.05
        assert (each.usd_per_hour, each.wer_interval) == (0, None)


def test_without_references_the_first_profile_is_the_base(transcribed: Path) -> None:
    found = compare([INTERVIEW], str(transcribed), WHISPERS)
    base, other = found.compared
    assert (found.base, base.alignment) == ("narrow", None)
    assert other.alignment
    assert other.alignment.edits.base_words == base.words > 50
    assert all(pair.start_s is not None for pair in other.alignment.pairs)
    assert found.playback == {INTERVIEW: Path(INTERVIEW).resolve().as_uri()}


def test_a_recording_is_found_by_its_content_under_another_name(
    transcribed: Path, tmp_path: Path
) -> None:
    copy = shutil.copy(INTERVIEW, tmp_path / "copy.mp3")
    before = files(transcribed)
    assert len(compare([str(copy)], str(transcribed), WHISPERS).compared) == 2
    assert files(transcribed) == before


def test_what_is_not_in_the_ledger_is_missing_and_nothing_is_bought(
    transcribed: Path, standin: StandIn
) -> None:
    before = files(transcribed)
    candidates = (*WHISPERS, *engine_candidates(["deepgram"], profile()))
    found = compare([INTERVIEW], str(transcribed), candidates)
    assert names(found) == [("interview.mp3", "narrow"), ("interview.mp3", "wide")]
    (missing,) = found.missing
    assert (missing.candidate, missing.purchasable) == ("deepgram", True)
    assert missing.seconds == pytest.approx(40.3, abs=0.5)
    assert missing.usd and Decimal("0.004") < missing.usd < Decimal("0.01")
    assert standin.requests == []
    assert files(transcribed) == before


def test_a_destination_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    found = compare([QUIET], str(tmp_path / "nowhere"), WHISPERS)
    assert not found.has_figures
    assert [each.candidate for each in found.missing] == ["narrow", "wide"]
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def deepgrams() -> tuple[Candidate, ...]:
    return profile_candidates(
        {
            "nova-2": profile(engine="deepgram", deepgram={"model": "nova-2"}),
            "nova-3": profile(engine="deepgram", deepgram={"model": "nova-3"}),
        }
    )


def test_what_is_missing_is_bought_once(
    standin: StandIn, deepgrams: tuple[Candidate, ...], tmp_path: Path
) -> None:
    told: list[tuple[str, str]] = []
    leave = Purchases(Decimal(1), lambda recording, candidate: told.append((recording, candidate)))
    first = compare([INTERVIEW], str(tmp_path / "to"), deepgrams, purchases=leave)
    assert told == [(INTERVIEW, "nova-2"), (INTERVIEW, "nova-3")]
    assert first.missing == ()
    assert all(each.usd and each.usd > 0 for each in first.compared)
    billed = len(standin.bill.charges)
    assert billed >= 2
    assert not (tmp_path / "to" / "interview.mp3").exists()

    for purchases in (None, leave):
        again = compare([INTERVIEW], str(tmp_path / "to"), deepgrams, purchases=purchases)
        assert again == first
    assert len(standin.bill.charges) == len(standin.requests) == billed


def test_what_a_transcription_has_bought_is_compared_for_nothing(
    standin: StandIn, deepgrams: tuple[Candidate, ...], tmp_path: Path
) -> None:
    credential = Credential(standin.key, standin.url)
    for each in deepgrams:
        stenoflow.transcribe(
            BRIEFING, profile=each.profile, destination=tmp_path, credential=credential
        )
    billed = len(standin.bill.charges)
    found = compare([BRIEFING], str(tmp_path), deepgrams)
    assert found.has_figures
    assert len(standin.bill.charges) == billed


def test_purchases_end_at_the_budget(
    standin: StandIn, deepgrams: tuple[Candidate, ...], tmp_path: Path
) -> None:
    found = compare(
        [INTERVIEW, BRIEFING],
        str(tmp_path),
        deepgrams,
        purchases=Purchases(Decimal("0.004")),
    )
    spent = sum((each.usd or Decimal(0) for each in found.compared), Decimal(0))
    assert Decimal(0) < spent <= Decimal("0.004")
    assert len(found.compared) + len(found.missing) == 4
    assert found.missing
    assert all("left of the budget" in each.reason for each in found.missing)
    assert len(standin.bill.charges) == len(standin.requests)


def test_a_cancelled_comparison_buys_nothing_more(
    standin: StandIn, deepgrams: tuple[Candidate, ...], tmp_path: Path
) -> None:
    cancelled = Event()

    def stop(_recording: str, candidate: str) -> None:
        if candidate == "nova-3":
            cancelled.set()

    with pytest.raises(Stopped):
        compare(
            [INTERVIEW],
            str(tmp_path),
            deepgrams,
            purchases=Purchases(Decimal(1), stop, cancelled),
        )
    assert {request.query["model"][0] for request in standin.requests} == {"nova-2"}


def test_engines_with_a_price_need_a_limit(
    standin: StandIn, deepgrams: tuple[Candidate, ...], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="--max-cost"):
        compare([INTERVIEW], str(tmp_path), deepgrams, purchases=Purchases(None))
    assert standin.requests == []


def test_an_engine_without_a_key_buys_nothing(
    deepgrams: tuple[Candidate, ...], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="DEEPGRAM_API_KEY"):
        compare([INTERVIEW], str(tmp_path), deepgrams, purchases=Purchases(Decimal(1)))


def test_a_recording_without_speech_has_no_words_and_costs_nothing(
    references: str, tmp_path: Path
) -> None:
    for purchases in (Purchases(None), None):
        if purchases is None:
            stenoflow.transcribe(QUIET, profile=NARROW, destination=tmp_path)
        found = compare([QUIET], str(tmp_path), WHISPERS, reference=references, purchases=purchases)
        assert [(each.words, each.usd) for each in found.compared] == [(0, 0), (0, 0)]
        assert [each.duration_s for each in found.compared] == pytest.approx([12, 12], abs=0.5)
        assert all(each.alignment and each.alignment.edits.wer is None for each in found.compared)


def test_one_bad_recording_spoils_no_other(transcribed: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.mp3"
    notes.write_text("not a recording")
    recordings = [str(notes), str(tmp_path / "gone.mp3"), INTERVIEW]
    found = compare(recordings, str(transcribed), WHISPERS, purchases=Purchases(None))
    assert names(found) == [("interview.mp3", "narrow"), ("interview.mp3", "wide")]
    reasons = {Path(each.recording).name: each.reason for each in found.missing}
    assert "text" in reasons["notes.mp3"]
    assert "gone.mp3" in reasons["gone.mp3"]


def test_a_recording_without_a_reference_is_missing(
    transcribed: Path, references: str, tmp_path: Path
) -> None:
    (Path(references) / "briefing.txt").unlink()
    found = compare([INTERVIEW, BRIEFING], str(transcribed), WHISPERS, reference=references)
    assert [(each.candidate, each.recording) for each in found.missing] == [("reference", BRIEFING)]
    assert [each.recordings for each in summarize(found)] == [2, 2]
    assert [bool(each.alignment) for each in found.compared] == [True, True, False, False]


def test_what_makes_no_sense_is_refused(transcribed: Path, references: str) -> None:
    with pytest.raises(ConfigurationError, match="nothing to compare with"):
        compare([INTERVIEW], str(transcribed), WHISPERS[:1])
    with pytest.raises(ConfigurationError, match="reference of one recording"):
        file = f"{references}/interview.txt"
        compare([INTERVIEW, BRIEFING], str(transcribed), WHISPERS, reference=file)
    with pytest.raises(ConfigurationError, match="named twice"):
        engine_candidates(["whisper", "whisper"], profile())
    with pytest.raises(ConfigurationError, match="no engine 'parrot'"):
        engine_candidates(["parrot"], profile())
    with pytest.raises(ConfigurationError, match="rename its file"):
        profile_candidates({"reference": profile()})


def test_without_jiwer_nothing_is_bought(
    monkeypatch: pytest.MonkeyPatch,
    standin: StandIn,
    deepgrams: tuple[Candidate, ...],
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(sys.modules, "jiwer", None)
    with pytest.raises(MissingDependency, match=r"stenoflow\[compare\]"):
        compare([INTERVIEW], str(tmp_path), deepgrams, purchases=Purchases(Decimal(1)))
    assert standin.requests == []
