"""What a mail says as numbers: two mails share as many of them as their texts share three-word pieces.

URLs, digits and the reader's own name are masked first, since senders vary them; a mail of few words adds the order of
its HTML tags, since few words alone are said by many. A signature is 128 MinHash numbers (512 bytes), by which likely mails
are found, and behind them the smallest hashes of its pieces, by which two texts are compared: exactly up to 512 pieces,
beyond by a sample (Bar-Yossef 2002). The figures: benchmarks/verdict/clustering.py.
"""

import re
from array import array
from collections.abc import Iterable
from zlib import crc32

from watchfloor.inspection.minhash import RMinHash

PERMUTATIONS = 128
MOST_HASHES = 512
_SEED = 1
_MOST_WORDS = 1_500
_FEW_WORDS = 12
_FEWEST_PIECES = 5
"""Below it nothing is compared: "thanks, see you" makes no campaign."""
_PIECE = 3
_TAGS = 5
_MOST_TAGS = 400
_MOST_CHARACTERS = 16_384
_MOST_HTML = 64 << 10
_URL = re.compile(r"(?:https?://|www\.)\S+")
_DIGITS = re.compile(r"\d+")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
"""Scripts written without blanks (Thai to Khmer, kana, Han): each letter counts as a word."""
_WORD = re.compile(r"[^\W_]+")
_WORD_OR_LETTER = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)")


def signature_of(folded: str, *, recipients: Iterable[str] = (), html: str = "") -> bytes:
    """The signature of the text `folded` (see `folding.fold`), b"" when it says too little to be compared; at most 2,560 bytes."""
    return sketch_of(pieces_of(words_of(folded, recipients), html))


def sketch_of(pieces: list[bytes]) -> bytes:
    """The signature of these pieces, b"" for too few."""
    if len(pieces) < _FEWEST_PIECES:
        return b""
    drawn = RMinHash(PERMUTATIONS, _SEED)
    drawn.update(pieces)
    hashes = list(dict.fromkeys(map(crc32, pieces)))
    if len(hashes) > MOST_HASHES:
        hashes = sorted(hashes)[:MOST_HASHES]
    return array("I", drawn.digest()).tobytes() + array("I", hashes).tobytes()


def words_of(folded: str, recipients: Iterable[str] = ()) -> list[str]:
    """The words of a folded text, masked: `url` for each URL, 0 for digits, `rcpt` for what names the recipients."""
    text = folded[:_MOST_CHARACTERS]
    if "http" in text or "www." in text:
        text = _URL.sub(" url ", text)
    text = _DIGITS.sub("0", text)
    words: list[str] = (_WORD if text.isascii() else _WORD_OR_LETTER).findall(text)[:_MOST_WORDS]
    names = _names(recipients)
    return [("rcpt" if word in names else word) for word in words]


def _names(recipients: Iterable[str]) -> frozenset[str]:
    """The words of the addresses before the at sign, and the name of the domain: "ann", "lee", "corp"."""
    found: set[str] = set()
    for address, _ in zip(recipients, range(50), strict=False):
        local, _, domain = address.lower().partition("@")
        found.update(_WORD.findall(_DIGITS.sub("0", local)))
        found.add(domain.partition(".")[0])
    return frozenset(word for word in found if len(word) > 2)


def pieces_of(words: list[str], html: str = "") -> list[bytes]:
    """Every three words in a row; with fewer than twelve words also every five HTML tags in a row. Repeats are harmless."""
    spelled = " ".join(words).encode("utf-8", "replace").split()
    pieces = list(map(b" ".join, zip(spelled, spelled[1:], spelled[2:], strict=False)))
    if len(words) >= _FEW_WORDS:
        return pieces
    if words and not pieces:
        pieces.append(b" ".join(spelled))
    tags = [f"<{tag.lower()}".encode() for tag in _TAG.findall(html[:_MOST_HTML])[:_MOST_TAGS]]
    pieces += map(b" ".join, zip(*(tags[at:] for at in range(_TAGS)), strict=False))
    return list(dict.fromkeys(pieces))
