"""The network: loaded once, with every weight in use, and state that belongs to its caller."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from stenoflow.vad import silero
from stenoflow.vad.detector import CONTEXT
from stenoflow.vad.scores import WINDOW


def windows(count: int, seed: int = 0) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    return generator.normal(0, 3000, CONTEXT + count * WINDOW).astype(np.float32)


def test_the_network_is_loaded_once_however_many_threads_ask() -> None:
    with ThreadPoolExecutor(8) as threads:
        assert len({id(network) for network in threads.map(lambda _: silero.load(), range(8))}) == 1


def test_every_weight_is_used() -> None:
    weights, samples, rest = silero.wheel_weights(), windows(40), silero.load().initial_state()
    del weights["stft.forward_basis_buffer"]  # an FFT's work
    before, _ = silero.Silero(weights).speech_scores(samples, rest)
    changed: dict[str, bool] = {}
    for name, weight in weights.items():
        spoilt = silero.Silero(weights | {name: weight * np.float32(1.5) + np.float32(0.1)})
        after, _ = spoilt.speech_scores(samples, rest)
        changed[name] = bool(np.max(np.abs(after - before)) > 1e-4)
    assert all(changed.values()), changed


def test_the_state_passes_from_block_to_block_and_is_not_kept() -> None:
    network, samples = silero.load(), windows(40)
    at_once, _ = network.speech_scores(samples, network.initial_state())
    first, state = network.speech_scores(samples[: CONTEXT + 15 * WINDOW], network.initial_state())
    second, _ = network.speech_scores(samples[15 * WINDOW :], state)
    np.testing.assert_allclose(np.concatenate([first, second]), at_once, atol=1e-6)
    again, _ = network.speech_scores(samples, network.initial_state())
    np.testing.assert_array_equal(again, at_once)


def test_no_thread_is_started_whatever_the_machine_has() -> None:
    counting = """
import os, numpy
threads = lambda: len(os.listdir("/proc/self/task"))
from stenoflow.vad import silero
before = threads()
network = silero.load()
network.speech_scores(numpy.ones(64 + 512 * 512, numpy.float32), network.initial_state())
print(threads() - before)
"""
    result = subprocess.run([sys.executable, "-c", counting], stdout=subprocess.PIPE, check=True)
    assert int(result.stdout) == 0
