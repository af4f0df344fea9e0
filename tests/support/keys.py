"""Hostile keys: data that looks like paths, options, commands or escapes."""

from hypothesis import strategies as st

HOSTILE = (
    "../../x",
    "..",
    ".",
    "./a",
    "a/..",
    "a//b",
    "a/",
    "/a",
    "//",
    "/etc/passwd",
    "~/a",
    "C:\\a\\b",
    "x",
    "x/y",
    "x/y/z",
    "ünï code",
    "e\u0301",
    "é",
    "👩‍👩‍👧.mp3",
    "-rf *",
    "a b+c&d=e?f#g;h:i@j",
    "'\"<>`$(id)",
    "100%",
    "%2e%2e%2fx",
    "%name=..",
    "%object=x",
    "%folder=x",
    "%part=" + 60 * "a" + "/%name=b",
    "%temp=" + 32 * "0",
    "%bytes=K%E4se",
    ".hidden",
    "CON",
    "\t",
    "\x01\x7f",
    "\u0085\uffff",
    1000 * "k",
    "/".join(99 * ["deeperand"]) + "/ö",
    250 * "😀",
)
"""Each of these is a valid key, alone and beside all the others."""

NEWLINES = ("a\nb", "\r\n")
"""Valid keys that moto does not accept."""


def keys(*, newlines: bool) -> st.SearchStrategy[str]:
    """Return a strategy for keys that a store with a short prefix accepts, most of them hostile."""
    signs = st.one_of(
        st.sampled_from("/.%=\\ axé\x01\uffff\U0001f600"),
        st.characters(exclude_categories=("Cs",), exclude_characters="\0" if newlines else "\0\n"),
    )
    components = st.one_of(
        st.sampled_from(["..", ".", "", "x", "%name=", "%part=x", "%folder=x", "%object=x"]),
        st.text(signs, max_size=12),
        st.integers(240, 260).map(lambda length: "l" * length),
    )
    several = st.lists(components, min_size=1, max_size=4).map("/".join)
    return several.filter(lambda key: 0 < len(key.encode()) <= 980)
