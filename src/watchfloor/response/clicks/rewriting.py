"""The body of a mail with its links protected, under the same headers. Pure; works on bytes, so that what is not a link stays.

Left alone: what is signed in truth or encrypted (S/MIME, PGP, also PGP inside text), attachments that are no pages and no mails,
parts that cannot be read by their own encoding, and the whole mail when it is too large or takes too long.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from watchfloor.response.clicks import html_links
from watchfloor.response.clicks.carrying import LINE, Bytes, taken_out
from watchfloor.response.clicks.html_links import Change, Wrap, clickable
from watchfloor.response.clicks.part_header import PartHeader, Unreadable, part_header, sender_of
from watchfloor.response.clicks.signed import truly_signed
from watchfloor.response.clicks.text_links import urls_at

MOST_BYTES = 12 << 20
"""Bytes of text parts that are looked through; a mail with more keeps its links."""
MOST_GROWN = 8 << 20
"""Bytes that protected links may add: short links make a mail grow tenfold."""
MOST_PARTS = 500
DEEPEST = 20
_BLANK = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_SEALED = re.compile(r"^-----BEGIN (PGP MESSAGE|PGP SIGNED MESSAGE|PKCS7)-----[ \t]*\r?$", re.MULTILINE)
_SEAL_ENDS = {
    "PGP MESSAGE": "\n-----END PGP MESSAGE-----",
    "PGP SIGNED MESSAGE": "\n-----END PGP SIGNATURE-----",
    "PKCS7": "\n-----END PKCS7-----",
}
_UNTOUCHED = ("multipart/encrypted", "message/", "application/")
_MAILS = ("message/rfc822", "message/global")
_PAGES = ("text/html", "application/xhtml+xml", "image/svg+xml")
_PAGE_NAMES = (".html", ".htm", ".xhtml", ".shtml", ".svg")
"""Files that a browser opens; others are opened by other programs, and stay."""
_ASCII_FIRST = re.compile(
    r"utf_?8|ascii|iso8859|latin|cp125|cp437|cp85|cp86|cp874|koi8|mac_|gb2312|gbk|gb18030|big5|shift_jis|cp932|cp949|cp950|johab|tis_620|euc_"
)
"""Charsets in which the bytes of "http://" are nothing else: their text is worked on byte by byte."""
_PYTHONS_OWN = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}


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
    sender: str = ""
    keeps_signed: bool = True
    size: int = 0
    parts: int = 0
    links: int = 0
    grown: int = 0
    steps: int = 0
    known: dict[str, str | None] = field(default_factory=dict)

    def link(self, url: str) -> str | None:
        """The protected link; each URL is signed once."""
        if self.spent():
            raise GivenUp("it took too long")
        if url not in self.known:
            self.known[url] = self.wrap(url)
        found = self.known[url]
        if found is not None:
            self.links, self.grown = self.links + 1, self.grown + len(found)
        if self.grown > MOST_GROWN:
            raise GivenUp("it has too many links")
        return found

    def step(self) -> None:
        """Called with each tag, as a text without links takes time too."""
        self.steps += 1
        if not self.steps % 1024 and self.spent():
            raise GivenUp("it took too long")


def rewritten(
    raw: bytes, *, wrap: Wrap, spent: Callable[[], bool] = lambda: False, keeps_signed: bool = True
) -> Rewritten | None:
    """The mail's body with every link that `wrap` takes replaced; None when nothing changed.

    `spent` says that the time for it is over; with `keeps_signed` what is signed in truth stays. Raises GivenUp.
    """
    header, body = _halves(raw)
    work = _Work(wrap, spent, sender_of(header), keeps_signed)
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
    if work.spent():
        raise GivenUp("it took too long")
    try:
        of = part_header(header)
    except Unreadable:
        raise GivenUp("the header of a part cannot be read") from None
    if of.kind in _MAILS:
        return _mail(body, of, work, depth)
    if _is_page(of):
        return _text(body, of, "text/html", work)
    if (
        of.kind.startswith(_UNTOUCHED) or of.attached
    ):  # what has only a name is shown all the same by many mail programs
        return body
    if of.kind.startswith("multipart/"):
        return _parts(body, of, work, depth)
    return _text(body, of, of.kind, work) if of.kind == "text/plain" else body


def _is_page(of: PartHeader) -> bool:
    """Whether a browser or the mail program shows it as a page, attached or not, whatever type a file is said to be."""
    return of.kind in _PAGES or (of.kind != "text/plain" and of.file_name.lower().endswith(_PAGE_NAMES))


def _mail(body: bytes, of: PartHeader, work: _Work, depth: int) -> bytes:
    """A mail inside the mail, with its own sender."""
    carried = taken_out(body, of.encoding)
    if carried is None:
        return body
    work.size += len(body)
    if work.size > MOST_BYTES:
        raise GivenUp("its text is too long")
    header, inner = _halves(carried.data)
    outer, work.sender = work.sender, sender_of(header)
    new = header + _part(header, inner, work, depth + 1)
    work.sender = outer
    return carried.put([Bytes(0, len(carried.data), new)]) if new != carried.data else body


def _parts(body: bytes, of: PartHeader, work: _Work, depth: int) -> bytes:
    """Each part between two delimiter lines; preamble, epilogue and the lines themselves stay."""
    if not of.boundary:
        return body
    line = re.compile(rb"(?:\A|(?<=\n))--" + re.escape(of.boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    if of.kind == "multipart/signed" and work.keeps_signed and _signed(body, line, work.sender):
        return body
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


def _signed(body: bytes, line: "re.Pattern[bytes]", sender: str) -> bool:
    """Whether the first of two parts is signed by the second."""
    ends = [found.span() for found in islice(line.finditer(body), 4)]
    if len(ends) != 3:
        return False
    content, signature = (body[first[1] : last[0]] for first, last in pairwise(ends))
    return truly_signed(_without_end(content), signature, sender=sender)


def _without_end(part: bytes) -> bytes:
    """The line end before a delimiter belongs to the delimiter."""
    return part[:-2] if part.endswith(b"\r\n") else part.removesuffix(b"\n")


def _inner(part: bytes, work: _Work, depth: int) -> bytes:
    header, body = _halves(part)
    end = b"\r\n" if body.endswith(b"\r\n") else b"\n" if body.endswith(b"\n") else b""
    body = body[: len(body) - len(end)] if end else body  # that line end belongs to the delimiter
    return header + _part(header, body, work, depth + 1) + end


def _text(body: bytes, of: PartHeader, kind: str, work: _Work) -> bytes:
    work.size += len(body)
    if work.size > MOST_BYTES:
        raise GivenUp("its text is too long")
    carried = taken_out(body, of.encoding)
    if carried is None:
        return body
    found = _changes(carried.data, of.charset, kind, work)
    return carried.put(found) if found else body


def _changes(data: bytes, charset: str, kind: str, work: _Work) -> Sequence[Bytes]:
    codec = _codec(charset)
    if _ASCII_FIRST.match(codec):
        if (found := _by_letters(data, codec, kind, work)) is not None:
            return found
        text = data.decode("latin-1")
        wrap = _in_charset(codec, work.link)
        return [
            Bytes(one.start, one.end, one.new.encode("latin-1"), one.before, one.after)
            for one in _of(kind, text, wrap, work.step)
        ]
    return _as_a_whole(data, codec, kind, work)


def _by_letters(data: bytes, codec: str, kind: str, work: _Work) -> Sequence[Bytes] | None:
    """By the real letters, where the text is as its charset says; None where it is not.

    Read as bytes, letters of other scripts look like blanks and end a URL in its middle.
    """
    codec = "utf_8" if codec == "ascii" else codec
    try:
        text = data.decode(codec)
        if text.isascii() or codec == "utf_8_sig" or text.encode(codec) != data:
            return None
    except UnicodeError:
        return None
    made, letters, at = [], 0, 0

    def place(letter: int) -> int:
        nonlocal letters, at
        at += len(text[letters:letter].encode(codec)) if letter >= letters else -len(text[letter:letters].encode(codec))
        letters = letter
        return at

    for one in _of(kind, text, work.link, work.step):
        before = place(one.before) if one.before >= 0 else -1
        start, end = place(one.start), place(one.end)
        after = place(one.after) if one.after >= 0 else -1
        made.append(Bytes(start, end, one.new.encode(codec), before, after))
    return made


def _as_a_whole(data: bytes, codec: str, kind: str, work: _Work) -> Sequence[Bytes]:
    """In an encoding that is not read byte by byte the text is written anew; with the same letters, if not the same shifts."""
    codec, unit = _order_of(codec, data)
    end = len(data) - len(data) % unit
    lenient = "surrogatepass" if unit > 1 else "replace"
    try:
        text = data[:end].decode(codec, lenient)
        found = list(_of(kind, text, work.link, work.step))
        new = _spliced(text, found).encode(codec, lenient) if found else b""
    except (UnicodeError, LookupError):
        return ()
    return [Bytes(0, end, new)] if found else ()


def _order_of(codec: str, data: bytes) -> tuple[str, int]:
    """The codec with its order of bytes, by the mark at the front or where the zeros lie; and the bytes of a letter."""
    unit = 2 if codec.startswith("utf_16") else 4 if codec.startswith("utf_32") else 1
    if codec not in ("utf_16", "utf_32"):
        return codec, unit
    marks = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE) if unit == 2 else (codecs.BOM_UTF32_BE, codecs.BOM_UTF32_LE)
    if data.startswith(marks):
        return f"{codec}_{'be' if data.startswith(marks[0]) else 'le'}", unit
    return f"{codec}_{'be' if data[0::unit].count(0) > data[unit - 1 :: unit].count(0) else 'le'}", unit


def _spliced(text: str, changes: Sequence[Change]) -> str:
    """The text with its changes; a line that would grow too long is broken where that changes nothing."""
    made, at = [], 0
    for one in changes:
        line = one.start - text.rfind("\n", max(at, one.start - LINE), one.start)
        if one.before >= at and line + len(one.new) > LINE:
            made += [text[at : one.before], "\r\n", text[one.before : one.start], one.new]
        else:
            made += [text[at : one.start], one.new]
        at = one.end
    return "".join([*made, text[at:]])


def _of(kind: str, text: str, wrap: Wrap, step: Callable[[], None]) -> Iterator[Change]:
    if kind == "text/html":
        yield from html_links.changes(text, wrap, step=step)
        return
    sealed = _sealed(text)
    for start, end in urls_at(text):
        while sealed and sealed[0][1] <= start:
            sealed.pop(0)
        if sealed and sealed[0][0] <= start:
            continue
        target = clickable(text[start:end])
        if target and (new := wrap(target)):
            yield Change(start, end, new, before=start, after=end)


def _sealed(text: str) -> list[tuple[int, int]]:
    """Where plain text is sealed or signed inside itself, from the line that opens it to the one that closes it, in order."""
    found: list[tuple[int, int]] = []
    open_ended: set[str] = set()
    for opened in _SEALED.finditer(text):
        kind = opened[1]
        if kind in open_ended or (found and opened.start() < found[-1][1]):
            continue
        closed = text.find(_SEAL_ENDS[kind], opened.end())
        if closed < 0:
            open_ended.add(kind)
        else:
            found.append((opened.start(), closed + len(_SEAL_ENDS[kind])))
    return found


def _codec(charset: str) -> str:
    """A charset nobody knows is read as ASCII by mail programs; so are codecs that Python alone has."""
    try:
        "".encode(charset)  # refuses what is no encoding of text, such as hex
        found = codecs.lookup(charset).name.replace("-", "_")
    except (LookupError, ValueError):
        return "ascii"
    return "ascii" if found in _PYTHONS_OWN else found


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
