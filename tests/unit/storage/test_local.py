"""What only a folder has: links, pipes, file names of any kind, and other programs at work in it."""

import errno
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from stenoflow.errors import (
    AccessDenied,
    ConfigurationError,
    KeyTooLong,
    LocalWriteFailed,
    NotFound,
    ObjectTooLarge,
    SourceChanged,
    StoreUnavailable,
)
from stenoflow.storage import Store, open_store
from stenoflow.storage.base import CHUNK
from stenoflow.storage.local import LocalStore
from tests.support.corpus import ROOT
from tests.support.keys import HOSTILE, NEWLINES, keys

ALL = HOSTILE + NEWLINES
PLENTY = 1 << 40


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The store's folder, with much around it that is none of its business."""
    (tmp_path / "outer" / "x").mkdir(parents=True)
    (tmp_path / "outer" / "x" / "secret").write_bytes(b"secret")
    return tmp_path / "outer" / "root"


@pytest.fixture
def store(root: Path) -> Store:
    return open_store(str(root), create=True)


def listed(store: Store) -> list[str]:
    return [info.key for info in store.list()]


def around(root: Path) -> list[tuple[str, float]]:
    """Everything outside the store, and when it was last changed."""
    paths = (path for path in root.parent.rglob("*") if root not in (path, *path.parents))
    return sorted((str(path), path.stat().st_mtime) for path in paths)


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """No file grows beyond this many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def temporary(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.name.startswith("%temp=")]


# Nothing outside the root


def test_hostile_keys_stay_inside(root: Path, store: Store) -> None:
    before = around(root)
    for key in ALL:
        store.put(key, b"1")
        store.put_if_absent(f"{key}-absent", b"1")
        store.delete(key)
    assert around(root) == before
    assert sum(path.is_file() for path in root.rglob("*")) == len(ALL)


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(key=keys(newlines=True))
def test_any_key_stays_inside(root: Path, store: Store, key: str) -> None:
    before = around(root)
    store.put(key, b"1")
    assert store.read(key) == b"1"
    assert around(root) == before
    store.delete(key)


def test_links_are_no_objects(root: Path, store: Store) -> None:
    (root / "to-file.mp3").symlink_to(root.parent / "x" / "secret")
    (root / "to-folder").symlink_to(root.parent / "x")
    (root / "to-nothing.mp3").symlink_to("nowhere")
    assert listed(store) == []
    for key in ("to-file.mp3", "to-folder", "to-nothing.mp3"):
        with pytest.raises(NotFound, match="is a symbolic link or a device"):
            store.stat(key)
        with pytest.raises(NotFound, match="name the file itself"):
            store.read(key)
        with pytest.raises(AccessDenied, match="a store does not replace these"):
            store.put(key, b"1")
        with pytest.raises(AccessDenied, match="a store does not replace these"):
            store.put_if_absent(key, b"1")
        store.delete(key)
        assert (root / key).is_symlink()
    with pytest.raises(NotFound):
        store.read("to-folder/secret")
    with pytest.raises(AccessDenied, match="is behind a symbolic link"):
        store.put("to-folder/new", b"1")
    store.delete("to-folder/secret")
    assert (root.parent / "x" / "secret").read_bytes() == b"secret"
    assert not (root.parent / "x" / "new").exists()
    assert temporary(root) == []


def told(store: Store) -> dict[str, str]:
    """Return what a listing leaves out, and why."""
    found: dict[str, str] = {}
    for _ in store.list(left_out=found.__setitem__):
        pass
    return found


def test_links_to_files_inside_the_root_are_followed_and_others_counted(
    root: Path, store: Store
) -> None:
    store.put("archive/2026/a.mp3", b"12345")
    (root / "new").mkdir()
    (root / "new" / "relative.mp3").symlink_to("../archive/2026/a.mp3")
    (root / "new" / "absolute.mp3").symlink_to(root / "archive" / "2026" / "a.mp3")
    (root / "new" / "twice.mp3").symlink_to("relative.mp3")
    (root / "new" / "through.mp3").symlink_to("../folder/a.mp3")
    (root / "folder").symlink_to("archive/2026")
    (root / "outside.mp3").symlink_to(root.parent / "x" / "secret")
    (root / "broken.mp3").symlink_to("nowhere")
    (root / "round.mp3").symlink_to("round.mp3")
    (root / "up").symlink_to("..")
    os.mkfifo(root / "pipe.mp3")
    links = [f"new/{name}.mp3" for name in ("absolute", "relative", "through", "twice")]
    assert listed(store) == ["archive/2026/a.mp3", *links]
    for key in links:
        assert store.read(key) == b"12345"
        assert store.stat(key).size == 5
        with pytest.raises(AccessDenied, match="a store does not replace these"):
            store.put(key, b"other")
        store.delete(key)
    assert told(store) == {
        "broken.mp3": "symbolic link to nothing",
        "folder": "symbolic link to a folder",
        "outside.mp3": "symbolic link that leads out of the folder",
        "pipe.mp3": "device, pipe or socket",
        "round.mp3": "symbolic link to nothing",
        "up": "symbolic link that leads out of the folder",
    }
    assert store.read("archive/2026/a.mp3") == b"12345"


def test_left_out_files_are_counted_once_however_small_the_pages(root: Path) -> None:
    root.mkdir(exist_ok=True)
    for number in range(7):
        (root / f"{number}.mp3").symlink_to("nowhere")
        (root / f"{number}.wav").write_bytes(b"1")
    found: list[str] = []
    keys = [
        each.key
        for each in LocalStore(root, page_size=2).list(
            after="1.mp3", left_out=lambda key, _: found.append(key)
        )
    ]
    assert keys == [f"{number}.wav" for number in range(1, 7)]
    assert found == [f"{number}.mp3" for number in range(2, 7)]


def test_an_unreadable_folder_is_counted_and_the_others_are_listed(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("a/1", "b/2", "c/3"):
        store.put(key, b"1")
    scandir = os.scandir

    def refused(folder: int) -> object:
        if os.path.samestat(os.fstat(folder), (root / "b").stat()):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)
    assert told(store) == {"b/": "folder that may not be read"}
    with pytest.raises(AccessDenied):
        listed(store)
    found: list[str] = []
    assert [each.key for each in store.list(left_out=lambda key, _: found.append(key))] == [
        "a/1",
        "c/3",
    ]
    assert found == ["b/"]


def test_the_root_itself_may_be_a_link(root: Path, store: Store) -> None:
    store.put("a", b"1")
    (root.parent / "link").symlink_to(root)
    assert open_store(str(root.parent / "link")).read("a") == b"1"


def test_pipes_and_sockets_are_not_objects_and_do_not_block(root: Path, store: Store) -> None:
    os.mkfifo(root / "pipe.mp3")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(root / "socket.mp3"))
    assert listed(store) == []
    for key in ("pipe.mp3", "socket.mp3"):
        with pytest.raises(NotFound, match="or a device"):
            store.fetch(key, root.parent / "a", max_bytes=PLENTY)


# People's own folders


def test_a_folder_that_people_have_filled_reads_as_they_named_it(root: Path, store: Store) -> None:
    (root / "2026 – July" / "board").mkdir(parents=True)
    for name in ("2026 – July/board/100% final.mp3", "2026 – July/a=b.wav", ".hidden", "%.mp3"):
        (root / name).write_bytes(name.encode())
    latin = os.fsdecode(b"K\xe4se.mp3")
    (root / latin).write_bytes(b"cheese")
    assert listed(store) == [
        "%.mp3",
        "%bytes=K%E4se.mp3",
        ".hidden",
        "2026 – July/a=b.wav",
        "2026 – July/board/100% final.mp3",
    ]
    assert store.read("%bytes=K%E4se.mp3") == b"cheese"
    assert store.read("2026 – July/a=b.wav") == "2026 – July/a=b.wav".encode()
    store.delete("%bytes=K%E4se.mp3")
    assert not (root / latin).exists()


def test_a_key_is_the_path_of_its_file(root: Path, store: Store) -> None:
    store.put("calls/ü b.mp3/transcript.txt", b"text")
    assert (root / "calls" / "ü b.mp3" / "transcript.txt").read_bytes() == b"text"
    assert store.url_of("calls/ü b.mp3") == (root / "calls" / "ü b.mp3").as_uri()


@pytest.mark.parametrize("order", [["x", "x/y"], ["x/y", "x"]])
def test_an_object_and_a_folder_may_share_a_name(
    root: Path, store: Store, order: list[str]
) -> None:
    for key in order:
        store.put(key, key.encode())
    store.put("x", b"again")
    store.put("x/y", b"again")
    assert listed(store) == ["x", "x/y"]
    assert store.read("x") == store.read("x/y") == b"again"
    assert len([path for path in root.rglob("*") if path.is_file()]) == 2


def test_a_large_folder_is_listed_a_page_at_a_time(root: Path) -> None:
    store = LocalStore(root, page_size=3)
    some = sorted([f"{number}" for number in range(11)] + [f"{number}/a" for number in range(4)])
    for key in some:
        store.put(key, b"")
    assert listed(store) == some
    assert [info.key for info in store.list(after="10")] == [key for key in some if key > "10"]


# Others at work in the same folder


def test_readers_see_the_old_or_the_new_never_a_part(store: Store) -> None:
    bodies = [os.urandom(1) * (4 * CHUNK) for _ in range(2)]
    store.put("a", bodies[0])
    done = threading.Event()

    def write() -> None:
        for round_ in range(30):
            store.put("a", bodies[round_ % 2])
        done.set()

    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(write)
        reads = 0
        while not done.is_set() or not reads:
            assert store.read("a") in bodies
            reads += 1
        writing.result()


class Meddling(threading.Event):
    """Not set; but whoever asks has the file changed behind his back, once."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.changed = False

    def is_set(self) -> bool:
        if not self.changed:
            self.changed = True
            with self.path.open("ab") as file:
                file.write(b"more")
        return False


