"""Options of the speech detector, by Silero's own names."""

from typing import Annotated

from pydantic import Field

from stenoflow.options import Options


class VadOptions(Options):
    """Silero's settings, by the names and with the meaning of ``silero_vad.get_speech_timestamps``.

    The defaults are for segmentation, together with what :class:`SegmentationOptions` keeps around
    speech. ``bench/audio/vad_curve.py`` measures them on hand-labelled clips in two halves. On the half
    that they are chosen on, 0.02 % of speech is lost and 55 % of pauses of half a second and more are left
    out (with Silero's own 0.5: 0.8 % and 61 %); on the other half 0.07 % and 62 %. In meetings recorded from
    far away 7 % of labelled speech is lost. Words as short as 0.1 s are speech, and the only padding is
    what segmentation keeps.
    """

    threshold: float = Field(default=0.4, title="Speech threshold", gt=0, lt=1)
    neg_threshold: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, title="Silence threshold"
    )
    """Empty: threshold - 0.15, at least 0.01, as Silero has it."""

    min_speech_ms: int = Field(default=100, title="Shortest speech, ms", ge=0, le=10_000)
    max_speech_s: Annotated[float, Field(gt=0)] | None = Field(
        default=None, title="Longest speech segment, seconds"
    )
    """Longer speech is split at its best pause; empty: never split."""

    min_silence_ms: int = Field(default=100, title="Shortest silence, ms", ge=0, le=60_000)
    speech_pad_ms: int = Field(default=0, title="Padding on both sides, ms", ge=0, le=5_000)
