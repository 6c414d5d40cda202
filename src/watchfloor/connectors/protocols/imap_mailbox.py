"""One mailbox, opened for the length of one errand: find copies, look at them, move or expunge them, look again."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from watchfloor.connectors.contracts import Folder, Located
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols.imap_wire import Answer, Refused, Session, folder_name, quoted, uid_set, uids_of

LOOK = b"(UID FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
_HEADER = b"BODY[HEADER.FIELDS (MESSAGE-ID)]"
_ID = re.compile(r"^message-id:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_BREAKS = re.compile(r"[\r\n\0]")
_FOLD = re.compile(r"\r?\n[ \t]+")
_MISSING_FOLDER = {"TRYCREATE", "NONEXISTENT"}
NOT_A_PLACE = frozenset({b"\\noselect", b"\\nonexistent", b"\\all", b"\\flagged"})
IDS_PER_SEARCH = 25
LONGEST_KNOWN = 500
"""Bytes of a header or of flags that are remembered; what a hostile server makes longer is read anew each time."""


def searchable(message_id: str) -> bool:
    """Whether a Message-ID can be searched for; an empty one would match every mail, so it never is."""
    bare = message_id.strip().strip("<>").strip()
    return bool(bare) and not _BREAKS.search(message_id)


def same_id(header_value: str, message_id: str) -> bool:
    """Whether a Message-ID header's value is that id; servers search for substrings, so each hit is held against this."""
    wanted = message_id.strip()
    return header_value == wanted or (wanted in header_value and wanted[:1] == "<" and wanted[-1:] == ">")


def own_id(data: dict[bytes, Any] | None) -> str:
    """The Message-ID header's value from what LOOK fetched, unfolded; empty when there is none."""
    header = (data or {}).get(_HEADER) or b""
    return _id_in(header) if len(header) < LONGEST_KNOWN else _id_in.__wrapped__(header)


@lru_cache(4096)
def _id_in(header: bytes) -> str:
    """A campaign's few headers are read in a thousand mailboxes."""
    match = _ID.search(_FOLD.sub(" ", header.decode("utf-8", "replace")))
    return match[1].strip() if match else ""


@dataclass(frozen=True, slots=True)
class Moved:
    """Both ends after a move: UIDs `left` behind, and under `uidvalidity` what was `seen` to have arrived, by UID."""

    left: set[int]
    uidvalidity: int
    seen: dict[int, dict[bytes, Any]]


