"""A scratch folder is gone afterwards, whatever happened to its holder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stenoflow.media.scratch import remove_abandoned, scratch_folder


def test_the_folder_is_removed_with_everything_in_it(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "audio.pcm").write_bytes(b"x" * 100)
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with scratch_folder(tmp_path) as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)


def test_an_error_inside_removes_it_too(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), scratch_folder(tmp_path):
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as first:
        with scratch_folder(tmp_path) as second:
            assert first.exists()
            assert second != first
        assert first.exists()


def test_a_folder_whose_holder_was_killed_is_removed_by_the_next(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from stenoflow.media.scratch import scratch_folder\n"
        "with scratch_folder(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'audio.pcm').write_bytes(b'x'); print(folder, flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        abandoned = Path(holder.stdout.readline().strip())
        assert abandoned.exists()
        assert remove_abandoned(tmp_path) == 0
        holder.send_signal(signal.SIGKILL)
    assert remove_abandoned(tmp_path) == 1
    assert not abandoned.exists()


def test_other_peoples_folders_are_left_alone(tmp_path: Path) -> None:
    stranger = tmp_path / "stenoflow-notes"
    stranger.mkdir()
    assert remove_abandoned(tmp_path) == 0
    assert stranger.exists()
