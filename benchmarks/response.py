"""The figures of acting: purges, kills, block entries, clicks, the quarantine's search, reports of people.

`make bench-response` runs small in under 50 s; `SCALE=full` purges 10,000 mails from 1,000 mailboxes, resumes 200,000 messages
through ten kills, searches 200,000 quarantined mails and holds the alert policies against 100,000 mails at once. Each part
runs in a process and a home of its own; the last line is one JSON object. PARTS="redirect reports" asks for some alone.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from benchmarks.workplace import FULL, own_home, say  # noqa: E402

KEYS = (
    *("campaign_purge_ratio_to_bare_imap", "ledger_errors", "block_effect_s", "redirect_p99_ms"),
    *("quarantine_search_p95_ms", "report_verdict_s"),
)
WAITING = ("block_effect", "reports")
"""Their figures are seconds that pass in waiting, so they run beside one another."""
PARTS = (
    (("purging",), ("redirect",), ("quarantine_search",), ("flood",), WAITING)
    if FULL
    else (("purging", "reports"), ("redirect",), ("quarantine_search", "block_effect"))
)
"""Groups of parts, one after another; small, those that wait join those whose figures are ratios or have room to spare."""


def chosen() -> tuple[tuple[str, ...], ...]:
    """All groups of parts, or those that PARTS names, one after another."""
    return tuple((name,) for name in os.environ.get("PARTS", "").split()) or PARTS


def one_part(name: str, template: Path) -> None:
    """Run a part in this process, over a copy of the prepared home, and print its figures."""
    home = own_home()
    shutil.copytree(template, home, dirs_exist_ok=True)
    import django

    django.setup()
    part = importlib.import_module(f"benchmarks.response_parts.{name}")
    try:
        print(json.dumps(part.measure(**(part.FULL if FULL else part.SMALL))))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def prepared() -> Path:
    """A home with all its tables, made once and copied for each part."""
    home = own_home()
    from watchfloor.config.preparing import prepare

    prepare()
    return home


def figures(template: Path) -> dict[str, Any]:
    """Every group in turn; a part that fails ends the whole with its group."""
    found: dict[str, Any] = {}
    for names in chosen():
        began = time.monotonic()
        running = [
            subprocess.Popen([sys.executable, __file__, name, str(template)], stdout=subprocess.PIPE) for name in names
        ]
        said = [one.communicate()[0].decode().strip().splitlines() for one in running]
        if any(one.returncode for one in running):
            raise SystemExit(f"a part of {', '.join(names)} failed")
        found |= {key: value for lines in said for key, value in json.loads(lines[-1]).items()}
        say(f"{', '.join(names)} took {time.monotonic() - began:.1f} s")
    return found


def main() -> None:
    if len(sys.argv) > 1:
        one_part(sys.argv[1], Path(sys.argv[2]))
        return
    template = prepared()
    try:
        found = figures(template)
    finally:
        shutil.rmtree(template, ignore_errors=True)
    more = {name: value for name, value in found.items() if name not in KEYS}
    print(json.dumps({name: found.get(name) for name in KEYS} | more))


if __name__ == "__main__":
    main()
