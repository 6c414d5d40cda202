"""The figures of acting: purges, kills, block entries, clicks, the quarantine's search, reports of people.

`make bench-response` runs small in under 50 s; `SCALE=full` purges 10,000 mails from 1,000 mailboxes, resumes 200,000 messages
through ten kills and searches 200,000 quarantined mails. Each part runs in a process and a home of its own; the last line is
one JSON object. PARTS="redirect reports" asks for some alone.
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
PARTS = ("purging", "block_effect", "redirect", "quarantine_search", "reports")


def chosen() -> tuple[str, ...]:
    """All parts, or those that PARTS names."""
    return tuple(os.environ.get("PARTS", "").split()) or PARTS


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
    """Every part in turn; the first that fails ends the whole."""
    found: dict[str, Any] = {}
    for name in chosen():
        began = time.monotonic()
        done = subprocess.run([sys.executable, __file__, name, str(template)], stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise SystemExit(f"the part {name} failed")
        found |= json.loads(done.stdout.decode().strip().splitlines()[-1])
        say(f"{name} took {time.monotonic() - began:.1f} s")
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
