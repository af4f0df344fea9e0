"""One request to a server of OpenAI's protocol, and what can happen to it, over real HTTP."""

import json
import logging
import threading
import tracemalloc
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stenoflow.audio.encoding import RequestAudio
from stenoflow.engines.credentials import Credential
from stenoflow.engines.openai.engine import OpenAIEngine
from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.registry import open_engine
from stenoflow.errors import (
    ConfigurationError,
    EngineAccountError,
    EngineBusy,
    EngineError,
    EngineRefused,
    RequestRefused,
    RequestTooLong,
    StenoflowError,
    Stopped,
)
from stenoflow.ledger.records import Order
from stenoflow.ledger.validation import reader
from stenoflow.profile.model import Profile
from stenoflow.testing.tones import Tone, request_audio, synthesize, write_wav
from stenoflow.times import to_samples
from tests.support.openai_standin import KEY, Meets, OpenAIStandIn

GO_ON = threading.Event()
TONES = (Tone(8_000, 12_001, 300), Tone(20_000, 24_002, 900), Tone(60_007, 64_011, 320))
SAMPLES = 80_000


@pytest.fixture(scope="module")
def running() -> Generator[OpenAIStandIn]:
    with OpenAIStandIn() as standin:
        yield standin


@pytest.fixture
def standin(running: OpenAIStandIn) -> OpenAIStandIn:
    running.requests.clear()
    running.answered.clear()
    return running


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> RequestAudio:
    path = tmp_path_factory.mktemp("audio") / "tones.wav"
    return request_audio(write_wav(path, synthesize(TONES, SAMPLES)), samples=SAMPLES)


def engine(standin: OpenAIStandIn, **choices: object) -> OpenAIEngine:
    options = OpenAIOptions.model_validate({"base_url": standin.url, **choices})
    return OpenAIEngine(options, Credential(KEY, standin.url))


def failure(
    standin: OpenAIStandIn, body: RequestAudio, meets: Meets, **choices: object
) -> StenoflowError:
    """What a request meets whose reply is read."""
    standin.script(meets)
    asked = engine(standin, **choices)
    with pytest.raises(StenoflowError) as caught:
        asked.parse(asked.transcribe(body, stop=GO_ON))
    return caught.value


