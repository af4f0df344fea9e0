"""Options of faster-whisper."""

from typing import Literal

from pydantic import Field

from stenoflow.options import Options


class FasterWhisperOptions(Options):
    """faster-whisper on this machine, from a folder of CTranslate2 weights."""

    model_dir: str = Field(default="", title="Folder of the model")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", title="Device")
    compute_type: str = Field(default="default", title="Compute type")
    language: str | None = Field(default=None, title="Language")
    beam_size: int = Field(default=5, title="Beam size", ge=1, le=20)
