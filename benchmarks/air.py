"""The figures of automated investigation: starts, one investigation, cases with known answers, kills, and waiting.

`make bench-air` runs small in under 50 s; `SCALE=full` investigates among a million mails and 200 investigations through a kill
every 5 s. Each part runs in a process and a home of its own; the last line is one JSON object.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from benchmarks.workplace import FULL, own_home, say  # noqa: E402

KEYS = (
    *("starts_per_s", "investigation_median_s", "golden_cases", "golden_right", "finished_after_kills"),
    *("steps_done_twice", "pending_5000_mb"),
)
ALONE = ("walking",)
"""What measures time has the machine to itself."""
OTHERS = ("golden", "killing", "waiting")
"""These say whether what comes out is right, and how much memory it takes: small they run at the same time."""


def one_part(name: str, **chosen: float) -> None:
    """Run a part in this process, over an empty home, and print its figures; `chosen` replaces its numbers."""
    own_home()
    import django

    django.setup()
    from watchfloor.config.preparing import prepare

    prepare()
    part = importlib.import_module(f"benchmarks.air_parts.{name}")
    print(json.dumps(part.measure(**(chosen or (part.FULL if FULL else part.SMALL)))))


def figures() -> dict[str, Any]:
    """Every part; one that fails fails the whole."""
    found: dict[str, Any] = {}
    for names in [(name,) for name in (*ALONE, *OTHERS)] if FULL else [ALONE, OTHERS]:
        began = time.monotonic()
        running = {name: Popen([sys.executable, __file__, name], stdout=PIPE) for name in names}
        said = {name: one.communicate()[0].decode().strip().splitlines() for name, one in running.items()}
        if failed := [name for name, one in running.items() if one.returncode]:
            raise SystemExit(f"failed: {', '.join(failed)}")
        for lines in said.values():
            found |= json.loads(lines[-1])
        say(f"{' and '.join(names)} took {time.monotonic() - began:.1f} s")
    return found


def main() -> None:
    if len(sys.argv) > 1:
        chosen = (one.split("=", 1) for one in sys.argv[2:])
        one_part(sys.argv[1], **{name: json.loads(value) for name, value in chosen})
        return
    found = figures()
    more = {name: value for name, value in found.items() if name not in KEYS}
    print(json.dumps({name: found.get(name) for name in KEYS} | more))


if __name__ == "__main__":
    main()