def error_body(code: str | None, message: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": "x", "code": code}}).encode()


def test_words_are_where_they_sound_to_the_sample(
    standin: OpenAIStandIn, body: RequestAudio
) -> None:
    asked = engine(standin)
    reply = asked.parse(asked.transcribe(body, stop=GO_ON))
    found = [(to_samples(word.start_s), to_samples(word.end_s)) for word in reply.words]
    assert found == [(tone.start, tone.end) for tone in TONES]
    assert [word.text for word in reply.words] == ["tone300", "tone900", "tone320"]
    assert (reply.language, reply.model, reply.duration_s) == ("en", asked.identity()["model"], 5.0)
    assert not reply.warnings


def test_the_body_goes_whole_with_its_name_and_type(
    standin: OpenAIStandIn, body: RequestAudio
) -> None:
    engine(standin).transcribe(body, stop=GO_ON)
    request = standin.requests[0]
    assert request.path == "/v1/audio/transcriptions"
    assert request.file_sha256 == body.sha256
    assert (request.file_name, request.content_type) == ("audio.wav", "audio/wav")
    assert request.received == int(request.headers["content-length"])
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_options_go_by_openais_own_names(standin: OpenAIStandIn, body: RequestAudio) -> None:
    asked = engine(standin, model="whisper-1", language="de", prompt="Ærø, Käse", temperature=0.2)
    asked.transcribe(body, stop=GO_ON)
    assert standin.requests[0].fields == {
        "model": ["whisper-1"],
        "language": ["de"],
        "prompt": ["Ærø, Käse"],
        "temperature": ["0.2"],
        "response_format": ["verbose_json"],
        "timestamp_granularities[]": ["word", "segment"],
    }


def test_without_a_key_none_is_sent(standin: OpenAIStandIn, body: RequestAudio) -> None:
    OpenAIEngine(OpenAIOptions(base_url=f"{standin.url}/")).transcribe(body, stop=GO_ON)
    assert "authorization" not in standin.requests[0].headers


def test_identity_is_what_changes_the_answer() -> None:
    one = OpenAIEngine(
        OpenAIOptions(base_url="http://a.example/v1"), Credential(KEY, "http://a.example/v1")
    )
    same = OpenAIEngine(OpenAIOptions(deadline_s=7, base_url="http://a.example/v1/"))
    assert one.identity() == same.identity()
    others: tuple[dict[str, object], ...] = (
        {"model": "other"},
        {"language": "de"},
        {"prompt": "x"},
        {"temperature": 0.0},
        {"base_url": "http://b.example/v1"},
    )
    found = [OpenAIEngine(OpenAIOptions.model_validate(each)).identity() for each in others]
    assert all(found.count(each) == 1 for each in found)
    assert KEY not in json.dumps(one.identity())


KINDS: dict[int, type[StenoflowError]] = {
    301: EngineAccountError,
    400: RequestRefused,
    401: EngineAccountError,
    402: EngineAccountError,
    403: EngineAccountError,
    404: EngineAccountError,
    405: EngineAccountError,
    408: EngineError,
    409: EngineError,
    413: RequestTooLong,
    415: ConfigurationError,
    418: RequestRefused,
    422: ConfigurationError,
    429: EngineBusy,
    500: EngineError,
    502: EngineError,
    503: EngineError,
    504: RequestTooLong,
}


@pytest.mark.parametrize("code", KINDS)
def test_each_status_is_an_error_of_its_kind(
    standin: OpenAIStandIn, body: RequestAudio, code: int
) -> None:
    error = failure(standin, body, Meets(code, error_body("a_code", "Said so.")))
    assert type(error) is KINDS[code]
    assert f"({code}, a_code: Said so)" in str(error)
    assert error.request_id == "req-1"
    assert not getattr(error, "may_be_paid", False)


@pytest.mark.parametrize(
    "said",
    [
        {"detail": "Said so."},
        {"detail": [{"msg": "Said so."}]},
        {"object": "error", "message": "Said so.", "code": 400},
        {"error": "Said so."},
    ],
)
def test_the_servers_own_message_is_found_however_wrapped(
    standin: OpenAIStandIn, body: RequestAudio, said: object
) -> None:
    error = failure(standin, body, Meets(400, json.dumps(said).encode()))
    assert "Said so" in str(error)


def test_a_spent_account_is_no_crowd(standin: OpenAIStandIn, body: RequestAudio) -> None:
    spent = Meets(429, error_body("insufficient_quota", "You exceeded your current quota"))
    crowd = Meets(429, error_body("rate_limit_exceeded", "Slower"), (("retry-after", "7"),))
    assert isinstance(failure(standin, body, spent), EngineAccountError)
    busy = failure(standin, body, crowd)
    assert isinstance(busy, EngineBusy)
    assert busy.retry_after_s == 7


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Maximum clip duration (600s) exceeded.", RequestTooLong),
        ("Maximum file size exceeded", RequestTooLong),
        (
            "audio duration 1401.2 seconds is longer than 1400 seconds, the maximum for this model",
            RequestTooLong,
        ),
        ("The audio file could not be decoded or its format is not supported.", EngineRefused),
        ("Audio file might be corrupted or unsupported", EngineRefused),
        ("Invalid file format. Supported formats: ['flac', 'm4a']", EngineRefused),
        ("Unrecognized request argument supplied: prompt", ConfigurationError),
        ("The model `whisper-9` does not exist", ConfigurationError),
        ("Language 'xx' is not supported", ConfigurationError),
        ("Something went wrong", RequestRefused),
    ],
)
def test_a_rate_limit_sent_as_a_bad_request_is_a_rate_limit(
    standin: OpenAIStandIn, body: RequestAudio, said: str, kind: type[StenoflowError]
) -> None:
    assert type(failure(standin, body, Meets(400, error_body(None, said)))) is kind


