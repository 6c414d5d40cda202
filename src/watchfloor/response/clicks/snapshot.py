"""What clicks are judged by, kept in memory and read anew by a thread, so that no click waits for a database."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.intelligence.selectors import tenant_facts
from watchfloor.response.clicks import policy
from watchfloor.response.clicks.models import KnownBad
from watchfloor.response.clicks.policy import Policy

log = logging.getLogger(__name__)

EVERY_S = 0.5
WHOLE_S = 60.0
"""So often all that is known bad is read again; in between only what is new."""
MOST_KNOWN = 500_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`bad` maps a KnownBad key to its threat; `newest` is the last row read, `whole_at` when all were (monotonic seconds)."""

    policy: Policy
    facts: TenantFacts
    bad: Mapping[str, str]
    newest: int = 0
    whole_at: float = 0.0


class Watch:
    """The newest snapshot. The first click makes it, and a thread keeps it new from then on."""

    def __init__(self) -> None:
        self._now: Snapshot | None = None
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def snapshot(self) -> Snapshot:
        """Raises what reading raises when there is none yet."""
        if self._now is None:
            with self._guard:
                if self._now is None:
                    self._now = read(None)
                    self._thread = threading.Thread(target=self._keep_new, name="clicks", daemon=True)
                    self._thread.start()
        return self._now

    def forget(self) -> None:
        """Read anew with the next click."""
        self._now = None

    def _keep_new(self) -> None:
        while True:
            time.sleep(EVERY_S)
            before = self._now
            if before is None:
                connection.close()
                return
            try:
                after = read(before)
            except Exception:  # the database rests; what was known still holds
                log.exception("what clicks are judged by could not be read; the last state stays")
                connection.close()
                continue
            with self._guard:
                if self._now is before:
                    self._now = after


def read(before: Snapshot | None) -> Snapshot:
    """What is known now; `before` spares reading again what has not changed."""
    newest = KnownBad.objects.aggregate(newest=Max("id"))["newest"] or 0
    stale = before is None or time.monotonic() - before.whole_at > WHOLE_S
    if stale or before is None:
        return Snapshot(policy.current(), tenant_facts(), _bad(0), newest, time.monotonic())
    bad = before.bad if newest == before.newest else {**before.bad, **_bad(before.newest)}
    return Snapshot(policy.current(), tenant_facts(), bad, newest, before.whole_at)


def _bad(after: int) -> dict[str, str]:
    rows = KnownBad.objects.filter(id__gt=after).order_by("-id").values_list("key", "threat")[:MOST_KNOWN]
    return dict(rows.iterator(chunk_size=5000))


WATCH = Watch()
