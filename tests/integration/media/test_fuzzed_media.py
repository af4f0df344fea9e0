"""Whatever is done to a recording, it ends in sound or in a typed error; see ``bench/reliability``."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.reliability.fuzz_media import try_input
from tests.support.corpus import recordings
from tests.support.media_files import make, tone
from tests.support.mutations import MUTATIONS

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


def test_each_in_every_way(paths: list[Path], tmp_path: Path) -> None:
    inputs = range(len(paths) * len(MUTATIONS))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        tried = list(threads.map(lambda number: try_input(number, SEED, paths, tmp_path), inputs))
    assert [each.wrong for each in tried if each.wrong] == []
    assert {each.kind for each in tried} == set(MUTATIONS)
    assert {each.outcome for each in tried} >= {"BadMedia", "sound", "sound with warnings"}
    assert list(tmp_path.iterdir()) == []
