"""Two writers, a flusher, a compactor, a vacuum and three readers as processes for so many seconds; then everything is counted."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = Path(__file__).with_name("churn.py")
TALLY = Path(__file__).resolve().parents[2] / "src/watchfloor/lake/tests/crash.py"
WORDS = (
    ("write", "a"),
    ("write", "b"),
    ("flush",),
    ("compact",),
    ("vacuum",),
    ("read", "1"),
    ("read", "2"),
    ("read", "3"),
)


def churn(home: Path, *, seconds: float) -> dict[str, object]:
    """Figures of each process, and how many batches are there in the end against those told and torn ones."""
    environ = {**os.environ, "WATCHFLOOR_HOME": str(home), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environ, check=True)
    running = {}
    for words in WORDS:
        name = "-".join(words)
        with (home / f"{name}.txt").open("wb") as out, (home / f"{name}.err").open("wb") as err:
            running[name] = subprocess.Popen([sys.executable, str(SCRIPT), *words], env=environ, stdout=out, stderr=err)
    try:
        until = time.monotonic() + 400
        while (
            not all(_lines(home, name) for name in ("write-a", "write-b", "flush", "read-3"))
            and time.monotonic() < until
        ):
            time.sleep(0.2)
        time.sleep(seconds)
    finally:
        for name in ("write-a", "write-b", "read-1", "read-2", "read-3", "compact", "vacuum", "flush"):
            running[name].kill()
            running[name].wait()
    told = {name: json.loads(lines[-1]) for name in running if (lines := _lines(home, name))}
    done = subprocess.run(
        [sys.executable, str(TALLY), "tally"], env=environ, capture_output=True, text=True, check=True
    )
    there = json.loads(done.stdout.splitlines()[-1])
    wrong = [(home / f"read-{number}.err").read_text() for number in (1, 2, 3)]
    batches = sum(told[name]["batches"] for name in ("write-a", "write-b"))
    return {
        "told": told,
        "batches": batches,
        "found": len(there["after"]),
        "missing": max(0, batches - len(there["after"])),
        "torn_at_end": sum(rows != 100 for rows in there["after"].values()),
        "before_is_after": there["before"] == there["after"],
        "words": [text.splitlines()[0] for text in wrong if text],
    }


def _lines(home: Path, name: str) -> list[str]:
    return [line for line in (home / f"{name}.txt").read_text().splitlines(keepends=True) if line.endswith("\n")]
