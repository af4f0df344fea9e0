"""From what was heard to what was said, to the sample, paid once, and again from the ledger alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from stenoflow.audio.analysis import AudioAnalysis
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.deepgram.parameters import is_multichannel
from stenoflow.engines.prices import list_prices
from stenoflow.engines.vocabulary import VocabularyOptions
from stenoflow.errors import ConfigurationError, EngineError, NotFound, UnusableResponse
from stenoflow.ledger.ledger import Ledger
from stenoflow.ledger.records import ChunkKey
from stenoflow.media.options import MediaOptions
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.transcribe import rebuild, transcribe
from stenoflow.pipeline.transcription import Transcription
from stenoflow.profile.model import Profile
from stenoflow.storage import Fetched, ObjectInfo, Store, open_store
from stenoflow.testing.deepgram.faults import Fault
from stenoflow.testing.deepgram.server import StandIn
from stenoflow.testing.tones import Tone, request_audio, synthesize, write_wav
from stenoflow.transcript.model import Transcript
from tests.support.analyses import analysis_of, evenly, plans_for

TONES = evenly(30, every_s=2.0)
PLAIN = DeepgramOptions(smart_format=None, punctuate=None, diarize_model=None)
PROFILE = Profile(engine="deepgram", deepgram=PLAIN)
APART = PROFILE.model_copy(update={"media": MediaOptions(channels="apart")})


@dataclass
class Presigning:
    """As much of a store as is asked for a URL."""

    url: str | None

    def presign(self, key: str, *, expires_s: int) -> str | None:
        return self.url


@dataclass
class Desk:
    """One recording of tones, and all that its transcription takes."""

    standin: StandIn
    store: Store
    folder: Path
    channels: Sequence[Sequence[Tone]] = (TONES,)
    profile: Profile = PROFILE
    longest_s: float = 3600.0
    url: str | None = None
    progress: list[float] = field(default_factory=list[float])

    @property
    def engine(self) -> DeepgramEngine:
        return DeepgramEngine(
            self.profile.deepgram,
            Credential(self.standin.key, self.standin.url),
            multichannel=is_multichannel(self.profile.deepgram, self.profile.media),
        )

    def transcribe(self, heard: AudioAnalysis | None = None) -> Transcription:
        heard = heard or analysis_of(self.folder, *self.channels)
        path = self.folder / "recording.wav"
        if not path.exists():
            write_wav(path, *(synthesize(tones, heard.samples) for tones in self.channels))
        (scratch := self.folder / "scratch").mkdir(exist_ok=True)
        info = ObjectInfo(path.name, path.stat().st_size, "v1", datetime.now(UTC))
        plans = plans_for(self.profile, heard, *self.channels, longest_s=self.longest_s)
        recording = RecordingContext(
            key=path.name,
            source=Presigning(self.url),  # type: ignore[arg-type]
            destination=self.store,
            profile=self.profile,
            engine=self.engine,
            info=info,
            fetched=Fetched(path, info, self.source_sha256),
            analysis=heard,
            plans=tuple(plans),
        )
        run = RunContext(
            scratch=scratch,
            ledger=Ledger(self.store, poll_s=0.02),
            prices=list_prices(),
            progress=self.progress.append,
        )
        try:
            found = transcribe(recording, run).transcription
        finally:
            assert list(scratch.iterdir()) == []
        assert found
        return found

    @property
    def source_sha256(self) -> str:
        return request_audio(self.folder / "recording.wav").sha256

    def rebuild(self) -> Transcription:
        return rebuild(self.profile, self.engine, Ledger(self.store), self.source_sha256)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = open_store(str(tmp_path / "ledger"), create=True)
    with StandIn() as standin:
        yield Desk(standin, store, tmp_path)


def said(transcript: Transcript) -> list[tuple[int, str, float, float]]:
    return sorted(
        (word.channel, word.text, round(word.start_s, 4), round(word.end_s, 4))
        for word in transcript.words
    )


def truth(*channels: Sequence[Tone]) -> list[tuple[int, str, float, float]]:
    return sorted(
        (at, tone.word, round(tone.start / 16_000, 4), round(tone.end / 16_000, 4))
        for at, tones in enumerate(channels)
        for tone in tones
    )


def test_times_are_those_of_the_recording_though_the_pauses_were_not_sent(desk: Desk) -> None:
    found = desk.transcribe()
    assert said(found.transcript) == truth(TONES)
    assert found.paid_s == desk.standin.bill.seconds < found.transcript.duration_s / 2
    assert found.bought_s == found.paid_s == desk.progress[-1]
    assert [each.how for each in found.purchases] == ["bought"]
    assert found.may_have_been_paid == 0


def test_a_recording_in_parts_has_each_word_once(desk: Desk) -> None:
    desk.longest_s = 6.0
    found = desk.transcribe()
    assert len(found.purchases) > 3
    assert said(found.transcript) == truth(TONES)
    assert found.purchases[0].start_s == 0
    assert found.purchases[-1].end_s == found.transcript.duration_s
    assert [a.end_s for a in found.purchases[:-1]] == [b.start_s for b in found.purchases[1:]]


def test_separate_channels_are_bought_and_labelled_separately(desk: Desk) -> None:
    desk.channels, desk.profile = (TONES[:5], evenly(7, every_s=3.0, first_hz=3000)), APART
    found = desk.transcribe()
    assert said(found.transcript) == truth(*desk.channels)
    assert [each.channel for each in found.purchases] == [0, 1]


def test_the_second_time_costs_nothing_and_is_the_same(desk: Desk) -> None:
    first, second = desk.transcribe(), desk.transcribe()
    assert second.transcript == first.transcript
    assert second.plans == first.plans
    assert len(desk.standin.requests) == 1
    assert (second.paid_s, second.bought_s) == (first.paid_s, 0)


def test_from_the_ledger_alone_it_is_the_same(desk: Desk) -> None:
    desk.longest_s = 6.0
    first = desk.transcribe()
    again = desk.rebuild()
    assert again.transcript == first.transcript
    assert {each.how for each in again.purchases} == {"reused"}
    assert len(desk.standin.requests) == len(first.purchases)


def test_what_was_not_bought_cannot_be_rebuilt(desk: Desk) -> None:
    desk.transcribe()
    desk.profile = PROFILE.model_copy(update={"deepgram": DeepgramOptions(model="nova-2")})
    with pytest.raises(NotFound, match="it has not been bought from deepgram with this profile"):
        desk.rebuild()


def test_what_was_bought_in_part_cannot_be_rebuilt(desk: Desk) -> None:
    desk.longest_s = 6.0
    desk.standin.script(Fault(status=503))
    with pytest.raises(EngineError):
        desk.transcribe()
    with pytest.raises(NotFound, match=r"only \d of its \d chunks|it has not"):
        desk.rebuild()


def test_times_follow_the_plan_that_was_bought_whatever_a_later_decoder_makes(desk: Desk) -> None:
    first = desk.transcribe()
    shorter = [*TONES[:-1], Tone(TONES[-1].start, TONES[-1].end - 100, TONES[-1].pitch_hz)]
    later = desk.transcribe(analysis_of(desk.folder, shorter))
    assert later.plans == first.plans
    assert later.transcript == first.transcript


def test_what_a_later_decoder_has_not_got_is_not_sent(desk: Desk) -> None:
    desk.standin.script(Fault(status=503))
    with pytest.raises(EngineError):
        desk.transcribe()
    heard = analysis_of(desk.folder, TONES)
    pcm = heard.channels[0].pcm
    pcm.write_bytes(pcm.read_bytes()[: -2 * 7000])
    samples = heard.samples - 7000
    channel = replace(heard.channels[0], samples=samples)
    shorter = replace(heard, channels=(channel,), samples=samples)
    assert said(desk.transcribe(shorter).transcript) == truth(TONES)


def test_a_plan_that_cannot_be_read_buys_nothing(desk: Desk) -> None:
    found = desk.transcribe()
    chunk = ChunkKey(found.purchases[0].address, found.purchases[0].chunk)
    plan = chunk.prefix.split("/parts/")[0] + "/plan.json"
    desk.store.put(plan, desk.store.read(plan)[:50])
    with pytest.raises(UnusableResponse, match="plan"):
        desk.transcribe()
    assert len(desk.standin.requests) == 1


@pytest.mark.parametrize("apart", [False, True])
def test_a_recording_is_sent_as_it_is(desk: Desk, apart: bool) -> None:
    desk.channels = (TONES[::2], TONES[1::2]) if apart else (TONES,)
    options = PLAIN.model_copy(update={"upload": "original"})
    desk.profile = (APART if apart else PROFILE).model_copy(update={"deepgram": options})
    found = desk.transcribe()
    assert said(found.transcript) == truth(*desk.channels)
    assert [each.sha256 for each in desk.standin.bill.charges] == [desk.source_sha256]
    estimate = sum((each.estimate_usd or Decimal(0) for each in found.purchases), Decimal(0))
    a_minute = Decimal("0.0077") / 60
    assert float(estimate) == pytest.approx(float(a_minute) * desk.standin.bill.seconds, rel=1e-3)
    assert desk.rebuild().transcript == found.transcript


def test_a_recording_without_url_cannot_be_sent_by_url(desk: Desk) -> None:
    options = PLAIN.model_copy(update={"upload": "url"})
    desk.profile = PROFILE.model_copy(update={"deepgram": options})
    with pytest.raises(ConfigurationError, match="presigned"):
        desk.transcribe()
    assert desk.standin.requests == []


def test_without_speech_nothing_is_bought(desk: Desk) -> None:
    heard = analysis_of(desk.folder, TONES)
    desk.channels = ((),)
    write_wav(desk.folder / "recording.wav", synthesize([], heard.samples))
    found = desk.transcribe(heard)
    assert found.transcript.words == ()
    assert (found.purchases, desk.standin.requests) == ((), [])
    assert not any(desk.store.list())


def test_an_attempt_without_reply_is_marked(desk: Desk) -> None:
    desk.standin.script(Fault(reset_response_at=100))
    with pytest.raises(EngineError):
        desk.transcribe()
    assert desk.transcribe().may_have_been_paid == 1
    assert desk.rebuild().may_have_been_paid == 1


def test_costs_that_an_estimate_leaves_out_are_named(desk: Desk) -> None:
    options = PLAIN.model_copy(update={"summarize": "v2"})
    desk.profile = PROFILE.model_copy(update={"deepgram": options})
    assert desk.transcribe().warnings == (
        "The estimate leaves out summarize, charged by the token.",
    )


def test_terms_that_do_not_fit_cause_a_warning_only(desk: Desk) -> None:
    terms = [f"term {at}" for at in range(150)]
    vocabulary = VocabularyOptions.model_validate({"terms": terms})
    profile = desk.profile.model_copy(update={"vocabulary": vocabulary})
    transcript = replace(desk, profile=profile).transcribe().transcript
    assert transcript.words
    [told] = [each for each in transcript.warnings if "vocabulary" in each]
    assert told.startswith(
        "50 of the vocabulary's 150 terms were left out, the first of them 'term 100'"
    )
