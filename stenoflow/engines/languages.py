"""The languages that Whisper models know, by the names that they give them.

After ``LANGUAGES`` in https://github.com/openai/whisper/blob/main/whisper/tokenizer.py. The codes are
BCP-47 tags already, but for Javanese.
"""

_NAMES = """
af afrikaans, am amharic, ar arabic, as assamese, az azerbaijani, ba bashkir, be belarusian,
bg bulgarian, bn bengali, bo tibetan, br breton, bs bosnian, ca catalan, cs czech, cy welsh,
da danish, de german, el greek, en english, es spanish, et estonian, eu basque, fa persian,
fi finnish, fo faroese, fr french, gl galician, gu gujarati, ha hausa, haw hawaiian, he hebrew,
hi hindi, hr croatian, ht haitian creole, hu hungarian, hy armenian, id indonesian, is icelandic,
it italian, ja japanese, jw javanese, ka georgian, kk kazakh, km khmer, kn kannada, ko korean,
la latin, lb luxembourgish, ln lingala, lo lao, lt lithuanian, lv latvian, mg malagasy, mi maori,
mk macedonian, ml malayalam, mn mongolian, mr marathi, ms malay, mt maltese, my myanmar, ne nepali,
nl dutch, nn nynorsk, no norwegian, oc occitan, pa punjabi, pl polish, ps pashto, pt portuguese,
ro romanian, ru russian, sa sanskrit, sd sindhi, si sinhala, sk slovak, sl slovenian, sn shona,
so somali, sq albanian, sr serbian, su sundanese, sv swedish, sw swahili, ta tamil, te telugu,
tg tajik, th thai, tk turkmen, tl tagalog, tr turkish, tt tatar, uk ukrainian, ur urdu, uz uzbek,
vi vietnamese, yi yiddish, yo yoruba, yue cantonese, zh chinese
"""

WHISPER_LANGUAGES: dict[str, str] = {
    name.strip(): code for code, name in (each.split(maxsplit=1) for each in _NAMES.split(","))
}
"""Code by name."""


WHISPER_TAGS = frozenset("jv" if code == "jw" else code for code in WHISPER_LANGUAGES.values())
"""BCP-47 tags of all of them."""


def language_tag(language: str | None) -> str | None:
    """Return the BCP-47 tag of a language given as Whisper's code or name; None for any other."""
    name = (language or "").strip().lower()
    code = WHISPER_LANGUAGES.get(name, name)
    if code not in WHISPER_LANGUAGES.values():
        return None
    return "jv" if code == "jw" else code


def whisper_code(tag: str) -> str | None:
    """Return Whisper's code for a BCP-47 tag, whatever its region; None where it has none."""
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    code = "jw" if primary == "jv" else primary
    return code if code in WHISPER_LANGUAGES.values() else None
