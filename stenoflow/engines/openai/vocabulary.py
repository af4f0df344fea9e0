"""The vocabulary as servers of OpenAI's protocol take it: at the beginning of the prompt."""

from stenoflow.engines.openai.options import OpenAIOptions
from stenoflow.engines.vocabulary import FittedVocabulary, as_many_as_fit, estimate_tokens

MOST_TOKENS = 224
"""Of a longer prompt Whisper reads only the end, as the API reference says of ``prompt``."""


def with_vocabulary(
    options: OpenAIOptions, terms: tuple[str, ...]
) -> FittedVocabulary[OpenAIOptions]:
    """Return the options with the terms before the prompt that they have."""

    def prompt(kept: "list[str] | tuple[str, ...]") -> str:
        listed = f"{', '.join(kept)}." if kept else ""
        return " ".join(each for each in (listed, options.prompt) if each)

    kept, left_out = as_many_as_fit(
        terms, lambda more: estimate_tokens(prompt([*more])) <= MOST_TOKENS
    )
    changed = options.model_copy(update={"prompt": prompt(kept) or None})
    limit = f"a prompt has about {MOST_TOKENS} tokens, and that of the profile is part of it"
    return FittedVocabulary(changed, left_out, len(terms), limit)
