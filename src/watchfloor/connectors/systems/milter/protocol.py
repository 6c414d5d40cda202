"""The milter protocol, version 6, as Postfix and Sendmail speak it (libmilter's mfdef.h): packets of length, command, data."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

VERSION = 6
ADD_HEADERS, CHANGE_BODY, DELETE_RECIPIENTS, CHANGE_HEADERS, QUARANTINE = 0x01, 0x02, 0x08, 0x10, 0x20
BODY_PIECE = 65_535
"""The most of a body that one packet may replace (MILTER_CHUNK_SIZE)."""
HEADER_LEADING_SPACE = 0x100000
# One bit per command that needs no answer from us: connect, HELO, MAIL, RCPT, DATA, unknown, EOH, body, header.
NO_REPLIES = 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000 | 0x40000 | 0x80000 | 0x80
_SILENT = {
    b"C": 0x1000,
    b"H": 0x2000,
    b"M": 0x4000,
    b"R": 0x8000,
    b"T": 0x10000,
    b"U": 0x20000,
    b"N": 0x40000,
    b"B": 0x80000,
    b"L": 0x80,
}
MAX_PACKET = 2**20 + 16
MOST_PARTS = 100_000
"""Recipients, header lines and body pieces of one mail. Each costs memory beyond its bytes, so bytes alone are no limit."""
MOST_MACROS = 1000
FIRST_WORD_SECONDS = 30.0
"""A mail server negotiates as soon as it is connected; whoever does not is none."""
TURNED_AWAY_SECONDS = 10.0


@dataclass(slots=True)
class Seen:
    """One mail as the mail server showed it; `size` and `parts` count on when nothing more of it is kept.

    `recipients` are in small letters, each once; `spelled` says how the client wrote each, as mail servers forget a recipient
    only in the very letters that they know.
    """

    mail_from: str = ""
    recipients: list[str] = field(default_factory=list)
    spelled: dict[str, dict[str, None]] = field(default_factory=dict)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    size: int = 0
    parts: int = 0

    def too_much(self, limit: int) -> str:
        """Why it is not kept, in words; empty while it is."""
        if self.size > limit:
            return f"larger than {limit // 2**20} MB"
        return f"more than {MOST_PARTS:,} recipients, header lines and pieces" if self.parts > MOST_PARTS else ""

    def raw(self) -> bytes:
        """The mail as bytes, header lines as they stood."""
        lines = [name + b":" + value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for name, value in self.headers]
        return b"\r\n".join([*lines, b"", b"".join(self.body)])


@dataclass(slots=True)
class Client:
    """Who speaks to the mail server, and the macros it told (i is the queue id)."""

    ip: str = ""
    helo: str = ""
    macros: dict[str, str] = field(default_factory=dict)


Decide = Callable[[Client, Seen], Awaitable[list[bytes]]]
"""Given at the end of a mail; answers with reply packets, the last one the verdict."""


class Conversation:
    """One connection of the mail server; many mails may pass through it, each of at most `limit` bytes.

    It ends after `idle` seconds in which nothing came, or in which an answer was not taken.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decide: Decide, *, limit: int, idle: float
    ) -> None:
        self.reader, self.writer, self.decide = reader, writer, decide
        self.limit, self.idle = limit, idle
        self.client, self.seen, self.silent = Client(), Seen(), 0
        self.socket = writer.get_extra_info("socket")
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def run(self) -> None:
        """Answer until the mail server quits, breaks off or falls silent."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            patience = min(FIRST_WORD_SECONDS, self.idle)
            while True:
                async with asyncio.timeout(patience):
                    command, data = await self._packet()
                if command == b"Q":
                    return
                patience = self.idle
                await self._send(await self._answer(command, data))

    async def turn_away(self, verdict: bytes) -> None:
        """Answer the first question with `verdict`: the mail server then knows at once what to do with this client's mail."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            async with asyncio.timeout(min(TURNED_AWAY_SECONDS, self.idle)):
                while True:
                    command, data = await self._packet()
                    if command == b"O":
                        await self._send([self._negotiate(data, silent=0)])
                    elif command != b"D":
                        return await self._send([verdict])

    async def _send(self, replies: list[bytes]) -> None:
        for reply in replies:
            self.writer.write(struct.pack(">I", len(reply)) + reply)
        async with asyncio.timeout(self.idle):
            await self.writer.drain()

    async def _packet(self) -> tuple[bytes, bytes]:
        (length,) = struct.unpack(">I", await self._read(4))
        if not 1 <= length <= MAX_PACKET:
            raise ConnectionError("not the milter protocol")
        packet = await self._read(length)
        return packet[:1], packet[1:]

    async def _read(self, count: int) -> bytes:
        # Linux forgets quick acknowledgements after each read; without them every mail waits 40 ms for Nagle.
        if self.socket.family != socket.AF_UNIX and hasattr(socket, "TCP_QUICKACK"):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return await self.reader.readexactly(count)

    async def _answer(self, command: bytes, data: bytes) -> list[bytes]:
        if command == b"O":
            return [self._negotiate(data)]
        if command == b"E":
            if data:
                self._note(b"B", data)
            replies = await self.decide(self.client, self.seen)
            self.seen = Seen()
            self.client.macros.pop("i", None)
            return replies
        self._note(command, data)
        if command in b"DAK" or self.silent & _SILENT.get(command, 0):
            return []
        return [b"c"]

    def _negotiate(self, data: bytes, *, silent: int = NO_REPLIES) -> bytes:
        """Offer what we need; `silent` are the commands that we would rather not answer."""
        if len(data) < 12:
            raise ConnectionError("not the milter protocol")
        _, actions, protocol = struct.unpack(">III", data[:12])
        self.silent = protocol & silent
        wanted = actions & (ADD_HEADERS | CHANGE_BODY | DELETE_RECIPIENTS | CHANGE_HEADERS | QUARANTINE)
        return b"O" + struct.pack(">III", VERSION, wanted, self.silent | protocol & HEADER_LEADING_SPACE)

    def _note(self, command: bytes, data: bytes) -> None:
        """Keep what a packet says."""
        if command == b"C":
            self.client = Client(ip=_client_ip(data))
        elif command == b"K":
            self.client, self.seen = Client(), Seen()
        elif command == b"H":
            self.client.helo = _text(data)
        elif command == b"D":
            words = [_text(word) for word in data[1:].split(b"\0")]
            if len(self.client.macros) + len(words) // 2 <= MOST_MACROS:
                self.client.macros.update(zip(words[::2], words[1::2], strict=False))
        elif command == b"M":
            self.seen = Seen(mail_from=_address(data))
        elif command == b"A":
            self.seen = Seen()
        elif command in b"RLB":
            self._note_part(command, data)

    def _note_part(self, command: bytes, data: bytes) -> None:
        self.seen.size += len(data)
        self.seen.parts += 1
        if self.seen.too_much(self.limit):
            return
        if command == b"R":
            self._note_recipient(_written(data))
        elif command == b"B":
            self.seen.body.append(data)
        else:
            name, _, rest = data.partition(b"\0")
            self.seen.headers.append((name, rest.partition(b"\0")[0]))

    def _note_recipient(self, written: str) -> None:
        known = self.seen.spelled.setdefault(written.lower(), {})
        if not known:
            self.seen.recipients.append(written.lower())
        known[written] = None


