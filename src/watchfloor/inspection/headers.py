"""The header block as it stood: order, duplicates, unfolded and decoded.

The standard parser's strict policy raises on hostile headers and is quadratic on long ones, so the split and the
RFC 2047 decoder are our own: linear, lenient, never raising. A header's value is decoded once, when it is split.
"""

import binascii
import codecs
import re

from watchfloor.inspection import limits
from watchfloor.inspection.contracts import Header
from watchfloor.inspection.limits import Limits

_FOLD = re.compile(rb"\n[ \t]+")
_FIELD = re.compile(r"^([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:(.*)", re.MULTILINE)
# Control characters print nothing; the line break and the tab, which fold, are still needed when this is applied.
_PRINTING = bytes(byte if (byte > 31 and byte != 127) or byte in b"\t\n" else ord(" ") for byte in range(256))
_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_OPAQUE = frozenset(["x-microsoft-antispam-message-info"])
"""Kilobytes of encoded words in every mail from Microsoft that nobody but Microsoft can read."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def header_block(raw: bytes, cuts: Limits) -> tuple[bytes, int]:
    """The bytes of the header block and where the body begins; a leading mbox `From ` line is left out."""
    start = 0
    if raw[:5] == b"From " and (first := raw.find(b"\n", 0, 1000)) > 0:
        start = first + 1
    if raw[start : start + 1] == b"\n" or raw[start : start + 2] == b"\r\n":
        return b"", start + (1 if raw[start : start + 1] == b"\n" else 2)
    end, body = _empty_line(raw, start)
    if end - start > limits.HEADER_BLOCK:
        cuts.cut(f"header block cut at {limits.HEADER_BLOCK >> 10} kB")
        end = start + limits.HEADER_BLOCK
    return raw[start:end], body


def _empty_line(raw: bytes, start: int) -> tuple[int, int]:
    """Where the first empty line ends the headers and where the body begins, whatever the line ends are."""
    end = body = len(raw)
    # The likelier first: what stands behind an end already found need not be searched.
    marks = (b"\n\r\n", b"\n\n") if b"\r\n" in raw[start : start + 1000] else (b"\n\n", b"\n\r\n")
    for mark in (*marks, b"\r\r"):
        if (found := raw.find(mark, start, body)) >= 0 and found < end:
            end, body = found, found + len(mark)
    return end, body


def split_headers(block: bytes, cuts: Limits) -> tuple[Header, ...]:
    """Every header field of the block, in order; lines that are no field are left out."""
    block = block.replace(b"\r\n", b"\n")
    if b"\r" in block:
        block = block.replace(b"\r", b" " if b"\n" in block else b"\n")
    fields = _FIELD.findall(_lines(_FOLD.sub(b" ", block.translate(_PRINTING))))
    if len(fields) > limits.HEADERS:
        cuts.cut(f"headers cut at {limits.HEADERS}")
    headers = []
    for name, raw in fields[: limits.HEADERS]:
        value = raw.strip(" \t")
        if len(value) > limits.HEADER:
            cuts.cut(f"header cut at {limits.HEADER >> 10} kB")
            value = value[: limits.HEADER]
        encoded = "=?" in value and name.lower() not in _OPAQUE
        headers.append(Header(name, decoded_words(value) if encoded else value, value))
    return tuple(headers)


def _lines(block: bytes) -> str:
    """The block as text; when it is not all UTF-8, each line is read by itself."""
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        return "\n".join(readable(line) for line in block.split(b"\n"))


def readable(raw: bytes) -> str:
    """Header bytes as text: UTF-8 when they are, else Windows-1252."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def decode_header(raw: bytes) -> str:
    """The value of a raw header, on one line, with its encoded words decoded."""
    text = _CONTROL.sub(" ", readable(raw))
    return decoded_words(text) if "=?" in text else text


def decoded_words(text: str) -> str:
    """The text with its RFC 2047 encoded words decoded; words that are broken stay as they are.

    Neighbouring words of one charset are joined as bytes first, since senders cut multi-byte characters in two.
    """
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
        return base64_bytes(data) or data
    return binascii.a2b_qp(text.encode("utf-8", "replace"), header=True)


def base64_bytes(data: bytes) -> bytes:
    """The decoded bytes, with or without padding; as much as can be decoded, empty when nothing can."""
    return _base64(data + b"=" * (-len(data) % 4)) or _base64(data[: len(data) // 4 * 4])


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
    found = _by_name(headers).get(name)
    return found[0] if found else ""


def every(headers: tuple[Header, ...], name: str) -> list[str]:
    """The decoded values of all headers of that lower-case name, topmost first."""
    return list(_by_name(headers).get(name, ()))


_last: tuple[tuple[Header, ...], dict[str, list[str]]] = ((), {})


def _by_name(headers: tuple[Header, ...]) -> dict[str, list[str]]:
    """The values by lower-case name. Of the last mail it is kept: one inspection asks some thirty times."""
    global _last
    known, found = _last
    if known is not headers:
        found = {}
        for header in headers:
            found.setdefault(header.name.lower(), []).append(header.value)
        _last = (headers, found)
    return found
