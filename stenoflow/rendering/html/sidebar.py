"""The sidebar of the page: speakers, quality, cost and warnings."""

from collections.abc import Iterator, Sequence

from stenoflow.audio.quality import Quality
from stenoflow.rendering.base import Rendering
from stenoflow.rendering.facts import cost_rows, speech_share
from stenoflow.times import format_clock, format_length
from stenoflow.transcript.model import Transcript
from stenoflow.transcript.speakers import Speaker
from stenoflow.transcript.text import clean_text


def headline(transcript: Transcript) -> str:
    """Return the recording's length, words and language on one line."""
    facts = [format_length(transcript.duration_s), f"{len(transcript.words):,} words"]
    if transcript.language:
        facts.append(transcript.language)
    return " · ".join(facts)


def speaker_entries(found: Sequence[Speaker]) -> Iterator[dict[str, str | None]]:
    """Yield each speaker's name, talking time and share of all talk."""
    total_s = sum(speaker.talk_s for speaker in found) or 1.0
    for speaker in found:
        share = speaker.talk_s / total_s
        yield {
            "name": speaker.name,
            "talk": format_clock(speaker.talk_s),
            "share": f"{share:.0%}",
            "part": f"{share:.3f}",
            "title": " ".join(_certainty(speaker)),
        }


def _certainty(speaker: Speaker) -> Iterator[str]:
    if speaker.closeness is not None:
        yield f"Closeness to the known voice: {speaker.closeness:.2f}."
    if speaker.margin is not None:
        yield f"Margin to the next voice: {speaker.margin:.2f}."


def quality_entry(quality: Quality, number: int) -> dict[str, object]:
    """Return the score and the measures of a channel, whose number counts from 0."""
    measures = (
        ("Signal to noise", quality.snr_db, "dB"),
        ("Level of speech", quality.speech_dbfs, "dBFS"),
        ("Peak", quality.peak_dbfs, "dBFS"),
    )
    rows = [(name, f"{value:.0f} {unit}") for name, value, unit in measures if value is not None]
    rows += [
        ("Clipped", f"{quality.clipping_ratio:.2%}"),
        ("Silent", f"{quality.silence_ratio:.0%}"),
    ]
    return {
        "level": quality.level,
        "score": f"{quality.score * 100:.0f}",
        "title": f"of 100, {quality.level}" + (f" (channel {number + 1})" if number else ""),
        "rows": rows,
    }


def fact_rows(rendering: Rendering) -> Iterator[tuple[str, str]]:
    """Yield what is known of the recording, the engine and the cost."""
    transcript = rendering.transcript
    if rendering.speech and transcript.duration_s:
        yield "Speech", speech_share(rendering)
    if rendering.costs:
        yield from cost_rows(rendering.costs)
    if transcript.engine:
        yield "Engine", transcript.engine
    if transcript.model:
        yield "Model", transcript.model
    yield "Recording", clean_text(rendering.recording.key)
    if rendering.recording.sha256:
        yield "SHA-256", rendering.recording.sha256[:16] + "…"


def warnings(rendering: Rendering) -> list[str]:
    """Return the warnings about the recording and its transcript, each once."""
    of_channels = [warning for quality in rendering.quality for warning in quality.warnings]
    return list(dict.fromkeys([*of_channels, *rendering.transcript.warnings]))
