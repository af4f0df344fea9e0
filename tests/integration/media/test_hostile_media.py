"""A recording may refer to other files or to the network: they are never opened.

All attacks are decoded in one process under strace, which notes each file and socket that FFmpeg asks
the kernel for, while somebody listens where the attacks' addresses lead.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stenoflow.media import ffmpeg as media
from stenoflow.media.binaries import VARIABLE, chosen_decoder
from stenoflow.media.decoding import decode
from tests.support.attacks import OWN_HZ, SECRET, SECRET_HZ, write_attacks
from tests.support.corpus import ROOT
from tests.support.media_files import QUIET, pitches
from tests.unit.media.test_binaries import SYSTEM, WHEEL

STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="needs package strace")

HOLD_SOUND = {"mp3-linked-picture", "mkv-attachment", "avi-subtitle"}
"""Attacks that are recordings, too: their own audio is decoded."""

DECODE = """
import json, sys
from pathlib import Path
import numpy as np
from stenoflow.errors import StenoflowError
from stenoflow.media.decoding import decode
from tests.support.media_files import pitches
for name in sys.stdin.read().splitlines():
    try:
        with decode(Path(name)) as decoding:
            ending = pitches(np.concatenate(list(decoding))[:, 0])[0]
    except StenoflowError as error:
        ending = f"{type(error).__name__}: {error}"
    print(json.dumps({name: ending}))
"""

SYSTEM_FILES = re.compile(
    r"/(etc/ld\.so|etc/gcrypt|etc/ssl|lib|usr/lib|usr/local/lib|usr/share|proc|sys|dev/(null|urandom))"
)
"""What a program opens to be loaded and to learn about its machine."""


class Listener:
    """A listener at a port of this machine, on TCP and UDP, that notes connections."""

    def __init__(self) -> None:
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._tcp.getsockname()[1])
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))

    def called(self) -> bool:
        """Return True if there was a connection."""
        for waiting in (self._tcp.accept, lambda: self._udp.recv(1)):
            self._tcp.setblocking(False)
            self._udp.setblocking(False)
            try:
                waiting()
            except BlockingIOError:
                continue
            return True
        return False

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()


@dataclass(frozen=True)
class Trace:
    """The system calls of one FFmpeg process."""

    input: str
    opened: frozenset[str]
    """Files that it opened, existing or not."""
    written: frozenset[str]
    sockets: tuple[str, ...]


@dataclass(frozen=True)
class Observed:
    """The results of all attacks."""

    attacks: Mapping[str, Path]
    endings: Mapping[str, str | float]
    traces: tuple[Trace, ...]
    called: bool


@pytest.fixture(scope="module", params=[SYSTEM, WHEEL], ids=["system", "wheel"])
def observed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Observed]:
    if request.param is None:
        pytest.skip("needs package ffmpeg")
    root = tmp_path_factory.mktemp("attacks")
    listener = Listener()
    try:
        attacks = write_attacks(root, listener.port)
        log = root / "trace"
        tracing = [STRACE, "-f", "-v", "-qq", "--seccomp-bpf", "-s", "4096", "-o", str(log)]
        tracing += ["-e", "trace=execve,open,openat,openat2,creat,socket,connect,sendto,sendmsg"]
        done = subprocess.run(
            [*(tracing if STRACE else []), sys.executable, "-c", DECODE],
            input="\n".join(map(str, attacks.values())),
            env={"PATH": "/usr/bin:/bin", VARIABLE: request.param},
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            timeout=240,
            check=True,
        )
        endings: dict[str, Any] = {}
        for line in done.stdout.splitlines():
            endings |= json.loads(line)
        yield Observed(
            attacks,
            {name: endings[str(path)] for name, path in attacks.items()},
            read_traces(log) if STRACE else (),
            listener.called(),
        )
    finally:
        listener.close()


def read_traces(log: Path) -> tuple[Trace, ...]:
    """Return the trace of each FFmpeg process, from when it was executed."""
    calls: dict[str, list[str]] = {}
    for line in log.read_text().splitlines():
        process, _, call = line.partition(" ")
        if found := re.search(r'^ *execve\("[^"]*ffmpeg[^"]*", .*"-i", "file:([^"]+)"', call):
            calls[process] = [found[1]]
        elif process in calls:
            calls[process].append(call.strip())
    return tuple(_trace(own, *rest) for own, *rest in calls.values())


def _trace(own: str, *calls: str) -> Trace:
    opens = [
        found
        for call in calls
        if (found := re.match(r'(?:open\w*|creat)\([^"]*"([^"]*)"(.*)', call))
    ]
    return Trace(
        input=own,
        opened=frozenset(found[1] for found in opens),
        written=frozenset(
            found[1] for found in opens if re.search("O_WRONLY|O_RDWR|O_CREAT", found[2])
        ),
        sockets=tuple(
            call for call in calls if re.match(r"(socket|connect|sendto|sendmsg)\(", call)
        ),
    )


def test_each_attack_is_rejected_or_gives_only_its_own_audio(observed: Observed) -> None:
    assert observed.endings.keys() == observed.attacks.keys()
    for name, ending in observed.endings.items():
        if name in HOLD_SOUND:
            assert ending == pytest.approx(OWN_HZ, abs=1), name
        else:
            assert str(ending).startswith("BadMedia: "), name
            assert SECRET not in str(ending)


def test_no_connection_is_opened(observed: Observed) -> None:
    assert not observed.called


@needs_strace
def test_no_other_file_is_opened(observed: Observed) -> None:
    assert {trace.input for trace in observed.traces} == set(map(str, observed.attacks.values()))
    assert any(trace.input in trace.opened for trace in observed.traces)
    for trace in observed.traces:
        others = trace.opened - {trace.input}
        assert not {path for path in others if not SYSTEM_FILES.match(path)}, trace.input


@needs_strace
def test_nothing_is_written(observed: Observed) -> None:
    assert not {path for trace in observed.traces for path in trace.written}


@needs_strace
def test_no_socket_is_created(observed: Observed) -> None:
    assert not [call for trace in observed.traces for call in trace.sockets]


class TestWithoutProtection:
    """Without the options of FFmpeg the attacks succeed, so the tests above can fail."""

    @pytest.fixture
    @staticmethod
    def listener() -> Generator[Listener]:
        listener = Listener()
        yield listener
        listener.close()

    def test_with_scripts_allowed_another_file_is_decoded(
        self, tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        attack = write_attacks(tmp_path, listener.port)["concat-beside-mp3"]
        monkeypatch.setattr(media, "CONTAINERS", f"{media.CONTAINERS},concat")
        with decode(attack) as decoding:
            samples = np.concatenate(list(decoding))
        assert pitches(samples[:, 0]) == [pytest.approx(SECRET_HZ, abs=2)]

    def test_with_addresses_allowed_a_connection_is_opened(
        self, tmp_path: Path, listener: Listener
    ) -> None:
        attack = write_attacks(tmp_path, listener.port)["hls-address-m3u8"]
        options = ("-protocol_whitelist", "file,http,tcp", "-rw_timeout", "200000")
        assert not listener.called()
        subprocess.run(
            [chosen_decoder().path, *QUIET, *options, "-i", attack, "-f", "null", "-"],
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert listener.called()
