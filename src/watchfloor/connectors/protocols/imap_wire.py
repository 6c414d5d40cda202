"""A lean IMAP session that sends several commands at once and reads their answers in order (RFC 9051, 5.5).

Acting on a thousand mailboxes is a thousand short sessions; round trips and wake-ups are what they cost. Only commands that
do not depend on each other may be sent together: never a change with the look before or after it, since a server may work on
both at once (Dovecot answers a SEARCH sent behind a MOVE first).
"""

import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from imapclient import imap_utf7
from imapclient.response_parser import parse_fetch_response, parse_response

from watchfloor.connectors.protocols.mail_bytes import MAX_BYTES
from watchfloor.kernel.errors import Unreachable, WatchfloorError

_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_USUAL_FETCH = re.compile(
    rb'^\d+ \(UID (\d{1,10}) FLAGS \(([^()"]*)\) INTERNALDATE "([^"]+)" (BODY\[HEADER\.FIELDS \(MESSAGE-ID\)\]) \{\d+\}$'
)
_CODE = re.compile(rb"\[([A-Z0-9-]+)(?: ([^\]]*))?\]", re.IGNORECASE)

Part = bytes | tuple[bytes, bytes]

LONGEST_LINE = 16 * 2**20
"""A SEARCH answer names every hit in one line: a million of them are 8 MB."""
LONGEST_LITERAL = MAX_BYTES
MOST_UIDS = 1_000_000
"""What one set of UIDs may name: a server that writes 1:4294967295 must not make us count to it."""


class Refused(WatchfloorError):
    """The server answered NO or BAD; the message is the server's own words."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is and how it is reached: `security` is tls, starttls or none; `ca_file` empty means the system's CAs."""

    host: str
    port: int
    security: str = "tls"
    ca_file: str = ""
    timeout: float = 60.0

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file or None)


@dataclass(slots=True)
class Answer:
    """One command's answer: `ok`, the server's `words`, response `codes` by name, untagged lines as imaplib would give them."""

    command: bytes
    ok: bool = False
    words: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    untagged: list[tuple[bytes, list[Part]]] = field(default_factory=list)

    def require(self) -> "Answer":
        """Itself, or Refused with the server's words."""
        if not self.ok:
            raise Refused(self.words or "the server refused without a word")
        return self

    def lines(self, kind: bytes) -> list[list[Part]]:
        return [parts for name, parts in self.untagged if name == kind]

    def fetched(self) -> dict[int, dict[bytes, Any]]:
        """FETCH answers by UID, parsed; dates are aware."""
        lines = self.lines(b"FETCH")
        usual = [_usual_fetch(parts) for parts in lines]
        if all(usual):
            return dict(one for one in usual if one)
        parts: list[Any] = [part for parts in lines for part in parts]
        return dict(parse_fetch_response(parts, normalise_times=False)) if parts else {}

    def found(self) -> list[int]:
        """UIDs of a SEARCH."""
        lines = [part for parts in self.lines(b"SEARCH") for part in parts if isinstance(part, bytes)]
        return [int(word) for line in lines for word in line.split()]

    def parsed(self, kind: bytes) -> Iterator[tuple[Any, ...]]:
        """Untagged lines of that kind as nested tuples of bytes, numbers and None."""
        for parts in self.lines(kind):
            given: list[Any] = list(parts)
            yield parse_response(given)

    def listed(self) -> Iterator[tuple[frozenset[bytes], str]]:
        """LIST answers as (lower-case attributes, folder name)."""
        for attributes, _, name, *_ in self.parsed(b"LIST"):
            raw = name if isinstance(name, bytes) else str(name).encode()
            yield frozenset(attribute.lower() for attribute in attributes), imap_utf7.decode(raw)


