"""The vocabulary as Whisper takes it: as hotwords, which are put before each segment."""

from collections.abc import Sequence

from stenoflow.engines.vocabulary import FittedVocabulary, as_many_as_fit
from stenoflow.engines.whisper.options import WhisperOptions
from stenoflow.engines.whisper.weights import find_weights

MOST_TOKENS = 223
"""Tokens before a segment: half of the model's context, less one. faster-whisper cuts off what is beyond
that, and the other half is for what is spoken."""


def with_vocabulary(
    options: WhisperOptions, terms: tuple[str, ...]
) -> FittedVocabulary[WhisperOptions]:
    """Return the options with the terms after the hotwords that they have.

    Tokens are counted by the model's own tokenizer. Raises as :func:`find_weights`.
    """
    weights = find_weights(options.model, download=options.download)
    prompted = weights.count_tokens(options.prompt or "")

    def hotwords(kept: Sequence[str]) -> str:
        return ", ".join(each for each in (options.hotwords, *kept) if each)

    kept, left_out = as_many_as_fit(
        terms, lambda more: prompted + weights.count_tokens(hotwords(more)) <= MOST_TOKENS
    )
    changed = options.model_copy(update={"hotwords": hotwords(kept) or None})
    limit = f"Whisper takes {MOST_TOKENS} tokens, its own prompt and hotwords included"
    return FittedVocabulary(changed, left_out, len(terms), limit)
