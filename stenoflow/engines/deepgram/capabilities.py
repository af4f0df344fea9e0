"""Capabilities of Deepgram's models, and the ones that a profile needs."""

from stenoflow.engines.capabilities import Asked, Capabilities
from stenoflow.engines.deepgram.options import DeepgramOptions

AS_OF = "2026-10-08"
"""https://developers.deepgram.com/docs/models-languages-overview and the changelog, up to that day."""

_NOVA_3 = """
af ar be bg bn bs ca cs da de el en es et fa fi fr gu he hi hr hu hy id it ja ka kn ko lt lv mk mr ms ne nl
no pa pl pt ro ru sk sl sr sv ta te th tl tr uk ur vi zh
"""
_NOVA_2 = """
bg ca cs da de el en es et fi fr hi hu id it ja ko lt lv ms nl no pl pt ro ru sk sv th tr uk vi zh
"""

NOVA_3 = frozenset(_NOVA_3.split())
NOVA_2 = frozenset(_NOVA_2.split())
"""Languages of the general models. Other models, and versions of one's own, are not known here."""

AT_BEST = Capabilities(languages=NOVA_3 | NOVA_2, speakers=True, channels=True, vocabulary=True)


def capabilities_with(options: DeepgramOptions) -> Capabilities:
    """Return what the options' model can do."""
    model = options.model
    if model.startswith("whisper"):
        return Capabilities(
            languages="any",
            channels=True,
            limit=f"Deepgram's {model} takes no vocabulary and does not distinguish speakers",
            remedy="set deepgram.model to nova-3, or leave that empty",
        )
    languages = {"nova-3": NOVA_3, "nova-2": NOVA_2}.get(model)
    if languages is None or options.version:
        return Capabilities(languages="any", speakers=True, channels=True, vocabulary=True)
    return Capabilities(
        languages=languages,
        speakers=True,
        channels=True,
        vocabulary=True,
        limit=""
        if options.language is None
        else f"Deepgram's {model} had no such language on {AS_OF}",
        remedy=f"if it has it by now, set deepgram.model to {model}-general",
    )


def asked(options: DeepgramOptions) -> tuple[Asked, ...]:
    """Return what the options ask for. Contradictions among them are another matter."""
    found: list[Asked] = []
    if options.language not in (None, "multi"):
        language = options.language or ""
        found.append(Asked("language", f"deepgram.language = {language}", language))
    for option in ("diarize", "diarize_model"):
        if value := getattr(options, option):
            found.append(Asked("speakers", f"deepgram.{option} = {value}"))
    return tuple(found)
