"""The figures of automated investigation: starts, one investigation, cases with known answers, kills, and waiting.

`make bench-air` runs small in under 50 s; `SCALE=full` investigates among a million mails and 200 investigations through a kill
every 5 s. Each part runs in a process and a home of its own; the last line is one JSON object.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from benchmarks.workplace import FULL, own_home, say  # noqa: E402

KEYS = (
    *("starts_per_s", "investigation_median_s", "golden_cases", "golden_right", "finished_after_kills"),
    *("steps_done_twice", "pending_5000_mb"),
)
ALONE = (("walking",),)
"""What measures time has the machine to itself."""
OTHERS = (("golden", "part=0", "of=2"), ("golden", "part=1", "of=2"), ("killing",), ("waiting",))
"""These say whether what comes out is right, and how much memory it takes: small they run at the same time."""
ONE_BY_ONE = tuple((one,) for one in (("walking",), ("golden",), ("killing",), ("waiting",)))
TEMPLATE = "WATCHFLOOR_BENCH_TEMPLATE"
"""A home whose database is made already: each part begins with a copy of it."""


def one_part(name: str, **chosen: float) -> None:
    """Run a part in this process, over an empty home, and print its figures; `chosen` replaces its numbers."""
    home = own_home()
    if template := os.environ.get(TEMPLATE):
        shutil.copytree(template, home, dirs_exist_ok=True)
    import django

    django.setup()
    from watchfloor.config.preparing import prepare

    prepare()
    part = importlib.import_module(f"benchmarks.air_parts.{name}")
    print(json.dumps(part.measure(**(chosen or (part.FULL if FULL else part.SMALL)))))


def figures() -> dict[str, Any]:
    """Every part; one that fails fails the whole."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="wfbench") as template:
        environ = {**os.environ, "WATCHFLOOR_HOME": template, "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
        making = "from watchfloor.config.preparing import prepare; prepare()"
        subprocess.run([sys.executable, "-c", making], env=environ, check=True)
        for parts in ONE_BY_ONE if FULL else (ALONE, OTHERS):
            for name, value in _together(parts, template):
                found[name] = found[name] + value if name in found else value
    return found


def _together(parts: Sequence[Sequence[str]], template: str) -> Iterator[tuple[str, Any]]:
    """The figures of parts that run at the same time, each in a process and a home of its own."""
    began = time.monotonic()
    environ = {**os.environ, TEMPLATE: template}
    running = {
        one: subprocess.Popen([sys.executable, __file__, *one], stdout=subprocess.PIPE, env=environ) for one in parts
    }
    said = {one: process.communicate()[0].decode().strip().splitlines() for one, process in running.items()}
    if failed := [" ".join(one) for one, process in running.items() if process.returncode]:
        raise SystemExit(f"failed: {', '.join(failed)}")
    say(f"{' and '.join(' '.join(one) for one in parts)} took {time.monotonic() - began:.1f} s")
    for lines in said.values():
        yield from json.loads(lines[-1]).items()


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
