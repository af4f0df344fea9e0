"""A store, or one recording in it, is found by what a person types."""

import os
from pathlib import Path

import pytest

from stenoflow.errors import ConfigurationError, NotFound
from stenoflow.storage import S3Config, locate, open_store


@pytest.fixture(autouse=True)
def no_machine_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials are not looked for at the machine's metadata service."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("s3://calls", "s3://calls"),
        ("s3://calls/", "s3://calls"),
        ("s3://calls/2026", "s3://calls/2026"),
        ("s3://calls/2026/", "s3://calls/2026"),
        ("s3://calls/2026//", "s3://calls/2026/"),
        ("s3://calls/a b?c#d%20e", "s3://calls/a b?c#d%20e"),
        ("file:///srv/calls", "file:///srv/calls"),
        ("file://localhost/srv/a%20b", "file:///srv/a%20b"),
        ("/srv/calls", "file:///srv/calls"),
        ("/srv/a%20b", "file:///srv/a%2520b"),
    ],
)
def test_a_store_is_named_by_url_or_path(typed: str, url: str) -> None:
    assert open_store(typed, s3=S3Config(region="us-east-1")).url == url


def test_a_relative_path_is_taken_from_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("calls")
    monkeypatch.chdir("/")
    assert store.url == (tmp_path / "calls").as_uri()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("s3://", "names no bucket"),
        ("s3:///calls", "names no bucket"),
        ("s3://key:secret@calls/a", "names no bucket"),
        ("gs://calls", "is not a store that can be opened"),
        ("https://example.org/calls", "is not a store that can be opened"),
        ("file://otherhost/srv", "is not a file of this machine"),
        ("file:///srv/a?b", "is not a file of this machine"),
        ("", "neither a path nor"),
        ("a\0b", "neither a path nor"),
    ],
)
def test_what_is_neither_is_refused_in_clear_words(typed: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        open_store(typed)
    if typed != "s3://":
        with pytest.raises(ConfigurationError, match=words):
            locate(typed)


def test_opening_asks_nothing_and_makes_nothing(tmp_path: Path) -> None:
    open_store("s3://calls", s3=S3Config("http://127.0.0.1:1", "us-east-1"))
    open_store(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_destination_is_made_when_asked_for(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "new" / "texts"), create=True)
    assert list(store.list()) == []


@pytest.mark.parametrize(
    ("typed", "store", "key"),
    [
        ("s3://calls/2026/a.mp3", "s3://calls", "2026/a.mp3"),
        ("s3://calls//a", "s3://calls", "/a"),
        ("s3://calls/a%20b?c", "s3://calls", "a%20b?c"),
        ("s3://calls/a/", "s3://calls", "a/"),
    ],
)
def test_an_object_in_a_bucket_is_found_by_its_url(typed: str, store: str, key: str) -> None:
    assert locate(typed) == (store, key)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a recording in it and one beside it."""
    folder = tmp_path / "here"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026" / "a.mp3").write_bytes(b"a")
    (tmp_path / "beside.mp3").write_bytes(b"beside")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("typed", "key", "body"),
    [
        ("2026/a.mp3", "2026/a.mp3", b"a"),
        ("./2026/a.mp3", "2026/a.mp3", b"a"),
        ("../beside.mp3", "beside.mp3", b"beside"),
        ("2026/../2026/a.mp3", "a.mp3", b"a"),
    ],
)
def test_a_file_is_found_by_its_path(here: Path, typed: str, key: str, body: bytes) -> None:
    url, found = locate(typed)
    assert found == key
    assert open_store(url).read(found) == body


def test_a_file_is_found_by_its_whole_path_and_by_its_url(here: Path) -> None:
    path = here / "2026" / "a.mp3"
    assert locate(str(path)) == locate(path.as_uri()) == (path.parent.as_uri(), "a.mp3")


def test_a_link_that_somebody_names_is_followed(here: Path, tmp_path: Path) -> None:
    (here / "link.mp3").symlink_to(tmp_path / "beside.mp3")
    url, key = locate("link.mp3")
    assert open_store(url).read(key) == b"beside"


@pytest.mark.parametrize("name", ["ünï code.mp3", "100%.mp3", os.fsdecode(b"K\xe4se.mp3")])
def test_any_file_that_people_have_made_can_be_named(here: Path, name: str) -> None:
    (here / name).write_bytes(b"sound")
    url, key = locate(name)
    assert open_store(url).read(key) == b"sound"


@pytest.mark.parametrize("typed", ["2026", ".", "none.mp3", "2026/none.mp3"])
def test_a_url_that_is_not_a_file_is_refused_when_opened(here: Path, typed: str) -> None:
    url, key = locate(typed)
    with pytest.raises(NotFound):
        open_store(url).stat(key)
