"""GE2E: a speaker encoder of three LSTM layers, with the weights that the package Resemblyzer carries.

Resemblyzer (Apache-2.0) is not imported: its wrapper wants librosa and webrtcvad. Its weights are read, and
run by onnxruntime. Method: Wan et al., *Generalized end-to-end loss for speaker verification*,
https://arxiv.org/abs/1710.10467.
"""

import math
import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import onnx
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray
from onnx import TensorProto
from onnx import helper as untyped_helper

from stenoflow.errors import MissingDependency
from stenoflow.speakers.clustering import Calibration, Calibrations
from stenoflow.speakers.mel import MEL_BANDS, mel_spectrogram

FRAMES = 160
"""Frames of 10 ms in a window."""

WINDOW = FRAMES * 160
"""Samples of a window: 1.6 s at 16 kHz."""

LAYERS = 3
HIDDEN = 256

PACKAGE = "Resemblyzer"
INSTALL = "pip install --no-deps Resemblyzer==0.1.4"

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""First value in a file of ``torch.save`` before version 1.6."""

Weights = Mapping[str, NDArray[np.float32]]

_helper = cast(Any, untyped_helper)


class Ge2eEncoder:
    """GE2E as a :class:`~stenoflow.speakers.encoder.SpeakerEncoder`, on one thread."""

    name = "ge2e"
    window = WINDOW
    calibrations = Calibrations(
        wide=Calibration(linked=0.26, joined=0.28, fewest=4, known=0.80),
        narrow=Calibration(linked=0.31, joined=None, fewest=6, known=0.88),
    )

    def __init__(self) -> None:
        runtime: Any = onnxruntime
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = runtime.InferenceSession(
            _graph(), options, providers=["CPUExecutionProvider"]
        )

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a unit vector of 256 for each window, shape (windows, 256).

        ``windows`` has the shape (windows, :data:`WINDOW`), full scale 1.
        """
        spectra = np.stack([mel_spectrogram(each, FRAMES) for each in windows], axis=1)
        (found,) = self._session.run(None, {"spectra": spectra})
        return found


@cache
def _graph() -> bytes:
    """Return the network as an ONNX model: spectra (frames, windows, bands) in, unit vectors out."""
    weights = read_weights(weights_path())
    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(name: str, value: NDArray[Any]) -> str:
        constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    layer = "spectra"
    for number in range(LAYERS):
        kernel, recurrent, bias = (
            _gates(weights[f"lstm.{kind}_l{number}"])
            for kind in ("weight_ih", "weight_hh", "bias_ih")
        )
        bias = np.concatenate([bias, _gates(weights[f"lstm.bias_hh_l{number}"])])
        inputs = [
            layer,
            constant(f"W{number}", kernel[np.newaxis]),
            constant(f"R{number}", recurrent[np.newaxis]),
            constant(f"B{number}", bias[np.newaxis]),
        ]
        outputs = [f"all{number}", f"last{number}"]
        nodes.append(_helper.make_node("LSTM", inputs, outputs, hidden_size=HIDDEN))
        axis = constant(f"axis{number}", np.array([1], np.int64))
        nodes.append(_helper.make_node("Squeeze", [outputs[0], axis], [f"layer{number}"]))
        layer = f"layer{number}"
    nodes += [
        _helper.make_node(
            "Squeeze", [f"last{LAYERS - 1}", constant("first", np.array([0], np.int64))], ["state"]
        ),
        _helper.make_node(
            "Gemm",
            [
                "state",
                constant("W", weights["linear.weight"]),
                constant("b", weights["linear.bias"]),
            ],
            ["linear"],
            transB=1,
        ),
        _helper.make_node("Relu", ["linear"], ["raw"]),
        _helper.make_node("LpNormalization", ["raw"], ["embeddings"], axis=1, p=2),
    ]
    spectra = _helper.make_tensor_value_info(
        "spectra", TensorProto.FLOAT, [FRAMES, "windows", MEL_BANDS]
    )
    embeddings = _helper.make_tensor_value_info(
        "embeddings", TensorProto.FLOAT, ["windows", HIDDEN]
    )
    graph = _helper.make_graph(nodes, "ge2e", [spectra], [embeddings], constants)
    model = _helper.make_model(graph, opset_imports=[_helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def _gates(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a layer's weights with its gates in ONNX's order; PyTorch has input, forget, cell, output."""
    i, f, g, o = np.split(weights, 4)
    return np.concatenate([i, o, f, g])


def weights_path() -> Path:
    """Return the file of weights. Raises MissingDependency if the package is not installed."""
    try:
        files = distribution(PACKAGE).files or ()
        return next(Path(str(each.locate())) for each in files if each.name == "pretrained.pt")
    except (PackageNotFoundError, StopIteration) as error:
        raise MissingDependency(
            f"Speakers cannot be estimated, as the package {PACKAGE} is not installed: {INSTALL}."
        ) from error


def read_weights(path: Path) -> Weights:
    """Return the tensors in a file of ``torch.save`` in its format before 1.6, by name.

    Only tensors of 32-bit floats are read, and nothing that the file names is imported or run. Raises
    MissingDependency if it is another file.
    """
    try:
        with path.open("rb") as file:
            return _read_legacy(file)
    except (pickle.UnpicklingError, struct.error, ValueError, KeyError, EOFError) as error:
        raise MissingDependency(
            f"{path} does not hold the weights of GE2E: {error}. Install them again: {INSTALL}."
        ) from error


def _read_legacy(file: IO[bytes]) -> Weights:
    if _TensorUnpickler(file).load() != LEGACY_MAGIC:
        raise ValueError("it is not a file of torch.save before 1.6")
    for _ in ("protocol", "system"):
        _TensorUnpickler(file).load()
    unpickler = _TensorUnpickler(file)
    checkpoint: Any = unpickler.load()
    storages: dict[str, NDArray[np.float32]] = {}
    for key in _TensorUnpickler(file).load():
        (size,) = struct.unpack("<q", file.read(8))
        storages[key] = np.frombuffer(file.read(4 * size), "<f4")
    tensors: dict[str, _Tensor] = checkpoint["model_state"]
    return {name: tensor.of(storages) for name, tensor in tensors.items()}


class _Tensor:
    def __init__(self, storage: str, offset: int, shape: tuple[int, ...], *_: Any) -> None:
        self._storage, self._offset, self._shape = storage, offset, shape

    def of(self, storages: Weights) -> NDArray[np.float32]:
        """Return its values."""
        values = storages[self._storage][self._offset :]
        return values[: math.prod(self._shape)].reshape(self._shape)


class _TensorUnpickler(pickle.Unpickler):
    """Reads tensors and plain containers, and refuses everything else."""

    allowed: Mapping[tuple[str, str], Any] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
        ("torch", "FloatStorage"): "float",
    }

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return what a name of the file stands for."""
        try:
            return self.allowed[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module_name}.{global_name}") from None

    def persistent_load(self, pid: Any) -> str:
        """Return the key of a storage."""
        return pid[2]