@pytest.mark.parametrize(("code", "may_be_paid"), [(500, True), (502, True), (503, False)])
def test_a_gateway_cannot_say_what_was_paid(
    standin: OpenAIStandIn, body: RequestAudio, code: int, may_be_paid: bool
) -> None:
    error = failure(standin, body, Meets(code, b"<html>Bad gateway</html>"))
    assert isinstance(error, EngineError)
    assert error.may_be_paid is may_be_paid


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html></html>",
        b"[1]",
        b'{"text": "a',
        b'{"error": {"message": "no"}}',
        b'{"text": 1}',
    ],
)
def test_200_is_no_reply_yet(standin: OpenAIStandIn, body: RequestAudio, answer: bytes) -> None:
    assert isinstance(failure(standin, body, Meets(body=answer)), EngineError)


def test_a_model_without_times_is_of_no_use(standin: OpenAIStandIn, body: RequestAudio) -> None:
    error = failure(standin, body, Meets(body=b'{"text": "Words."}'), model="gpt-4o-transcribe")
    assert isinstance(error, EngineAccountError)
    assert "gpt-4o-transcribe" in str(error)


@pytest.mark.parametrize("at", [0, 1, 20, 99])
def test_a_reply_that_breaks_off_may_be_paid(
    standin: OpenAIStandIn, body: RequestAudio, at: int
) -> None:
    error = failure(standin, body, Meets(body=b" " * 100, cut_at=at))
    assert isinstance(error, EngineError)
    assert error.may_be_paid


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> RequestAudio:
    """More than the buffers of a connection hold."""
    path = tmp_path_factory.mktemp("audio") / "large.wav"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    return request_audio(path)


@pytest.mark.parametrize("at", [0, 1, 1_000, 5_000_000])
def test_a_request_that_breaks_off_is_not_paid(
    standin: OpenAIStandIn, large: RequestAudio, at: int
) -> None:
    error = failure(standin, large, Meets(reset_request_at=at))
    assert isinstance(error, EngineError)
    assert not error.may_be_paid


@pytest.mark.parametrize("code", [401, 413, 503])
def test_a_response_is_read_while_the_body_is_still_being_sent(
    standin: OpenAIStandIn, large: RequestAudio, code: int
) -> None:
    error = failure(standin, large, Meets(code, early=True))
    assert type(error) is KINDS[code]
    assert standin.requests[0].received == 0


def test_memory_is_flat_in_the_size_of_the_body(
    standin: OpenAIStandIn, large: RequestAudio
) -> None:
    standin.script(Meets(body=b'{"text": "", "segments": []}'))
    tracemalloc.start()
    engine(standin).transcribe(large, stop=GO_ON)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert standin.requests[0].file_sha256 == large.sha256
    assert peak < 8_000_000


@pytest.mark.parametrize("meets", [Meets(hang=True), Meets(drip_s=0.05, body=b" " * 1000)])
def test_the_deadline_holds_whatever_trickles_in(
    standin: OpenAIStandIn, body: RequestAudio, meets: Meets
) -> None:
    error = failure(standin, body, meets, deadline_s=0.4)
    assert isinstance(error, EngineError)
    assert error.may_be_paid
    assert "0.4 s" in str(error)


@pytest.mark.parametrize("meets", [Meets(hang=True), Meets(drip_s=0.05, body=b" " * 1000)])
def test_cancellation_closes_the_connection(
    standin: OpenAIStandIn, body: RequestAudio, meets: Meets
) -> None:
    standin.script(meets)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(engine(standin).transcribe, body, stop=stop)
        assert standin.answered.wait(60)
        stop.set()
        with pytest.raises(Stopped):
            waiting.result()


def test_nothing_is_sent_after_cancellation(standin: OpenAIStandIn, body: RequestAudio) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        engine(standin).transcribe(body, stop=stop)
    assert not standin.requests


def test_a_refused_connection_is_transient_and_not_paid(body: RequestAudio) -> None:
    with OpenAIStandIn() as gone:
        url = gone.url
    with pytest.raises(EngineError, match="cannot be reached") as caught:
        OpenAIEngine(OpenAIOptions(base_url=url)).transcribe(body, stop=GO_ON)
    assert not caught.value.may_be_paid


