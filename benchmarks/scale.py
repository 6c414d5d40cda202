"""The fifteen questions on DuckDB, Sail and Spark over the same files. `make bench-scale` asks over 1 M mails; MAILS says otherwise.

Addresses of clusters that are there come as WATCHFLOOR_LAKE_SAIL and WATCHFLOOR_LAKE_SPARK, with the data where they see it
(BENCH_HOME); without them a Sail server and a Spark cluster of two worker processes start here. Ends with one JSON line:
milliseconds by question, the quickest of ROUNDS (2), whether the rows are the same, and the seconds each engine needs to answer first.
"""

import json
import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER / "lake_parts"), str(FOLDER.parent)]
MAILS = int(float(os.environ.get("MAILS", 1e6)))
ROUNDS = int(os.environ.get("ROUNDS", 2))
UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = 30
HOME = Path(os.environ.get("BENCH_HOME") or tempfile.mkdtemp(prefix="wf-scale"))
os.environ |= {"WATCHFLOOR_HOME": str(HOME), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


def built() -> None:
    """Mails, a URL each, and clicks, in the lake's own layout."""
    from data import clicks_of
    from synthetic import day_of_mails, urls_of

    from watchfloor.lake.catalogue import table
    from watchfloor.lake.engines.delta import ColdTable

    if (HOME / "built").exists():
        return
    (HOME / "lake").mkdir(parents=True, exist_ok=True)
    tiers = [ColdTable(HOME / "lake", table(name)) for name in ("EmailEvents", "EmailUrlInfo", "UrlClickEvents")]
    for number in range(DAYS):
        mails = day_of_mails(UNTIL - timedelta(days=DAYS - number), MAILS // DAYS, seed=7000 + number)
        for tier, rows in zip(
            tiers, (mails, urls_of(mails, seed=9000 + number, each=1), clicks_of(mails, seed=number)), strict=True
        ):
            tier.append(rows, watermark=0)
    (HOME / "built").touch()


def questions() -> dict[str, tuple]:
    """Each question as a tree and its sources."""
    from sqlglot import parse_one

    from watchfloor.lake.query.compile import FOREVER, Window
    from watchfloor.lake.snapshot import hunting_engine, source_of

    names = {"E": "EmailEvents", "U": "EmailUrlInfo", "C": "UrlClickEvents"}
    everything = Window(UNTIL - timedelta(days=400), FOREVER)
    found = dict(
        re.findall(r"^-- (Q\w+)\n(.+?);$", (FOLDER / "lake_parts/explorer_queries.sql").read_text(), re.M | re.S)
    )
    pick = parse_one("SELECT * FROM U WHERE UrlDomain <> '' ORDER BY Timestamp DESC LIMIT 1 OFFSET 1000")
    [url] = hunting_engine().run(pick, {"U": source_of("EmailUrlInfo", everything)}).to_pylist()
    day = url["Timestamp"].replace(hour=0, minute=0, second=0, microsecond=0)
    drawn = {
        "nmid": url["NetworkMessageId"], "rid": url["ReportId"], "rcpt": url["RecipientEmailAddress"], "udom": url["UrlDomain"],
        "d0": f"{day:%Y-%m-%d %H:%M:%S}", "d1": f"{day + timedelta(days=1):%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip
    made = {}
    for name, text in found.items():
        for key, value in drawn.items():
            text = text.replace("{" + key + "}", value)
        days = re.search(r"(\d+)d$", name)
        window = Window(UNTIL - timedelta(days=int(days[1])), UNTIL) if days else everything
        sources = {key: source_of(names[key], window) for key in names if "{" + key + "}" in text}
        made[name] = (parse_one(re.sub(r"\{([EUC])\}", r"\1", text), dialect="duckdb"), sources)
    return made


def engines(held: ExitStack) -> dict[str, object]:
    """DuckDB, and the others at their addresses or started here."""
    from labs.sail import Sail
    from labs.spark import Spark
    from watchfloor.lake.engines.connect import connected
    from watchfloor.lake.snapshot import hunting_engine

    found: dict[str, object] = {"duckdb": hunting_engine()}
    for name, lab in (("sail", Sail), ("spark", Spark)):
        address = os.environ.get(f"WATCHFLOOR_LAKE_{name.upper()}") or held.enter_context(lab()).address
        found[name] = connected(name, address, hunting_engine())
        held.callback(found[name].close)
    return found


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.scale.comparing import comparable

    call_command("migrate", verbosity=0)
    built()
    asked = questions()
    figures: dict[str, dict[str, float]] = {}
    first: dict[str, float] = {}
    rows: dict[str, list] = {}
    same = True
    with ExitStack() as held:
        for engine, answering in engines(held).items():
            began = time.perf_counter()
            for name, (tree, sources) in asked.items():
                times = []
                for _ in range(ROUNDS):
                    start = time.perf_counter()
                    answer = answering.run(tree.copy(), sources, timeout=600)
                    times.append((time.perf_counter() - start) * 1000)
                first.setdefault(engine, time.perf_counter() - began)
                figures.setdefault(name, {})[engine] = round(min(times))
                ours = rows.setdefault(name, comparable(answer))
                if ours != comparable(answer):
                    same = False
                    say(f"{engine} differs in {name}")
            say(engine, {name: held[engine] for name, held in figures.items()})
    print(
        json.dumps(
            {"mails": MAILS, "same_rows": same, "first_s": {k: round(v, 1) for k, v in first.items()}, "ms": figures}
        )
    )
    if "BENCH_HOME" not in os.environ:
        shutil.rmtree(HOME, ignore_errors=True)


if __name__ == "__main__":
    main()
