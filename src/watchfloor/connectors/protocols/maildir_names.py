"""What a Maildir file name says: when it was delivered, and its flags (https://cr.yp.to/proto/maildir.html)."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

FLAGS = {"P": "$Forwarded", "R": "\\Answered", "S": "\\Seen", "T": "\\Deleted", "D": "\\Draft", "F": "\\Flagged"}
_LETTERS = {flag: letter for letter, flag in FLAGS.items()}
_TIME = re.compile(r"(\d{9,11})\.")


def is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir()


def folders_of(root: Path) -> dict[str, Path]:
    """Folder names (INBOX, Junk, Archive.2024) and where they lie, of one Maildir++ tree."""
    below = sorted(child for child in root.iterdir() if child.is_dir() and is_maildir(child))
    return {"INBOX": root, **{child.name.lstrip("."): child for child in below}}


def base_of(name: str) -> str:
    """The unique part of a file name, without its flags."""
    return name.partition(":2,")[0]


def flags_of(name: str) -> tuple[str, ...]:
    """IMAP flags of a file name, sorted."""
    letters = name.partition(":2,")[2]
    return tuple(sorted(FLAGS[letter] for letter in letters if letter in FLAGS))


def named(name: str, flags: Iterable[str]) -> str:
    """The file name with those flags; letters of other meaning (a server's keywords) stay."""
    base, _, letters = name.partition(":2,")
    kept = [letter for letter in letters if letter not in FLAGS]
    wanted = [_LETTERS[flag] for flag in flags if flag in _LETTERS]
    return f"{base}:2,{''.join(sorted({*kept, *wanted}))}"


def delivered_at(file: Path) -> datetime:
    """From the name, else the file's time."""
    match = _TIME.match(file.name)
    return datetime.fromtimestamp(int(match[1]) if match else file.stat().st_mtime, UTC)
