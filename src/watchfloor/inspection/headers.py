"""The header block as it stood: order, duplicates, unfolded and decoded.

The standard parser's strict policy raises on hostile headers and is quadratic on long ones, so the split and the
RFC 2047 decoder are our own: linear, lenient, never raising. A header's value is decoded once, when it is split.
"""

import binascii
import codecs
import re
from collections.abc import Iterator

from watchfloor.inspection import limits
from watchfloor.inspection.contracts import Header
from watchfloor.inspection.limits import Limits

_END = re.compile(rb"\r?\n\r?\n|\r\r")
_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:")
_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_QUOTED = re.compile(rb"=([0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def header_block(raw: bytes, cuts: Limits) -> tuple[bytes, int]:
    """The bytes of the header block and where the body begins; a leading mbox `From ` line is left out."""
    start = 0
    if raw[:5] == b"From " and (first := raw.find(b"\n", 0, 1000)) > 0:
        start = first + 1
    if raw[start : start + 1] == b"\n" or raw[start : start + 2] == b"\r\n":
        return b"", start + (1 if raw[start : start + 1] == b"\n" else 2)
    found = _END.search(raw, start)
    end, body = (found.start(), found.end()) if found else (len(raw), len(raw))
    if end - start > limits.HEADER_BLOCK:
        cuts.cut(f"header block cut at {limits.HEADER_BLOCK >> 10} kB")
        end = start + limits.HEADER_BLOCK
    return raw[start:end], body


def split_headers(block: bytes, cuts: Limits) -> tuple[Header, ...]:
    """Every header field of the block, in order; lines that are no field are left out."""
    headers = []
    for name, raw in _fields(block, cuts):
        headers.append(Header(name, decode_header(raw), readable(raw)))
    return tuple(headers)


def _fields(block: bytes, cuts: Limits) -> Iterator[tuple[str, bytes]]:
    """Names and unfolded raw values, each cut at the header limit, the list at the count limit."""
    if b"\n" not in block:
        block = block.replace(b"\r", b"\n")
    name, lines, length, count = "", [], 0, 0
    for line in block.split(b"\n"):
        line = line.rstrip(b"\r")
        if line[:1] in (b" ", b"\t"):
            if name and length <= limits.HEADER:
                lines.append(b" " + line.strip())
                length += len(line)
            continue
        if name:
            yield name, _bounded(b"".join(lines), cuts)
        name, lines, length = "", [], 0
        if (found := _NAME.match(line)) is None:
            continue
        count += 1
        if count > limits.HEADERS:
            cuts.cut(f"headers cut at {limits.HEADERS}")
            return
        name = found[1].decode("ascii")
        lines, length = [line[found.end() :].strip()], len(line)
    if name:
        yield name, _bounded(b"".join(lines), cuts)


def _bounded(value: bytes, cuts: Limits) -> bytes:
    if len(value) > limits.HEADER:
        cuts.cut(f"header cut at {limits.HEADER >> 10} kB")
        return value[: limits.HEADER]
    return value


def readable(raw: bytes) -> str:
    """Raw header bytes as text: UTF-8 when they are, else Windows-1252, else Latin-1. No control characters."""
    if raw.isascii():
        text = raw.decode("ascii")
    else:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace") if b"\x1b" not in raw else raw.decode("latin-1")
    return _CONTROL.sub(" ", text)


def decode_header(raw: bytes) -> str:
    """The value with RFC 2047 encoded words decoded; words that are broken stay as they are.

    Neighbouring words of one charset are joined as bytes first, since senders cut multi-byte characters in two.
    """
    text = readable(raw)
    if "=?" not in text:
        return text
    out: list[str] = []
    pending, charset, end = b"", "", 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        data = _word_bytes(found[2], found[3])
        joins = bool(charset) and not between.strip()
        if not joins or found[1].lower() != charset:
            out.append(decode_bytes(pending, charset))
            pending = b""
        if not joins:
            out.append(between)
        pending, charset, end = pending + data, found[1].lower(), found.end()
    out.append(decode_bytes(pending, charset))
    out.append(text[end:])
    return _CONTROL.sub(" ", "".join(out))


def _word_bytes(encoding: str, text: str) -> bytes:
    if encoding in "bB":
        data = text.encode("ascii", "ignore")
        return _base64(data + b"=" * (-len(data) % 4)) or _base64(data[: len(data) // 4 * 4]) or data
    data = text.replace("_", " ").encode("utf-8", "replace")
    return _QUOTED.sub(lambda pair: bytes((int(pair[1], 16),)), data)


def _base64(data: bytes) -> bytes:
    """The decoded bytes, empty when they are no base64."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        return b""


def decode_bytes(data: bytes, charset: str) -> str:
    """Text of `data` in `charset`; unknown or wrong charsets fall back to UTF-8, then Windows-1252. Never raises.

    What UTF-8 cannot write (half a surrogate pair, as UTF-7 can name one) becomes a replacement character.
    """
    if not data:
        return ""
    text = _decoded(data, charset)
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _decoded(data: bytes, charset: str) -> str:
    for name in (_codec(charset), "utf-8"):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    if _codec(charset) not in ("utf-8", "ascii"):
        return data.decode(_codec(charset), "replace")
    return data.decode("cp1252", "replace")


_ALIASES = {"us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252", "gb2312": "gb18030"}
_ALIASES |= {"gbk": "gb18030", "ks_c_5601-1987": "cp949", "iso-8859-8-i": "iso-8859-8", "unicode-1-1-utf-7": "utf-7"}
_known: dict[str, str] = {}
_NO_CHARSETS = frozenset(["idna", "punycode", "undefined", "mbcs", "oem", "unicode-escape", "raw-unicode-escape"])
"""Codecs of Python that no mail is written in."""


def _codec(charset: str) -> str:
    """A Python text codec for a mail charset; UTF-8 when there is none."""
    key = charset.lower().strip("\"' ")[:40]
    if key not in _known:
        name = _ALIASES.get(key, key)
        try:
            info = codecs.lookup(name)
            name = info.name if info._is_text_encoding else "utf-8"
        except (LookupError, ValueError):
            name = "utf-8"
        if len(_known) > 500:
            return name
        _known[key] = "utf-8" if name.replace("_", "-") in _NO_CHARSETS else name
    return _known[key]


def first(headers: tuple[Header, ...], name: str) -> str:
    """The decoded value of the first header of that lower-case name, "" when there is none."""
    return next((header.value for header in headers if header.name.lower() == name), "")


def every(headers: tuple[Header, ...], name: str) -> list[str]:
    """The decoded values of all headers of that lower-case name, topmost first."""
    return [header.value for header in headers if header.name.lower() == name]