class Session:
    """One connection. Raises Unreachable when the server does not answer; use as a context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._number = 0
        self._where = f"{endpoint.host}:{endpoint.port}"
        try:
            self._socket = socket.create_connection((endpoint.host, endpoint.port), timeout=endpoint.timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if endpoint.security == "tls":
                self._socket = endpoint.context().wrap_socket(self._socket, server_hostname=endpoint.host)
            self._file = self._socket.makefile("rb")
            self.greeting = self._file.readline(LONGEST_LINE)
            if not self.greeting.startswith((b"* OK", b"* PREAUTH")):
                raise Unreachable(f"no IMAP greeting but “{self.greeting[:80]!r}”", place=self._where)
            if endpoint.security == "starttls":
                self.run(b"STARTTLS")[0].require()
                self._socket = endpoint.context().wrap_socket(self._socket, server_hostname=endpoint.host)
                self._file = self._socket.makefile("rb")
        except ssl.SSLError as error:
            raise Unreachable(f"TLS failed: {error.reason or error}", place=self._where) from error
        except OSError as error:
            raise Unreachable(str(error), place=self._where) from error

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye without waiting for the answer."""
        with suppress(OSError):
            self._socket.sendall(b"bye LOGOUT\r\n")
        self._file.close()
        self._socket.close()

    def run(self, *commands: bytes, stop_if_first_fails: bool = False) -> list[Answer]:
        """Send all commands in one write and read their answers; NO and BAD are answers, not errors.

        With `stop_if_first_fails`, a refused first command raises Refused at once: a server may hang up on the others.
        """
        answers: dict[bytes, Answer] = {}
        lines = []
        for command in commands:
            self._number += 1
            tag = b"w%d" % self._number
            answers[tag] = Answer(command)
            lines.append(tag + b" " + command + b"\r\n")
        try:
            self._socket.sendall(b"".join(lines))
            self._read(answers, next(iter(answers)) if stop_if_first_fails else b"")
        except OSError as error:
            raise Unreachable(str(error), place=self._where) from error
        return list(answers.values())

    def run_with_literal(self, command: bytes, literal: bytes) -> Answer:
        """Send one command that ends in a literal, which goes out once the server asks for it; NO and BAD are answers."""
        self._number += 1
        tag = b"w%d" % self._number
        answer = Answer(command)
        before: list[list[Part]] = []
        try:
            self._socket.sendall(tag + b" " + command + b" {%d}\r\n" % len(literal))
            while True:
                parts = self._line()
                first = parts[0] if isinstance(parts[0], bytes) else parts[0][0]
                word, _, rest = first.partition(b" ")
                if word == b"+":
                    self._socket.sendall(literal + b"\r\n")
                    self._read({tag: answer}, b"")
                    return answer
                if word == tag:
                    _finish(answer, rest, before)
                    return answer
                before.append(parts)
        except OSError as error:
            raise Unreachable(str(error), place=self._where) from error

    def _read(self, answers: dict[bytes, Answer], required: bytes) -> None:
        """Read until every tag is answered, in whatever order; what comes before a tagged line belongs to it."""
        open_tags = set(answers)
        before: list[list[Part]] = []
        while open_tags:
            parts = self._line()
            first = parts[0] if isinstance(parts[0], bytes) else parts[0][0]
            tag, _, rest = first.partition(b" ")
            if tag == b"+":  # a refused SASL exchange asks for an empty answer before it says NO (RFC 7628, 3.2.3)
                self._socket.sendall(b"\r\n")
                continue
            if tag not in open_tags:
                before.append(parts)
                continue
            open_tags.remove(tag)
            _finish(answers[tag], rest, before)
            before = []
            if tag == required:
                answers[tag].require()

    def _line(self) -> list[Part]:
        """One response with its literals, in imaplib's shape: [(b'... {5}', b'bytes'), b' rest']."""
        parts: list[Part] = []
        while True:
            line = self._file.readline(LONGEST_LINE)
            if not line.endswith(b"\n"):
                why = "sent an endless line" if len(line) == LONGEST_LINE else "closed the connection"
                raise Unreachable(f"the server {why}", place=self._where)
            literal = _LITERAL.search(line) if line.endswith(b"}\r\n") else None
            if literal is None:
                parts.append(line.rstrip(b"\r\n"))
                return parts
            size = int(literal[1][:20])
            if size > LONGEST_LITERAL:
                raise Unreachable(f"the server announced {size} bytes at once", place=self._where)
            parts.append((line[:-2], self._file.read(size)))


