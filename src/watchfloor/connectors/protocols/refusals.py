"""Records of a log that could not be read: told once for each place in the record, however many there are."""

import logging
from collections import Counter

from watchfloor.connectors.burying import bury_unread
from watchfloor.kernel.errors import BadInput

log = logging.getLogger(__name__)


class Refusals:
    """Those of one look at the log `part` of the connection `source`."""

    def __init__(self, source: str, part: str) -> None:
        self._source, self._part = source, part
        self._found: Counter[str] = Counter()
        self._why: dict[str, str] = {}
        self._told = 0

    def add(self, error: BadInput) -> None:
        place = error.place[:100] or "record"
        self._found[place] += 1
        self._why[place] = error.message[:300]

    def bury(self) -> None:
        """Onto the dead-letter page, in the caller's transaction: one letter for each place."""
        for place, count in self._found.items():
            why = f"{count} {'record' if count == 1 else 'records'} could not be read: {self._why[place]}"
            bury_unread(source=self._source, place=f"{self._part}: {place}", reason=why)
        self._told += self._found.total()
        self._found.clear()

    def words(self) -> str:
        """For the health page; empty when every record could be read."""
        count = self._told + self._found.total()
        return (
            f"{count} {'record' if count == 1 else 'records'} could not be read; see the dead letters" if count else ""
        )
