"""Voice activity detection by Silero, over whole recordings.

``detector`` turns samples into speech scores, one for each window of 32 ms (:class:`SpeechScores`);
``segments`` turns scores into speech segments. Importing this package loads neither ONNX Runtime nor SciPy
nor torch: the network is loaded by the first :class:`SpeechDetector`.
"""

from stenoflow.vad.detector import SpeechDetector, speech_scores
from stenoflow.vad.options import VadOptions
from stenoflow.vad.scores import WINDOW, SpeechScores, StoredScores, iterate_scores
from stenoflow.vad.segments import speech_segments

__all__ = [
    "WINDOW",
    "SpeechDetector",
    "SpeechScores",
    "StoredScores",
    "VadOptions",
    "iterate_scores",
    "speech_scores",
    "speech_segments",
]
