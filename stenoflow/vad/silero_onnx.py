"""Silero's network as an ONNX graph for whole blocks: all windows at once, from spectrum to probability.

The wheel's graphs take samples, and spend most of their time on a DFT by convolution and on layers laid
out for single windows. In this one the spectrum comes in ready, frame after frame, each window a row.
A convolution over the frames of a window then is one matrix product for each frame it yields, over the
columns of the frames that it sees; taps that would fall on padding are left out. Only the LSTM takes the
windows one after the other.
"""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto
from onnx import helper as untyped_helper

BINS = 129
FRAMES = 4
WIDTH = 128

Weights = Mapping[str, NDArray[np.float32]]

_helper = cast(Any, untyped_helper)


def block_graph(weights: Weights) -> bytes:
    """Return an ONNX model of Silero's network, given the wheel's weights by their names there.

    Inputs: ``spectrum`` (windows, 4 * 129), ``hidden`` and ``cell`` (1, 1, 128). Outputs:
    ``probabilities`` (windows, 1), ``last_hidden`` and ``last_cell``.
    """
    graph = _Graph(weights)
    layer, frames, width = "spectrum", FRAMES, BINS
    for number, stride in enumerate((1, 2, 2, 1)):
        layer = graph.convolution(f"encoder.{number}.reparam_conv", layer, frames, width, stride)
        frames = -(-frames // stride)
        width = len(weights[f"encoder.{number}.reparam_conv.bias"])
    graph.lstm("decoder.rnn", layer)
    graph.logistic("decoder.decoder.2", "features")
    return graph.model()


class _Graph:
    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def convolution(self, name: str, layer: str, frames: int, width: int, stride: int) -> str:
        """Add a convolution of three taps over frames, and ReLU; (windows, frames * width) in and out."""
        weight = self._weights[f"{name}.weight"]
        bias = self._constant(f"{name}.bias", self._weights[f"{name}.bias"])
        yielded: list[str] = []
        for frame in range(0, frames, stride):
            seen = [tap for tap in range(3) if 0 <= frame + tap - 1 < frames]
            first, last = frame + seen[0] - 1, frame + seen[-1] - 1
            matrix = weight[:, :, seen[0] : seen[-1] + 1].transpose(2, 1, 0)
            at = f"{name}.{frame}"
            columns = self._columns(at, layer, first * width, (last + 1) * width)
            product = self._constant(f"{at}.matrix", matrix.reshape(-1, len(weight)))
            summed = self._node("Gemm", [columns, product, bias], f"{at}.sum")
            yielded.append(self._node("Relu", [summed], f"{at}.relu"))
        return self._node("Concat", yielded, f"{name}.frames", axis=1)

    def lstm(self, name: str, layer: str) -> None:
        """Add the LSTM over the windows, from and to the state, and ReLU: ``features`` (windows, 128)."""
        stacked = [
            np.concatenate([_gates(self._weights[f"{name}.{part}"]) for part in parts])[np.newaxis]
            for parts in (("weight_ih",), ("weight_hh",), ("bias_ih", "bias_hh"))
        ]
        constants = [self._constant(f"{name}.{i}", array) for i, array in enumerate(stacked)]
        one = self._constant(f"{name}.one", np.array([1]))
        sequence = self._node("Unsqueeze", [layer, one], f"{name}.sequence")
        inputs = [sequence, *constants, "", "hidden", "cell"]
        outputs = [f"{name}.all", "last_hidden", "last_cell"]
        self._nodes.append(_helper.make_node("LSTM", inputs, outputs, hidden_size=WIDTH))
        shape = self._constant(f"{name}.shape", np.array([-1, WIDTH]))
        rows = self._node("Reshape", [f"{name}.all", shape], f"{name}.rows")
        self._node("Relu", [rows], "features")

    def logistic(self, name: str, layer: str) -> None:
        """Add one logistic unit: ``probabilities``."""
        matrix = self._constant(f"{name}.matrix", self._weights[f"{name}.weight"].reshape(WIDTH, 1))
        bias = self._constant(f"{name}.bias", self._weights[f"{name}.bias"])
        summed = self._node("Gemm", [layer, matrix, bias], f"{name}.sum")
        self._node("Sigmoid", [summed], "probabilities")

    def model(self) -> bytes:
        """Return the finished model, serialized."""
        state = [1, 1, WIDTH]
        inputs = {"spectrum": ["windows", FRAMES * BINS], "hidden": state, "cell": state}
        outputs = {"probabilities": ["windows", 1], "last_hidden": state, "last_cell": state}
        values = [
            [_helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in each]
            for each in (inputs.items(), outputs.items())
        ]
        graph = _helper.make_graph(self._nodes, "silero", *values, self._constants)
        opset = _helper.make_opsetid("", 15)
        return _helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()

    def _columns(self, name: str, layer: str, first: int, end: int) -> str:
        edges = {"first": first, "end": end, "axis": 1}
        constants = [self._constant(f"{name}.{k}", np.array([v])) for k, v in edges.items()]
        return self._node("Slice", [layer, *constants], f"{name}.columns")

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: int) -> str:
        self._nodes.append(_helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        self._constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _gates(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reorder an LSTM's gates from torch's order (input, forget, cell, output) to that of ONNX."""
    input_gate, forget_gate, cell_gate, output_gate = np.split(array, 4)
    return np.concatenate([input_gate, output_gate, forget_gate, cell_gate])
