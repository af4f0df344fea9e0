"""Reading of Deepgram's JSON into a :class:`~stenoflow.transcript.model.Reply`.

The words have been paid for: what is wrong beside them or about their times is normalized, or left out,
with a warning. The same holds for an extra (summary, topics, paragraphs) that does not fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from stenoflow.engines.deepgram.normalization import normalized
from stenoflow.engines.deepgram.schema import (
    Alternative,
    Entity,
    Identified,
    Intents,
    Model,
    Paragraphs,
    Passage,
    SentimentSegments,
    Summary,
    Topics,
    Transcription,
    Utterance,
    WarningJson,
    WordJson,
)
from stenoflow.engines.word_times import repetition_warnings
from stenoflow.options import validation_message
from stenoflow.times import Seconds
from stenoflow.transcript.model import Finding, Reply, Word

SAME_S = 0.001
"""Times of one word, in two places of a reply, differ by float32 noise alone."""

_S = TypeVar("_S")

_entities = TypeAdapter(list[Entity])
_models = TypeAdapter(dict[str, Model])
_utterances = TypeAdapter(list[Utterance])
_warnings = TypeAdapter(list[WarningJson])
_paragraphs = TypeAdapter(Paragraphs)
_summary = TypeAdapter(Summary)
_topics = TypeAdapter(Topics)
_intents = TypeAdapter(Intents)
_sentiments = TypeAdapter(SentimentSegments)


def read_reply(raw: bytes, *, language: str | None = None) -> Reply:
    """Return the words of a reply, by channel, then by time; times are those of what was sent.

    ``language`` is that of the request, for replies that name none. Raises ErrorReply where the reply
    reports an error, EngineError where it is not a transcription, with its request id where it has one.
    """
    transcription, warnings = _transcription(raw)
    return _Reading(transcription, language, warnings).reply()


def _transcription(raw: bytes) -> tuple[Transcription, list[str]]:
    try:
        transcription = Transcription.model_validate_json(raw)
    except ValidationError:
        return normalized(raw)
    best = (channel.alternatives[0] for channel in transcription.results.channels)
    if any(each.transcript.strip() and not each.words for each in best):
        return normalized(raw)
    return transcription, []


def request_id_of(raw: bytes) -> str | None:
    """Return the request id in a body of Deepgram's, be it a transcription or an error."""
    try:
        body = Identified.model_validate_json(raw)
    except ValidationError:
        return None
    return body.request_id or (body.metadata.request_id if body.metadata else None)


