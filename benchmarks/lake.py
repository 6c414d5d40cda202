"""The lake's figures: appending, kill -9 rounds, the fifteen questions beside other stores, compiling KQL, Sigma rules.

`make bench-lake` (1 M mails with a URL each, beside DuckDB's own file, the quickest of the peers; SCALE=full 10 M with two URLs,
ClickHouse and PostgreSQL too) ends with one JSON line. MAILS, URLS and PEERS (duckdb clickhouse postgres) say otherwise; BENCH_HOME
keeps the data, 12 GB at full scale.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER / "lake_parts"), str(FOLDER.parent)]
FULL = os.environ.get("SCALE") == "full"
MAILS = int(float(os.environ.get("MAILS", 10e6 if FULL else 1e6)))
ROUNDS = 7 if FULL else 3
PEERS_ASKED = os.environ.get("PEERS", "duckdb clickhouse postgres" if FULL else "duckdb").split()
KEPT = "BENCH_HOME" in os.environ
HOME = Path(os.environ.setdefault("BENCH_HOME", tempfile.mkdtemp(prefix="wf-lake")))
os.environ.setdefault("URLS", "2" if FULL else "1")
os.environ |= {"WATCHFLOOR_HOME": str(HOME), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
os.environ["PYTHONPATH"] = str(FOLDER.parent)


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


def built() -> tuple[Any, "subprocess.Popen[str]"]:
    """The data: our tables in two processes, then the peers, while the crash rounds run; how those ended, and who waits to run Sigma rules."""
    began, waiting = time.monotonic(), None
    with ThreadPoolExecutor(4) as pool:
        rounds = pool.submit(lambda: crashed(migrated()))
        if not (HOME / "built").exists():
            mails, links = pool.submit(_apart, "mails"), pool.submit(_apart, "links")
            links.result()
            waiting = sigma_prepared()  # on the core that is free by now
            mails.result()
            say(f"{MAILS:,} mails written and sealed in {time.monotonic() - began:.1f} s")
            list(pool.map(_apart, [part for part in PEERS_ASKED if part != "postgres"]))
            (HOME / "built").touch()
        kept = rounds.result()
        if waiting is None:
            waiting = sigma_prepared()
    say(f"data and kill -9 rounds took {time.monotonic() - began:.1f} s: {kept}")
    return kept, waiting


def _apart(part: str) -> None:
    subprocess.run([sys.executable, str(FOLDER / "lake_parts/data.py"), str(HOME), str(MAILS), part], check=True)


def appending(times: int) -> tuple[float, float]:
    """Median ms of one durable append of 1000 rows: of Arrow, and of rows as the intake has them."""
    from data import UNTIL
    from synthetic import day_of_mails

    from watchfloor.kernel.clock import utc_now
    from watchfloor.lake import hot, services
    from watchfloor.lake.arrow import to_rows

    fresh = day_of_mails(UNTIL + timedelta(days=30), 1000, seed=5)
    rows = to_rows(fresh)
    arrow = [_ms(lambda: hot.insert(table="EmailEvents", rows=fresh, now=utc_now())) for _ in range(times)]
    plain = [_ms(lambda: services.append("EmailEvents", rows)) for _ in range(times)]
    return statistics.median(arrow), statistics.median(plain)


def _ms(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def compiling() -> float:
    """Median ms of processor time from KQL to SQL text, over ordinary hunts, warm."""
    from data import UNTIL

    from watchfloor.lake.kql.compiling import compile_query
    from watchfloor.lake.selectors import KqlTables

    texts = [text for text in (FOLDER / "lake_parts/hunts.kql").read_text().split("\n\n") if text.strip()]
    times = []
    for turn in range(6):
        for text in texts:
            began = time.process_time()
            compile_query(text, catalogue=KqlTables(), now=UNTIL, limit=100_001).sql("duckdb")
            if turn:
                times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def tiles(peers: dict[str, float]) -> float:
    """The worst of the six tiles as Explorer asks them, from its query to rows in Python, against the quickest peer."""
    import lake_tiles
    from questions import TILES

    worst = 0.0
    for name, ask in zip(TILES, lake_tiles.TILES.values(), strict=True):
        ask()
        took = min(_ms(ask) for _ in range(ROUNDS * 2))
        say(f"  {name:14} {took:8.1f} ms, {took / peers[name]:.2f} of the quickest peer")
        worst = max(worst, took / peers[name])
    return worst


def drawn() -> dict[str, Any]:
    """One mail and one URL to ask for."""
    from data import UNTIL

    from watchfloor.lake import selectors
    from watchfloor.lake.contracts import Query

    span = (UNTIL - timedelta(days=20), UNTIL - timedelta(days=10))
    mail = selectors.rows(Query("EmailEvents", *span), limit=1, offset=50)[0]
    url = selectors.rows(Query("EmailUrlInfo", *span), limit=1, offset=50)[0]
    return mail | {"UrlDomain": url["UrlDomain"]}


def migrated() -> Path:
    """The database of the home, with all its tables and no row yet: made once and copied to the homes of the parts."""
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], check=True)
    copy = HOME / "empty.sqlite3"
    shutil.copy(HOME / "watchfloor.sqlite3", copy)
    return copy


def crashed(database: Path) -> Any:
    from crashing import rounds

    home = Path(tempfile.mkdtemp(prefix="wf-crash"))
    shutil.copy(database, home / "watchfloor.sqlite3")
    try:
        return rounds(home, count=9 if FULL else 1)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def measured(waiting: "subprocess.Popen[str]") -> dict[str, object]:
    """Everything that wants a quiet machine, one after another."""
    import lake_tiles  # noqa: F401 (sets up Django over BENCH_HOME)
    from peers import PEERS
    from questions import OURS, compare

    peers = [PEERS[name](HOME) for name in PEERS_ASKED]
    for peer in peers:
        peer.open()
    compared = compare(drawn(), peers, rounds=ROUNDS)
    for peer in peers:
        peer.close()
    say("the tiles as Explorer asks them:")
    tile_ratio = tiles({name: one.best(one.best_peer) for name, one in compared.items()})
    arrow, plain = appending(50 if FULL else 20)
    figures = {
        "append_1000_ms": round(arrow, 2),
        "append_1000_rows_ms": round(plain, 2),
        "tile_ratio_worst": round(tile_ratio, 2),
        "query_ratio_worst": round(max(one.ratio for one in compared.values()), 2),
        "rows_equal": not any(one.unlike for one in compared.values()),
        "query_ms": {name: round(one.best(OURS), 1) for name, one in compared.items()},
        "compile_ms": round(compiling(), 2),
    }
    say("Sigma rules ...")
    return figures | sigma(waiting)


def sigma_prepared() -> "subprocess.Popen[str]":
    """A process that fills a home of its own with a million process events and waits for a word to run many rules over them."""
    script = [sys.executable, str(FOLDER / "lake_parts/sigma_figures.py"), "1000000", str(HOME / "empty.sqlite3")]
    return subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def sigma(waiting: "subprocess.Popen[str]") -> dict[str, object]:
    told, _ = waiting.communicate("now\n")
    assert waiting.returncode == 0, "the Sigma rules failed, see above"
    figures: dict[str, object] = json.loads(told.splitlines()[-1])
    return figures


def main() -> None:
    began = time.monotonic()
    kept, waiting = built()
    figures = {
        "mails": MAILS,
        "peers": PEERS_ASKED,
        "acknowledged": kept.acknowledged,
        "lost": kept.lost,
        "duplicated": kept.duplicated,
        "wrong_reads": kept.wrong_reads,
    } | measured(waiting)
    if not KEPT:
        shutil.rmtree(HOME, ignore_errors=True)
    say(f"in all {time.monotonic() - began:.0f} s")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
