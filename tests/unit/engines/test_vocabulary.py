"""The vocabulary of a profile, and how much of it Deepgram and OpenAI-compatible servers take."""

import pytest
from pydantic import ValidationError

from stenoflow.engines.registry import engine_spec, fit_vocabulary, open_engine_without_account
from stenoflow.engines.vocabulary import VocabularyOptions, estimate_tokens
from stenoflow.errors import ConfigurationError
from stenoflow.profile.model import Profile

MANY = tuple(f"Zbrojovka{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(120))
"""Terms of 11 letters: 6 tokens each, as they are estimated."""


def profile(engine: str, terms: tuple[str, ...], **section: object) -> Profile:
    return Profile.model_validate(
        {"engine": engine, "vocabulary": {"terms": terms}, engine: section}
    )


def identity(engine: str, terms: tuple[str, ...], **section: object) -> dict[str, object]:
    return dict(open_engine_without_account(profile(engine, terms, **section)).identity())


def warnings(engine: str, terms: tuple[str, ...], **section: object) -> str:
    return " ".join(fit_vocabulary(engine_spec(engine), profile(engine, terms, **section)).warnings)


def test_terms_are_tidied() -> None:
    found = VocabularyOptions.model_validate({"terms": [" Ada   Lovelace ", "", "Ærø", "Ærø"]})
    assert found.terms == ("Ada Lovelace", "Ærø")


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (["x" * 101], "at most 100 characters"),
        ([str(n) for n in range(2001)], "at most 2000 terms"),
    ],
)
def test_what_is_not_a_vocabulary_is_refused(terms: list[str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        VocabularyOptions.model_validate({"terms": terms})


def test_deepgram_has_key_terms_for_nova_3_and_keywords_before_it() -> None:
    terms = ("Ada Lovelace", "Stenoflow", "AC:DC")
    found = identity("deepgram", terms, keyterm=["Stenoflow"])
    assert found["keyterm"] == ["Stenoflow", "Ada Lovelace", "AC:DC"]
    found = identity("deepgram", terms, model="nova-2", keywords=["Ada:2"])
    assert found["keywords"] == ["Ada:2", "Lovelace", "Stenoflow", "AC", "DC"]
    assert not warnings("deepgram", terms)
    assert "keyterm" not in identity("deepgram", ())


def test_deepgram_takes_a_hundred_key_terms_of_500_tokens() -> None:
    assert identity("deepgram", MANY)["keyterm"] == list(MANY[:83]), "83 of 6 tokens"
    assert "37 of the vocabulary's 120 terms were left out" in warnings("deepgram", MANY)
    assert "'Zbrojovkadf'" in warnings("deepgram", MANY)
    short = tuple(f"{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(120))
    found = identity("deepgram", short, keyterm=["Stenoflow"])["keyterm"]
    assert found == ["Stenoflow", *short[:99]]
    assert "21 of the vocabulary's 120 terms" in warnings("deepgram", short, keyterm=["Stenoflow"])


def test_deepgram_takes_a_hundred_keywords() -> None:
    terms = tuple(f"{each} {each}" for each in MANY[:60]) + MANY[60:]
    assert identity("deepgram", terms, model="nova-2")["keywords"] == list(MANY[:100])
    assert "20 of the vocabulary's 120 terms" in warnings("deepgram", terms, model="nova-2")


def test_openai_has_the_terms_before_its_prompt_within_224_tokens() -> None:
    found = identity("openai", ("Ada Lovelace", "Ærø"), prompt="A talk.")
    assert found["prompt"] == "Ada Lovelace, Ærø. A talk."
    prompt = str(identity("openai", MANY, prompt="A talk.")["prompt"])
    assert prompt.startswith(f"{MANY[0]}, {MANY[1]}, ")
    assert prompt.endswith(". A talk.")
    assert 200 < estimate_tokens(prompt) <= 224
    assert f"{120 - prompt.count('Zbr')} of the vocabulary's 120" in warnings(
        "openai", MANY, prompt="A talk."
    )
    assert "prompt" not in identity("openai", ())


def test_a_prompt_that_leaves_no_room_stays_as_it_is() -> None:
    prompt = "so it goes " * 100
    assert identity("openai", ("Ærø",), prompt=prompt)["prompt"] == prompt
    assert "1 of the vocabulary's 1 terms" in warnings("openai", ("Ærø",), prompt=prompt)


def test_a_file_that_was_not_read_is_an_error_and_not_an_empty_vocabulary() -> None:
    unread = Profile.model_validate({"engine": "deepgram", "vocabulary": {"file": "terms.txt"}})
    with pytest.raises(ConfigurationError, match=r"terms\.txt has not been read"):
        open_engine_without_account(unread)
