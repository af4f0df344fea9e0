"""What people save in Prefect: checked when it is saved, found by its name, and silent about secrets."""

from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import get_client
from pydantic import SecretStr, ValidationError

from stenoflow.blocks import (
    DeepgramCredentials,
    EngineCredentials,
    ObjectStore,
    OpenAICredentials,
    TranscriptionProfile,
)
from stenoflow.blocks.resolving import open_credential, open_profile, open_store_address
from stenoflow.engines.credentials import Credential
from stenoflow.engines.registry import open_engine
from stenoflow.errors import ConfigurationError, EngineError
from stenoflow.profile.model import Profile
from stenoflow.testing.deepgram.server import StandIn

DEEPGRAM, OPENAI = "deepgram-credentials", "openai-credentials"
KEY = "a-key-that-nobody-may-read"


@pytest.mark.parametrize(
    "fields",
    [
        {"location": "recordings"},
        {"location": "ftp://host/recordings"},
        {"location": "s3://key:secret@bucket"},
        {"location": "s3://bucket", "endpoint_url": "ceph.example.org"},
        {"location": "s3://bucket", "access_key_id": "only-half"},
        {"location": "/srv/recordings", "endpoint_url": "http://127.0.0.1:9000"},
    ],
)
def test_a_store_that_cannot_be_is_refused_by_the_form(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ObjectStore(**fields)  # pyright: ignore[reportArgumentType]


async def test_a_store_is_found_by_its_name(prefect_server: None, tmp_path: Path) -> None:
    (tmp_path / "talk.mp3").write_bytes(b"ID3")
    await ObjectStore(location=str(tmp_path)).asave("talks")
    store = await open_store_address("object-store/talks")
    assert [info.key for info in store.list()] == ["talk.mp3"]


async def test_saving_a_store_says_what_it_does_not_let_us_do(
    prefect_server: None, tmp_path: Path
) -> None:
    with pytest.warns(UserWarning, match="There is no folder"):
        await ObjectStore(location=str(tmp_path / "nowhere")).asave("nowhere")


def test_a_check_writes_nothing_that_stays(tmp_path: Path) -> None:
    report = ObjectStore(location=str(tmp_path)).check()
    assert all(ability.ok for ability in report.abilities)
    assert list(tmp_path.iterdir()) == []


async def test_what_is_not_saved_is_no_choice(prefect_server: None) -> None:
    for opening in (
        open_store_address("object-store/missing"),
        open_profile("transcription-profile/missing"),
        open_credential("deepgram-credentials/missing", DEEPGRAM),
        open_credential("openai-credentials/missing", OPENAI),
    ):
        with pytest.raises(ConfigurationError, match=r"there is no block .*/missing"):
            await opening


async def test_a_key_itself_is_refused_as_a_parameter() -> None:
    with pytest.raises(ConfigurationError, match="never a key itself") as refusal:
        await open_credential(KEY, DEEPGRAM)
    assert KEY not in str(refusal.value)


async def test_an_engine_takes_the_credentials_of_its_own_account_only(
    prefect_server: None,
) -> None:
    await DeepgramCredentials.of(KEY).asave("of-deepgram")
    with pytest.raises(ConfigurationError, match="for this engine openai-credentials/NAME"):
        await open_credential("deepgram-credentials/of-deepgram", OPENAI)


@pytest.mark.parametrize("given", ["openai-credentials", "openai-credentials/", "main"])
async def test_what_is_not_a_blocks_name_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="openai-credentials/NAME"):
        await open_credential(given, OPENAI)


async def test_a_key_is_refused_where_the_profile_names_another_host(prefect_server: None) -> None:
    await OpenAICredentials.of(KEY, "https://speech.example.org/v1").asave("speech")
    credential = await open_credential("openai-credentials/speech", OPENAI)
    mine = Profile.model_validate(
        {"engine": "openai", "openai": {"base_url": "https://speech.example.org/v1"}}
    )
    theirs = Profile.model_validate(
        {"engine": "openai", "openai": {"base_url": "https://evil.example.org/v1"}}
    )
    open_engine(mine, credential=credential)
    with pytest.raises(ConfigurationError, match="sent to its own host only"):
        open_engine(theirs, credential=credential)


@pytest.mark.parametrize(
    ("block", "header"),
    [(DeepgramCredentials, f"Token {KEY}"), (OpenAICredentials, f"Bearer {KEY}")],
)
def test_a_client_sends_the_key_to_its_own_host_only(
    block: type[EngineCredentials], header: str
) -> None:
    sent: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("authorization"))
        return httpx.Response(200)

    credentials = block.of(KEY, "https://api.example.org/v1")
    with credentials.get_client(transport=httpx.MockTransport(answer)) as client:
        client.get("/models")
        client.get("https://elsewhere.example.org/models")
        client.get("http://api.example.org/v1/models")
    assert sent == [header, None, None]


async def test_a_profile_comes_back_as_it_was_saved(prefect_server: None) -> None:
    profile = Profile(engine="deepgram", artifacts=("txt",))
    await TranscriptionProfile(profile=profile).asave("texts")
    assert await open_profile("transcription-profile/texts") == profile


async def test_keys_are_stored_encrypted_and_never_shown(prefect_server: None) -> None:
    credentials = DeepgramCredentials(api_key=SecretStr(KEY))
    await credentials.asave("main")
    assert KEY not in repr(credentials)
    async with get_client() as client:
        document = await client.read_block_document_by_name(
            "main", "deepgram-credentials", include_secrets=False
        )
    assert KEY not in document.model_dump_json()
    credential = await open_credential("deepgram-credentials/main", DEEPGRAM)
    assert credential == Credential(KEY, "https://api.deepgram.com")


def test_a_key_is_asked_about_and_not_given_away() -> None:
    with StandIn() as standin:
        said = DeepgramCredentials.of(KEY, standin.url).check()
    assert "127.0.0.1" in said
    with pytest.raises(EngineError, match="does not answer") as trouble:
        DeepgramCredentials.of(KEY, standin.url).check()
    assert KEY not in str(trouble.value)


async def test_a_vocabulary_is_read_through_a_block_of_its_store(
    prefect_server: None, tmp_path: Path
) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "terms.txt").write_text("Stenoflow\n")
    await ObjectStore(location=str(tmp_path)).asave("settings")
    fields = {"vocabulary": {"file": "object-store/settings/de/terms.txt"}}
    profile = await open_profile(Profile.model_validate(fields))
    assert profile.vocabulary.terms == ("Stenoflow",)
    await TranscriptionProfile(profile=Profile.model_validate(fields)).asave("named")
    assert await open_profile("transcription-profile/named") == profile
