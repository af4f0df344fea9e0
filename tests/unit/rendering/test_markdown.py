"""Untrusted text in Markdown, links and tables."""

import pytest

from stenoflow.rendering.markdown import escape, link, table


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("plain, text.", "plain, text."),
        ("# no heading", "\\# no heading"),
        ("1. no list", "1\\. no list"),
        ("- no list", "\\- no list"),
        ("a *b* _c_ `d`", "a \\*b\\* \\_c\\_ \\`d\\`"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("[x](y)", "\\[x\\](y)"),
        ("a|b", "a\\|b"),
    ],
)
def test_escaped_text_has_no_markup(line: str, written: str) -> None:
    assert escape(line) == written


def test_links_quote_their_url() -> None:
    address = link("here", "https://x/a b>(c)<é.mp3")
    assert address == "[here](<https://x/a%20b%3E%28c%29%3C%C3%A9.mp3>)"


def test_tables_have_a_line_for_each_row() -> None:
    assert table(("a", "b"), [("1", "2"), ("3", "4")]) == (
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\u200b=1"])
def test_no_cell_of_a_table_is_a_formula(text: str) -> None:
    cell = escape(text)
    assert table((cell,), [(cell,)]) == f"| '{cell} |\n| --- |\n| '{cell} |"
