"""clamd's protocol over a unix socket or TCP: PING, VERSION and INSTREAM (man clamd, "COMMANDS")."""

import contextlib
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from watchfloor.connectors.contracts import AcceptedMail, Opinion
from watchfloor.connectors.parts import pieces_of
from watchfloor.connectors.protocols.deadline import Deadline
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable, WatchfloorError

CHUNK = 1 << 17
LONGEST_ANSWER = 4096
MOST_PIECES = 50
_PHISH = re.compile(r"phish|scam|heuristics\.spoofed", re.IGNORECASE)
_SPAM = re.compile(r"spam|junk|lott", re.IGNORECASE)
_UNSURE = re.compile(r"^(PUA|Heuristics)\.", re.IGNORECASE)
UNSURE_POINTS = 4.0


@dataclass(frozen=True, slots=True)
class Clamd:
    """The daemon at `address`: host:port, or the path of a unix socket."""

    who: str
    address: str
    seconds: float = 5.0
    largest: int = 25 << 20

    def __call__(self, raw: bytes, *, mail: AcceptedMail) -> tuple[Opinion, ...]:
        if len(raw) > self.largest:
            raise BadInput(f"the mail is larger than {self.largest >> 20} MB")
        deadline = Deadline(self.seconds)
        found = self.scan(raw, deadline)
        if not found:
            return ()
        names, files = self._where(raw, deadline)
        where = f" in {', '.join(names)}" if names else ""
        return (
            Opinion(
                who=self.who,
                kind="clamav",
                words=f"{self.who} found {found}{where}",
                points=UNSURE_POINTS if _UNSURE.search(found) else None,
                threat=threat_of(found),
                threat_name=found,
                symbols=(found,),
                files=files,
            ),
        )

    def warning(self) -> str:
        return ""

    def version(self) -> str:
        """As "ClamAV 1.4.6/27000/…". Raises Unreachable."""
        deadline = Deadline(self.seconds)
        with self._connected(deadline) as connection:
            connection.sendall(b"zVERSION\0")
            return _answer(connection, deadline)

    def scan(self, data: bytes, deadline: Deadline) -> str:
        """The name of what was found, "" when nothing. Raises Unreachable, BadInput when clamd takes nothing so large."""
        with self._connected(deadline) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # over its limit it hangs up, and says why
                connection.sendall(b"zINSTREAM\0")
                for start in range(0, len(data), CHUNK):
                    connection.settimeout(deadline.left())
                    chunk = data[start : start + CHUNK]
                    connection.sendall(struct.pack("!I", len(chunk)) + chunk)
                connection.sendall(struct.pack("!I", 0))
            said = _answer(connection, deadline)
        return _found(said)

    def _where(self, raw: bytes, deadline: Deadline) -> tuple[list[str], tuple[str, ...]]:
        """Names and hashes of the attachments it lies in; none when that cannot be told in what time is left."""
        names: dict[str, str] = {}
        with contextlib.suppress(WatchfloorError):
            for piece in pieces_of(raw, seconds=deadline.left())[:MOST_PIECES]:
                if piece.name and piece.sha256 not in names and self.scan(piece.data, deadline):
                    names[piece.sha256] = f'"{" ".join(piece.name.split())[:80]}"'
        return list(names.values()), tuple(names)

    @contextlib.contextmanager
    def _connected(self, deadline: Deadline) -> Iterator[socket.socket]:
        try:
            with contextlib.closing(self._socket(deadline)) as connection:
                yield connection
        except TimeoutError as error:
            raise Unreachable(f"no answer within {self.seconds:g} s") from error
        except OSError as error:
            raise Unreachable(error.strerror or str(error)) from error

    def _socket(self, deadline: Deadline) -> socket.socket:
        if self.address.startswith("/"):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(deadline.left())
            connection.connect(self.address)
            return connection
        host, _, port = self.address.rpartition(":")
        if not host or not port.isdecimal():
            raise NotConfigured("the address is host:port, or the path of a socket", place="address")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=deadline.left())


def threat_of(name: str) -> str:
    """What a signature's name says it is for: those of mail lists name phish and spam, all others are malware."""
    if _PHISH.search(name):
        return "Phish"
    return "Spam" if _SPAM.search(name) else "Malware"


def _answer(connection: socket.socket, deadline: Deadline) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < LONGEST_ANSWER:
        connection.settimeout(deadline.left())
        more = connection.recv(LONGEST_ANSWER)
        if not more:
            break
        said += more
    if not said:
        raise Unreachable("it hung up without an answer")
    return said.rstrip(b"\0").decode("utf-8", "replace").strip()


def _found(said: str) -> str:
    if said.endswith("FOUND"):
        name = said.removesuffix("FOUND").partition(":")[2].strip()
        return name.removesuffix(".UNOFFICIAL") or "something it does not name"
    if said.endswith("OK"):
        return ""
    if "size limit" in said:
        raise BadInput("the mail is larger than clamd's StreamMaxLength")
    raise Unreachable(f"it answers “{said[:200]}”")