@dataclass(slots=True)
class _Reading:
    """One pass over a reply that has the shape of a transcription."""

    transcription: Transcription
    requested_language: str | None
    warnings: list[str] = field(default_factory=list[str])

    def reply(self) -> Reply:
        metadata, results = self.transcription.metadata, self.transcription.results
        best = [channel.alternatives[0] for channel in results.channels]
        counts = [len(alternative.words) for alternative in best]
        offsets = [0, *accumulate(counts)]
        words = tuple(
            _word(word, channel)
            for channel, alternative in enumerate(best)
            for word in alternative.words
        )
        language, language_confidence = self._language(counts)
        if metadata.duration is None:
            self.warnings.append("Deepgram's reply does not say how much audio was transcribed.")
        self.warnings += repetition_warnings(words, "Deepgram")
        return Reply(
            words=words,
            utterance_starts=self._utterance_starts(best, offsets),
            paragraph_starts=self._paragraph_starts(best, offsets),
            language=language,
            language_confidence=language_confidence,
            model=self._model(),
            request_id=metadata.request_id,
            duration_s=None if metadata.duration is None else Seconds(metadata.duration),
            sha256=metadata.sha256,
            summary=self._summary(),
            findings=(*self._findings(counts), *self._entities(best, offsets)),
            warnings=(*self._warnings_of_deepgram(), *self.warnings),
        )

    def _fits(self, shape: TypeAdapter[_S], value: Any, what: str) -> _S | None:
        """Return an extra; None, with a warning, where it does not have its shape."""
        if value is None:
            return None
        try:
            return shape.validate_python(value)
        except ValidationError as error:
            self.warnings.append(
                f"Deepgram's {what} were left out: {validation_message(error, most=1)}."
            )
            return None

    def _utterance_starts(
        self, best: Sequence[Alternative], offsets: Sequence[int]
    ) -> tuple[int, ...]:
        """Return the first word of each utterance; utterances partition the words of their channel."""
        spoken = self.transcription.results.utterances
        utterances = self._fits(_utterances, spoken, "utterances") or []
        starts: list[int] = []
        reached = list(offsets[:-1])
        for utterance in utterances:
            channel = utterance.channel
            if not 0 <= channel < len(best):
                return self._mismatch("utterances")
            at = reached[channel] - offsets[channel]
            first = best[channel].words[at : at + 1]
            if not first or abs(first[0].start - utterance.words[0].start) > SAME_S:
                return self._mismatch("utterances")
            starts.append(reached[channel])
            reached[channel] += len(utterance.words)
        if utterances and reached != list(offsets[1:]):
            return self._mismatch("utterances")
        return tuple(sorted(starts))

    def _paragraph_starts(
        self, best: Sequence[Alternative], offsets: Sequence[int]
    ) -> tuple[int, ...]:
        starts: list[int] = []
        for channel, alternative in enumerate(best):
            found = self._fits(_paragraphs, alternative.paragraphs, "paragraphs")
            counts = (
                [each.num_words for each in found.paragraphs if each.num_words] if found else []
            )
            if not counts:
                continue
            if sum(counts) != len(alternative.words):
                return self._mismatch("paragraphs")
            starts += [offsets[channel] + at for at in accumulate(counts[:-1], initial=0)]
        return tuple(starts)

    def _mismatch(self, what: str) -> tuple[int, ...]:
        self.warnings.append(f"Deepgram's {what} do not fit its words, and were left out.")
        return ()

    def _language(self, counts: Sequence[int]) -> tuple[str | None, float | None]:
        """Return language and confidence of the channel with most words."""
        channels = self.transcription.results.channels
        channel = channels[max(range(len(channels)), key=lambda at: (counts[at], -at))]
        if channel.detected_language:
            return channel.detected_language, channel.language_confidence
        spoken = channel.alternatives[0].languages
        requested = None if self.requested_language == "multi" else self.requested_language
        return (spoken[0] if spoken else requested), None

    def _model(self) -> str | None:
        metadata = self.transcription.metadata
        known = self._fits(_models, metadata.model_info, "model's names") or {}
        named = [known[each] for each in metadata.models if each in known]
        return " ".join(filter(None, (named[0].name, named[0].version))) if named else None

    def _summary(self) -> str | None:
        summary = self._fits(_summary, self.transcription.results.summary, "summaries")
        if summary and summary.result != "success":
            self.warnings.append(f"Deepgram has made no summary: {summary.result}.")
            return None
        return summary.short if summary else None

    def _findings(self, counts: Sequence[int]) -> Iterator[Finding]:
        results = self.transcription.results
        # Indices count the words of one channel; with several channels it is not known of which.
        most = counts[0] if len(counts) == 1 else 0
        if topics := self._fits(_topics, results.topics, "topics"):
            for passage in topics.results.topics.segments:
                for each in passage.topics:
                    score = each.confidence_score
                    yield _finding("topic", each.topic, score, passage.text, passage, most)
        if intents := self._fits(_intents, results.intents, "intents"):
            for passage in intents.results.intents.segments:
                for each in passage.intents:
                    score = each.confidence_score
                    yield _finding("intent", each.intent, score, passage.text, passage, most)
        if sentiments := self._fits(_sentiments, results.sentiments, "sentiments"):
            for passage in sentiments.segments:
                score = passage.sentiment_score
                yield _finding("sentiment", passage.sentiment, score, passage.text, passage, most)

    def _entities(self, best: Sequence[Alternative], offsets: Sequence[int]) -> Iterator[Finding]:
        for channel, alternative in enumerate(best):
            for each in self._fits(_entities, alternative.entities, "entities") or ():
                most, offset = len(alternative.words), offsets[channel]
                yield _finding(
                    "entity", each.label, each.confidence, each.value, each, most, offset
                )

    def _warnings_of_deepgram(self) -> Iterator[str]:
        for each in self._fits(_warnings, self.transcription.metadata.warnings, "warnings") or ():
            about = f" about {each.parameter}" if each.parameter else ""
            yield f"Deepgram warns{about}: {each.message}"


def _word(word: WordJson, channel: int) -> Word:
    return Word(
        text=word.word if word.punctuated_word is None else word.punctuated_word,
        start_s=Seconds(word.start),
        end_s=Seconds(max(word.start, word.end)),
        confidence=word.confidence,
        speaker=word.speaker,
        channel=channel,
    )


def _finding(
    kind: Literal["topic", "intent", "sentiment", "entity"],
    label: str,
    confidence: float | None,
    text: str,
    passage: Passage | Entity,
    most: int,
    offset: int = 0,
) -> Finding:
    first, last = _place(passage.start_word, passage.end_word, len(text.split()), most)
    if first is not None and last is not None:
        first, last = first + offset, last + offset
    return Finding(kind, label, confidence, text, first, last)


def _place(
    start: int | None, end: int | None, length: int, most: int
) -> tuple[int | None, int | None]:
    """Return the span of words of a passage: ``first`` up to, not including, ``last``.

    Deepgram counts the last word in for sentiments and topics. As this is not documented, the number
    of words in the text decides.
    """
    if start is None or end is None:
        return None, None
    last = start + length
    fits = 0 <= start < last <= most and end in (last - 1, last)
    return (start, last) if fits else (None, None)
