"""Silero's network at 16 kHz, computed for many windows at once. Importing this imports torch.

The weights are those of ``silero_vad.jit`` in the silero-vad wheel. A window of 512 samples, with the
64 before it, goes through the magnitudes of four DFT frames, four convolutions, one LSTM layer and one
logistic unit. Only the LSTM must take the windows one after the other.

Importing ``silero_vad`` sets torch's number of threads to 1 for the whole process. That is also what is
fastest here: an operation on one block of windows is too small to be shared out among cores.
"""

import threading
from functools import cache
from typing import Any, cast

import numpy as np
import silero_vad  # pyright: ignore[reportMissingTypeStubs]
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, linear

from steno.vad import CONTEXT, WINDOW

_FRAME = 256
_HOP = 128
_WIDTH = 128
_INT16_SCALE = 1 / 32768

State = tuple[Tensor, Tensor]
"""The LSTM's hidden and cell state, each of shape (1, 1, 128)."""

wheel = cast(Any, silero_vad)
"""The wheel's package, which has no types."""

_fft = cast(Any, torch.fft)


class Silero:
    """The network, its weights laid out for whole blocks. Holds no state; any thread may use it."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        # Samples keep the scale of 16-bit integers until here.
        self._hann = torch.hann_window(_FRAME, periodic=True) * _INT16_SCALE
        # A convolution over time, as one over the columns of an image of height 1, channels last: so
        # the spectrum already lies in memory, and oneDNN is spared a transposition.
        self._wide = [
            (
                weights[f"encoder.{layer}.reparam_conv.weight"]
                .unsqueeze(2)
                .contiguous(memory_format=torch.channels_last),
                weights[f"encoder.{layer}.reparam_conv.bias"],
            )
            for layer in (0, 1)
        ]
        # The last two convolutions see two frames, then one: the taps that do not fall on padding
        # make up one matrix each.
        self._narrow = [
            (
                weights[f"encoder.{layer}.reparam_conv.weight"][:, :, taps]
                .permute(0, 2, 1)
                .flatten(1)
                .contiguous(),
                weights[f"encoder.{layer}.reparam_conv.bias"],
            )
            for layer, taps in ((2, slice(1, 3)), (3, slice(1, 2)))
        ]
        self._recurrent = torch.nn.LSTM(_WIDTH, _WIDTH).requires_grad_(False)
        self._recurrent.load_state_dict(
            {
                f"{name}_l0": weights[f"decoder.rnn.{name}"]
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
        )
        self._head = (
            weights["decoder.decoder.2.weight"].flatten(1),
            weights["decoder.decoder.2.bias"],
        )

    def rest(self) -> State:
        """The state in which every recording begins."""
        return torch.zeros(1, 1, _WIDTH), torch.zeros(1, 1, _WIDTH)

    def probabilities(
        self, samples: NDArray[np.float32], state: State
    ) -> tuple[NDArray[np.float32], State]:
        """One probability of speech for each window, and the state after the last of them.

        ``samples`` are whole windows after their context, shape (64 + windows * 512,), on the scale of
        16-bit integers.
        """
        with torch.inference_mode():
            features = self._features(torch.as_tensor(samples))
            hidden, state = self._recurrent(features.unsqueeze(1), state)
            speech = torch.sigmoid(linear(hidden.squeeze(1).relu_(), *self._head))
            return speech.squeeze(1).numpy(), state

    def _features(self, samples: Tensor) -> Tensor:
        """(64 + windows * 512,) samples -> (windows, 128): all that comes before the LSTM."""
        layer = self._spectrum(samples)
        for stride, (weight, bias) in zip((1, 2), self._wide, strict=True):
            layer = conv2d(layer, weight, bias, stride=(1, stride), padding=(0, 1)).relu_()
        layer = layer.permute(0, 2, 3, 1).flatten(1)
        for weight, bias in self._narrow:
            layer = linear(layer, weight, bias).relu_()
        return layer

    def _spectrum(self, samples: Tensor) -> Tensor:
        """Magnitudes, shape (windows, 129 bins, 1, 4 frames), channels last.

        The four frames of 256 samples, 128 apart, begin with the context. The fourth reaches 64 samples
        past the window, where it finds the window's end mirrored: no window needs the next.
        """
        windows = (len(samples) - CONTEXT) // WINDOW
        frames = torch.empty(windows, 4, _FRAME)
        inside = samples.as_strided((windows, 3, _FRAME), (WINDOW, _HOP, 1))
        torch.mul(inside, self._hann, out=frames[:, :3])
        fourth = samples.as_strided((windows, 192), (WINDOW, 1), 3 * _HOP)
        torch.mul(fourth, self._hann[:192], out=frames[:, 3, :192])
        torch.mul(fourth[:, 127:191].flip(1), self._hann[192:], out=frames[:, 3, 192:])
        spectrum = cast(Tensor, _fft.rfft(frames))
        # NumPy takes a tenth of torch's time for the magnitude of a complex64.
        return torch.as_tensor(np.abs(spectrum.numpy())).unsqueeze(1).permute(0, 3, 1, 2)


_loading = threading.Lock()


def load() -> Silero:
    """The network, loaded once in a process and shared by all threads."""
    with _loading:
        return _load()


@cache
def _load() -> Silero:
    weights: dict[str, Tensor] = wheel.load_silero_vad().state_dict()
    prefix = "_model."  # "_model_8k." is the other network, for 8 kHz
    return Silero(
        {
            name.removeprefix(prefix): weight
            for name, weight in weights.items()
            if name.startswith(prefix)
        }
    )
