"""How words are written next to one another, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.transcript.text import (
    cell_text,
    clean_text,
    display_width,
    graphemes,
    is_right_to_left,
    join_words,
    separator,
)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], ""),
        (["Hello,", "world."], "Hello, world."),
        (["今日", "は", "晴れ", "です。"], "今日は晴れです。"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["我", "用", "Prefect", "。"], "我用 Prefect。"),
        (["مرحبا", "بكم"], "مرحبا بكم"),
        (["བཀྲ་", "ཤིས་", "བདེ་", "ལེགས"], "བཀྲ་ཤིས་བདེ་ལེགས"),
        (["ສະ", "ບາຍ", "ດີ"], "ສະບາຍດີ"),
        (["ជំរាប", "សួរ"], "ជំរាបសួរ"),
        (["မင်္ဂ", "လာ", "ပါ"], "မင်္ဂလာပါ"),
        (["你", "好", "世界"], "你好世界"),
    ],
)
def test_words_are_separated_as_their_script_does(words: list[str], line: str) -> None:
    assert join_words(words) == line


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("👩‍👩‍👧", 2), ("ｱ", 1), ("שָׁלוֹם", 4)],
)
def test_display_width_counts_columns(text: str, columns: int) -> None:
    assert display_width(text) == columns


def test_graphemes_are_the_characters_of_a_reader() -> None:
    assert graphemes("e\u0301👩‍👩‍👧🇩🇪") == ["e\u0301", "👩‍👩‍👧", "🇩🇪"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\r\nb\x00c\u2028d", "a b c d"),
        ("  a   b ", "a b"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\ud800x", "\ufffdx"),
        ("\ufeffword", "word"),
        ("\x1b[31mred", "[31mred"),
        ("👩‍👧", "👩‍👧"),
    ],
)
def test_text_is_cleaned_of_what_breaks_files_or_disguises_text(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(st.text(st.characters(), max_size=30))
def test_clean_text_is_stable_and_encodable(text: str) -> None:
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert clean.encode().decode() == clean
    assert len(clean.splitlines()) <= 1


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=8))
def test_joining_loses_no_text(words: list[str]) -> None:
    assert join_words(words).replace(" ", "") == "".join(words).replace(" ", "")


def test_nothing_stands_between_full_width_characters() -> None:
    assert [
        separator("日", "本"),
        separator("a", "b"),
        separator("日", "a"),
        separator("a", "。"),
    ] == [
        "",
        " ",
        " ",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "leftward"), [("שלום", True), ("12 مرحبا", True), ("abc שלום", False), ("123", False)]
)
def test_the_first_letter_gives_the_direction(text: str, leftward: bool) -> None:
    assert is_right_to_left(text) is leftward


@pytest.mark.parametrize(
    "text",
    [
        "=1+1.mp3",
        "+49 30 1234.wav",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)",
        "\t=1+1",
        "\r\n=1+1",
        "  =1+1",
        "\u200b=1+1",
        "\ufeff\u00a0@a",
        "＝1＋1",
        "＋1",
        "－1",
        "＠a",
    ],
)
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe_in_a_cell(text: str) -> None:
    assert cell_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "'=1", "–", "s3://calls/=1.mp3", "…@"])
def test_other_cells_are_as_they_are(text: str) -> None:
    assert cell_text(text) == text
