"""Reading the parts of a cloud service in turn, each at its own pace; one part's trouble does not keep the others waiting."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import close_old_connections

from watchfloor.kernel.errors import Unreachable, WatchfloorError
from watchfloor.runtime.services import report_health

log = logging.getLogger(__name__)

STEP_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Part:
    """`label` for the health page, as "sign-ins"; `read` returns a warning in words, "" when all is well."""

    key: str
    label: str
    seconds: float
    read: Callable[[], str]


def patiently(stop: Callable[[], bool]) -> Callable[[float], None]:
    """A pause that ends with Unreachable when the connection is to stop."""

    def pause(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if stop():
                raise Unreachable("the connection is being stopped")
            time.sleep(min(STEP_SECONDS, max(0.0, end - time.monotonic())))

    return pause


class Rounds:
    """Runs the parts of the connection `name` until `stop()`."""

    def __init__(self, name: str, parts: Sequence[Part], stop: Callable[[], bool]) -> None:
        self._name, self._parts, self._stop = name, parts, stop
        self._due = dict.fromkeys((part.key for part in parts), float("-inf"))
        self._trouble: dict[str, tuple[bool, str]] = {}
        self._said = ""

    def run(self) -> None:
        while not self._stop():
            self.once()
            close_old_connections()
            time.sleep(STEP_SECONDS)

    def once(self) -> None:
        """Read what is due."""
        for part in self._parts:
            if self._stop():
                return
            if time.monotonic() >= self._due[part.key]:
                self._read(part)
                self._due[part.key] = time.monotonic() + part.seconds
        self._report()

    def _read(self, part: Part) -> None:
        try:
            warning = part.read()
            self._trouble.pop(part.key, None)
            if warning:
                self._trouble[part.key] = (False, f"{part.label}: {warning}")
        except Exception as error:
            if self._stop():
                return
            log.warning(
                "%s: reading %s failed", self._name, part.label, exc_info=not isinstance(error, WatchfloorError)
            )
            words = str(error) if isinstance(error, WatchfloorError) else f"{type(error).__name__}: {error}"
            self._trouble[part.key] = (True, f"{part.label} cannot be read: {words}")

    def _report(self) -> None:
        """Only when it changed, so that the page's “since” tells something."""
        failed = [words for fails, words in self._trouble.values() if fails]
        words = "; ".join(words for _, words in self._trouble.values())
        state = "ok" if not words else "failing" if len(failed) == len(self._parts) else "warning"
        sentence = words or f"{', '.join(part.label for part in self._parts)}: all read"
        if sentence != self._said:
            self._said = sentence
            report_health(f"connection {self._name}", state=state, sentence=sentence[:1000])
