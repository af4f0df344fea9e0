"""A recording broken in any way gives audio or a typed error; see ``bench/reliability``."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.harness.media_mutations import MUTATIONS
from bench.reliability.fuzz_media import try_input
from tests.support.corpus import recordings
from tests.support.media_files import make, tone

SEED = 2026
SMALL = 100_000


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Recordings made here, and a small one of each format in the corpus."""
    folder = tmp_path_factory.mktemp("whole")
    suffixes = ("mp3", "m4a", "flac", "wav", "opus", "mkv", "aiff", "wma", "avi", "ts")
    made = [make(folder / f"tone.{suffix}", *tone(440, 1)) for suffix in suffixes]
    found = {entry["container"]: entry["path"] for entry in recordings() if entry["bytes"] < SMALL}
    return [*made, *found.values()]


def test_every_format_broken_in_every_way_ends_in_audio_or_a_typed_error(
    paths: list[Path], tmp_path: Path
) -> None:
    inputs = range(len(paths) * len(MUTATIONS))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        tried = list(threads.map(lambda number: try_input(number, SEED, paths, tmp_path), inputs))
    assert [each.violation for each in tried if each.violation] == []
    assert {each.kind for each in tried} == set(MUTATIONS)
    assert {each.result for each in tried} >= {"BadMedia", "audio", "audio with warnings"}
    assert list(tmp_path.iterdir()) == []
