"""GE2E by onnxruntime is GE2E by PyTorch, from the same file."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from stenoflow.speakers.encoder import open_encoder
from stenoflow.speakers.ge2e import FRAMES, weights_path
from stenoflow.speakers.mel import mel_spectrogram

PYTORCH = """
import sys, numpy as np, torch
state = torch.load(sys.argv[1], weights_only=True, map_location="cpu")["model_state"]
def of(name): return {k[len(name):]: v for k, v in state.items() if k.startswith(name)}
lstm = torch.nn.LSTM(40, 256, 3, batch_first=True)
lstm.load_state_dict(of("lstm."))
linear = torch.nn.Linear(256, 256)
linear.load_state_dict(of("linear."))
with torch.no_grad():
    _, (hidden, _) = lstm(torch.from_numpy(np.load(sys.argv[2])))
    raw = torch.relu(linear(hidden[-1]))
    np.save(sys.argv[3], (raw / raw.norm(dim=1, keepdim=True)).numpy())
"""


def test_vectors_are_those_of_pytorch(tmp_path: Path) -> None:
    encoder = open_encoder("ge2e")
    chance = np.random.default_rng(7)
    windows = chance.normal(0, 0.05, (5, encoder.window)).astype(np.float32)
    spectra = np.stack([mel_spectrogram(each, FRAMES) for each in windows])
    np.save(tmp_path / "spectra.npy", spectra)
    arguments = [str(weights_path()), str(tmp_path / "spectra.npy"), str(tmp_path / "out.npy")]
    subprocess.run([sys.executable, "-c", PYTORCH, *arguments], check=True)
    found = encoder.embed(windows)
    assert np.abs(found - np.load(tmp_path / "out.npy")).max() < 1e-5
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_estimating_speakers_imports_no_pytorch() -> None:
    code = (
        "import sys; from stenoflow.speakers.encoder import open_encoder; open_encoder('ge2e');"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
