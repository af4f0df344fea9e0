"""The network: the wheel's own weights, loaded once, and state that belongs to its caller."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import silero_vad
import torch
from numpy.typing import NDArray

from steno import silero
from steno.vad import CONTEXT, WINDOW


def windows(count: int, seed: int = 0) -> NDArray[np.float32]:
    generator = np.random.default_rng(seed)
    return generator.normal(0, 3000, CONTEXT + count * WINDOW).astype(np.float32)


def test_the_network_is_loaded_once_however_many_threads_ask() -> None:
    with ThreadPoolExecutor(8) as threads:
        assert len({id(network) for network in threads.map(lambda _: silero.load(), range(8))}) == 1


def test_all_weights_of_the_16_khz_network_are_used_and_none_of_the_other() -> None:
    network: Any = silero_vad.load_silero_vad()
    weights = {
        name.removeprefix("_model."): weight
        for name, weight in network.state_dict().items()
        if name.startswith("_model.") and "forward_basis_buffer" not in name  # an FFT's work
    }
    samples, rest = windows(40), silero.load().rest()
    before, _ = silero.load().probabilities(samples, rest)
    changed: dict[str, bool] = {}
    for name, weight in weights.items():
        spoilt = silero.Silero(weights | {name: weight * 1.5 + 0.1})
        after, _ = spoilt.probabilities(samples, rest)
        changed[name] = bool(np.max(np.abs(after - before)) > 1e-4)
    assert changed
    assert all(changed.values()), changed


def test_the_state_passes_from_block_to_block_and_is_not_kept() -> None:
    network, samples = silero.load(), windows(40)
    at_once, _ = network.probabilities(samples, network.rest())
    first, state = network.probabilities(samples[: CONTEXT + 15 * WINDOW], network.rest())
    second, _ = network.probabilities(samples[15 * WINDOW :], state)
    np.testing.assert_allclose(np.concatenate([first, second]), at_once, atol=1e-6)
    again, _ = network.probabilities(samples, network.rest())
    np.testing.assert_array_equal(again, at_once)


def test_one_thread_computes_whatever_the_machine_has() -> None:
    silero.load()
    assert torch.get_num_threads() == 1
