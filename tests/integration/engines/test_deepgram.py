"""One request to Deepgram, and everything that can happen to it, against a stand-in over real HTTP."""

import http.server
import json
import logging
import threading
import tracemalloc
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.credentials import Credential
from stenoflow.engines.deepgram.engine import DeepgramEngine
from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.registry import open_engine
from stenoflow.errors import (
    BrokenReply,
    ConfigurationError,
    EngineAccountError,
    EngineBusy,
    EngineError,
    EngineRefused,
    ErrorReply,
    Rejected,
    RequestRefused,
    RequestTooLong,
    StenoflowError,
    Stopped,
)
from stenoflow.ledger.records import Order
from stenoflow.ledger.validation import reader
from stenoflow.profile.model import Profile
from stenoflow.testing.deepgram.faults import OWN_ERRORS, PAID, UNPAID, Fault, Mix, Spoiling, status
from stenoflow.testing.deepgram.server import StandIn
from stenoflow.testing.tones import Tone, request_audio, synthesize, write_wav
from tests.support.corpus import needs_corpus, shared

GO_ON = threading.Event()
TONES = (Tone(8_000, 12_001, 300), Tone(20_000, 24_002, 900), Tone(60_007, 64_011, 320))
SAMPLES = 80_000


@pytest.fixture(scope="module")
def running() -> Generator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def standin(running: StandIn) -> StandIn:
    running.requests.clear()
    running.bill.charges.clear()
    return running


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> RequestAudio:
    path = tmp_path_factory.mktemp("audio") / "tones.wav"
    return request_audio(write_wav(path, synthesize(TONES, SAMPLES)), samples=SAMPLES)


def engine(standin: StandIn, **choices: object) -> DeepgramEngine:
    return DeepgramEngine(
        DeepgramOptions.model_validate(choices), Credential(standin.key, standin.url)
    )


def failure(
    standin: StandIn, body: RequestAudio, fault: Fault, **choices: object
) -> StenoflowError:
    """What a request meets whose reply is read, under a fault."""
    standin.script(fault)
    asked = engine(standin, **choices)
    with pytest.raises(StenoflowError) as caught:
        asked.parse(asked.transcribe(body, stop=GO_ON))
    return caught.value


def test_words_are_where_they_sound_to_the_sample(standin: StandIn, body: RequestAudio) -> None:
    asked = engine(standin)
    reply = asked.parse(asked.transcribe(body, stop=GO_ON))
    found = [(round(word.start_s * 16_000), round(word.end_s * 16_000)) for word in reply.words]
    assert found == [(tone.start, tone.end) for tone in TONES]
    assert [word.text for word in reply.words] == ["Tone300", "tone900.", "Tone320."]
    assert [word.speaker for word in reply.words] == [0, 1, 0]
    assert (reply.sha256, reply.duration_s) == (body.sha256, 5.0)
    assert reply.utterance_starts == (0, 2)
    assert [charge.seconds for charge in standin.bill.of(body.sha256)] == [5.0]


def test_the_body_goes_whole_with_its_length_and_type(standin: StandIn, body: RequestAudio) -> None:
    engine(standin).transcribe(body, stop=GO_ON)
    request = standin.requests[0]
    assert request.headers["content-length"] == str(body.size)
    assert request.headers["content-type"] == "audio/wav"
    assert "transfer-encoding" not in request.headers
    assert (request.received, request.sha256) == (body.size, body.sha256)


def test_options_go_by_deepgrams_own_names(standin: StandIn, body: RequestAudio) -> None:
    engine(
        standin,
        keyterm=("Ada Lovelace", "Ærø"),
        utt_split=1.5,
        redact=("pci", "numbers"),
        filler_words=False,
        detect_language=("en", "de"),
        other={"language_hint": ("en", "de"), "beta": 2},
    ).transcribe(body, stop=GO_ON)
    query = standin.requests[0].query
    assert query == {
        "model": ["nova-3"],
        "detect_language": ["en", "de"],
        "diarize_model": ["latest"],
        "smart_format": ["true"],
        "punctuate": ["true"],
        "paragraphs": ["true"],
        "utterances": ["true"],
        "utt_split": ["1.5"],
        "redact": ["pci", "numbers"],
        "keyterm": ["Ada Lovelace", "Ærø"],
        "filler_words": ["false"],
        "language_hint": ["en", "de"],
        "beta": ["2"],
    }