def add_header(name: str, value: str) -> bytes:
    return b"h" + _line(name) + b"\0" + _line(" " + value) + b"\0"


def remove_header(name: str, index: int) -> bytes:
    """Take away the `index`th (from 1) header of that name."""
    return b"m" + struct.pack(">I", index) + _line(name) + b"\0\0"


def remove_recipient(address: str) -> bytes:
    """Take one away, in the letters in which the mail server told it."""
    return b"-" + _line(f"<{address}>") + b"\0"


def replace_body(body: bytes) -> list[bytes]:
    """The packets that put `body` in the place of the mail's own; its line ends are CRLF."""
    return [b"b" + body[start : start + BODY_PIECE] for start in range(0, len(body), BODY_PIECE)] or [b"b"]


def quarantine(reason: str) -> bytes:
    return b"q" + _line(reason) + b"\0"


def reply_code(words: str) -> bytes:
    """A whole SMTP reply, as 550 5.7.1 Blocked."""
    return b"y" + _line(words).replace(b"%", b"%%") + b"\0"


ACCEPT, DISCARD, TEMPFAIL = b"a", b"d", b"t"


def _line(text: str) -> bytes:
    """One line without control characters: verdict words must not add headers."""
    return "".join(character if character.isprintable() else " " for character in text).encode()[:900]


def _text(data: bytes) -> str:
    return data.rstrip(b"\0").decode("utf-8", "replace")


def _address(data: bytes) -> str:
    return _written(data).lower()


def _written(data: bytes) -> str:
    """The address in the letters of the client."""
    return _text(data.split(b"\0")[0]).strip().removeprefix("<").removesuffix(">")


def _client_ip(data: bytes) -> str:
    """hostname NUL family port(2) address NUL; family is 4, 6, L (unix) or U (unknown)."""
    _, _, rest = data.partition(b"\0")
    if rest[:1] not in {b"4", b"6"}:
        return ""
    return _text(rest[3:]).removeprefix("IPv6:")
