"""How many exported Microsoft 365 mails of a folder fill each column, when their headers are believed.

    python benchmarks/verdict/microsoft.py FOLDER

FOLDER holds `.eml` files. Prints one line per column and, last, the same as JSON. Exit code 1 when a column that the
project promises (sender IP, authentication, SCL, BCL, delivery) is filled on less than 97 % of the mails.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from watchfloor.inspection.contracts import Envelope, Inspection, TenantFacts
from watchfloor.inspection.services import inspect

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PROMISED = 97.0
COLUMNS: dict[str, Callable[[Inspection], object]] = {
    "sender_ip": lambda found: found.sender_ip,
    "authentication": lambda found: found.authentication.source != "none",
    "spf": lambda found: found.authentication.spf != "none",
    "composite_reason": lambda found: found.authentication.reason,
    "scl": lambda found: found.microsoft and found.microsoft.scl is not None,
    "bcl": lambda found: found.microsoft and found.microsoft.bcl is not None,
    "delivery": lambda found: found.delivery_location,
    "direction": lambda found: found.microsoft and found.microsoft.direction,
    "network_message_id": lambda found: found.microsoft and found.microsoft.network_message_id,
    "language": lambda found: found.language,
    "override": lambda found: found.microsoft and found.microsoft.override,
    "verdict": lambda found: any(reason.imported for reason in found.verdict.reasons),
}
NEEDED = ("sender_ip", "authentication", "scl", "bcl", "delivery")


def main(folder: Path) -> int:
    files = sorted(folder.rglob("*.eml"))
    if not files:
        print(f"there is no .eml file below {folder}", file=sys.stderr)
        return 2
    filled: Counter[str] = Counter()
    for file in files:
        found = inspect(file.read_bytes(), envelope=Envelope(exported=True), facts=TenantFacts(), now=NOW)
        filled.update(name for name, is_filled in COLUMNS.items() if is_filled(found))
    shares = {name: round(100 * filled[name] / len(files), 2) for name in COLUMNS}
    for name, share in shares.items():
        promised = f"  (promised: {PROMISED:g})" if name in NEEDED else ""
        print(f"{name:<20}{filled[name]:>6} of {len(files)}{share:>9.2f} %{promised}")
    print(json.dumps({"mails": len(files)} | shares))
    return int(any(shares[name] < PROMISED for name in NEEDED))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        raise SystemExit(2)
    raise SystemExit(main(Path(sys.argv[1])))
