"""The connection's settings, and what its test looks at."""

import os
from collections.abc import Callable
from pathlib import Path

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.imap_settings import FOLDERS, names_of
from watchfloor.connectors.systems.maildir_store.actions import MaildirActions


class MaildirStoreSystem:
    kind = "maildir_store"
    label = "Maildirs on this machine (act on mail)"
    description = (
        "Moves, deletes and restores mail in Maildirs at ROOT/ADDRESS/Maildir on this machine, without a mail server. "
        "A Maildir cannot hide a folder: people can see what was softly deleted."
    )
    settings = (
        Setting("root", "Folder of mailboxes", help="Holds one folder per address, each with a Maildir"),
        *FOLDERS,
    )
    capabilities = frozenset({Capability.ACT_ON_MAIL})

    def test(self, settings: dict[str, str]) -> TestReport:
        root = Path(settings["root"])
        if not root.is_dir():
            return TestReport(ok=False, lines=((False, f"{root} is not a folder this process can see"),))
        boxes = sorted(path for path in root.iterdir() if (path / "Maildir" / "cur").is_dir())
        writable = [path for path in boxes if os.access(path / "Maildir" / "cur", os.W_OK)]
        lines = [
            (bool(boxes), f"can see {len(boxes)} mailboxes below {root}"),
            (len(writable) == len(boxes), f"may change {len(writable)} of them"),
            (True, "softly deleted mail stays visible to its owner: a Maildir cannot hide a folder"),
        ]
        return TestReport(ok=all(ok for ok, _ in lines), lines=tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing listens here: the response slice acts through `actions`."""

    def actions(self, settings: dict[str, str]) -> MailboxActions:
        return MaildirActions(Path(settings["root"]), names_of(settings))
