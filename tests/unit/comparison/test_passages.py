"""Passages: each difference is in one, with the words around it, and nothing is in two."""

from hypothesis import given
from hypothesis import strategies as st

from stenoflow.comparison.alignment import Alignment, Edits, Operation, WordPair
from stenoflow.comparison.passages import equal_after_last, passages
from stenoflow.comparison.words import ComparedWord

SIGNS: dict[str, Operation] = {"=": "equal", "s": "substitute", "d": "delete", "i": "insert"}


def alignment(signs: str) -> Alignment:
    pairs = tuple(
        WordPair(
            SIGNS[sign],
            None if sign == "i" else ComparedWord(str(at), str(at), float(at), at + 0.5),
            None if sign == "d" else ComparedWord(str(at), str(at)),
        )
        for at, sign in enumerate(signs)
    )
    return Alignment(pairs, Edits())


def test_differences_that_are_near_are_one_passage() -> None:
    found = list(passages(alignment("====s==d======i===="), context=2))
    assert [(len(each.pairs), each.skipped, each.start_s) for each in found] == [
        (8, 2, 2.0),
        (5, 2, 12.0),
    ]
    assert equal_after_last(alignment("====s==d======i===="), context=2) == 2


def test_where_nothing_differs_there_is_no_passage() -> None:
    assert list(passages(alignment("====="))) == []
    assert equal_after_last(alignment("=====")) == 5


@given(st.text("===sdi", max_size=60), st.integers(0, 4))
def test_passages_and_what_is_between_them_are_the_whole(signs: str, context: int) -> None:
    whole = alignment(signs)
    at = 0
    for each in passages(whole, context):
        assert all(pair.operation == "equal" for pair in whole.pairs[at : at + each.skipped])
        at += each.skipped
        assert whole.pairs[at : at + len(each.pairs)] == each.pairs
        assert any(pair.operation != "equal" for pair in each.pairs)
        at += len(each.pairs)
    assert at + equal_after_last(whole, context) == len(whole.pairs)
    assert all(pair.operation == "equal" for pair in whole.pairs[at:])
