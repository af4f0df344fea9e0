"""Options of the speech detector, by Silero's own names."""

from typing import Annotated

from pydantic import Field

from stenoflow.options import Options


class VadOptions(Options):
    """Silero's settings, by the names and with the meaning of ``silero_vad.get_speech_timestamps``.

    The defaults are for segmentation, chosen by ``bench/audio/vad_curve.py`` on hand-labelled clips
    together with what :class:`SegmentationOptions` keeps around speech: 0.1 % of speech is lost, and 63
    % of pauses of half a second and more are left out. Silero's own 0.5, with as many pauses left out,
    loses three times as much. Words as short as 0.1 s are speech, and the only padding is what
    segmentation keeps.
    """

    threshold: float = Field(default=0.4, title="Speech from this score", gt=0, lt=1)
    neg_threshold: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, title="Silence below this score"
    )
    """Empty: threshold - 0.15, at least 0.01, as Silero has it."""

    min_speech_ms: int = Field(default=100, title="Shortest speech, ms", ge=0, le=10_000)
    max_speech_s: Annotated[float, Field(gt=0)] | None = Field(
        default=None, title="Longest speech segment, seconds"
    )
    """Longer speech is split at its best pause; empty: never split."""

    min_silence_ms: int = Field(default=100, title="Shortest silence, ms", ge=0, le=60_000)
    speech_pad_ms: int = Field(default=0, title="Padding on both sides, ms", ge=0, le=5_000)
