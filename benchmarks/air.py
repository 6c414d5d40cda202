"""The figures of automated investigation: starts, one investigation, cases with known answers, kills, and waiting.

`make bench-air` runs small in under 50 s; `SCALE=full` investigates among a million mails and 200 investigations through a kill
every 5 s. Each part runs in a process and a home of its own; the last line is one JSON object.
"""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from benchmarks.workplace import FULL, own_home, say  # noqa: E402

KEYS = (
    *("starts_per_s", "investigation_median_s", "golden_cases", "golden_right", "finished_after_kills"),
    *("steps_done_twice", "pending_5000_mb"),
)
PARTS = ("walking", "killing", "waiting")


def one_part(name: str) -> None:
    """Run a part in this process, over an empty home, and print its figures."""
    own_home()
    import django

    django.setup()
    from watchfloor.config.preparing import prepare

    prepare()
    part = importlib.import_module(f"benchmarks.air_parts.{name}")
    print(json.dumps(part.measure(**(part.FULL if FULL else part.SMALL))))


def figures() -> dict[str, Any]:
    """Every part in turn; one that fails fails the whole."""
    found: dict[str, Any] = {}
    for name in PARTS:
        began = time.monotonic()
        done = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise SystemExit(f"the part {name} failed")
        found |= json.loads(done.stdout.decode().strip().splitlines()[-1])
        say(f"{name} took {time.monotonic() - began:.1f} s")
    return found


def main() -> None:
    if len(sys.argv) > 1:
        one_part(sys.argv[1])
        return
    found = figures()
    more = {name: value for name, value in found.items() if name not in KEYS}
    print(json.dumps({name: found.get(name) for name in KEYS} | more))


if __name__ == "__main__":
    main()