@needs_corpus
@pytest.mark.parametrize(("model", "name"), [("nova-3", "keyterm"), ("nova-2", "keywords")])
def test_a_vocabulary_goes_as_the_parameters_of_deepgrams_specification(
    standin: StandIn, body: RequestAudio, model: str, name: str
) -> None:
    fields = {
        "engine": "deepgram",
        "deepgram": {"model": model},
        "vocabulary": {"terms": ["Ærø", "Stenoflow"]},
    }
    credential = Credential(standin.key, standin.url)
    asked = open_engine(Profile.model_validate(fields), credential=credential)
    asked.transcribe(body, stop=GO_ON)
    query = standin.requests[0].query
    assert query[name] == ["Ærø", "Stenoflow"]
    spec = yaml.safe_load(
        (Path(shared() or "") / "deepgram/spec/listen-v1.openapi.yml").read_text()
    )
    [path] = [each for at, each in spec["paths"].items() if at.endswith("/listen")]
    parameters = {each["name"]: each for each in path["post"]["parameters"] if "name" in each}
    assert set(query) <= set(parameters)
    schema = parameters[name]["schema"]
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    kinds = [each.get("type") for each in (schema, *schema.get("oneOf", ()))]
    assert "array" in kinds, "one parameter for each term"


def test_channels_transcribed_separately_are_requested_and_paid(
    standin: StandIn, tmp_path: Path
) -> None:
    left, right = synthesize(TONES[:2], SAMPLES), synthesize(TONES[2:], SAMPLES)
    stereo = request_audio(write_wav(tmp_path / "stereo.wav", left, right))
    asked = DeepgramEngine(
        DeepgramOptions(), Credential(standin.key, standin.url), multichannel=True
    )
    reply = asked.parse(asked.transcribe(stereo, stop=GO_ON))
    assert [(word.channel, round(word.start_s * 16_000)) for word in reply.words] == [
        (0, 8_000),
        (0, 20_000),
        (1, 60_007),
    ]
    assert reply.utterance_starts == (0, 2)
    assert standin.bill.seconds == 10.0


def test_what_is_asked_beside_words_is_found(standin: StandIn, body: RequestAudio) -> None:
    asked = engine(
        standin, summarize="v2", topics=True, intents=True, sentiment=True, detect_language=True
    )
    reply = asked.parse(asked.transcribe(body, stop=GO_ON))
    assert reply.summary == "3 sounds were recognized."
    assert [(found.kind, found.first, found.last) for found in reply.findings] == [
        ("topic", 0, 3),
        ("intent", 0, 3),
        ("sentiment", 0, 3),
    ]
    assert (reply.language, reply.language_confidence) == ("en", 0.99)
    assert not reply.warnings


@needs_corpus
@pytest.mark.parametrize(
    ("name", "words", "utterances"), [("nasa.mp4", 226, 22), ("preamble.wav", 52, 0)]
)
def test_recorded_audio_gets_its_recorded_reply(
    standin: StandIn, name: str, words: int, utterances: int
) -> None:
    folder = shared()
    assert folder
    asked, sent = engine(standin), request_audio(folder / "deepgram" / "audio" / name, "video/mp4")
    raw = asked.transcribe(sent, stop=GO_ON)
    assert any(raw == path.read_bytes() for path in (folder / "deepgram").glob("*/*.json"))
    reply = asked.parse(raw)
    assert (len(reply.words), len(reply.utterance_starts)) == (words, utterances)
    assert reply.sha256 == sent.sha256