def test_one_call_is_one_request(standin: OpenAIStandIn, body: RequestAudio) -> None:
    for meets in (Meets(503), Meets(500), Meets(429), Meets(cut_at=1), Meets(reset_request_at=9)):
        before = len(standin.requests)
        failure(standin, body, meets)
        assert len(standin.requests) == before + 1


def test_requests_at_once_do_not_mix(standin: OpenAIStandIn, tmp_path: Path) -> None:
    tones = [Tone(1_000 * at, 1_000 * at + 2_000, 400) for at in range(1, 9)]
    bodies = [
        request_audio(write_wav(tmp_path / f"{tone.start}.wav", synthesize([tone], 40_000)))
        for tone in tones
    ]
    asked = engine(standin)
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda sent: asked.transcribe(sent, stop=GO_ON), bodies))
    starts = [to_samples(asked.parse(raw).words[0].start_s) for raw in replies]
    assert starts == [tone.start for tone in tones]


@pytest.mark.parametrize(
    ("reported_s", "fits"), [(5.0, True), (4.2, True), (1.0, False), (9.0, False)]
)
def test_a_reply_about_other_audio_is_no_answer(
    standin: OpenAIStandIn, body: RequestAudio, reported_s: float, fits: bool
) -> None:
    standin.script(
        Meets(body=json.dumps({"text": "", "duration": reported_s, "words": []}).encode())
    )
    asked = engine(standin)
    raw = asked.transcribe(body, stop=GO_ON)
    order = Order(
        engine="openai",
        body_sha256=body.sha256,
        body_bytes=body.size,
        seconds=5.0,
        exact=True,
        estimate_usd=None,
    )
    if fits:
        assert reader(asked)(raw, order).duration_s == reported_s
    else:
        with pytest.raises(EngineError, match="not about the audio"):
            reader(asked)(raw, order)


def test_the_key_is_in_no_message_and_no_log(
    standin: OpenAIStandIn, body: RequestAudio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    repeats = Meets(401, error_body("invalid_api_key", f"Incorrect API key provided: {KEY}"))
    said = [repr(engine(standin)), str(engine(standin).identity())]
    said += [str(failure(standin, body, meets)) for meets in (repeats, Meets(500), Meets(cut_at=1))]
    assert "[key]" in said[2]
    for text in (*said, caplog.text):
        assert KEY not in text


def test_a_key_is_not_sent_to_another_host_and_a_refusal_says_so(
    standin: OpenAIStandIn, body: RequestAudio
) -> None:
    asked = OpenAIEngine(
        OpenAIOptions(base_url=standin.url), Credential(KEY, "https://api.openai.com/v1")
    )
    standin.script(Meets(401, error_body("invalid_api_key", "You didn't provide an API key.")))
    with pytest.raises(EngineAccountError, match="none belongs to this host") as caught:
        asked.transcribe(body, stop=GO_ON)
    assert "authorization" not in standin.requests[0].headers
    assert f"base URL {standin.url}" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "here",
        "ftp://a/v1",
        "http://",
        "http://user:word@a/v1",
        "https://a/v1?key=x",
        "http://a b/v1",
        "http://a:port/v1",
    ],
)
def test_a_base_url_that_cannot_be_one_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL") as caught:
        OpenAIEngine(OpenAIOptions(base_url=url))
    assert "word" not in str(caught.value)


def test_a_vocabulary_goes_as_the_beginning_of_the_prompt(
    standin: OpenAIStandIn, body: RequestAudio
) -> None:
    fields = {
        "engine": "openai",
        "openai": {"base_url": standin.url, "prompt": "A talk."},
        "vocabulary": {"terms": ["Ærø", "Ada Lovelace"]},
    }
    open_engine(Profile.model_validate(fields)).transcribe(body, stop=GO_ON)
    assert standin.requests[0].fields["prompt"] == ["Ærø, Ada Lovelace. A talk."]
