"""Explorer's figures: tiles and the whole page over HTTP, live tail, export, incident queue, a mail's picture.

`make bench-explorer` runs small in under 50 s; `SCALE=full` takes 10 M mails of thirty days with their URLs and clicks, an export
of 1 M rows, 100 k incidents of 1 M alerts. Each part runs in a process and a home of its own; BENCH_HOME keeps the home of the
mails for the next run. The last line is one JSON object; a part that is not there yet gives null.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "benchmarks/lake_parts")]

from benchmarks.workplace import FULL, own_home, say  # noqa: E402

KEYS = (
    *("tile_p95_ms", "page_p95_ms", "live_tail_s", "export_rows_per_s", "export_peak_mb", "incident_queue_p95_ms"),
    "render_s",
)
MAILS = int(os.environ.get("MAILS", 10_000_000 if FULL else 60_000))
EXPORTED = 1_000_000 if FULL else 100_000
INCIDENTS, ALERTS = (100_000, 1_000_000) if FULL else (2_000, 20_000)
ROUNDS = int(os.environ.get("ROUNDS", 20 if FULL else 3))
TABS = ("email", "urls", "top-clicks", "clicks", "targets", "origin", "senders", "attachments", "campaigns")
SPANS = (2, 7, 30) if FULL else (7, 30)


def mails() -> dict[str, Any]:
    """Tiles and pages over HTTP, and the delay of the live table, on one running Watchfloor."""
    home = Path(os.environ["WATCHFLOOR_HOME"])
    if not (home / "lake/EmailEvents").exists():
        _fill(home)
    from benchmarks.serving import served
    from labs import free_ports

    (port,) = free_ports(1)
    with served(port) as running:
        running.sign_in()
        found = _tiles_and_pages(running)
        live = _part("live")
        found |= live.measure(home, running=running) if live else {}
    return found


def export() -> dict[str, Any]:
    part = _part("export")
    return part.measure(Path(os.environ["WATCHFLOOR_HOME"]), rows=EXPORTED) if part else {}


def incidents() -> dict[str, Any]:
    part = _part("incidents")
    return part.measure(INCIDENTS, ALERTS) if part else {}


def rendering() -> dict[str, Any]:
    part = _part("rendering")
    return part.measure() if part else {}


def _part(name: str) -> Any:
    """A part that somebody else writes; None until it is there."""
    try:
        return importlib.import_module(f"benchmarks.explorer_parts.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"benchmarks.explorer_parts.{name}":
            raise
        say(f"{name} is not there yet")
        return None


def _fill(home: Path) -> None:
    """Mails, URLs and clicks of thirty days in the lake's own layout, two processes at once."""
    began = time.monotonic()
    writing = [
        subprocess.Popen([sys.executable, str(ROOT / "benchmarks/lake_parts/data.py"), str(home), str(MAILS), part])
        for part in ("mails", "links")
    ]
    if any(one.wait() for one in writing):
        raise SystemExit("the mails could not be written")
    say(f"{MAILS:,} mails with URLs and clicks in {time.monotonic() - began:.0f} s")


def _tiles_and_pages(running: Any) -> dict[str, Any]:
    """The slowest tile's and page's 95th percentile, and each by name."""
    from data import UNTIL

    from benchmarks.serving import page_times
    from watchfloor.lake.contracts import Condition, Operator

    phish = Condition("ThreatTypes", Operator.EQUAL_ANY, ("Phish",))
    tiles: dict[str, list[str]] = {}
    pages: dict[str, list[str]] = {}
    for days in SPANS:
        for name, conditions in (("all", ()), ("phish", (phish,))):
            start = UNTIL - timedelta(days=days)
            what = f"{days} d, {name}"
            pages[what] = [_address(part, start, UNTIL, conditions) for part in ("", "chart", "results")]
            tiles[f"chart, {what}"] = [_address("chart", start, UNTIL, conditions)]
            for tab in TABS:
                tiles[f"{tab}, {what}"] = [_address("results", start, UNTIL, conditions, tab=tab)]
    took = {kind: page_times(running, asked, rounds=ROUNDS) for kind, asked in (("tile", tiles), ("page", pages))}
    for kind, times in took.items():
        for name, (p50, p95) in sorted(times.items(), key=lambda one: -one[1][1])[:6]:
            say(f"{kind} {name:28} p50 {p50:7.1f} ms  p95 {p95:7.1f} ms")
    slowest = {kind: max(p95 for _, p95 in times.values()) for kind, times in took.items()}
    return {
        "tile_p95_ms": round(slowest["tile"], 1),
        "page_p95_ms": round(slowest["page"], 1),
        "tiles_ms": {name: [round(p50, 1), round(p95, 1)] for name, (p50, p95) in took["tile"].items()},
        "pages_ms": {name: [round(p50, 1), round(p95, 1)] for name, (p50, p95) in took["page"].items()},
    }


def _address(part: str, start: Any, end: Any, conditions: tuple[Any, ...], *, tab: str = "") -> str:
    from benchmarks.serving import explorer

    return explorer(part, start, end, *conditions) + (f"&tab={tab}" if tab else "")


PARTS: dict[str, Callable[[], dict[str, Any]]] = {one.__name__: one for one in (rendering, export, incidents, mails)}


def one_part(name: str, template: Path) -> None:
    """Run a part in this process, over a copy of the prepared home, and print its figures."""
    kept = os.environ.get("BENCH_HOME", "") if name == "mails" else ""
    home = own_home()
    if kept:
        home = Path(kept)
        home.mkdir(parents=True, exist_ok=True)
        os.environ["WATCHFLOOR_HOME"] = kept
    if not (home / "watchfloor.sqlite3").exists():
        shutil.copytree(template, home, dirs_exist_ok=True)
    import django

    django.setup()
    try:
        print(json.dumps(PARTS[name]()))
    finally:
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def prepared() -> Path:
    """A home with all its tables and one person, made once and copied for each part."""
    home = own_home()
    from watchfloor.config.preparing import prepare

    prepare()
    from benchmarks.serving import EMAIL, PASSWORD
    from watchfloor.access.services import add_person

    add_person(email=EMAIL, name="Bench", password=PASSWORD, roles=["Global Administrator", "Preview"], by=None)
    return home


def main() -> None:
    began = time.monotonic()
    template = prepared()
    found: dict[str, Any] = dict.fromkeys(KEYS)
    for name in PARTS:
        started = time.monotonic()
        ran = subprocess.run([sys.executable, __file__, name, str(template)], stdout=subprocess.PIPE, text=True)
        if ran.returncode:
            say(f"{name} failed")
            continue
        said = json.loads(ran.stdout.splitlines()[-1])
        figures = {key: round(value, 2) if isinstance(value, float) else value for key, value in said.items()}
        say(
            f"{name}: { {key: value for key, value in figures.items() if key in KEYS} } in {time.monotonic() - started:.1f} s"
        )
        found |= figures
    shutil.rmtree(template, ignore_errors=True)
    say(f"in all {time.monotonic() - began:.0f} s")
    print(json.dumps(found | {"scale": "full" if FULL else "small", "mails": MAILS}))
    if any(found[key] is None for key in KEYS):
        raise SystemExit(1)


if __name__ == "__main__":
    if sys.argv[1:]:
        one_part(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
