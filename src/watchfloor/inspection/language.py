"""The language of a text by its script, or by the small words that every sentence of it needs."""

import re

_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
)
_SMALL_WORDS = {
    "en": "the and you your to of for is this that with have are we our from please will not be on it in",
    "de": "und der die das ist nicht sie wir ihre ihr mit für auf den dem ein eine zu von werden haben bitte im ich",
    "fr": "le la les des vous votre nous et est une pour dans sur avec que pas par du au ce merci cette",
    "es": "el los las que usted para por con una su sus del no es en se como más este gracias al",
    "pt": "os que não para com uma seu sua você por do da no na em um mais dos este foi",
    "it": "il che di per non una con del della sono gli le è nel questo alla suo più grazie vi",
    "nl": "het een van en niet dat voor met uw zijn op wij bij ook te aan wordt deze heeft naar",
    "sv": "och att det som för är inte med du vi har av till på ett kan din",
    "da": "og det at er du ikke med for vi har til på en af den kan din",
    "pl": "nie się na jest do że w z i jak dla oraz proszę twoje po",
    "tr": "ve bir bu için ile olarak da de sizin lütfen daha çok değil",
    "cs": "je se na že pro jsme vám není jako nebo které prosím vaše",
}
_SPEAKERS: dict[str, tuple[str, ...]] = {}
"""Each small word with the languages that need it."""
for _language, _words in _SMALL_WORDS.items():
    for _word in set(_words.split()):
        _SPEAKERS[_word] = (*_SPEAKERS.get(_word, ()), _language)
_OTHER_LETTER = re.compile(r"[^\W\d_\x00-\x7f]")


def language_of(text: str) -> str:
    """ISO 639-1 code of the text's language; "" when too little of it is there to tell."""
    sample = text[:4000]
    letters = 0 if sample.isascii() else len(_OTHER_LETTER.findall(sample))
    if letters > 20 or (letters and letters * 3 > len(sample)):
        for language, script in _SCRIPTS:
            if len(script.findall(sample)) * 6 > letters * 2 and (language != "ru" or letters * 2 > len(sample) / 2):
                return language
    words = _WORD.findall(sample.lower())[:400]
    if len(words) < 3:
        return ""
    counts = dict.fromkeys(_SMALL_WORDS, 0)
    for word in words:
        for language in _SPEAKERS.get(word, ()):
            counts[language] += 1
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= max(2, len(words) // 25) else ""
