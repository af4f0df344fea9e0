"""What counts as the same word, and what a word is."""

import pytest

from stenoflow.comparison.words import compared_form, words_in, words_of
from stenoflow.times import Seconds
from stenoflow.transcript.model import Transcript, Utterance, Word


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello,", "hello"),
        ("“Straße”", "STRASSE"),
        ("don’t", "don't"),
        ("e-mail", "E\u2011mail"),
        ("ﬁne…", "fine"),
        ("cafe\u0301", "café"),
        ("’cause", "cause"),
        ("\u200fשלום", "שלום"),
        ("♪La♪", "la"),
    ],
)
def test_case_and_outer_punctuation_make_no_difference(one: str, other: str) -> None:
    assert compared_form(one) == compared_form(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("12", "twelve"), ("1,000", "1000"), ("50%", "50"), ("$5", "5"), ("its", "it's")],
)
def test_numbers_and_inner_punctuation_stay(one: str, other: str) -> None:
    assert compared_form(one) != compared_form(other)


@pytest.mark.parametrize("text", ["", " ", "-", "…", "¿?", "♪", "\u200b"])
def test_what_has_no_letter_or_digit_is_not_a_word(text: str) -> None:
    assert list(words_in(text)) == []


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("New York – now!", ["new", "york", "now"]),
        ("我们用Python写。", ["我", "们", "用", "python", "写"]),
        ("第１２回", ["第", "12", "回"]),
        ("ที่นี่", ["ที่", "นี่"]),
    ],
)
def test_words_end_at_spaces_and_in_scripts_without_them_at_each_character(
    text: str, forms: list[str]
) -> None:
    assert [word.form for word in words_in(text)] == forms


def test_words_of_a_transcript_have_its_texts_and_times() -> None:
    words = (
        Word("Well,", Seconds(1.0), Seconds(1.5)),
        Word("New York", Seconds(2.0), Seconds(3.0)),
    )
    found = words_of(Transcript(words, (Utterance(0, 2),)))
    assert [(word.text, word.start_s, word.end_s) for word in found] == [
        ("Well,", 1.0, 1.5),
        ("New", 2.0, 3.0),
        ("York", 2.0, 3.0),
    ]
