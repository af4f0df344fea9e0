"""The vocabulary as Deepgram takes it: key terms for nova-3, keywords for the models before it."""

from collections.abc import Sequence

from stenoflow.engines.deepgram.options import DeepgramOptions
from stenoflow.engines.vocabulary import FittedVocabulary, as_many_as_fit, estimate_tokens

MOST = 100
"""Key terms, and keywords, of a request: https://developers.deepgram.com/docs/keyterm and /keywords."""

MOST_TOKENS = 500
"""Tokens of all key terms of a request, from the same page."""


def with_vocabulary(
    options: DeepgramOptions, terms: tuple[str, ...]
) -> FittedVocabulary[DeepgramOptions]:
    """Return the options with terms after those that they name themselves."""
    if options.model.startswith("nova-3"):
        own = options.keyterm
        kept, left_out = as_many_as_fit(_new(terms, own), lambda more: _fits([*own, *more]))
        changed: dict[str, object] = {"keyterm": (*own, *kept)}
        limit = f"Deepgram takes {MOST} key terms, of about {MOST_TOKENS} tokens together"
    else:
        own = options.keywords
        words = [word for term in terms for word in term.replace(":", " ").split()]
        room = max(0, MOST - len(own))
        kept = _new(dict.fromkeys(words), [each.partition(":")[0] for each in own])[:room]
        changed = {"keywords": (*own, *kept)}
        known = {*kept, *(each.partition(":")[0] for each in own)}
        left_out = tuple(term for term in terms if not {*term.replace(":", " ").split()} <= known)
        limit = f"Deepgram takes {MOST} keywords, and each word of a term is one"
    return FittedVocabulary(options.model_copy(update=changed), left_out, len(terms), limit)


def _new(terms: "Sequence[str] | dict[str, None]", own: Sequence[str]) -> list[str]:
    return [term for term in terms if term not in own]


def _fits(terms: Sequence[str]) -> bool:
    return len(terms) <= MOST and sum(map(estimate_tokens, terms)) <= MOST_TOKENS