def test_a_file_that_is_being_written_to_is_not_taken(root: Path, store: Store) -> None:
    store.put("a.mp3", os.urandom(3 * CHUNK))
    path = root.parent / "a"
    with pytest.raises(SourceChanged, match="Try again when it is complete"):
        store.fetch("a.mp3", path, max_bytes=PLENTY, stop=Meddling(root / "a.mp3"))
    assert not path.exists()


def test_a_writer_that_is_killed_leaves_no_object(root: Path, store: Store) -> None:
    (root.parent / "body").write_bytes(bytes(64 * 1024**2))
    command = [sys.executable, "-m", "tests.support.endless_writer", store.url]
    command.append(str(root.parent / "body"))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        while not temporary(root):
            assert writer.poll() is None
        writer.send_signal(signal.SIGKILL)
    store.put("other", b"1")
    assert set(listed(store)) <= {"large", "other"}
    assert all(info.size in (1, 64 * 1024**2) for info in store.list())


# Trouble, in clear words


def test_a_folder_that_is_not_there(root: Path) -> None:
    store = open_store(str(root))
    for attempt in (lambda: listed(store), lambda: store.stat("a"), lambda: store.read("a")):
        with pytest.raises(NotFound, match=f"There is no folder {root}"):
            attempt()
    store.put("a", b"1")
    assert listed(store) == ["a"]


