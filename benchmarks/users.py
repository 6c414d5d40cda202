"""The figures of people: directories, sign-ins, user pages, locking out, the risk score and its false alarms.

`make bench-users CORPUS=folder` runs small in under 50 s; `SCALE=full` takes 20,000 people of a directory, a million events, 100,000
scored people. The folder holds labelled logs (panther, sentinel_training_lab, goldensaml_otrf); without one the labelled tests are
left out and count 0. Each part runs in a process and a home of its own; the last line is one JSON object.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "benchmarks/users_parts")]

from benchmarks.workplace import FULL, own_home, say  # noqa: E402

KEYS = (
    *("sync_people_per_s", "resync_s", "signins_per_s", "user_page_p95_ms", "suspend_kick_s", "score_people_per_s"),
    *("score_event_ms", "labelled_tests", "labelled_right", "false_rise_alerts_per_1000_user_days"),
)


def directory() -> dict[str, Any]:
    from directory import FULL as MANY
    from directory import SMALL, directory_figures

    return directory_figures(MANY if FULL else SMALL)


def signins() -> dict[str, Any]:
    from signins import signin_figures

    return signin_figures(200_000 if FULL else 20_000, kills=3 if FULL else 1, tell=say)


def page() -> dict[str, Any]:
    from page import page_figures

    return page_figures(100_000 if FULL else 2_000, 1_000_000 if FULL else 80_000, rounds=20 if FULL else 6)


def suspend() -> dict[str, Any]:
    from suspend import suspend_figures

    return suspend_figures(7 if FULL else 5)


def score() -> dict[str, Any]:
    from scoring import labelled_figures, rise_figures, scoring_figures

    from watchfloor.kernel.clock import utc_now

    found: dict[str, Any] = scoring_figures(100_000 if FULL else 10_000, now=utc_now(), tell=say)
    found |= rise_figures(tell=say) if FULL else rise_figures(number=100, days=40, tell=say)
    named = os.environ.get("CORPUS", "")
    if not named:
        say("no CORPUS is given: labelled tests are left out")
        return found | {"labelled_tests": 0, "labelled_right": 0}
    return found | labelled_figures(Path(named), tell=say)


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    one.__name__: one for one in (directory, signins, suspend, score, page)
}


def one_part(name: str) -> None:
    """Run a part in this process, over an empty home, and print its figures."""
    own_home()
    from watchfloor.config.preparing import prepare

    prepare()
    print(json.dumps(PARTS[name]()))


def main() -> None:
    began, found = time.monotonic(), {}
    for name in PARTS:
        started = time.monotonic()
        ran = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, text=True, check=True)
        figures = json.loads(ran.stdout.splitlines()[-1])
        say(f"{name}: {figures} in {time.monotonic() - started:.1f} s")
        found |= figures
    say(f"in all {time.monotonic() - began:.0f} s")
    print(json.dumps({key: found[key] for key in KEYS} | {key: found[key] for key in found if key not in KEYS}))


if __name__ == "__main__":
    if sys.argv[1:]:
        one_part(sys.argv[1])
    else:
        main()
