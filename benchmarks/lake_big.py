"""A month of a hundred million mails: what Explorer and the fifteen questions take when only the newest days have segments.

`SCALE=full make bench-lake-big` (2 M without it; MAILS and SEALED_DAYS say otherwise) writes the mails with a URL each and a click on
some (URLS=0 leaves both out, and the two questions over them), asks each question several times and prints one JSON line:
milliseconds, the best of the rounds. BENCH_HOME keeps the data: what it will take is said first, and without the room
nothing begins. DuckDB reading the same Parquet files is the peer, for what it can answer within `PEER_SECONDS`.
"""

import json
import os
import re
import shutil
import sys
import tempfile
import threading
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
URLS = int(os.environ.get("URLS", "1"))
ROUNDS = 3
PEER_SECONDS = 60
PARQUET_BYTES, SEGMENT_BYTES = (125, 100), (465, 335)
"""Of a mail and of a URL: in the Parquet files, and again in a segment."""
WRITING_US, SEALING_US = (12, 7), (20, 12)
"""Microseconds of processor time for each of them."""


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


def for_all(written: tuple[int, int], sealed: tuple[int, int]) -> float:
    """What all mails and URLs need, when so much is needed of one as it is written and of one that is sealed."""
    share = min(1.0, int(os.environ["SEALED_DAYS"]) / 30)
    mail, url = (one + share * more for one, more in zip(written, sealed, strict=True))
    return MAILS * (mail + URLS * url)


def build() -> None:
    """The mails, then the URLs and clicks: one after the other, since a day's rows lie in memory. Ends without room for them."""
    import data

    needed, free = for_all(PARQUET_BYTES, SEGMENT_BYTES) * 1.05, shutil.disk_usage(HOME).free
    minutes = for_all(WRITING_US, SEALING_US) / 60e6
    say(
        f"{MAILS:,} mails, {URLS} URLs each: {needed / 1e9:.0f} GB of {free / 1e9:.0f} free, some {minutes:.0f} minutes of processor time"
    )
    if needed > free:
        raise SystemExit("not enough room: set BENCH_HOME to another disk, or SEALED_DAYS, URLS or MAILS to less")
    for keys in ("E", "UC") if URLS else ("E",):
        began, worked = time.monotonic(), time.process_time()
        data.build(HOME, MAILS, keys, urls=URLS)
        say(f"{keys}: {time.monotonic() - began:.0f} s, {time.process_time() - worked:.0f} s of processor time")


def drawn() -> dict[str, Any]:
    """A mail to ask for, and a URL's domain."""
    import lake_tiles
    from data import UNTIL

    from watchfloor.lake.contracts import Query

    mail = lake_tiles.selectors.rows(lake_tiles.last(20), limit=1, offset=50)[0]
    urls = lake_tiles.selectors.rows(Query("EmailUrlInfo", lake_tiles.last(20).start, UNTIL), limit=1, offset=50)
    return mail | {"UrlDomain": urls[0]["UrlDomain"] if urls else ""}


def beside(peer: Any, text: str) -> float | None:
    """Milliseconds of the peer; None when it takes too long."""
    import duckdb

    watch = threading.Timer(PEER_SECONDS, peer.interrupt)
    watch.start()
    began = time.perf_counter()
    try:
        peer.sql(text).to_arrow_table()
    except duckdb.InterruptException:
        return None
    finally:
        watch.cancel()
    return round((time.perf_counter() - began) * 1000, 1)


def gigabytes(folder: Path) -> float:
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9, 2)


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
    from data import TABLES, UNTIL
    from questions import ALONE, filled, in_utc, ours, texts

    from watchfloor.lake import selectors
    from watchfloor.lake.snapshot import cold

    tiles = {name: best(ask) for name, ask in lake_tiles.TILES.items()}
    say(tiles)
    peer = duckdb.connect(":memory:", config={"memory_limit": "4GB", "temp_directory": str(HOME / "scratch")})
    peer.execute("SET TimeZone = 'UTC'")
    for key, name in TABLES.items():
        paths = [file.path for file in cold(name).snapshot().files]
        if paths:
            peer.execute(f"CREATE VIEW {key} AS SELECT * FROM read_parquet({paths}, hive_partitioning = false)")
    sample = drawn()
    alone = {name: text.replace("{udom}", sample["UrlDomain"]) for name, text in ALONE.items()}
    asked, theirs = {}, {}
    for name, text in texts(sample).items():
        if not URLS and re.search(r"{[UC]}", text):
            continue
        asked[name] = best(ours(name, alone.get(name, text)))
        theirs[name] = beside(peer, in_utc(filled(text)))
        say(name, asked[name], theirs[name])
    return {
        "mails": selectors.count(lake_tiles.last(400)),
        "until": UNTIL.isoformat(),
        "files": len(cold("EmailEvents").snapshot().files),
        "parquet_gb": gigabytes(HOME / "lake/EmailEvents"),
        "links_parquet_gb": gigabytes(HOME / "lake/EmailUrlInfo"),
        "segments_gb": gigabytes(HOME / "lake/_segments"),
        "tiles_ms": tiles,
        "query_ms": asked,
        "duckdb_over_parquet_ms": theirs,
    }


def main() -> None:
    began = time.monotonic()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    if not (HOME / "built").exists():
        build()
        (HOME / "built").touch()
    figures = {"mails_asked": MAILS, "build_s": round(time.monotonic() - began)} | measured()
    if not KEPT:
        shutil.rmtree(HOME, ignore_errors=True)
    print(json.dumps(figures | {"in_all_s": round(time.monotonic() - began)}))


if __name__ == "__main__":
    main()
