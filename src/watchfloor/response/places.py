"""Copies in mailboxes as the JSON that ledger lines keep."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from watchfloor.connectors.contracts import Folder, Located

SEEN = "\\seen"


def as_json(copies: Iterable[Located]) -> list[dict[str, Any]]:
    """Copies as a ledger line keeps them."""
    return [
        {
            "mailbox": copy.mailbox,
            "path": copy.path,
            "uid": copy.uid,
            "uidvalidity": copy.uidvalidity,
            "message_id": copy.message_id,
            "flags": list(copy.flags),
            "internal_date": copy.internal_date.isoformat() if copy.internal_date else None,
            "folder": copy.folder.value,
            **({"kept": copy.kept} if copy.kept else {}),
        }
        for copy in copies
    ]


def from_json(kept: Iterable[dict[str, Any]]) -> tuple[Located, ...]:
    """The copies a ledger line kept."""
    return tuple(
        Located(
            mailbox=copy["mailbox"],
            path=copy["path"],
            uid=copy["uid"],
            uidvalidity=copy["uidvalidity"],
            message_id=copy["message_id"],
            flags=tuple(copy["flags"]),
            internal_date=datetime.fromisoformat(copy["internal_date"]) if copy["internal_date"] else None,
            folder=Folder(copy["folder"]),
            kept=copy.get("kept", ""),
        )
        for copy in kept
    )


def joined(noted: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was noted, and those found whose bytes were not kept yet: a copy that was moved since is no further one."""
    known = {copy.get("kept") for copy in noted}
    return [*noted, *(copy for copy in found if copy.get("kept") not in known)]


def paths_of(kept: Iterable[dict[str, Any]]) -> str:
    """The folders of kept copies in one string: "INBOX, Archive/2026"."""
    return ", ".join(dict.fromkeys(copy["path"] for copy in kept))


def paths_in(copies: Iterable[Located]) -> str:
    """The same of copies as the mail system tells them."""
    return ", ".join(dict.fromkeys(copy.path for copy in copies))


def was_opened(kept: Sequence[dict[str, Any]]) -> bool | None:
    """Whether a copy bore \\Seen when it was looked at; None when no copy is known."""
    if not kept:
        return None
    return any(flag.lower() == SEEN for copy in kept for flag in copy["flags"])
