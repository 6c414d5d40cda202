"""The lake's figures: appending, kill -9 rounds, the fifteen questions beside DuckDB's own file, compiling KQL.

`make bench-lake` (1 M mails; SCALE=full 10 M) ends with one JSON line. The data is written while the crash rounds run, the
timings come after both. BENCH_HOME keeps the home.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER / "lake_parts"), str(FOLDER.parent)]
FULL = os.environ.get("SCALE") == "full"
MAILS = int(float(os.environ.get("MAILS", 10e6 if FULL else 1e6)))
HOME = Path(os.environ.setdefault("BENCH_HOME", tempfile.mkdtemp(prefix="wf-lake")))


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


def built() -> None:
    """The data, in a process of its own."""
    if not (HOME / "native.duckdb").exists():
        environ = {**os.environ, "WATCHFLOOR_HOME": str(HOME), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
        environ["PYTHONPATH"] = str(FOLDER.parent)
        subprocess.run(
            [sys.executable, str(FOLDER / "lake_parts/data.py"), str(HOME), str(MAILS)], env=environ, check=True
        )


def appending(times: int) -> tuple[float, float]:
    """Median ms of one durable append of 1000 rows: of Arrow, and of rows as the intake has them."""
    from synthetic import day_of_mails

    from watchfloor.kernel.clock import utc_now
    from watchfloor.lake import hot, services
    from watchfloor.lake.arrow import to_rows

    fresh = day_of_mails(UNTIL + timedelta(days=30), 1000, seed=5)
    rows = to_rows(fresh)
    arrow = [_ms(lambda: hot.insert(table="EmailEvents", rows=fresh, now=utc_now())) for _ in range(times)]
    plain = [_ms(lambda: services.append("EmailEvents", rows)) for _ in range(times)]
    return statistics.median(arrow), statistics.median(plain)


def _ms(act) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def compiling() -> float:
    """Median ms of processor time from KQL to SQL text, over ordinary hunts, warm."""
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


def tiles(native: dict[str, float], rounds: int) -> float:
    """The worst of the six tiles as Explorer asks them, against DuckDB's own file."""
    import lake_tiles
    from questions import TILES

    worst = 0.0
    for name, ask in zip(
        ("Q1_hist2d", "Q1_hist30d", "Q2_topdom7d", "Q2_topip7d", "Q2_topfam7d", "Q3_newest100"),
        lake_tiles.TILES.values(),
        strict=True,
    ):
        ask()
        took = min(_ms(ask) for _ in range(rounds))
        assert name in TILES
        say(f"  {name:14} {took:8.1f} ms, {took / native[name]:.2f} of DuckDB native")
        worst = max(worst, took / native[name])
    return worst


def drawn() -> dict[str, object]:
    """One mail and one URL to ask for."""
    from watchfloor.lake import selectors
    from watchfloor.lake.contracts import Query

    span = (UNTIL - timedelta(days=20), UNTIL - timedelta(days=10))
    mail = selectors.rows(Query("EmailEvents", *span), limit=1, offset=50)[0]
    url = selectors.rows(Query("EmailUrlInfo", *span), limit=1, offset=50)[0]
    return mail | {"UrlDomain": url["UrlDomain"]}


def main() -> None:
    from crashing import rounds

    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(built)
        crash_home = Path(tempfile.mkdtemp(prefix="wf-crash"))
        crashed = rounds(crash_home, count=9 if FULL else 2)
        building.result()
    say(f"data and crash rounds took {time.monotonic() - began:.1f} s: {crashed}")
    import lake_tiles  # noqa: F401 (sets up Django over BENCH_HOME)
    from django.core.management import call_command
    from questions import compare

    call_command("migrate", verbosity=0)
    rounds_ = 7 if FULL else 5
    compared = compare(HOME, drawn(), rounds=rounds_)
    for name, one in compared.items():
        unlike = "" if one.same else "  ROWS DIFFER"
        say(f"{name:14} ours {one.ours:8.1f} ms, DuckDB native {one.theirs:8.1f} ms, ratio {one.ratio:.2f}{unlike}")
    say("the tiles as Explorer asks them:")
    tile_ratio = tiles({name: one.theirs for name, one in compared.items()}, rounds_)
    arrow, plain = appending(50)
    say(
        "Sigma rules are not part of the lake yet; its two figures stay null.",
        f"In all {time.monotonic() - began:.0f} s.",
    )
    figures = {
        "mails": MAILS,
        "append_1000_ms": round(arrow, 2),
        "append_1000_rows_ms": round(plain, 2),
        "acknowledged": crashed.acknowledged,
        "lost": crashed.lost,
        "duplicated": crashed.duplicated,
        "wrong_reads": crashed.wrong_reads,
        "tile_ratio_worst": round(tile_ratio, 2),
        "query_ratio_worst": round(max(one.ratio for one in compared.values()), 2),
        "rows_equal": all(one.same for one in compared.values()),
        "compile_ms": round(compiling(), 2),
        "sigma_rules": None,
        "sigma_1m_s": None,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    from data import UNTIL

    main()
