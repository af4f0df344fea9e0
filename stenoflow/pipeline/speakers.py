"""The speakers of a transcript, as the profile asks for them.

An estimate needs the recording's samples, and nothing from an engine: it is made of recordings that were
bought earlier as well, and buys nothing. Its turns are kept in the manifest, and the names of those whose
voices are known, so that a transcript made again from the ledger has the same speakers.
"""

from collections.abc import Iterable
from dataclasses import replace

from stenoflow.errors import ConfigurationError
from stenoflow.manifest.model import ChannelTurn, Manifest
from stenoflow.pipeline.known_voices import name_speakers
from stenoflow.pipeline.recording_context import RecordingContext
from stenoflow.pipeline.run_context import RunContext
from stenoflow.pipeline.transcription import Transcription
from stenoflow.profile.model import Profile
from stenoflow.speakers.attribution import attribute_words, without_speakers
from stenoflow.speakers.encoder import open_encoder
from stenoflow.speakers.estimate import SpeakerTurn, estimate_speakers
from stenoflow.times import Span, to_samples, to_seconds


def tell_speakers(recording: RecordingContext, run: RunContext) -> RecordingContext:
    """Return a recording that was transcribed with the speakers that its profile asks for.

    Raises ConfigurationError, MissingDependency, Stopped.
    """
    transcription = recording.transcription
    if transcription is None:
        return recording
    if recording.profile.speakers.source == "estimate":
        transcription = replace(transcription, speaker_turns=_estimate(recording, run))
    transcription = _applied(recording.profile, transcription)
    if recording.profile.speakers.known:
        transcription = name_speakers(recording, transcription, run)
    return replace(recording, transcription=transcription)


def tell_speakers_again(
    profile: Profile, manifest: Manifest, transcription: Transcription
) -> Transcription:
    """Return a transcription made from the ledger, with the speakers that a manifest has on record.

    Raises ConfigurationError if the profile wants an estimate or names, and there are none on record.
    """
    if profile.speakers.known and not _same_words(profile, manifest.profile):
        raise ConfigurationError(
            f"{manifest.source.key}: known voices are found in the recording itself, and its manifest is "
            "of another profile: transcribe it with this profile, which buys nothing."
        )
    if profile.speakers.source == "estimate":
        earlier = manifest.profile.speakers
        if earlier != profile.speakers or not (
            manifest.speaker_turns or not transcription.transcript.words
        ):
            raise ConfigurationError(
                f"{manifest.source.key}: speakers are estimated from the recording itself, and its "
                "manifest has no such estimate: transcribe it with this profile, which buys nothing."
            )
        transcription = replace(transcription, speaker_turns=manifest.speaker_turns)
    transcription = _applied(profile, transcription)
    if profile.speakers.known:
        named = replace(transcription.transcript, known_speakers=manifest.known_speakers)
        transcription = replace(transcription, transcript=named)
    return transcription


def _same_words(profile: Profile, earlier: Profile) -> bool:
    """Return True if two profiles differ in what is made of words at most."""
    same = {name: getattr(earlier, name) for name in ("artifacts", "captions", "playback")}
    return profile.model_copy(update=same) == earlier


def _applied(profile: Profile, transcription: Transcription) -> Transcription:
    transcript = transcription.transcript
    match profile.speakers.source:
        case "engine":
            return transcription
        case "off":
            return replace(transcription, transcript=without_speakers(transcript))
        case "estimate":
            turns = _by_channel(transcription.speaker_turns)
            return replace(transcription, transcript=attribute_words(transcript, turns))


def _estimate(recording: RecordingContext, run: RunContext) -> tuple[ChannelTurn, ...]:
    if recording.analysis is None:
        raise ValueError(f"{recording.key} must be converted first")
    options = recording.profile.speakers
    encoder = open_encoder(options.encoder)
    channels = {channel.index: channel for channel in recording.analysis.channels}
    with run.core(run.cancelled):
        return tuple(
            ChannelTurn(
                channel=plan.channel,
                speaker=turn.speaker,
                start_s=to_seconds(turn.span.start),
                end_s=to_seconds(turn.span.end),
                margin=turn.margin,
            )
            for plan in recording.used_plans
            if plan.channel in channels
            for turn in estimate_speakers(
                channels[plan.channel].pcm,
                plan.speech,
                encoder,
                options.bounds,
                stop=run.cancelled,
            )
        )


def _by_channel(turns: Iterable[ChannelTurn]) -> dict[int, list[SpeakerTurn]]:
    found: dict[int, list[SpeakerTurn]] = {}
    for turn in turns:
        span = Span(to_samples(turn.start_s), to_samples(turn.end_s))
        found.setdefault(turn.channel, []).append(SpeakerTurn(span, turn.speaker, turn.margin))
    return found
