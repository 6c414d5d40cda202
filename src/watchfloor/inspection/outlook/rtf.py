"""The HTML or text that Outlook keeps inside of RTF (MS-OXRTFEX). Pure, in one pass over the text.

HTML stands in groups marked `htmltag`; between them is text of the page; what `htmlrtf` encloses was made for RTF alone.
"""

import re
from dataclasses import dataclass, replace

from watchfloor.inspection.outlook.properties import charset_of

DEEPEST = 200
"""Groups inside one another that are told apart; deeper ones count as part of the one above them."""
_PIECE = re.compile(
    rb"\\(?P<word>[a-z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<sign>[^a-z'\r\n])"
    rb"|(?P<brace>[{}])|(?P<end>\\?[\r\n]+|\\)|(?P<text>[^\\{}\r\n]+)"
)
_SIGNS = {
    "par": "\r\n", "line": "\r\n", "tab": "\t", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "bullet": "•", "endash": "–", "emdash": "—", "~": "\u00a0", "_": "\u2011", "-": "",
}  # fmt: skip
_NO_TEXT = frozenset({"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "listtable", "listoverridetable"})


@dataclass(slots=True)
class _Group:
    """What holds inside of two braces: whether its text is shown, and how many letters stand for a `\\u`."""

    shown: bool = True
    for_rtf: bool = False
    tag: bool = False
    spares: int = 1


class _Reader:
    def __init__(self, codec: str, html: bool) -> None:
        self.codec, self.html = codec, html
        self.made: list[str] = []
        self.groups = [_Group()]
        self.deeper = 0
        self.starred = False
        self.spared = 0
        self.bytes = bytearray()

    def read(self, rtf: bytes) -> str:
        for piece in _PIECE.finditer(rtf):
            if piece["byte"]:
                self._byte(int(piece["byte"], 16))
                continue
            self._flush()
            if piece["brace"]:
                self._brace(piece["brace"] == b"{")
            elif piece["word"]:
                self._word(piece["word"].decode(), piece["number"])
            elif piece["sign"]:
                self._sign(piece["sign"])
            elif piece["text"]:
                self._say(piece["text"].decode(self.codec, "replace"))
        self._flush()
        return "".join(self.made)

    def _byte(self, value: int) -> None:
        if self.spared:
            self.spared -= 1
        else:
            self.bytes.append(value)

    def _flush(self) -> None:
        """Letters of several bytes are read together."""
        if self.bytes:
            text = self.bytes.decode(self.codec, "replace")
            self.bytes.clear()
            self._say(text)

    def _say(self, text: str) -> None:
        here = self.groups[-1]
        text, self.spared = text[self.spared :], max(self.spared - len(text), 0)
        if text and here.shown and not here.for_rtf:
            self.made.append(text)

    def _brace(self, opens: bool) -> None:
        self.starred, self.spared = False, 0
        if opens and (self.deeper or len(self.groups) >= DEEPEST):
            self.deeper += 1
        elif opens:
            self.groups.append(replace(self.groups[-1]))
        elif self.deeper:
            self.deeper -= 1
        elif len(self.groups) > 1:
            self.groups.pop()

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self.starred = True
            return
        text = sign.decode("latin-1")
        self._say(_SIGNS.get(text, text))

    def _word(self, word: str, number: bytes | None) -> None:
        here, starred, self.starred = self.groups[-1], self.starred, False
        value = int(number) if number else 0
        if word == "htmlrtf":
            here.for_rtf = number != b"0"
        elif word == "htmltag" and starred:
            here.tag = here.shown = True
        elif word == "uc":
            here.spares = min(max(value, 0), 8)
        elif word == "u":
            self._letter(value % 65536, here)
        elif starred or word in _NO_TEXT:
            here.shown = False
        elif word in _SIGNS:
            self._say(_SIGNS[word])

    def _letter(self, value: int, here: _Group) -> None:
        """A UTF-16 unit; halves of a pair are joined at the end."""
        self._say(chr(value))
        self.spared = here.spares


def content_of(rtf: bytes) -> tuple[str, bool]:
    """(the text, whether it is HTML): the HTML an RTF was made of, else its own text."""
    head = rtf[:2000]
    named = re.search(rb"\\ansicpg(\d{1,5})", head)
    html = b"\\fromhtml1" in head
    text = _Reader(charset_of(int(named[1])) if named else "cp1252", html).read(rtf)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), html