def test_a_url_is_fetched_by_the_other_side(
    standin: StandIn, body: RequestAudio, tmp_path: Path
) -> None:
    assert body.path
    (tmp_path / "a.wav").write_bytes(body.path.read_bytes())

    class Files(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as files:
        threading.Thread(target=files.serve_forever, args=(0.05,)).start()
        base = f"http://127.0.0.1:{files.server_address[1]}"
        there = RequestAudio(None, f"{base}/a.wav?signature=s3cret", 0, "", "", 0, ())
        missing = RequestAudio(None, f"{base}/none.wav?signature=s3cret", 0, "", "", 0, ())
        asked = engine(standin, upload="url")
        reply = asked.parse(asked.transcribe(there, stop=GO_ON))
        with pytest.raises(EngineError, match=r"deepgram\.upload.*REMOTE_CONTENT_ERROR") as caught:
            asked.transcribe(missing, stop=GO_ON)
        files.shutdown()
    assert reply.sha256 == body.sha256
    assert "s3cret" not in str(caught.value)
    assert not caught.value.may_be_paid


KINDS: dict[int, type[StenoflowError]] = {
    400: EngineRefused,
    401: EngineAccountError,
    402: EngineAccountError,
    403: EngineAccountError,
    404: EngineAccountError,
    408: EngineError,
    411: RequestRefused,
    413: RequestTooLong,
    414: ConfigurationError,
    422: EngineError,
    429: EngineBusy,
    500: EngineError,
    502: EngineError,
    503: EngineError,
    504: RequestTooLong,
}


@pytest.mark.parametrize("code", KINDS)
def test_each_status_is_an_error_of_its_kind(
    standin: StandIn, body: RequestAudio, code: int
) -> None:
    error = failure(standin, body, status(code))
    assert type(error) is KINDS[code]
    assert error.request_id == standin.requests[0].id
    assert str(code) in str(error)
    if code in OWN_ERRORS:
        assert OWN_ERRORS[code][0] in str(error)
    assert not getattr(error, "may_be_paid", False)
    assert not standin.bill.charges


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (
            "Bad Request",
            "Bad Request: failed to process audio: corrupt or unsupported data",
            EngineRefused,
        ),
        (
            "Bad Request",
            "Bad Request: No such model/language/tier combination found.",
            ConfigurationError,
        ),
        ("INVALID_QUERY_PARAMETER", "Failed to deserialize query parameters", ConfigurationError),
        ("Bad Request", "Bad Request: diarize is not supported with it.", ConfigurationError),
        ("REMOTE_CONTENT_ERROR", "The remote server hosting the media failed.", EngineError),
        ("Bad Request", "Failed to process the payload.", RequestRefused),
        ("Bad Request", "", RequestRefused),
    ],
)
def test_a_bad_request_is_a_verdict_only_if_it_is_about_the_audio(
    standin: StandIn, body: RequestAudio, code: str, message: str, kind: type[StenoflowError]
) -> None:
    error = failure(standin, body, Fault(status=400, error=(code, message)))
    assert type(error) is kind
    assert isinstance(error, Rejected) == (kind is EngineRefused)
    assert error.request_id == standin.requests[0].id


def test_only_what_ran_out_of_time_is_worth_the_same_request_again(
    standin: StandIn, body: RequestAudio
) -> None:
    slow, large = failure(standin, body, status(504)), failure(standin, body, status(413))
    assert isinstance(slow, RequestTooLong)
    assert isinstance(large, RequestTooLong)
    assert (slow.again, large.again) == (True, False)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, None), ("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("nan", None)],
)
def test_busy_says_how_long_to_wait(
    standin: StandIn, body: RequestAudio, retry_after: str | None, seconds: float | None
) -> None:
    error = failure(standin, body, status(429, retry_after=retry_after))
    assert isinstance(error, EngineBusy)
    assert error.retry_after_s == seconds


def test_busy_may_name_a_date(standin: StandIn, body: RequestAudio) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    error = failure(standin, body, status(429, retry_after=date))
    assert isinstance(error, EngineBusy)
    assert error.retry_after_s == pytest.approx(29.5, abs=2)


@pytest.mark.parametrize(("code", "may_be_paid"), [(500, True), (502, True), (503, False)])
def test_a_gateway_cannot_say_what_was_paid(
    standin: StandIn, body: RequestAudio, code: int, may_be_paid: bool
) -> None:
    error = failure(standin, body, status(code, from_gateway=True))
    assert isinstance(error, EngineError)
    assert error.may_be_paid is may_be_paid


REPLY = {
    "metadata": {"request_id": "x", "duration": 1.0, "created": "2026-11-23T18:00:00.000Z"},
    "results": {"channels": [{"alternatives": [{"transcript": "", "words": []}]}]},
}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.one_of(st.integers(0, 150), st.integers(-150, -1)))
def test_a_reply_that_breaks_off_anywhere_may_be_paid(
    standin: StandIn, body: RequestAudio, at: int
) -> None:
    standin.bill.charges.clear()
    error = failure(standin, body, Fault(reset_response_at=at, reply=REPLY))
    assert isinstance(error, EngineError)
    assert error.may_be_paid
    assert len(standin.bill.charges) == 1


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> RequestAudio:
    """More than the buffers of a connection hold."""
    path = tmp_path_factory.mktemp("audio") / "large.wav"
    path.write_bytes(bytes(30_000_000))
    return request_audio(path)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, 20_000_000))
