"""Text from outside in Markdown."""

import pytest

from stenoflow.render.markdown import link, text


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
def test_text_means_nothing_but_itself(line: str, written: str) -> None:
    assert text(line) == written


def test_links_keep_to_their_address() -> None:
    address = link("here", "https://x/a b>(c)<é.mp3")
    assert address == "[here](<https://x/a%20b%3E%28c%29%3C%C3%A9.mp3>)"
