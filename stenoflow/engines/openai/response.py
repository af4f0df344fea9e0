"""OpenAI's ``verbose_json``, read into a :class:`~stenoflow.transcript.model.Reply`.

Servers differ in what they make of it. Words may stand beside the segments (OpenAI, speaches), inside
them (whisper.cpp), or nowhere (vLLM, LocalAI); they may be bare of the punctuation that the text has
(OpenAI), or be pieces of words (whisper.cpp). So words get their spelling from the text wherever the
two have the same letters, and where there are only segments the words of each are spread over it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

import regex
from pydantic import ValidationError

from stenoflow.engines.languages import language_tag
from stenoflow.engines.openai.normalization import normalized
from stenoflow.engines.openai.schema import Segment, TimedWord, Verbose
from stenoflow.engines.word_times import WORD_S, repetition_warnings, spread_warning
from stenoflow.errors import EngineAccountError
from stenoflow.times import Seconds
from stenoflow.transcript.model import Reply, Word
from stenoflow.transcript.text import UNSPACED_SCRIPTS

ROUNDED_S = Seconds(1.0)
"""Servers round the duration of the audio, to a second at most."""

SPREAD = "The engine gives times for its segments only: those of words are spread evenly in each segment."

_is_unspaced = regex.compile(f"[{UNSPACED_SCRIPTS}]").match

_PUNCTUATION = r"[^\s\p{L}\p{N}]*"
_words_of = regex.compile(
    rf"{_PUNCTUATION}[{UNSPACED_SCRIPTS}][\p{{M}}ー]*{_PUNCTUATION}|[^\s{UNSPACED_SCRIPTS}]+"
).findall


def read_reply(raw: bytes, *, model: str, language: str | None) -> Reply:
    """Return the words of a reply; times are those of what was sent.

    ``model`` and ``language`` are those of the request: replies do not name their model, and some no
    language. Raises ErrorReply where the reply reports an error, EngineAccountError where it comes from a
    model that gives no times, EngineError where it is not a transcription.
    """
    warnings: list[str] = []
    try:
        verbose = Verbose.model_validate_json(raw)
    except ValidationError:
        verbose, warnings = normalized(raw)
    segments = verbose.segments or []
    words = _timed(verbose, segments)
    if not words and any(segment.text.strip() for segment in segments):
        words = [word for segment in segments for word in _spread(segment)]
        warnings.append(SPREAD)
    if not words and any(map(str.isalnum, verbose.text)):
        if not {"words", "segments"} & verbose.model_fields_set:
            raise EngineAccountError(
                f"The server gives no times with the model {model!r}: choose one that knows the "
                "response format verbose_json."
            )
        length_s = verbose.duration or WORD_S * len(verbose.text.split())
        words = list(_spread(Segment(text=verbose.text, start=0.0, end=length_s)))
        warnings.append(spread_warning("The engine"))
    return Reply(
        words=tuple(words),
        utterance_starts=_utterance_starts(words, segments),
        language=language_tag(verbose.language) or language,
        model=model,
        duration_s=Seconds(verbose.duration) if verbose.duration else None,
        duration_within_s=ROUNDED_S,
        warnings=(*warnings, *repetition_warnings(words, "The engine")),
    )


def _timed(verbose: Verbose, segments: Sequence[Segment]) -> list[Word]:
    """Return the words that have times of their own, spelled as in the text."""
    if not verbose.words:
        pieces = [(segment.text, segment.words or []) for segment in segments]
    elif _same_letters(verbose.text, verbose.words):
        pieces = [(verbose.text, verbose.words)]
    else:
        pieces = list(_by_segment(verbose.words, segments))
    return [word for text, words in pieces for word in _spelled(text, words)]


def _by_segment(
    words: Sequence[TimedWord], segments: Sequence[Segment]
) -> Iterator[tuple[str, list[TimedWord]]]:
    """Return each segment's text with its words; words before all segments go with the first."""
    starts = [segment.start for segment in segments[1:]]
    found: list[list[TimedWord]] = [[] for _ in segments] or [[]]
    for word in words:
        found[bisect_right(starts, (word.start + word.end) / 2)].append(word)
    texts = [segment.text for segment in segments] or [""]
    return zip(texts, found, strict=True)


def _letters(text: str) -> list[str]:
    return [letter.casefold() for letter in text if letter.isalnum()]


def _same_letters(text: str, words: Sequence[TimedWord]) -> bool:
    return _letters(text) == [letter for each in words for letter in _letters(each.word)]


def _spelled(text: str, timed: Sequence[TimedWord]) -> list[Word]:
    """Return words as the text spells and punctuates them, if it has their letters; else as they are.

    Pieces that the text writes as one word become one.
    """
    if not _same_letters(text, timed):
        return [_word(each.word.strip(), each) for each in timed if each.word.strip()]
    places = [at for at, letter in enumerate(text) if letter.isalnum()]
    found: list[Word] = []
    first = begin = 0
    for each in timed:
        count = len(_letters(each.word))
        if not count:
            continue
        first += count
        end = _break(text, places[first - 1], places[first]) if first < len(places) else len(text)
        piece = text[begin:end]
        if found and begin and _is_one_word(text, begin):
            found[-1] = _longer(found[-1], piece.rstrip(), each)
        else:
            found.append(_word(" ".join(piece.split()), each))
        begin = end
    return found


def _break(text: str, last: int, following: int) -> int:
    """Return where, between two letters, a piece ends and the next begins: before an opening quote."""
    space = max(text.rfind(" ", last, following), text.rfind("\n", last, following))
    return following if space < 0 else space + 1


def _is_one_word(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    return not before.isspace() and not _is_unspaced(after) and not _is_unspaced(before)


def _longer(word: Word, piece: str, timed: TimedWord) -> Word:
    confidences = [each for each in (word.confidence, timed.probability) if each is not None]
    return replace(
        word,
        text=word.text + piece,
        end_s=Seconds(max(word.end_s, timed.end)),
        confidence=min(confidences, default=None),
    )


def _word(text: str, timed: TimedWord) -> Word:
    return Word(
        text=text,
        start_s=Seconds(timed.start),
        end_s=Seconds(max(timed.start, timed.end)),
        confidence=timed.probability,
    )


def _spread(segment: Segment) -> Iterator[Word]:
    """Return the words of a segment, each as long as its share of the characters."""
    texts: list[str] = _words_of(segment.text)
    edges = list(accumulate((len(text) for text in texts), initial=0))
    length_s = max(segment.end - segment.start, 0.0)
    times_s = [Seconds(segment.start + length_s * edge / max(edges[-1], 1)) for edge in edges]
    for text, start_s, end_s in zip(texts, times_s, times_s[1:], strict=False):
        yield Word(text, start_s, end_s)


def _utterance_starts(words: Sequence[Word], segments: Sequence[Segment]) -> tuple[int, ...]:
    """Return the first word of each segment: the one whose middle comes next after its start."""
    middles = [(word.start_s + word.end_s) / 2 for word in words]
    starts = {bisect_left(middles, segment.start) for segment in segments}
    return tuple(sorted(starts - {len(words)}))