@example(at=0)
@example(at=1)
def test_a_request_that_breaks_off_anywhere_is_not_paid(
    standin: StandIn, large: RequestAudio, at: int
) -> None:
    error = failure(standin, large, Fault(reset_request_at=at))
    assert isinstance(error, EngineError)
    assert not error.may_be_paid
    assert not standin.bill.charges


@pytest.mark.parametrize("code", [401, 413, 429, 503])
def test_a_response_is_read_while_the_body_is_still_being_sent(
    standin: StandIn, large: RequestAudio, code: int
) -> None:
    error = failure(standin, large, Fault(status=code, early=True))
    assert type(error) is KINDS[code]
    assert standin.requests[0].received == 0


@pytest.mark.parametrize(
    "spoiled", ["truncated", "html", "not an object", "wrong shape", "error object", "empty"]
)
def test_200_is_no_reply_yet(standin: StandIn, body: RequestAudio, spoiled: Spoiling) -> None:
    error = failure(standin, body, Fault(spoiled=spoiled))
    assert isinstance(error, EngineError)
    assert "Deepgram's reply" in str(error)
    assert isinstance(error, ErrorReply) == (spoiled == "error object")


@pytest.mark.parametrize("spoiled", ["html", "empty", "not an object", "error object"])
def test_what_comes_with_200_is_returned_before_it_is_judged(
    standin: StandIn, body: RequestAudio, spoiled: Spoiling
) -> None:
    standin.script(Fault(spoiled=spoiled))
    raw = engine(standin).transcribe(body, stop=GO_ON)
    assert (b"<html>" in raw) == (spoiled == "html")
    assert (raw == b"") == (spoiled == "empty")


def test_what_came_of_a_reply_that_broke_off_is_in_the_error(
    standin: StandIn, body: RequestAudio
) -> None:
    standin.script(Fault(reset_response_at=-5, reply=REPLY))
    with pytest.raises(BrokenReply, match="broke off after") as caught:
        engine(standin).transcribe(body, stop=GO_ON)
    assert json.dumps(REPLY).encode().startswith(caught.value.received)
    assert len(caught.value.received) > 100


@pytest.mark.parametrize(
    "fault", [Fault(wrong_sha256=True), Fault(duration_factor=0.3), Fault(duration_factor=3)]
)
def test_a_reply_about_other_audio_is_no_answer(
    standin: StandIn, body: RequestAudio, fault: Fault
) -> None:
    standin.script(fault)
    asked = engine(standin)
    order = Order(
        engine="deepgram",
        body_sha256=body.sha256,
        body_bytes=body.size,
        seconds=5.0,
        exact=True,
        estimate_usd=None,
    )
    with pytest.raises(EngineError, match="not about the audio") as caught:
        reader(asked)(asked.transcribe(body, stop=GO_ON), order)
    assert caught.value.may_be_paid


@pytest.mark.parametrize(
    ("fault", "choices"),
    [
        (Fault(hang=True), {"deadline_s": 0.4}),
        (Fault(hang=True), {"read_timeout_s": 0.4}),
        (Fault(late_s=30), {"deadline_s": 0.4}),
        (Fault(drip_s=0.05), {"deadline_s": 0.4}),
    ],
)
def test_deadlines_hold_whatever_trickles_in(
    standin: StandIn, body: RequestAudio, fault: Fault, choices: dict[str, float]
) -> None:
    # Without the deadline, the first would never end, and the others succeed.
    error = failure(standin, body, fault, **choices)
    assert isinstance(error, EngineError)
    assert error.may_be_paid
    assert len(standin.bill.charges) == 1


def test_a_refused_connection_is_transient_and_not_paid(body: RequestAudio) -> None:
    with StandIn() as gone:
        url = gone.url
    asked = DeepgramEngine(DeepgramOptions(), Credential("a-key-long-enough", url))
    with pytest.raises(EngineError, match="cannot be reached") as caught:
        asked.transcribe(body, stop=GO_ON)
    assert not caught.value.may_be_paid


