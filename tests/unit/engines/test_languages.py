"""Whisper's names and codes, and the tags that the rest of the world knows."""

import pytest

from stenoflow.engines.languages import WHISPER_LANGUAGES, language_tag, whisper_code


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("English", "en"),
        (" de ", "de"),
        ("jw", "jv"),
        ("haitian creole", "ht"),
        ("yue", "yue"),
        ("klingon", None),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_is_recognized_by_name_or_code(said: str | None, tag: str | None) -> None:
    assert language_tag(said) == tag


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "en"), ("en-US", "en"), ("PT_br", "pt"), ("jv", "jw"), ("tlh", None), ("", None)],
)
def test_a_tag_has_a_code_whatever_its_region(tag: str, code: str | None) -> None:
    assert whisper_code(tag) == code


def test_every_language_comes_back_as_its_own_code() -> None:
    assert len(WHISPER_LANGUAGES) == 100
    for name, code in WHISPER_LANGUAGES.items():
        tag = language_tag(name)
        assert tag is not None
        assert whisper_code(tag) == code