class Mailbox:
    """A signed-in session in `name`'s mailbox. Commands raise Refused with the server's words, or Unreachable."""

    def __init__(self, session: Session, name: str, sign_in: bytes, names: FolderNames) -> None:
        self.session, self.name, self.names = session, name, names
        self._sign_in = sign_in
        self._capabilities: frozenset[str] = frozenset()

    def run(self, *commands: bytes) -> list[Answer]:
        """Like Session.run; the first call also signs in: LOGIN in the same write, a SASL exchange before it."""
        if not self._sign_in:
            return self.session.run(*commands)
        opening, self._sign_in = self._sign_in, b""
        together = commands if opening.startswith(b"LOGIN") else ()
        signed_in, *answers = self.session.run(opening, *together, stop_if_first_fails=True)
        self._capabilities = frozenset(signed_in.codes.get("CAPABILITY", "").upper().split())
        return answers if together else self.session.run(*commands)

    def can(self, capability: str) -> bool:
        if not self._capabilities:
            (answer,) = self.run(b"CAPABILITY")
            words = [
                part for parts in answer.require().lines(b"CAPABILITY") for part in parts if isinstance(part, bytes)
            ]
            self._capabilities = frozenset(b" ".join(words).decode("ascii", "replace").upper().split())
        return capability in self._capabilities

    def folders(self) -> list[tuple[str, Folder]]:
        """The mailbox's own folders that can be opened, each with what it is; views of all mail are left out."""
        spaces, listing = self.run(b"NAMESPACE", b'LIST "" "*" RETURN (SPECIAL-USE)')
        if not listing.ok:
            (listing,) = self.run(b'LIST "" "*"')
        foreign = _foreign_prefixes(spaces)
        return [
            (path, self.names.location_of(path, attributes))
            for attributes, path in listing.require().listed()
            if not attributes & NOT_A_PLACE and not path.startswith(foreign)
        ]

    def find(self, message_ids: Sequence[str]) -> dict[str, list[Located]]:
        """Every copy of each Message-ID, in every folder."""
        found: dict[str, list[Located]] = {}
        folders = self.folders()
        for start in range(0, len(message_ids), IDS_PER_SEARCH):
            some = message_ids[start : start + IDS_PER_SEARCH]
            for path, folder in folders:
                for copy in self._find_in(path, folder, some):
                    found.setdefault(copy.message_id, []).append(copy)
        return found

    def _find_in(self, path: str, folder: Folder, message_ids: Sequence[str]) -> Iterator[Located]:
        opened, search = self.run(b"EXAMINE " + folder_name(path), search_command(message_ids))
        if not opened.ok:  # a folder we may not open holds nothing we could act on
            return
        uids = search.require().found()
        if not uids:
            return
        (answer,) = self.run(b"UID FETCH " + uid_set(uids) + b" " + LOOK)
        for uid, data in answer.require().fetched().items():
            for message_id in message_ids:
                if is_me(data, message_id):
                    yield located(self.name, path, uid, validity(opened), message_id, data, folder)

    def look(self, path: str, uids: Iterable[int], *, change: bool) -> tuple[int, dict[int, dict[bytes, Any]]]:
        """Open a folder (to change it, or only to read) and fetch what those UIDs are: (UIDVALIDITY, data by UID)."""
        verb = b"SELECT " if change else b"EXAMINE "
        opened, looked = self.run(verb + folder_name(path), b"UID FETCH " + uid_set(list(uids)) + b" " + LOOK)
        if not opened.ok and _MISSING_FOLDER & opened.codes.keys():
            return 0, {}
        return validity(opened.require()), looked.require().fetched()

    def special(self, folder: Folder) -> str:
        """The path of a destination: as configured, else by special use, else its usual name."""
        configured = self.names.usual(folder)
        if configured:
            return configured
        fallback = "Junk" if folder is Folder.JUNK else "Trash"
        return next((path for path, use in self.folders() if use is folder), fallback)

    def move(self, uids: Sequence[int], to: str) -> dict[int, int]:
        """Move from the open folder, creating `to` when missing; returns source UID -> UID in `to`, as the server told."""
        which = uid_set(uids)
        verb = b"UID MOVE " if self.can("MOVE") else b"UID COPY "
        if verb == b"UID COPY " and not self.can("UIDPLUS"):
            raise Refused(
                "the server offers neither MOVE nor UIDPLUS, so one mail cannot be moved without touching others"
            )
        command = verb + which + b" " + folder_name(to)
        (moved,) = self.run(command)
        if not moved.ok and _MISSING_FOLDER & moved.codes.keys():
            self.run(b"CREATE " + folder_name(to))[0].require()
            (moved,) = self.run(command)
        pairs = copied(moved.require())
        if verb == b"UID COPY ":
            self.expunge(uids)
        return pairs

    def expunge(self, uids: Sequence[int]) -> None:
        """Remove those UIDs, and only those, from the open folder."""
        if not self.can("UIDPLUS"):
            raise Refused("the server does not offer UIDPLUS, so one mail cannot be expunged without touching others")
        which = uid_set(uids)
        self.run(b"UID STORE " + which + b" +FLAGS.SILENT (\\Deleted)")[0].require()
        self.run(b"UID EXPUNGE " + which)[0].require()

    def left(self, uids: Sequence[int]) -> set[int]:
        """Which of those UIDs are still in the open folder."""
        return set(self.run(b"UID SEARCH UID " + uid_set(uids))[0].require().found())

    def check_move(self, uids: Sequence[int], to: str, new: Iterable[int], *, change: bool = False) -> Moved:
        """After a move, in one write: what is left in the open folder, and what now lies in `to`, which is open afterwards."""
        new = list(new)
        verb = b"SELECT " if change else b"EXAMINE "
        reads = [b"UID SEARCH UID " + uid_set(uids), verb + folder_name(to)]
        if new:
            reads.append(b"UID FETCH " + uid_set(new) + b" " + LOOK)
        searched, opened, *looked = self.run(*reads)
        seen = looked[0].require().fetched() if looked else {}
        return Moved(set(searched.require().found()), validity(opened.require()), seen)

    def set_flags(self, uid: int, flags: Sequence[str]) -> None:
        """Make the flags of one mail in the open folder exactly these."""
        listed = " ".join(flag for flag in flags if _is_flag(flag)).encode()
        self.run(b"UID STORE %d FLAGS.SILENT (" % uid + listed + b")")[0].require()

    def read(self, path: str, uid: int) -> bytes:
        """The bytes of one mail in `path`, which stays unread; b"" when it is not there."""
        opened, fetched = self.run(b"EXAMINE " + folder_name(path), b"UID FETCH %d (UID BODY.PEEK[])" % uid)
        if not opened.ok and _MISSING_FOLDER & opened.codes.keys():
            return b""
        opened.require()
        return bytes(fetched.require().fetched().get(uid, {}).get(b"BODY[]") or b"")

    def append(self, path: str, raw: bytes, *, flags: Sequence[str], at: datetime | None) -> tuple[int, int]:
        """Store a mail in `path`, made when missing; returns (UIDVALIDITY, UID) as the server told, zeros when it does not."""
        listed = b" (" + " ".join(flag for flag in flags if _is_flag(flag)).encode() + b")"
        date = b' "' + _date(at) + b'"' if at else b""
        command = b"APPEND " + folder_name(path) + listed + date
        self.can("IMAP4REV1")  # signs in: an answer to that must not stand between a command and its literal
        answer = self.session.run_with_literal(command, raw)
        if not answer.ok and _MISSING_FOLDER & answer.codes.keys():
            self.run(b"CREATE " + folder_name(path))[0].require()
            answer = self.session.run_with_literal(command, raw)
        words = answer.require().codes.get("APPENDUID", "").split()
        if len(words) == 2 and all(word.isdecimal() and len(word) < 12 for word in words):
            return int(words[0]), int(words[1])
        return 0, 0