def test_a_file_is_no_store(root: Path, store: Store) -> None:
    store.put("a.mp3", b"1")
    with pytest.raises(NotFound, match="is not a folder: name the folder"):
        listed(open_store(str(root / "a.mp3")))


def test_a_key_has_4096_bytes_at_most(store: Store) -> None:
    key = "/".join(20 * [200 * "a"])
    store.put(key, b"1")
    assert listed(store) == [key]
    with pytest.raises(KeyTooLong, match="has 4,097 bytes"):
        store.put(4097 * "a", b"1")


def test_a_folder_is_not_replaced_by_an_object_of_its_name(root: Path, store: Store) -> None:
    (root / "x").mkdir()
    store.put("x", b"1")
    assert store.read("x") == b"1"
    assert (root / "x").is_dir()


def test_no_room_to_write_is_trouble_and_leaves_nothing(root: Path, store: Store) -> None:
    store.put("a", bytes(4 * CHUNK))
    with files_of_at_most(2 * CHUNK):
        with pytest.raises(StoreUnavailable, match="Look at the disk, then try again"):
            store.put("b", bytes(4 * CHUNK))
        with pytest.raises(LocalWriteFailed, match="set STENOFLOW_SCRATCH to a folder that has it"):
            store.fetch("a", root.parent / "a", max_bytes=PLENTY)
    assert listed(store) == ["a"]
    assert not (root.parent / "a").exists()
    assert temporary(root) == []


@pytest.fixture
def no_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on FAT and on some network disks."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("no_hard_links")
def test_a_disk_without_hard_links_is_no_destination(root: Path, store: Store) -> None:
    with pytest.raises(ConfigurationError, match="has no hard links"):
        store.put_if_absent("a", b"1")
    assert listed(store) == []
    assert temporary(root) == []


def test_a_read_only_folder_is_reported() -> None:
    if not Path("/sys/kernel").is_dir():
        pytest.skip("there is no /sys here")
    with pytest.raises(AccessDenied, match="Give the user who runs this the right to it"):
        open_store("/sys/kernel").put("stenoflow", b"1")


def test_what_was_put_can_be_read_by_others(root: Path, store: Store) -> None:
    before = os.umask(0o022)
    try:
        store.put("a", b"1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "a").stat().st_mode) == 0o644


def test_no_descriptor_stays_open(store: Store, root: Path) -> None:
    def open_ones() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    store.put("x/y/z", b"1")
    before = open_ones()
    store.put("x/y", b"1")
    store.put_if_absent("x/y/z", b"1")
    half: Iterator[object] = store.list()
    next(half)
    listed(store)
    for key in ("x", "x/y/none", "none/x"):
        with pytest.raises(NotFound):
            store.fetch(key, root.parent / "a", max_bytes=1)
    with pytest.raises(ObjectTooLarge):
        store.read("x/y", max_bytes=0)
    store.delete("x/y/z")
    assert open_ones() == before
