"""``stenoflow voices``: the voices that are kept on this machine."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stenoflow.pipeline.known_voices import add_voice
from stenoflow.speakers.voice_store import VoiceStore
from stenoflow.times import format_length


def add_voices(name: str, recordings: Iterable[str], encoder: str) -> None:
    """Keep a person's voice, taken from recordings, and print what was used of each.

    Raises as :func:`stenoflow.pipeline.known_voices.add_voice`, at the first recording that cannot be used.
    """
    store, console = VoiceStore(), _console()
    for recording in recordings:
        voice = add_voice(name, recording, encoder, store)
        console.print(f"{escape(recording)}: {format_length(voice.speech_s)} of speech")
    console.print(f"Kept in {escape(str(store.root))}.")


def list_voices() -> None:
    """Print the voices that are kept. Raises ConfigurationError for a broken file."""
    store, console = VoiceStore(), _console()
    found = store.voices()
    if not found:
        console.print(f"No voices are kept in {escape(str(store.root))}.")
        return
    table = Table("Name", "Recordings", "Speech", "Sound", "Encoder", box=SIMPLE_HEAD)
    for voice in found:
        table.add_row(
            escape(voice.name),
            str(voice.recordings),
            format_length(voice.voiceprint.speech_s),
            "telephone" if voice.voiceprint.wide is None else "wideband",
            escape(voice.encoder),
        )
    console.print(table)


def remove_voice(name: str) -> None:
    """Remove a voice. Raises ConfigurationError if there is none."""
    VoiceStore().remove(name)
    _console().print(f"Removed {escape(name)}.")


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)
