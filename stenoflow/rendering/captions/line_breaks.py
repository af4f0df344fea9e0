"""Costs to a reader of a line or cue that ends at a word.

Subtitle guides (Netflix Timed Text Style Guide: General Requirements, "Line Treatment"; BBC Subtitle
Guidelines, "Break at natural points") agree: best after punctuation, then before conjunctions and
prepositions; never between an article and its noun. The lists hold the commonest such words of the
languages named; elsewhere punctuation and pauses decide alone.
"""

SENTENCE_END = 0.0
CLAUSE_END = 0.35
BEFORE_CONJUNCTION = 0.8
BEFORE_PREPOSITION = 1.0
ANYWHERE = 1.6
CLINGING = 2.6
"""After an article, a preposition or a conjunction, which belong to what follows."""
INSIDE_WORD = 3.5
HANGING = 6.0
"""Before closing punctuation, which must not begin a line."""

_SENTENCE = frozenset(".?!…。？！؟।۔")
_CLAUSE = frozenset(",;:–—、，；：،؛·")
_CLOSING = "\"'”’»›)]}」』）】〉》"
_HANGING = _SENTENCE | _CLAUSE | frozenset("”’»›)]}」』）】〉》ー々")
_OPENING = frozenset("“‘«‹([{「『（【〈《")

_CONJUNCTIONS: dict[str, str] = {
    "en": "and but or nor so because although though while when where which who that if unless "
    "until than as whereas since whether",
    "es": "y e o u ni pero sino porque aunque cuando donde que quien si mientras pues como",
    "fr": "et ou mais donc or ni car que qui quand lorsque si puisque comme dont où",
    "de": "und oder aber denn sondern weil dass daß wenn ob obwohl während als wie da damit bevor",
    "it": "e ed o ma però perché che chi quando dove se mentre come anche",
    "pt": "e ou mas porque que quem quando onde se enquanto como embora pois",
    "nl": "en of maar want dat omdat als toen terwijl hoewel die wie waar wanneer",
}
_PREPOSITIONS: dict[str, str] = {
    "en": "in on at by for with from to of into onto over under about after before between through "
    "during without within against among toward towards across behind beyond near",
    "es": "a ante bajo con contra de desde en entre hacia hasta para por según sin sobre tras del al",
    "fr": "à de en dans par pour sur sous avec sans chez entre vers depuis pendant contre du des au aux",
    "de": "in an auf aus bei mit nach von zu für durch gegen ohne um über unter vor hinter neben "
    "zwischen im am zum zur beim vom ins",
    "it": "a di da in con su per tra fra del della dei delle al alla nel nella dal dalla sul sulla",
    "pt": "a de em por para com sem sobre entre até desde do da dos das no na nos nas ao à pelo pela",
    "nl": "in op aan van voor met door over onder naar bij uit tot zonder tegen tussen om",
}
_ARTICLES: dict[str, str] = {
    "en": "the a an this these those my your his her its our their no not very i you he she we they",
    "es": "el la los las un una unos unas mi tu su este esta no",
    "fr": "le la les un une des ce cette mon ma ton ta son sa je tu il elle ne",
    "de": "der die das den dem des ein eine einen einem einer mein dein sein ihr kein nicht ich",
    "it": "il lo la i gli le un uno una mio tuo suo non",
    "pt": "o a os as um uma meu teu seu não",
    "nl": "de het een mijn jouw zijn haar geen niet ik",
}
_TITLES = frozenset(
    ["mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "sr.", "sra.", "dra.", "m.", "mme.", "hr.", "fr."]
)


class Phrases:
    """The break costs of one language."""

    def __init__(self, language: str | None) -> None:
        tag = (language or "en").split("-")[0].split("_")[0].lower()
        self._conjunctions = frozenset(_CONJUNCTIONS.get(tag, "").split())
        self._prepositions = frozenset(_PREPOSITIONS.get(tag, "").split())
        self._clinging = (
            frozenset(_ARTICLES.get(tag, "").split()) | self._conjunctions | self._prepositions
        )

    def cost(self, before: str, after: str) -> float:
        """Return the cost of a break between two words: 0 to :data:`HANGING`."""
        if after[:1] in _HANGING or before[-1:] in _OPENING:
            return HANGING
        last = before.rstrip(_CLOSING)[-1:] or before[-1:]
        if last in _SENTENCE:
            return CLINGING if before.lower() in _TITLES else SENTENCE_END
        if last in _CLAUSE:
            return CLAUSE_END
        if before.lower() in self._clinging:
            return CLINGING
        return self._before(after.lower())

    def _before(self, word: str) -> float:
        if word in self._conjunctions:
            return BEFORE_CONJUNCTION
        return BEFORE_PREPOSITION if word in self._prepositions else ANYWHERE
