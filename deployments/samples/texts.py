"""The words of the sample recordings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of a voice."""

    voice: str
    """Name of a voice of Kokoro."""
    text: str
    pause_s: float
    """Seconds of silence after it."""


HOST, GUEST, FORECASTER = "jm_kumo", "jf_alpha", "jf_nezumi"

INTERVIEW = (
    Line(HOST, "Good morning, and welcome to the show.", 1.5),
    Line(GUEST, "Good morning. Thank you for the invitation.", 6.0),
    Line(HOST, "What happens to a recording when it arrives?", 0.9),
    Line(GUEST, "First we find the speech in it. Then we write down the words.", 7.5),
    Line(HOST, "And what about the long pauses between the words?", 1.2),
    Line(GUEST, "We leave them out, but every word keeps its time.", 4.0),
    Line(HOST, "Thank you very much.", 2.0),
)

BRIEFING = (
    Line(FORECASTER, "This is a message from the weather station.", 5.0),
    Line(FORECASTER, "The morning will be cold, with a little snow in the mountains.", 8.0),
    Line(FORECASTER, "The afternoon will be warm and dry.", 3.0),
)

TEXTS = {
    "interview.mp3": " ".join(line.text for line in INTERVIEW),
    "briefing.mp4": " ".join(line.text for line in BRIEFING),
    "quiet-room.ogg": "",
}
"""Utterances of each sample."""
