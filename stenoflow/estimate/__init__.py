"""The estimate of a sweep: what it would buy, cost and take, from a sample of its recordings.

A sample is drawn while the source is scanned (:class:`Sampler`); its recordings are fetched and analyzed,
and :func:`estimate_sweep` extrapolates from them. Nothing is bought. The flow of this is ``forecast``.
"""

from stenoflow.estimate.model import (
    Sample,
    SampleResult,
    SweepEstimate,
    SweepLimits,
    estimate_sweep,
    exceeds,
)
from stenoflow.estimate.sampling import Range, Sampler
from stenoflow.estimate.text import approval_md, estimate_md, summary

__all__ = [
    "Range",
    "Sample",
    "SampleResult",
    "Sampler",
    "SweepEstimate",
    "SweepLimits",
    "approval_md",
    "estimate_md",
    "estimate_sweep",
    "exceeds",
    "summary",
]
