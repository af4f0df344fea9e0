"""Benches report their measures in one form, and `make bench` runs all of them."""

import json
from dataclasses import replace

import pytest

from bench.__main__ import BENCHES, select
from bench.harness.measure import Measure, read_measure, report
from tests.support.corpus import ROOT

MEASURE = Measure(name="vad", ours=2, peer=30, unit="CPU s", against="stock", at_least=15)


def test_make_bench_runs_every_bench() -> None:
    folder = ROOT / "bench"
    modules = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.glob("*/*.py")
        if path.parent.name != "harness" and path.stem != "__init__"
    }
    assert modules == set(BENCHES)


def test_benches_are_selected_by_name_or_group_in_their_order() -> None:
    assert select([]) == list(BENCHES)
    assert select(["storage", "audio.vad"]) == ["audio.vad", "storage.listing", "storage.fetching"]
    with pytest.raises(LookupError, match="'stora'"):
        select(["audio", "stora"])


def test_the_ratio_is_ours_to_the_peers_or_the_reverse_as_the_bar_is() -> None:
    assert (MEASURE.ratio, MEASURE.missed) == (15, False)
    assert replace(MEASURE, ours=2.1).missed
    more = replace(MEASURE, ours=33, at_least=None, at_most=1.1)
    assert (more.ratio, more.missed) == (1.1, False)
    assert replace(more, ours=34).missed
    assert not replace(more, at_most=None).missed


def test_a_bar_of_0_allows_nothing() -> None:
    none = replace(MEASURE, ours=0, at_least=None, at_most=0)
    assert not none.missed
    assert replace(none, ours=1).missed
    assert replace(none, ours=1, peer=0).missed


def test_a_measure_is_read_back_from_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    unbounded = replace(MEASURE, name="storm", peer=0, at_least=None)
    report([MEASURE, unbounded])
    lines = capsys.readouterr().out.splitlines()
    assert [read_measure(line) for line in lines] == [MEASURE, unbounded]
    assert [json.loads(line)["ratio"] for line in lines] == [15, None]
    assert read_measure("requests: 40, failed: 8") is None


def test_a_missed_bar_gives_exit_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        report([replace(MEASURE, ours=20)])
    assert ending.value.code == 1
    assert capsys.readouterr().out