def search_command(message_ids: Sequence[str]) -> bytes:
    """UID SEARCH for mails with one of the Message-IDs."""
    keys = [b"HEADER Message-ID " + quoted(message_id) for message_id in message_ids]
    charset = b"" if all(message_id.isascii() for message_id in message_ids) else b"CHARSET UTF-8 "
    return b"UID SEARCH " + charset + b"OR " * (len(keys) - 1) + b" ".join(keys)


def flags_of(data: dict[bytes, Any]) -> tuple[str, ...]:
    """Flags from what LOOK fetched, sorted, without the session's \\Recent."""
    given = tuple(data.get(b"FLAGS", ()))
    return _told_flags(given) if sum(map(len, given)) < LONGEST_KNOWN else _told_flags.__wrapped__(given)


@lru_cache(1024)
def _told_flags(given: tuple[bytes, ...]) -> tuple[str, ...]:
    flags = (flag.decode("utf-8", "replace") for flag in given)
    return tuple(sorted(flag for flag in flags if flag.lower() != "\\recent"))


def located(
    mailbox: str, path: str, uid: int, uidvalidity: int, message_id: str, data: dict[bytes, Any], folder: Folder
) -> Located:
    """One copy from what LOOK fetched."""
    date: datetime | None = data.get(b"INTERNALDATE")
    received = date.astimezone(UTC) if date else None
    return Located(mailbox, path, uid, uidvalidity, message_id, flags_of(data), received, folder)


def validity(opened: Answer) -> int:
    return int(opened.codes.get("UIDVALIDITY", "0") or 0)


def copied(answer: Answer) -> dict[int, int]:
    """Source UID -> new UID from a COPYUID response code (RFC 4315)."""
    code = answer.codes.get("COPYUID", "").split()
    if len(code) != 3:
        return {}
    return dict(zip(uids_of(code[1]), uids_of(code[2]), strict=False))


def is_me(data: dict[bytes, Any] | None, message_id: str) -> bool:
    """Whether what LOOK fetched for a UID is that message."""
    return data is not None and same_id(own_id(data), message_id)


def _date(at: datetime) -> bytes:
    """A moment as APPEND wants it, in UTC; month names whatever the locale."""
    moment = at.astimezone(UTC)
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[moment.month - 1]
    return f"{moment.day:2d}-{month}-{moment:%Y %H:%M:%S} +0000".encode()


def _is_flag(flag: str) -> bool:
    return bool(re.fullmatch(r"\\?[A-Za-z0-9$_.:+&'!|#-]+", flag)) and flag.lower() != "\\recent"


def _foreign_prefixes(answer: Answer) -> tuple[str, ...]:
    """Prefixes of other people's and shared folders: what lies there is not this mailbox's."""
    if not answer.ok:
        return ()
    for _, *others in answer.parsed(b"NAMESPACE"):
        return tuple(prefix.decode() for space in others for prefix, *_ in space or () if prefix)
    return ()
