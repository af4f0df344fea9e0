"""The file of terms that a profile names: its content decides, not its name."""

from pathlib import Path

import pytest

from stenoflow.engines.registry import open_engine_without_account
from stenoflow.errors import ConfigurationError
from stenoflow.ledger.keys import address_of
from stenoflow.profile import Profile, read_profile
from stenoflow.profile.vocabulary_file import read_vocabulary


def address(profile: Profile) -> str:
    return address_of(profile, open_engine_without_account(profile), "00" * 32)


def with_file(path: Path, *terms: str) -> Profile:
    fields = {"engine": "deepgram", "vocabulary": {"terms": terms, "file": str(path)}}
    return read_vocabulary(Profile.model_validate(fields))


def test_its_terms_come_after_the_profiles_own(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_bytes("\ufeffÆrø\r\n\r\nAda  Lovelace\r\nStenoflow\r\n".encode())
    found = with_file(path, "Stenoflow").vocabulary
    assert (found.terms, found.file) == (("Stenoflow", "Ærø", "Ada Lovelace"), None)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    for path in (one, other):
        path.write_text("Stenoflow\n")
    first = with_file(one)
    assert with_file(other) == first
    inline = Profile.model_validate({"engine": "deepgram", "vocabulary": {"terms": ["Stenoflow"]}})
    assert inline == first
    other.write_text("Stenoflow\nSilero\n")
    assert with_file(other).digest() != first.digest()
    assert address(with_file(other)) != address(first)


def test_an_empty_vocabulary_changes_neither_digest_nor_address(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("\n \n")
    plain = Profile(engine="deepgram")
    empty = with_file(tmp_path / "none.txt")
    assert (empty.digest(), address(empty)) == (plain.digest(), address(plain))
    assert "vocabulary" not in empty.model_dump()


def test_a_relative_path_is_beside_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "terms.txt").write_text("Stenoflow")
    (tmp_path / "here" / "a.toml").write_text('vocabulary = {file = "terms.txt"}')
    monkeypatch.chdir(tmp_path)
    assert read_profile("here/a.toml").vocabulary.terms == ("Stenoflow",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, r"cannot be read: .*terms\.txt"),
        (b"\xff\xfe\x00", "not a text in UTF-8"),
        (b"x" * 101, "at most 100 characters"),
        (b"x\n" * 500_001, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "terms.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=told) as caught:
        with_file(path)
    assert "terms.txt" in str(caught.value)
