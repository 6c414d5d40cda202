"""The body of a mail with its links protected, under the same headers. Pure; works on bytes, so that what is not a link stays.

Left alone: what is signed or encrypted (S/MIME, PGP, also PGP inside text), mails inside the mail, attachments, parts that
cannot be read by their own encoding, and the whole mail when it is too large or takes too long.
"""

import codecs
import email.parser
import email.policy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message

from watchfloor.response.clicks import html_links
from watchfloor.response.clicks.carrying import Bytes, as_bytes, taken_out
from watchfloor.response.clicks.html_links import Change, Wrap, clickable
from watchfloor.response.clicks.text_links import urls_at

MOST_BYTES = 12 << 20
"""Bytes of text parts that are looked through; a mail with more keeps its links."""
MOST_PARTS = 500
DEEPEST = 20
_BLANK = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_SEALED = re.compile(rb"-----BEGIN PGP |-----BEGIN PKCS7-----")
_UNTOUCHED = ("multipart/signed", "multipart/encrypted", "message/", "application/")
_ASCII_FIRST = re.compile(
    r"utf_?8|ascii|iso8859|latin|cp125|cp437|cp85|cp86|cp874|koi8|mac_|gb2312|gbk|gb18030|big5|shift_jis|cp932|euc_"
)
"""Charsets in which the bytes of "http://" are nothing else: their text is worked on byte by byte."""


class GivenUp(Exception):
    """Too large, too nested or too slow; the mail goes as it is."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """`body` is the new body; `links` counts the URLs that were protected."""

    body: bytes
    links: int


@dataclass(slots=True)
class _Work:
    wrap: Wrap
    spent: Callable[[], bool]
    size: int = 0
    parts: int = 0
    links: int = 0
    known: dict[str, str | None] = field(default_factory=dict)

    def link(self, url: str) -> str | None:
        """The protected link; each URL is signed once."""
        if url not in self.known:
            if self.spent():
                raise GivenUp("it took too long")
            self.known[url] = self.wrap(url)
        self.links += self.known[url] is not None
        return self.known[url]


def rewritten(raw: bytes, *, wrap: Wrap, spent: Callable[[], bool] = lambda: False) -> Rewritten | None:
    """The mail's body with every link that `wrap` takes replaced; None when nothing changed.

    `spent` says that the time for it is over. Raises GivenUp.
    """
    header, body = _halves(raw)
    work = _Work(wrap, spent)
    changed = _part(header, body, work, 0)
    return Rewritten(changed, work.links) if work.links and changed != body else None


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    """Header with its blank line, and body."""
    blank = _BLANK.search(raw)
    return (raw[: blank.end()], raw[blank.end() :]) if blank else (raw, b"")


def _part(header: bytes, body: bytes, work: _Work, depth: int) -> bytes:
    work.parts += 1
    if depth > DEEPEST or work.parts > MOST_PARTS:
        raise GivenUp("it has too many parts")
    fields = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)
    kind = fields.get_content_type()
    if kind.startswith(_UNTOUCHED) or _is_file(fields):
        return body
    if kind.startswith("multipart/"):
        return _parts(body, fields, work, depth)
    if kind in ("text/plain", "text/html"):
        return _text(body, fields, kind, work)
    return body


def _is_file(fields: Message) -> bool:
    return fields.get_content_disposition() == "attachment" or bool(fields.get_filename())


def _parts(body: bytes, fields: Message, work: _Work, depth: int) -> bytes:
    """Each part between two delimiter lines; preamble, epilogue and the lines themselves stay."""
    try:
        boundary = (fields.get_boundary() or "").encode("latin-1", "surrogateescape")
    except UnicodeEncodeError:
        return body
    if not boundary:
        return body
    line = re.compile(rb"(?:\A|(?<=\n))--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    made, begins = bytearray(), -1
    for found in line.finditer(body):
        if begins < 0:
            made += body[: found.end()]
        else:
            made += _inner(body[begins : found.start()], work, depth) + found[0]
        begins = found.end()
        if found[1]:
            return bytes(made + body[begins:])
    if begins < 0:
        return body
    return bytes(made + _inner(body[begins:], work, depth))  # the closing line is missing


def _inner(part: bytes, work: _Work, depth: int) -> bytes:
    header, body = _halves(part)
    end = b"\r\n" if body.endswith(b"\r\n") else b"\n" if body.endswith(b"\n") else b""
    body = body[: len(body) - len(end)] if end else body  # that line end belongs to the delimiter
    return header + _part(header, body, work, depth + 1) + end


def _text(body: bytes, fields: Message, kind: str, work: _Work) -> bytes:
    work.size += len(body)
    if work.size > MOST_BYTES:
        raise GivenUp("its text is too long")
    carried = taken_out(body, str(fields.get("Content-Transfer-Encoding", "")).strip().lower())
    if carried is None or _SEALED.search(carried.data):
        return body
    found = _changes(carried.data, str(fields.get_content_charset("us-ascii")), kind, work)
    return carried.put(found) if found else body


def _changes(data: bytes, charset: str, kind: str, work: _Work) -> Sequence[Bytes]:
    codec = _codec(charset)
    if codec is None:
        return ()
    if _ASCII_FIRST.match(codec):
        text = data.decode("latin-1")
        wrap = _in_charset(codec, work.link)
        return [
            Bytes(one.start, one.end, one.new.encode("latin-1"), one.before, one.after) for one in _of(kind, text, wrap)
        ]
    try:
        text = data.decode(codec)
        if text.encode(codec) != data:
            return ()
    except (UnicodeError, LookupError):
        return ()
    if codec.startswith(("utf_16", "utf_32")):
        return _marked(codec, text, list(_of(kind, text, work.link)))
    return [as_bytes(one, lambda part: part.encode(codec), text) for one in _of(kind, text, work.link)]


def _marked(codec: str, text: str, found: Sequence[Change]) -> Sequence[Bytes]:
    """Changes in an encoding of wide characters, whose mark of byte order stands once at the front."""
    mark = len("".encode(codec))
    if mark:
        return [
            Bytes(
                len(text[: one.start].encode(codec)),
                len(text[: one.end].encode(codec)),
                one.new.encode(codec)[mark:],
            )
            for one in found
        ]
    return [as_bytes(one, lambda part: part.encode(codec), text) for one in found]


def _of(kind: str, text: str, wrap: Wrap) -> Iterator[Change]:
    if kind == "text/html":
        yield from html_links.changes(text, wrap)
        return
    for start, end in urls_at(text):
        target = clickable(text[start:end])
        if target and (new := wrap(target)):
            yield Change(start, end, new, before=start, after=end)


def _codec(charset: str) -> str | None:
    try:
        return codecs.lookup(charset).name.replace("-", "_")
    except (LookupError, ValueError):
        return "ascii" if charset.isascii() else None  # a charset nobody knows is read as ASCII by mail programs


def _in_charset(codec: str, wrap: Wrap) -> Wrap:
    """Of a text worked on as bytes, the URL in its real letters."""

    def wrapped(url: str) -> str | None:
        if url.isascii():
            return wrap(url)
        try:
            return wrap(url.encode("latin-1").decode("utf-8" if codec == "ascii" else codec))
        except UnicodeError:
            return wrap(url)

    return wrapped
