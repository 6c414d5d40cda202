"""Text as a reader sees it: invisible characters gone, look-alike letters made plain, lower case.

Used before every test for a word, a brand or a domain, never for what is shown.
Sources: Unicode default-ignorable code points (DerivedCoreProperties) and the Latin look-alikes of UTS #39 confusables.
"""

import re
import unicodedata

_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CYRILLIC = dict(zip("аеорсухіјѕһԁԛԝӏɡвмнткзпг", "aeopcyxijshdqwlgbmhtk3nr", strict=True))
_GREEK = dict(zip("αορνικτυχεη", "aopvikтuxen".replace("т", "t"), strict=True))
_LATIN = {
    "ı": "i",
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ħ": "h",
    "ŧ": "t",
    "ƅ": "b",
    "ɑ": "a",
    "ɩ": "i",
    "ʟ": "l",
    "ǃ": "!",
    "ꓲ": "l",
}
_CAPITALS = dict(zip("АВЕКМНОРСТХУІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abekmhopctxyijsabezhikmnoptyx", strict=True))
_CONFUSABLE = str.maketrans({**_CYRILLIC, **_GREEK, **_LATIN, **_CAPITALS})
_LOOK_ALIKE = re.compile("[" + "".join(map(chr, _CONFUSABLE)) + "]")
_MIXING = frozenset({*_CYRILLIC, *_GREEK})
_MIXER = re.compile("[" + "".join(letter + letter.upper() for letter in sorted(_MIXING)) + "]")
_ACCENT = re.compile("[\u0300-\u036f]")
_LATIN_LETTER = re.compile("[a-zA-Z]")
_WORD = re.compile(r"[^\W\d_]+")


def visible(text: str) -> str:
    """The text without characters that print nothing."""
    return text if text.isascii() else _IGNORABLE.sub("", text)


def has_hidden_letters(text: str) -> bool:
    """Whether invisible characters stand between two letters, which no honest writer does in Latin script."""
    return not text.isascii() and re.search(f"[a-zA-Z](?:{_IGNORABLE.pattern})+[a-zA-Z]", text) is not None


def fold(text: str) -> str:
    """Lower case, compatibility forms, no accents over Latin, no invisible characters, look-alikes in mixed words plain.

    A word wholly in Cyrillic or Greek stays as it is: only words that also hold a Latin letter are disguised.
    """
    if text.isascii():
        return text.lower()
    plain = _ACCENT.sub("", unicodedata.normalize("NFKD", _IGNORABLE.sub("", text)))
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", plain)
        # Before lower case: a capital look-alike (Greek Mu) may have a small letter that looks like none.
        plain = _WORD.sub(_undisguise, plain) if _LOOK_ALIKE.search(plain) else plain
    return plain.lower()


def _undisguise(word: re.Match[str]) -> str:
    text = word[0]
    return text.translate(_CONFUSABLE) if not text.isascii() and _LATIN_LETTER.search(text) else text


def skeleton(text: str) -> str:
    """The Latin shape of a name or domain label: `fold`, every look-alike plain, digits and pairs as the letters they mimic."""
    shape = fold(text).translate(_CONFUSABLE)
    for pair, letter in (
        ("rn", "m"),
        ("vv", "w"),
        ("cl", "d"),
        ("0", "o"),
        ("1", "l"),
        ("3", "e"),
        ("5", "s"),
        ("4", "a"),
    ):
        shape = shape.replace(pair, letter)
    return shape.replace("i", "l")


_STYLED = re.compile("[\U0001d400-\U0001d7ff\U0001f130-\U0001f189\u24b6-\u24e9\uff21-\uff3a\uff41-\uff5a]{2}")


def is_styled(text: str) -> bool:
    """Whether Latin words are spelled with mathematical, circled or full-width letters, which filters do not read."""
    return not text.isascii() and _STYLED.search(text) is not None


def is_mixed(text: str) -> bool:
    """Whether one word mixes Latin with Cyrillic or Greek look-alikes."""
    if text.isascii() or not _MIXER.search(text):
        return False
    return any(
        not word.isascii() and _LATIN_LETTER.search(word) and not _MIXING.isdisjoint(word.lower())
        for word in _WORD.findall(text)
    )
