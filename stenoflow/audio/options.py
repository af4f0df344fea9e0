"""Options of the analysis: thresholds of the quality measurement, and what the pass depends on."""

from dataclasses import dataclass, field
from typing import Self

from pydantic import Field, model_validator

from stenoflow.media.options import Limits, MediaOptions
from stenoflow.options import Options
from stenoflow.vad.options import VadOptions


class QualityOptions(Options):
    """Thresholds of quality warnings, and of the gate below which a recording is rejected."""

    min_score: float = Field(default=0.0, title="Gate: lowest score", ge=0, le=1)
    """Recordings scoring below this are rejected before any engine is paid; 0 lets all pass."""

    excellent_score: float = Field(default=0.85, title="Excellent from", ge=0, le=1)
    good_score: float = Field(default=0.65, title="Good from", ge=0, le=1)
    fair_score: float = Field(default=0.40, title="Fair from", ge=0, le=1)
    low_snr_db: float = Field(default=10.0, title="Warn below this SNR, dB", ge=-20, le=80)
    clipping_ratio: float = Field(
        default=0.001, title="Warn above this share of clipped samples", ge=0, le=1
    )
    silence_ratio: float = Field(default=0.8, title="Warn above this share of silence", ge=0, le=1)
    silence_dbfs: float = Field(default=-50.0, title="Silence is below, dBFS", ge=-120, le=0)
    quiet_dbfs: float = Field(default=-40.0, title="Warn below this level, dBFS", ge=-120, le=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.fair_score <= self.good_score <= self.excellent_score:
            raise ValueError("the levels must rise: fair_score <= good_score <= excellent_score")
        return self


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """The sections of a profile that the analysis of a recording depends on."""

    media: MediaOptions = field(default_factory=MediaOptions)
    limits: Limits = field(default_factory=Limits)
    quality: QualityOptions = field(default_factory=QualityOptions)
    vad: VadOptions = field(default_factory=VadOptions)
