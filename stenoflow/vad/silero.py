"""Silero's network at 16 kHz, computed for many windows at once by ONNX Runtime.

The weights are those of the 16 kHz network in the silero-vad wheel, read from its ONNX file. A window of
512 samples, with the 64 before it, goes through the magnitudes of four DFT frames (here), four
convolutions, one LSTM layer and one logistic unit (``silero_onnx.py``).

Why ONNX Runtime and not torch, which the wheel brings along: the same computation in torch (convolutions
and LSTM by oneDNN, FFT by MKL) takes 1.13 times the CPU time, pair by pair; and importing it takes 1.3
CPU s and 200 MB in every process, ONNX Runtime, onnx and SciPy's FFT together 0.3 s and 60 MB. From a
cold start to the first segment it is 0.9 CPU s against 2.2, at the peak 146 MB against 300. The price is
the graph, which has to be written out, and that the wheel's function from scores to segments cannot be
imported, as it imports torch: ``segments.py`` has its own.
"""

import threading
from functools import cache
from importlib.metadata import distribution
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
import scipy.fft  # pyright: ignore[reportMissingTypeStubs]
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from stenoflow.vad.detector import CONTEXT
from stenoflow.vad.scores import WINDOW
from stenoflow.vad.silero_onnx import BINS, FRAMES, WIDTH, block_graph

_AT_ONCE = 64
"""Windows transformed at once: their frames stay in the processor's cache, in half the time."""

_FRAME = 256
_HOP = 128
_INT16_SCALE = 1 / 32768

Samples = NDArray[np.float32]
State = tuple[Samples, Samples]
"""The LSTM's hidden and cell state, each of shape (1, 1, 128)."""

_fft = cast(Any, scipy.fft)
_onnx = cast(Any, onnx)
_runtime = cast(Any, onnxruntime)


class Silero:
    """The network, its weights laid out for whole blocks. It holds no state; any thread may use it."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        # Samples keep the scale of 16-bit integers until here.
        angle = np.arange(_FRAME) * (2 * np.pi / _FRAME)
        self._hann = ((0.5 - 0.5 * np.cos(angle)) * _INT16_SCALE).astype(np.float32)
        options = _runtime.SessionOptions()
        # One block's operations are too small to be shared out among cores.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = _runtime.InferenceSession(
            block_graph(weights), options, providers=["CPUExecutionProvider"]
        )

    def initial_state(self) -> State:
        """Return the state in which every recording begins."""
        return np.zeros((1, 1, WIDTH), np.float32), np.zeros((1, 1, WIDTH), np.float32)

    def speech_scores(self, samples: Samples, state: State) -> tuple[Samples, State]:
        """Return a speech score for each window, shape (windows,), and the state after the last of them.

        ``samples`` are whole windows after their context, shape (64 + windows * 512,), on the scale of
        16-bit integers.
        """
        hidden, cell = state
        scores, hidden, cell = self._session.run(
            ["probabilities", "last_hidden", "last_cell"],
            {"spectrum": self._spectrum(samples), "hidden": hidden, "cell": cell},
        )
        return scores.ravel(), (hidden, cell)

    def _spectrum(self, samples: Samples) -> Samples:
        """Return magnitudes, shape (windows, 4 frames * 129 bins).

        The four frames of 256 samples, 128 apart, begin with the context. The fourth reaches 64 samples
        past the window, where it finds the window's end mirrored: no window needs the next.
        """
        windows = (len(samples) - CONTEXT) // WINDOW
        magnitudes = np.empty((windows, FRAMES, BINS), np.float32)
        for first in range(0, windows, _AT_ONCE):
            some = magnitudes[first : first + _AT_ONCE]
            end = (first + len(some)) * WINDOW + CONTEXT
            frames = self._frames(samples[first * WINDOW : end])
            np.abs(_fft.rfft(frames, overwrite_x=True), out=some)
        return magnitudes.reshape(windows, FRAMES * BINS)

    def _frames(self, samples: Samples) -> Samples:
        """Return the frames, shape (windows, 4, 256)."""
        windows = (len(samples) - CONTEXT) // WINDOW
        step = samples.itemsize
        frames = np.empty((windows, FRAMES, _FRAME), np.float32)
        shape, strides = (windows, 3, _FRAME), (WINDOW * step, _HOP * step, step)
        np.multiply(as_strided(samples, shape, strides), self._hann, out=frames[:, :3])
        shape, strides = (windows, 192), (WINDOW * step, step)
        fourth = as_strided(samples[3 * _HOP :], shape, strides)
        np.multiply(fourth, self._hann[:192], out=frames[:, 3, :192])
        np.multiply(fourth[:, 190:126:-1], self._hann[192:], out=frames[:, 3, 192:])
        return frames


_loading = threading.Lock()


def load() -> Silero:
    """Return the network, loaded once in a process and shared by all threads."""
    with _loading:
        return _load()


def wheel_weights() -> dict[str, NDArray[np.float32]]:
    """Return the weights of the wheel's network for 16 kHz, by the names of its layers."""
    path = distribution("silero-vad").locate_file("silero_vad/data/silero_vad_16k_op15.onnx")
    return {
        tensor.name.removeprefix("model."): _onnx.numpy_helper.to_array(tensor)
        for tensor in _onnx.load(str(path)).graph.initializer
    }


@cache
def _load() -> Silero:
    return Silero(wheel_weights())