@pytest.mark.parametrize("fault", [Fault(hang=True), Fault(drip_s=0.05)])
def test_cancellation_closes_the_connection(
    standin: StandIn, body: RequestAudio, fault: Fault
) -> None:
    standin.script(fault)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(engine(standin).transcribe, body, stop=stop)
        standin.wait_for(lambda: standin.bill.charges)
        stop.set()
        with pytest.raises(Stopped):
            waiting.result()


def test_nothing_is_sent_after_cancellation(standin: StandIn, body: RequestAudio) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        engine(standin).transcribe(body, stop=stop)
    assert not standin.requests


def test_one_call_is_one_request(standin: StandIn, body: RequestAudio) -> None:
    for fault in (*UNPAID, *PAID):
        before = len(standin.requests)
        failure(standin, body, fault)
        assert len(standin.requests) == before + 1


def test_a_body_can_be_sent_again_after_a_failure(standin: StandIn, body: RequestAudio) -> None:
    failure(standin, body, status(503))
    asked = engine(standin)
    assert asked.parse(asked.transcribe(body, stop=GO_ON)).sha256 == body.sha256


def test_requests_at_once_do_not_mix(standin: StandIn, tmp_path: Path) -> None:
    tones = [Tone(1_000 * at, 1_000 * at + 2_000, 400) for at in range(1, 13)]
    bodies = [
        request_audio(write_wav(tmp_path / f"{tone.start}.wav", synthesize([tone], 40_000)))
        for tone in tones
    ]
    asked = engine(standin)
    with ThreadPoolExecutor(12) as threads:
        replies = list(threads.map(lambda sent: asked.transcribe(sent, stop=GO_ON), bodies))
    assert [asked.parse(raw).sha256 for raw in replies] == [sent.sha256 for sent in bodies]
    assert [round(asked.parse(raw).words[0].start_s * 16_000) for raw in replies] == [
        tone.start for tone in tones
    ]


def test_no_redirect_carries_the_key_away(body: RequestAudio) -> None:
    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(307)
            self.send_header("location", "http://127.0.0.1:9/v1/listen")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with pytest.raises(EngineAccountError, match="base URL"):
            credential = Credential("a-key-long-enough", url)
            DeepgramEngine(DeepgramOptions(), credential).transcribe(body, stop=GO_ON)
        server.shutdown()


def test_the_key_is_in_no_message_and_no_log(
    standin: StandIn, body: RequestAudio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = [repr(engine(standin)), str(engine(standin).identity())]
    said += [str(failure(standin, body, fault)) for fault in (*UNPAID, *PAID, status(401))]
    impostor = DeepgramEngine(DeepgramOptions(), Credential("another-key-than-this", standin.url))
    with pytest.raises(EngineAccountError) as caught:
        impostor.transcribe(body, stop=GO_ON)
    for text in (*said, str(caught.value), caplog.text):
        assert standin.key not in text
        assert "another-key-than-this" not in text


def test_a_key_that_an_error_repeats_is_taken_out(standin: StandIn) -> None:
    missing = RequestAudio(
        None, f"http://127.0.0.1:9/{standin.key}?signature=s3cret", 0, "", "", 0, ()
    )
    with pytest.raises(EngineError) as caught:
        engine(standin).transcribe(missing, stop=GO_ON)
    assert "[key]" in str(caught.value)
    assert standin.key not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_without_a_key_nothing_is_sent(standin: StandIn, body: RequestAudio) -> None:
    with pytest.raises(ConfigurationError, match="without an API key"):
        DeepgramEngine(DeepgramOptions()).transcribe(body, stop=GO_ON)
    assert not standin.requests


def test_memory_is_flat_in_the_size_of_the_body(standin: StandIn, tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    standin.script(Fault(reply=REPLY))
    sent = request_audio(path)
    tracemalloc.start()
    engine(standin).transcribe(sent, stop=GO_ON)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert standin.requests[0].received == 200_000_000
    assert peak < 8_000_000


def test_a_share_of_failures_is_the_same_for_a_seed() -> None:
    first, again = Mix(7, 0.2), Mix(7, 0.2)
    drawn = [first.next() for _ in range(500)]
    assert drawn == [again.next() for _ in range(500)]
    assert 60 < sum(fault != Fault() for fault in drawn) < 140
