"""The deny file: a passwd-file passdb with `deny = yes`; whoever stands in it is refused, whatever the password.

https://doc.dovecot.org/2.3/configuration_manual/authentication/passdb/#deny
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from watchfloor.kernel.errors import NotConfigured

NOTICED_SECONDS = 1.1
"""Dovecot looks whether the file changed at most once a second."""


@dataclass(frozen=True, slots=True)
class DenyFile:
    """The file on this machine. Its other lines stay as they are. Raises NotConfigured when it cannot be read or written."""

    path: Path
    wait: Callable[[float], None] = time.sleep

    def holds(self, user: str) -> bool:
        return any(_user(line) == user.lower() for line in self._lines())

    def add(self, user: str) -> None:
        """Put the user in and wait until Dovecot has noticed."""
        with self._changing() as lines:
            if not any(_user(line) == user.lower() for line in lines):
                lines.append(f"{user}:\n")
        self.wait(NOTICED_SECONDS)

    def remove(self, user: str) -> None:
        """Take the user out and wait until Dovecot has noticed."""
        with self._changing() as lines:
            lines[:] = [line for line in lines if _user(line) != user.lower()]
        self.wait(NOTICED_SECONDS)

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        except (OSError, UnicodeDecodeError) as error:
            raise NotConfigured(f"the deny file cannot be read: {error}", place=str(self.path)) from None

    @contextmanager
    def _changing(self) -> Iterator[list[str]]:
        """The lines under a lock; afterwards a new file takes the old one's place whole, with its owner and mode."""
        try:
            with (self.path.parent / f".{self.path.name}.lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                lines = [line if line.endswith("\n") else f"{line}\n" for line in self._lines()]
                yield lines
                self._replace("".join(lines))
        except OSError as error:
            raise NotConfigured(f"the deny file cannot be written: {error}", place=str(self.path)) from None

    def _replace(self, text: str) -> None:
        was = self.path.stat()
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), was.st_mode)
            if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), was.st_uid, was.st_gid)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.path)


def _user(line: str) -> str:
    return "" if line.startswith("#") else line.partition(":")[0].strip().lower()
