"""Plain text: the speaker turns, each with its speaker and time."""

from stenoflow.rendering.base import Renderer, Rendering
from stenoflow.rendering.facts import LOW_ACCURACY, NO_WORDS, turns
from stenoflow.times import format_clock
from stenoflow.transcript.text import clean_text


def render(rendering: Rendering) -> bytes:
    """Return the transcript as plain text in UTF-8."""
    transcript = rendering.transcript
    blocks = [clean_text(rendering.recording.name)]
    if transcript.accuracy == "low":
        blocks.append(LOW_ACCURACY)
    if not transcript.words:
        blocks.append(NO_WORDS)
    for turn in turns(transcript):
        head = f"[{format_clock(turn.start_s)}]" + (f" {turn.name}" if turn.name else "")
        blocks.append(f"{head}\n{turn.text}")
    return ("\n\n".join(blocks) + "\n").encode()


RENDERER = Renderer(
    name="txt",
    file_name="transcript.txt",
    content_type="text/plain; charset=utf-8",
    render=render,
    description="Plain text, one paragraph per speaker turn",
)
