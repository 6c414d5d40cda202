"""Filing letters into Maildirs as a mail server would: one folder per person, Junk beside the inbox, received time on the file."""

import os
from pathlib import Path

from watchfloor.demo.traffic import Delivery

FOLDERS = {"INBOX": "", "Junk": ".Junk"}


def make_mailbox(root: Path, address: str) -> None:
    """The empty folders of one person's Maildir."""
    for folder in FOLDERS.values():
        for part in ("cur", "new", "tmp"):
            (root / address / "Maildir" / folder / part).mkdir(parents=True, exist_ok=True)


def file_letter(root: Path, delivery: Delivery, raw: bytes, *, number: int) -> None:
    """One file per recipient; nothing for mail that left the organisation. Older mail counts as read."""
    if not delivery.folder:
        return
    stamp = int(delivery.letter.at.timestamp())
    for place, address in enumerate(delivery.recipients):
        folder = root / address / "Maildir" / FOLDERS[delivery.folder] / "cur"
        path = folder / f"{stamp}.M{number}P{place}.demo,S={len(raw)}:2,S"
        path.write_bytes(raw)
        os.utime(path, (stamp, stamp))
