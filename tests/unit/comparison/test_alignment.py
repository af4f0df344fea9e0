"""Alignments have both texts in them, with as few edits as jiwer finds; figures add up."""

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenoflow.comparison import alignment
from stenoflow.comparison.alignment import Edits, align
from stenoflow.comparison.words import ComparedWord, words_in
from stenoflow.errors import MissingDependency

TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["a", "b", "c", "d", "Tür", "don't", "12", "42%"]), st.text(max_size=4)
    ),
    max_size=20,
).map(" ".join)


def words(text: str) -> list[ComparedWord]:
    return list(words_in(text))


@given(TEXTS, TEXTS)
def test_an_alignment_has_both_texts_and_the_fewest_edits(one: str, other: str) -> None:
    base, candidate = words(one), words(other)
    found = align(base, candidate)
    assert [pair.base for pair in found.pairs if pair.base] == base
    assert [pair.candidate for pair in found.pairs if pair.candidate] == candidate
    for pair in found.pairs:
        forms = [word and word.form for word in (pair.base, pair.candidate)]
        assert (pair.operation == "equal") == (forms[0] == forms[1])
        assert (pair.operation == "delete") == (forms[1] is None)
        assert (pair.operation == "insert") == (forms[0] is None)
    measured = jiwer.process_words(*(" ".join(w.form for w in side) for side in (base, candidate)))
    operations = [pair.operation for pair in found.pairs]
    edits = found.edits
    assert operations.count("substitute") == edits.substitutions == measured.substitutions
    assert operations.count("delete") == edits.deletions == measured.deletions
    assert operations.count("insert") == edits.insertions == measured.insertions
    assert (edits.base_words, edits.words) == (len(base), len(candidate))
    assert edits.wer == (measured.wer if base else None)


def test_rates_are_those_of_all_words_together() -> None:
    first = align(words("the quick brown fox"), words("The quack brown fox!")).edits
    second = align(words("one"), words("one two")).edits
    both = first + second
    assert (first.wer, first.cer) == (1 / 4, 1 / 19)
    assert (both.substitutions, both.deletions, both.insertions, both.hits) == (1, 0, 1, 4)
    assert both.wer == 2 / 5
    assert both.cer == (1 + 4) / (19 + 3)


def test_rates_of_nothing_are_not_defined() -> None:
    found = align([], words("a b"))
    assert (found.edits.insertions, found.edits.wer, found.edits.cer) == (2, None, None)
    assert (Edits().wer, align([], []).pairs) == (None, ())


def test_characters_are_counted_without_spaces_where_a_script_has_none() -> None:
    assert align(words("我们写"), words("我 们 写")).edits.character_edits == 0
    assert align(words("alot"), words("a lot")).edits.character_edits == 1


def test_a_step_has_the_time_of_the_base_or_else_of_the_candidate() -> None:
    base = [ComparedWord("a", "a"), ComparedWord("b", "b", 2.0, 2.5)]
    candidate = [ComparedWord("a", "a", 1.0, 1.5), ComparedWord("b", "b", 9.0, 9.5)]
    assert [pair.start_s for pair in align(base, candidate).pairs] == [1.0, 2.0]


def test_without_jiwer_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(alignment.importlib, "import_module", fail)
    with pytest.raises(MissingDependency, match=r"pip install 'stenoflow\[compare\]'"):
        align([], [])
