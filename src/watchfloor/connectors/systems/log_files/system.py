"""The connection's settings: which files, and how their records are read."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.event_intake import SHAPE_SETTINGS, reading_line, reading_of, report
from watchfloor.connectors.systems.log_files.following import Follower, files_of, held
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import some

LOOK_EVERY = 1.0


class LogFilesSystem:
    kind = "log_files"
    label = "Log files"
    description = (
        "Follows log files of this machine or a mounted share: JSON, CSV, syslog lines, Windows event XML. Rotated files are read "
        "to their end. One file can be named, a folder, or a pattern such as /var/log/audit/audit.log*."
    )
    settings = (
        Setting("path", "File, folder or pattern", help="With marks as * and ? in its last part only"),
        Setting(
            "begin",
            "Begin with",
            kind="choice",
            default="all",
            choices=("all", "new"),
            labels=("All that is there", "What comes from now on"),
        ),
        *SHAPE_SETTINGS,
    )
    capabilities = frozenset({Capability.READ_SIGN_INS, Capability.READ_DEVICES})

    def test(self, settings: dict[str, str]) -> TestReport:
        try:
            files, leading_out = files_of(settings["path"])
        except (BadInput, OSError) as error:
            return report((False, str(error)))
        closed = [path for path in files if not os.access(path, os.R_OK)]
        found = f"finds {some(len(files), 'file')}" if files else "finds no file yet"
        return report(
            (True, f"{found}{_examples(files)}"),
            (not closed, f"may not read {closed[0]}" if closed else "may read all of them"),
            *_left_out(leading_out),
            reading_line(settings),
        )

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Look until stopped, every second where nothing is new."""
        reading = reading_of(settings, held(name))
        from_start = (settings.get("begin") or "all") == "all"
        follower = Follower(name=name, pattern=settings["path"], reading=reading, from_start=from_start)
        while not stop():
            if not follower.look(now=utc_now()):
                _pause(stop)

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None


def _pause(stop: Callable[[], bool]) -> None:
    end = time.monotonic() + LOOK_EVERY
    while not stop() and time.monotonic() < end:
        time.sleep(0.1)


def _left_out(links: list[Path]) -> list[tuple[bool, str]]:
    if not links:
        return []
    many = f"{len(links)} links that lead" if len(links) > 1 else "a link that leads"
    return [(True, f"leaves out {many} out of the folder, as {links[0].name}; name its file itself to follow it")]


def _examples(files: list[Path]) -> str:
    return f", the newest {files[-1].name}" if files else ""
