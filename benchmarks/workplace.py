"""What every benchmark needs: a home of its own, the scale asked for, times as percentiles, memory of a process tree."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FULL = os.environ.get("SCALE", "small") == "full"


def own_home() -> Path:
    """Point this process at an empty home; call before anything of Watchfloor's settings is imported."""
    home = Path(tempfile.mkdtemp(prefix="wfbench"))
    home.chmod(0o755)
    os.environ |= {
        "WATCHFLOOR_HOME": str(home),
        "WATCHFLOOR_OWN_DOMAINS": "corp.example,haldenwirth.example",
        "WATCHFLOOR_AUTHSERV_IDS": "mx.corp.example,mx.haldenwirth.example",
        "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings",
    }
    sys.path.insert(0, str(ROOT))
    return home


def say(*words: object) -> None:
    """Progress, beside the one line of JSON that ends a benchmark."""
    print(*words, file=sys.stderr, flush=True)


def percentile(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def timed(act: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def tree_of(pid: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += parents.get(one, [])
    return found


def proportional_mb(pid: int) -> float:
    """Proportional set size of a process tree: shared pages are counted once."""
    total = 0
    for one in tree_of(pid):
        try:
            lines = (Path("/proc") / str(one) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024