def _usual_fetch(parts: list[Part]) -> tuple[int, dict[bytes, Any]] | None:
    """One FETCH answer in the words every server uses for what we ask, read by one expression: a parser for all that could
    be said takes as long as the rest of a session. None for any other wording.
    """
    if len(parts) != 2 or not isinstance(parts[0], tuple) or parts[1] != b")":
        return None
    words, literal = parts[0]
    usual = _USUAL_FETCH.match(words)
    if usual is None:
        return None
    uid, flags, date, item = usual.groups()
    received = _received(date) if len(date) < 40 else None
    if received is None:
        return None
    return int(uid), {b"UID": int(uid), b"FLAGS": tuple(flags.split()), b"INTERNALDATE": received, item: literal}


@lru_cache(4096)
def _received(date: bytes) -> datetime | None:
    """Mails of a campaign came in few seconds, so few dates are read again and again."""
    try:
        return datetime.strptime(date.decode(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None


def _finish(answer: Answer, rest: bytes, before: list[list[Part]]) -> None:
    status, _, words = rest.partition(b" ")
    answer.ok = status.upper() == b"OK"
    answer.words = words.decode("utf-8", "replace").strip()
    for parts in before:
        _note_untagged(answer, parts)
    _note_codes(answer, words)


def _note_codes(answer: Answer, words: bytes) -> None:
    code = _CODE.match(words)
    if code:
        answer.codes[code[1].decode().upper()] = (code[2] or b"").decode("utf-8", "replace")


def _note_untagged(answer: Answer, parts: list[Part]) -> None:
    first = parts[0] if isinstance(parts[0], bytes) else parts[0][0]
    if not first.startswith(b"* "):
        return
    kind, _, rest = first[2:].partition(b" ")
    if kind.isdigit():
        name, space, more = rest.partition(b" ")
        answer.untagged.append((name.upper(), _with_head(parts, kind + space + more)))
    elif kind.upper() in {b"OK", b"NO", b"BAD", b"BYE"}:
        _note_codes(answer, rest)
    else:
        answer.untagged.append((kind.upper(), _with_head(parts, rest)))


def _with_head(parts: list[Part], head: bytes) -> list[Part]:
    first: Part = head if isinstance(parts[0], bytes) else (head, parts[0][1])
    return [first, *parts[1:]]


def quoted(text: str) -> bytes:
    """An IMAP string: quoted when plain ASCII, else a non-synchronising literal (RFC 7888). ValueError for CR, LF or NUL."""
    if any(character in text for character in "\r\n\0"):
        raise ValueError("line breaks and NUL cannot stand in an IMAP string")
    raw = text.encode()
    if text.isascii():
        return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return b"{%d+}\r\n" % len(raw) + raw


def folder_name(path: str) -> bytes:
    """A folder name as IMAP writes it (modified UTF-7, quoted)."""
    encoded: bytes = imap_utf7.encode(path)
    return quoted(encoded.decode("ascii"))


def uid_set(uids: Sequence[int]) -> bytes:
    """UIDs as ranges, as 3:5,9."""
    ranges: list[list[int]] = []
    for uid in sorted(set(uids)):
        if ranges and ranges[-1][1] == uid - 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return b",".join(b"%d" % low if low == high else b"%d:%d" % (low, high) for low, high in ranges)


def uids_of(text: str) -> list[int]:
    """The UIDs of a set such as 3:5,9, in the order written. Raises Refused for one that cannot be the answer to us."""
    uids: list[int] = []
    for piece in text.split(","):
        low, _, high = piece.partition(":")
        if not (low.isdecimal() and (high or low).isdecimal() and len(low) < 12 and len(high) < 12):
            raise Refused(f"the server named UIDs as “{text[:80]}”")
        step = 1 if not high or int(high) >= int(low) else -1
        some = range(int(low), int(high or low) + step, step)
        if len(uids) + len(some) > MOST_UIDS:
            raise Refused("the server named more UIDs than any answer to us has")
        uids.extend(some)
    return uids
