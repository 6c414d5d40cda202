"""A month of a hundred million mails: what Explorer and the fifteen questions take when only the newest days have segments.

`SCALE=full make bench-lake-big` (2 M without it; MAILS and SEALED_DAYS say otherwise) writes the mails, asks each question several
times and prints one JSON line: milliseconds, the best of the rounds. BENCH_HOME keeps the data, 40 GB at full scale. DuckDB reading
the same Parquet files is the peer, for what it can answer within `PEER_SECONDS`.
"""

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER / "lake_parts"), str(FOLDER.parent)]
FULL = os.environ.get("SCALE") == "full"
MAILS = int(float(os.environ.get("MAILS", 100e6 if FULL else 2e6)))
KEPT = "BENCH_HOME" in os.environ
HOME = Path(os.environ.setdefault("BENCH_HOME", tempfile.mkdtemp(prefix="wf-big")))
os.environ.setdefault("SEALED_DAYS", "8")
os.environ |= {"WATCHFLOOR_HOME": str(HOME), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
ROUNDS = 3
PEER_SECONDS = 60


def best(ask: Callable[[], Any]) -> float:
    """Milliseconds of the quickest of some rounds after a first one."""
    ask()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return round(min(times), 1)


def measured() -> dict[str, Any]:
    import duckdb
    import lake_tiles
    from data import UNTIL
    from django.core.management import call_command
    from questions import filled, in_utc, ours, texts

    from watchfloor.lake import selectors
    from watchfloor.lake.snapshot import cold

    call_command("migrate", verbosity=0)
    sample = lake_tiles.selectors.rows(lake_tiles.last(20), limit=1, offset=50)[0] | {"UrlDomain": ""}
    tiles = {name: best(ask) for name, ask in lake_tiles.TILES.items()}
    print(tiles, file=sys.stderr, flush=True)
    peer = duckdb.connect(":memory:", config={"memory_limit": "4GB"})
    peer.execute("SET TimeZone = 'UTC'")
    paths = [str(path) for path in (HOME / "lake/EmailEvents").glob("day=*/*.parquet")]
    peer.execute(f"CREATE VIEW E AS SELECT * FROM read_parquet({paths}, hive_partitioning = false)")
    asked, beside = {}, {}
    for name, text in texts(sample).items():
        if re.search(r"{[UC]}", text):
            continue
        asked[name] = best(ours(name, text))
        began = time.perf_counter()
        peer.sql(in_utc(filled(text))).to_arrow_table()
        beside[name] = round((time.perf_counter() - began) * 1000, 1)
        print(name, asked[name], beside[name], file=sys.stderr, flush=True)
    state = cold("EmailEvents").snapshot()
    return {
        "mails": selectors.count(lake_tiles.last(400)),
        "until": UNTIL.isoformat(),
        "files": len(state.files),
        "parquet_gb": round(
            sum(file.stat().st_size for file in (HOME / "lake/EmailEvents").rglob("*.parquet")) / 1e9, 2
        ),
        "segments_gb": round(sum(file.stat().st_size for file in (HOME / "lake/_segments").rglob("*")) / 1e9, 2),
        "tiles_ms": tiles,
        "query_ms": asked,
        "duckdb_over_parquet_ms": beside,
    }


def main() -> None:
    began = time.monotonic()
    if not (HOME / "built").exists():
        from data import build

        build(HOME, MAILS, "E", urls=0)
        (HOME / "built").touch()
    figures = {"mails_asked": MAILS, "build_s": round(time.monotonic() - began)} | measured()
    if not KEPT:
        shutil.rmtree(HOME, ignore_errors=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
