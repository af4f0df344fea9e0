"""Capabilities of engines, needs of profiles, and the refusal if the two do not agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Ability = Literal[
    "language", "several languages", "speakers", "channels", "translation", "vocabulary"
]

_LACKS: dict[Ability, str] = {
    "language": "knows no language {language!r}",
    "several languages": "knows one language only",
    "speakers": "does not distinguish speakers",
    "channels": "does not transcribe the channels of one file separately",
    "translation": "does not translate",
    "vocabulary": "takes no vocabulary",
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Capabilities of an engine, for people who choose one and for checks of a profile."""

    languages: frozenset[str] | Literal["any"]
    """BCP-47 tags of the languages it knows; "any" where that depends on a server or a model."""
    accuracy: Literal["low", "standard"] = "standard"
    """"low" for engines meant for trying out: every artifact says so."""
    words: bool = True
    """Gives each word its time."""
    speakers: bool = False
    """Distinguishes speakers."""
    channels: bool = False
    """Transcribes several channels of one request separately."""
    translation: bool = False
    """Can translate while it transcribes."""
    vocabulary: bool = False
    """Can be given words to expect."""
    limit: str = ""
    """Limitation by these options, as a sentence without its full stop; "" if there is none."""
    remedy: str = ""
    """Option to set for more, as the end of a sentence."""

    def has(self, asked: "Asked") -> bool:
        """Return True if it can do this."""
        match asked.ability:
            case "language":
                return self._knows(asked.language)
            case "several languages":
                return self.languages == "any" or len(self.languages) > 1
            case "speakers":
                return self.speakers
            case "channels":
                return self.channels
            case "translation":
                return self.translation
            case "vocabulary":
                return self.vocabulary

    def _knows(self, tag: str) -> bool:
        """Return True if it knows a language, whatever its region."""
        primary = tag.strip().lower().replace("_", "-").partition("-")[0]
        return self.languages == "any" or primary in {
            each.lower().partition("-")[0] for each in self.languages
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that a profile asks of its engine."""

    ability: Ability
    option: str
    """The choice, as a person has written it."""
    language: str = ""
    """BCP-47 tag, where the ability is a language."""


def refusal(
    engine: str,
    capabilities: Capabilities,
    asked: Iterable[Asked],
    others: Iterable[tuple[str, Capabilities]],
) -> str | None:
    """Return the sentences that refuse what an engine lacks; None where it has all.

    ``others`` are the installed engines by name, with what each can do at best.
    """
    lacking = [each for each in asked if not capabilities.has(each)]
    if not lacking:
        return None
    options = ", ".join(each.option for each in lacking)
    clauses = dict.fromkeys(_LACKS[each.ability].format(language=each.language) for each in lacking)
    limit = capabilities.limit or f"The engine {engine} {' and '.join(clauses)}"
    remedy = f": {capabilities.remedy}" if capabilities.remedy else ""
    return (
        f"{limit}, and the profile asks for {options}{remedy}. {_having(engine, lacking, others)}"
    )


def _having(
    engine: str, lacking: Sequence[Asked], others: Iterable[tuple[str, Capabilities]]
) -> str:
    names = [
        name for name, able in others if name != engine and all(able.has(each) for each in lacking)
    ]
    it = "it" if len(lacking) == 1 else "all of it"
    if not names:
        return f"No other installed engine has {it}."
    return f"Other installed engines that have {it}: {', '.join(names)}."
