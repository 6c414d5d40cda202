"""Secrets at rest: Fernet with a key file that only its owner may read, and log lines that never carry a secret.

`$WATCHFLOOR_HOME/secrets.key` holds one Fernet key a line. The first seals; all of them open, so that a new key can be put
in front (`rotate_key`) and old tokens be sealed anew (`reseal`) at leisure before the old line is dropped.
"""

import logging
import os
import re
import stat
import tempfile
import threading
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from watchfloor.kernel.errors import NotConfigured

SHORTEST_REDACTED = 4
"""Shorter secrets are not searched for in log lines: they would blank out ordinary words."""

_PATTERNS = (
    (re.compile(r"gAAAAA[\w-]{60,}={0,2}"), "[sealed]"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), r"\1[redacted]@"),
    (
        re.compile(r"(?i)(\b(?:password|passwd|secret|token|authorization)\b[\"']?\s*[=:]\s*)(?!\[)[^\s,;}\)]+"),
        r"\1[redacted]",
    ),
)
_known: set[str] = set()
_lock = threading.Lock()


def key_path() -> Path:
    """Where the keys of this installation lie."""
    return Path(settings.HOME) / "secrets.key"


def seal(text: str) -> str:
    """A token that only this installation can open; safe to store and to back up without the key file."""
    remember(text)
    return _box().encrypt(text.encode()).decode()


def unseal(token: str) -> str:
    """The text that `seal` was given. Raises NotConfigured when no key of the key file opens the token."""
    try:
        text = _box().decrypt(token.encode()).decode()
    except InvalidToken:
        raise NotConfigured(
            "a stored secret cannot be opened: the key it was sealed with is not in the key file; "
            "put the old key back as a further line, or enter the secret again",
            place=str(key_path()),
        ) from None
    remember(text)
    return text


def reseal(token: str) -> str:
    """The same secret sealed with the newest key. Raises NotConfigured like `unseal`."""
    return seal(unseal(token))


def rotate_key() -> None:
    """Put a new key in front of the key file; what was sealed before still opens."""
    with _lock:
        _write(key_path(), Fernet.generate_key().decode() + "\n" + "\n".join(_keys()) + "\n", replace=True)


def remember(text: str) -> None:
    """Blank `text` out of every log line of this process from now on."""
    if len(text) >= SHORTEST_REDACTED:
        _known.add(text)


def redact(line: str) -> str:
    """`line` without the secrets this process has sealed, opened or been told of, and without what looks like one."""
    for text in sorted(_known, key=len, reverse=True):
        line = line.replace(text, "[redacted]")
    for pattern, replacement in _PATTERNS:
        line = pattern.sub(replacement, line)
    return line


class RedactedFormatter(logging.Formatter):
    """A formatter rather than a filter, because a traceback is only text once it is formatted."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def check_key() -> None:
    """Raise NotConfigured when the key file is open to others or holds no valid key; make it when there is none."""
    _box()


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _keys()])


def _keys() -> list[str]:
    path = key_path()
    if not path.exists():
        _write(path, Fernet.generate_key().decode() + "\n", replace=False)
    _refuse_open_file(path)
    keys = path.read_text().split()
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            raise NotConfigured(
                f"line {number} is not a Fernet key; restore the file from its backup", place=str(path)
            ) from None
    if not keys:
        raise NotConfigured("the key file is empty; restore it from its backup", place=str(path))
    return keys


def _refuse_open_file(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise NotConfigured(f"others may read the key file (mode {mode:04o}); run: chmod 600 {path}", place=str(path))


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Whole or not at all, also when two processes start together: a finished file is linked or renamed into place."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")  # mkstemp makes 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(name, path)
            return
        try:
            os.link(name, path)
        except FileExistsError:
            return  # another process was first: its key counts
    finally:
        Path(name).unlink(missing_ok=True)
