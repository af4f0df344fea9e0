"""Audio analysis and encoding: what is learned from a recording's samples, and how they are sent.

``analysis`` reads a recording once (``analyze``): its channels as PCM files, their quality and their speech
scores. ``quality`` defines the measures and the quality gate. ``encoding`` writes the kept spans of a
channel as FLAC or WAV (``encode``). Import functions from these modules: exported here are only the
options, so that reading a profile loads neither PyAV nor the decoder.
"""

from stenoflow.audio.options import AnalysisOptions, QualityOptions

__all__ = ["AnalysisOptions", "QualityOptions"]
