"""Known voices: they are taken from recordings of one person, and name the speakers of others.

Voiceprints stay in the user's own folder (:mod:`stenoflow.speakers.voice_store`). What a transcript and its
manifest have of them is the name, and how close the voice is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from threading import Event

from stenoflow.audio.analysis import AnalyzedChannel, analyze
from stenoflow.audio.options import AnalysisOptions
from stenoflow.errors import ConfigurationError
from stenoflow.media.scratch import scratch_folder
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.transcription import Transcription
from stenoflow.speakers.encoder import SpeakerEncoder, open_encoder
from stenoflow.speakers.estimate import SpeakerTurn, estimate_speakers
from stenoflow.speakers.matching import match_voices
from stenoflow.speakers.voice_store import VoiceStore, valid_name
from stenoflow.speakers.voiceprint import Voiceprint, take_voiceprint
from stenoflow.storage import locate, open_store
from stenoflow.times import Seconds, Span, to_samples
from stenoflow.transcript.model import KnownSpeaker, Word
from stenoflow.vad.segments import speech_segments

LEAST_SPEECH_S = Seconds(5.0)
"""Speech that a recording must hold for a voice to be taken from it."""

ALONE = 0.9
"""Share of the speech that must be one person's."""

LONGEST_PAUSE_S = 0.5
"""Words that are so close to each other are one piece of speech."""

NO_VOICES = (
    "Speakers could not be named: on the machine that transcribed this, no voice is kept for the speaker "
    "encoder {encoder} (`stenoflow voices add NAME FILE`)."
)


def add_voice(
    name: str, recording: str, encoder_name: str, store: VoiceStore, *, stop: Event | None = None
) -> Voiceprint:
    """Take a person's voice from a recording of that person alone, and keep it.

    ``recording`` is a path or an ``s3://`` URL. Raises ConfigurationError if several people speak in it, or
    it has too little speech, or the name cannot be one; BadMedia and others as
    :func:`stenoflow.audio.analysis.analyze`; StoreRefused, StoreUnavailable, MissingDependency, Stopped.
    """
    name = valid_name(name)
    encoder = open_encoder(encoder_name)
    options = AnalysisOptions()
    folder, key = locate(recording)
    with scratch_folder() as scratch:
        fetched = open_store(folder).fetch(
            key, scratch / "recording", max_bytes=options.limits.max_bytes, stop=stop
        )
        (channel,) = analyze(fetched.path, options, scratch, stop=stop).channels
        speech = speech_segments(channel.speech_scores, channel.samples, options.vad)
        turns = estimate_speakers(channel.pcm, speech, encoder, (1, 20), stop=stop)
        _check_alone(recording, name, turns)
        found = take_voiceprint(channel.pcm, _of_most(turns), encoder, stop=stop)
    if found is None or found.speech_s < LEAST_SPEECH_S:
        speech_s = found.speech_s if found else 0.0
        raise ConfigurationError(
            f"{recording} holds {speech_s:.1f} s of speech, and a voice needs {LEAST_SPEECH_S:.0f} s: "
            f"name a longer recording of {name}."
        )
    store.add(name, encoder.name, fetched.sha256, found)
    return found


def name_speakers(
    recording: RecordingContext, transcription: Transcription, run: RunContext
) -> Transcription:
    """Return a transcription whose speakers have the names of people whose voices are known.

    Speakers are those of the estimate, or the engine's; words without a speaker have no name. Raises
    ConfigurationError, MissingDependency, Stopped.
    """
    if recording.analysis is None:
        raise ValueError(f"{recording.key} must be converted first")
    encoder = open_encoder(recording.profile.speakers.encoder)
    transcript = transcription.transcript
    known = [each for each in VoiceStore().voices() if each.encoder == encoder.name]
    if not known:
        warning = NO_VOICES.format(encoder=encoder.name)
        warned = replace(transcript, warnings=(*transcript.warnings, warning))
        return replace(transcription, transcript=warned)
    named: list[KnownSpeaker] = []
    with run.core(run.cancelled):
        for channel in recording.analysis.channels:
            pieces = _pieces_by_speaker(transcription, channel)
            prints = _voiceprints(channel, pieces, encoder, run.cancelled)
            for speaker, match in match_voices(prints, known, encoder.calibrations).items():
                named.append(KnownSpeaker(channel.index, speaker, match.name, match.closeness))
    transcript = replace(transcript, known_speakers=tuple(named))
    return replace(transcription, transcript=transcript)


def _check_alone(recording: str, name: str, turns: Sequence[SpeakerTurn]) -> None:
    if _samples(_of_most(turns)) < ALONE * _samples(turn.span for turn in turns):
        raise ConfigurationError(
            f"Several people seem to speak in {recording}: name a recording in which only {name} does."
        )


def _of_most(turns: Sequence[SpeakerTurn]) -> list[Span]:
    """Return where the speaker speaks who speaks most."""
    spans: dict[int, list[Span]] = {}
    for turn in turns:
        spans.setdefault(turn.speaker, []).append(turn.span)
    return max(spans.values(), key=_samples) if spans else []


def _samples(spans: Iterable[Span]) -> int:
    return sum(span.samples for span in spans)


def _voiceprints(
    channel: AnalyzedChannel,
    pieces: dict[int, list[Span]],
    encoder: SpeakerEncoder,
    stop: Event,
) -> dict[int, Voiceprint]:
    found = {
        speaker: take_voiceprint(channel.pcm, spans, encoder, stop=stop)
        for speaker, spans in pieces.items()
    }
    return {speaker: each for speaker, each in found.items() if each is not None}


def _pieces_by_speaker(
    transcription: Transcription, channel: AnalyzedChannel
) -> dict[int, list[Span]]:
    """Return where each speaker speaks on a channel, by the estimate or by the engine's words."""
    pieces: dict[int, list[Span]] = {}
    if transcription.transcript.speaker_source == "estimate":
        for turn in transcription.speaker_turns:
            if turn.channel == channel.index:
                span = Span(to_samples(turn.start_s), to_samples(turn.end_s))
                pieces.setdefault(turn.speaker, []).append(span)
        return pieces
    words = [word for word in transcription.transcript.words if word.channel == channel.index]
    for speaker, run in groupby(words, key=lambda word: word.speaker):
        if speaker is not None:
            spans = _spans(list(run), channel.samples)
            pieces.setdefault(speaker, []).extend(spans)
    return pieces


def _spans(words: Sequence[Word], samples: int) -> Iterator[Span]:
    """Yield the pieces of speech that neighbouring words make up, within a channel's samples."""
    first = 0
    for at, word in enumerate(words, 1):
        last = at == len(words)
        if last or words[at].start_s - word.end_s > LONGEST_PAUSE_S:
            start, end = to_samples(words[first].start_s), min(to_samples(word.end_s), samples)
            if start < end:
                yield Span(start, end)
            first = at
