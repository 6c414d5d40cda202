"""Cases with known answers, end to end: one Dovecot and one slapd, and what is recommended approved and carried out there."""

from typing import Any

from benchmarks.workplace import say
from watchfloor.config.slices import load
from watchfloor.investigations.tests.golden import cases
from watchfloor.investigations.tests.golden_lab import held, lab

SMALL: dict[str, Any] = {}
FULL: dict[str, Any] = {}


def measure(part: int = 0, of: int = 1) -> dict[str, Any]:
    """`golden_right` of `golden_cases`; what came out otherwise is said. Of several processes each takes its `part`."""
    load("jobs")
    found = cases()[part::of]
    right = 0
    with lab(found) as servers:
        servers.connect()
        for case in found:
            wrong = held(case, servers)
            right += not wrong
            for words in wrong:
                say(f"{case.name}: {words}")
    return {"golden_cases": len(found), "golden_right": right}
