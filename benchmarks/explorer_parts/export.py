"""How fast Explorer writes all rows of a question to a file, and how much memory the process that serves it needs meanwhile."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

SMALL, FULL = 100_000, 1_000_000
FIRST = 60_000
"""Rows after which everything an export needs is loaded."""
CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def measure(home: Path, *, rows: int = SMALL) -> dict[str, float]:
    """Fill the empty lake of `home` with `rows` mails and export them all, as the page does it, in the default columns.

    Gives export_rows_per_s (wall time), export_work_s (processor time of this process, all threads), export_mb written, and
    export_peak_mb, the most memory this process held meanwhile, beside export_before_mb. Libraries and the engine are loaded with the first rows:
    export_grown_mb is what the rows after the first sixty thousand added to the peak.
    """
    script = Path(__file__).parents[1] / "synthetic.py"  # a process apart, whose memory is not counted
    subprocess.run(
        [sys.executable, str(script), str(home), str(rows / 1e6), "10", "bare"], check=True, stdout=sys.stderr
    )
    return exported()


def exported() -> dict[str, float]:
    """The figures for whatever mail of the last thirty days the lake holds."""
    from django.http import QueryDict

    from watchfloor.hunting.explorer.columns import grid_columns
    from watchfloor.hunting.explorer.exporting import pieces
    from watchfloor.hunting.explorer.state import read_state

    state = read_state(QueryDict("range=30d"), now=datetime.now(UTC))
    columns = tuple(column for column in grid_columns() if column.default)
    CLEAR.write_text("5")  # the peak is counted from here
    before = _peak_mb()
    began, work, size, found = time.perf_counter(), time.process_time(), 0, -1
    early = 0.0
    for text in pieces(state, columns, kind="csv"):
        size += len(text)
        found += text.count("\r\n")
        if not early and found > FIRST:
            early = _peak_mb()
    took = time.perf_counter() - began
    return {
        "export_rows": found,
        "export_rows_per_s": round(found / took),
        "export_work_s": round(time.process_time() - work, 2),
        "export_mb": round(size / 1e6, 1),
        "export_peak_mb": _peak_mb(),
        "export_before_mb": before,
        "export_grown_mb": round(_peak_mb() - (early or before), 1),
    }


def _peak_mb() -> float:
    """The most memory this process held since the peak was last cleared."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":  # WATCHFLOOR_HOME says where
    import os

    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    place = Path(os.environ["WATCHFLOOR_HOME"])
    print(json.dumps(measure(place, rows=int(sys.argv[1]) if len(sys.argv) > 1 else SMALL)))
