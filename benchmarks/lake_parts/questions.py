"""The fifteen questions asked of our engine and of DuckDB's own file, in turns, so that both meet the same machine."""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from data import TABLES, UNTIL
from sqlglot import parse_one

from watchfloor.lake.query.compile import FOREVER, Window
from watchfloor.lake.snapshot import engine, source_of

TILES = ("Q1_hist2d", "Q1_hist30d", "Q2_topdom7d", "Q2_topip7d", "Q2_topfam7d", "Q3_newest100")
LONG_AGO = UNTIL - timedelta(days=9000)


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds: the quickest and the median of some rounds. `same` says that both gave the same rows."""

    ours: float
    theirs: float
    ours_median: float
    theirs_median: float
    same: bool

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


def texts(sample: dict[str, Any]) -> dict[str, str]:
    """The questions by name, with what is drawn from the data filled in."""
    source = (Path(__file__).parent / "explorer_queries.sql").read_text()
    day = sample["Timestamp"].replace(hour=0, minute=0, second=0, microsecond=0)
    drawn = {
        "nmid": sample["NetworkMessageId"], "rid": sample["ReportId"], "rcpt": sample["RecipientEmailAddress"],
        "udom": sample["UrlDomain"], "dom": sample["SenderFromDomain"],
        "d0": f"{day:%Y-%m-%d %H:%M:%S}", "d1": f"{day + timedelta(days=1):%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip
    found = dict(re.findall(r"^-- (Q\w+)\n(.+?);$", source, re.M | re.S))
    for name, text in found.items():
        for key, value in drawn.items():
            text = text.replace("{" + key + "}", value)
        found[name] = text
    return found


def window(name: str) -> Window:
    """The time a question looks at, as its name says; the whole table when it says none."""
    days = re.search(r"(\d+)d$", name)
    if days is None and name != "Q3_newest100":
        return Window(LONG_AGO, FOREVER)
    return Window(UNTIL - timedelta(days=int(days[1]) if days else 30), UNTIL)


def ours(name: str, text: str) -> Callable[[], pa.Table]:
    """The question as the product would run it: a tree over snapshots of its window, taken anew each time."""
    keys = [key for key in TABLES if "{" + key + "}" in text]
    tree = parse_one(filled(text), dialect="duckdb")

    def ask() -> pa.Table:
        return engine().run(tree, {key: source_of(TABLES[key], window(name)) for key in keys}, timeout=120)

    return ask


def filled(text: str) -> str:
    return re.sub(r"\{([EUC])\}", r"\1", text)


def compare(home: Path, sample: dict[str, Any], *, rounds: int) -> dict[str, Timed]:
    """Both stores, question by question, turn by turn."""
    native = duckdb.connect(str(home / "native.duckdb"), read_only=True)
    native.execute("SET TimeZone = 'UTC'")
    found = {}
    for name, text in texts(sample).items():
        ask, plain = ours(name, text), filled(text)
        first, second = ask(), _asked(native, plain)
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            times[0].append(_ms(ask))
            times[1].append(_ms(partial(_asked, native, plain)))
        same = _rows(first) == _rows(second)
        found[name] = Timed(min(times[0]), min(times[1]), *map(statistics.median, times), same)
    native.close()
    return found


def _asked(native: duckdb.DuckDBPyConnection, text: str) -> pa.Table:
    return native.sql(text).to_arrow_table()


def _rows(table: pa.Table) -> list[str]:
    """Rows without their order: ties may stand either way."""
    columns = [column.cast(pa.string()).to_pylist() for column in table.columns]
    return sorted(map(str, zip(*columns, strict=True)))


def _ms(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
