"""Plain text: who said what, and when, a turn at a time."""

from stenoflow.render.base import Rendering
from stenoflow.render.labels import LOW_ACCURACY
from stenoflow.render.registry import renderer
from stenoflow.times import format_clock
from stenoflow.transcript.speakers import SpeakerKey, speaker_names, speaker_turns
from stenoflow.transcript.text import clean_text, join_words


@renderer("txt", file_name="transcript.txt", content_type="text/plain; charset=utf-8")
def render(rendering: Rendering) -> bytes:
    transcript = rendering.transcript
    called = speaker_names(transcript)
    blocks = [clean_text(rendering.recording.name)]
    if transcript.accuracy == "low":
        blocks.append(LOW_ACCURACY)
    if not transcript.words:
        blocks.append("No words were heard.")
    for turn in speaker_turns(transcript):
        words = transcript.words[turn.first : turn.last]
        name = called[SpeakerKey.of(words[0])]
        head = f"[{format_clock(words[0].start_s)}]" + (f" {name}" if name else "")
        blocks.append(f"{head}\n{join_words(word.text for word in words)}")
    return ("\n\n".join(blocks) + "\n").encode()
