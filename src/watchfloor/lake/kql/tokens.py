"""Text into tokens. Nothing is thrown away but blanks and comments; each token knows its place."""

import re
from dataclasses import dataclass
from enum import StrEnum

from watchfloor.lake.kql.errors import KqlError, Span


class Kind(StrEnum):
    """What a token is."""

    NAME = "name"
    STRING = "text"
    LONG = "whole number"
    REAL = "number"
    TIMESPAN = "timespan"
    PUNCT = "sign"
    END = "end of the query"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as written; `value` the text of a string without its quotes, the name of a quoted name."""

    kind: Kind
    text: str
    value: str
    span: Span


UNITS = (
    "days|day|d|hours|hour|hrs|hr|h|minutes|minute|mins|min|m|seconds|second|secs|sec|s|"
    "milliseconds|millisecond|millis|milli|ms|microseconds|microsecond|micros|micro|ticks|tick"
)
_BLANK = re.compile(r"(?:\s|\ufeff|\u200b|//[^\n]*)+")
_NUMBER = re.compile(
    rf"(?P<hex>0[xX][0-9a-fA-F]+)|(?P<span>\d+(?:\.\d+)?(?:{UNITS}))(?![A-Za-z0-9_])"
    r"|(?P<real>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+\.(?![.\w]))(?![A-Za-z_])|(?P<long>\d+)(?![A-Za-z_])"
)
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_]*|\d+[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[hH]?(?:\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')")
_VERBATIM = re.compile(r"[hH]?@(?:\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*')")
_BLOCK = re.compile(r"[hH]?(?:```.*?```|~~~.*?~~~)", re.DOTALL)
_SIGNS = frozenset(("=~", "!~", "==", "!=", "<>", "<=", ">=", "=>", "..", "<|"))
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
MOST_TOKENS = 40_000


def tokens_of(text: str) -> list[Token]:
    """All tokens, the last of kind END. Raises KqlError for text that is none."""
    found: list[Token] = []
    at = 0
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if at >= len(text):
            found.append(Token(Kind.END, "", "", Span(len(text), len(text))))
            return found
        token = _next(text, at)
        found.append(token)
        at = token.span.end
        if len(found) > MOST_TOKENS:
            raise KqlError("the query is too long", token.span, kind="limit")


def _next(text: str, at: int) -> Token:
    if text[at] in "\"'@`~hH":
        for pattern, read in ((_VERBATIM, _verbatim), (_BLOCK, _block), (_PLAIN, plain)):
            if match := pattern.match(text, at):
                span = Span(*match.span())
                return Token(Kind.STRING, match[0], _sound(read(match[0]), span), span)
    if text[at].isdigit() and (match := _NUMBER.match(text, at)):
        kind = {"hex": Kind.LONG, "long": Kind.LONG, "real": Kind.REAL, "span": Kind.TIMESPAN}[str(match.lastgroup)]
        return Token(kind, match[0], match[0], Span(*match.span()))
    if match := _NAME.match(text, at):
        return Token(Kind.NAME, match[0], match[0], Span(*match.span()))
    if text[at] in "\"'":
        raise KqlError("this text is not closed", Span(at, text.find("\n", at) if "\n" in text[at:] else len(text)))
    sign = text[at : at + 2] if text[at : at + 2] in _SIGNS else text[at]
    if sign not in _SIGNS and sign not in "()[]{},;:|.=<>+-*/%!@?~":
        raise KqlError(f"“{sign}” means nothing here", Span(at, at + 1))
    return Token(Kind.PUNCT, sign, sign, Span(at, at + len(sign)))


_UNSOUND = re.compile("[\ud800-\udfff]")


def _sound(value: str, span: Span) -> str:
    """The text, unless it has what is no letter and what no engine keeps."""
    if _UNSOUND.search(value):
        # Two escapes may stand for the halves of one letter.
        value = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    if found := _UNSOUND.search(value):
        raise KqlError(f"a text cannot have the character U+{ord(found[0]):04X}", span, kind="unsupported")
    return value


def plain(text: str) -> str:
    """The value of a quoted text with its escapes."""
    inner = text.lstrip("hH")[1:-1]
    return _ESCAPE.sub(_unescaped, inner) if "\\" in inner else inner


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return _ESCAPES.get(match[4], match[4])


def _verbatim(text: str) -> str:
    inner = text.lstrip("hH")[1:]
    return inner[1:-1].replace(inner[0] * 2, inner[0])


def _block(text: str) -> str:
    inner = text.lstrip("hH")[3:-3]
    return inner.removeprefix("\r").removeprefix("\n")
