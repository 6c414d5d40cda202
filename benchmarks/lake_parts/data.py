"""A month of mails, URLs and clicks in the lake's own layout, settled and sealed, and the same rows in its peers.

`python data.py HOME MAILS mails|links|duckdb|clickhouse` makes one part; mails and links first, two processes at once. The first
day of a table goes through the product's own writer; the others through Arrow's, which is three times as quick, in one commit.
"""

import json
import os
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction
from synthetic import Dice, _completed, day_of_mails, urls_of

from watchfloor.lake.arrow import schema_of
from watchfloor.lake.catalogue import table
from watchfloor.lake.engines.delta import ROW_GROUP, ColdTable
from watchfloor.lake.engines.segments import segments_of

UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = 30
TABLES = {"E": "EmailEvents", "U": "EmailUrlInfo", "C": "UrlClickEvents"}
CLICKED = 0.03
SEALED = UNTIL - timedelta(days=int(os.environ.get("SEALED_DAYS", "9000")))
"""Since when days have segments."""
MOST_AT_ONCE = 400_000
"""Rows made at once, so that a hundred million fit into memory too."""


def mails_of(number: int, count: int, turn: int = 0) -> pa.Table:
    """A share of one day's mails; the same numbers give the same mails."""
    return day_of_mails(UNTIL - timedelta(days=DAYS - number), count, seed=7000 + number + 1000 * turn)


def clicks_of(mails: pa.Table, *, seed: int) -> pa.Table:
    """A click on some of the mails, at most an hour after they came and on the same day."""
    dice = Dice(seed, len(mails))
    some = mails.filter(pc.less(dice.uniform(), CLICKED))
    dice = Dice(seed + 1, len(some))
    came = some.column("Timestamp").cast(pa.int64())
    day = pc.multiply(pc.divide(came, 86_400_000_000), 86_400_000_000)
    later = pc.min_element_wise(pc.add(came, 3_600_000_000), pc.add(day, 86_399_000_000))
    columns = {
        "Timestamp": later.cast(pa.timestamp("us", tz="UTC")),
        "Url": pa.array(["http://u1.example/offer"] * len(some)),
        "ActionType": dice.pick(["ClickAllowed", "ClickBlocked"], skew=2.0),
        "AccountUpn": some.column("RecipientEmailAddress"),
        "NetworkMessageId": some.column("NetworkMessageId"),
        "ReportId": some.column("ReportId"),
    }
    return _completed("UrlClickEvents", columns, len(some))


def build(home: Path, mails: int, keys: str, *, urls: int) -> None:
    """Write and seal the tables of `keys`, day by day."""
    began = time.perf_counter()
    lake = home / "lake"
    lake.mkdir(parents=True, exist_ok=True)
    daily = mails // DAYS
    turns = -(-daily // MOST_AT_ONCE)
    files: dict[str, list[AddAction]] = {key: [] for key in keys}
    for number in range(DAYS):
        made = [(mails_of(number, daily // turns, turn), number + 1000 * turn) for turn in range(turns)]
        for key in keys:
            rows = pa.concat_tables([_rows(key, part, seed, urls) for part, seed in made])
            if number == 0:
                ColdTable(lake, table(TABLES[key])).append(rows, watermark=0)
            else:
                files[key].append(_file(lake / TABLES[key], TABLES[key], number, rows))
    for key in keys:
        name = TABLES[key]
        DeltaTable(lake / name).create_write_transaction(files[key], "append", schema_of(name).append(_DAY), ["day"])
    written = time.perf_counter()
    sealed = sum(_seal(home, TABLES[key]) for key in keys)
    names = ", ".join(TABLES[key] for key in keys)
    print(
        f"{names}: written in {written - began:.1f} s, {sealed} segments in {time.perf_counter() - written:.1f} s",
        file=sys.stderr,
    )


def _rows(key: str, mails: pa.Table, seed: int, urls: int) -> pa.Table:
    if key == "U":
        return urls_of(mails, seed=49000 + seed, each=urls)
    return clicks_of(mails, seed=91000 + seed) if key == "C" else mails


_DAY = pa.field("day", pa.date32())


def _file(folder: Path, name: str, number: int, rows: pa.Table) -> AddAction:
    """One day in one sorted file, as the compactor would leave it."""
    day = (UNTIL - timedelta(days=DAYS - number)).date()
    path = folder / f"day={day}" / f"part-00001-{uuid.uuid4()}-c000.zstd.parquet"
    path.parent.mkdir()
    rows = rows.sort_by([(table(name).sort_column, "ascending")])
    bloom = {"NetworkMessageId": {"ndv": ROW_GROUP, "fpp": 0.01}}
    pq.write_table(
        rows, path, compression="zstd", compression_level=3, row_group_size=ROW_GROUP, bloom_filter_options=bloom
    )
    times = pc.min_max(rows.column("Timestamp")).as_py()
    edges = {f"{edge}Values": {"Timestamp": times[edge].isoformat()} for edge in ("min", "max")}
    stats = json.dumps({"numRecords": len(rows), **edges, "nullCount": {"Timestamp": 0}})
    at = int(time.time() * 1000)
    return AddAction(str(path.relative_to(folder)), path.stat().st_size, {"day": str(day)}, at, True, stats)


def _seal(home: Path, name: str) -> int:
    """What the product does ten minutes after a day is over."""
    shelf, snapshot = segments_of(home / "lake", table(name), schema_of(name)), ColdTable(home / "lake", table(name))
    state = snapshot.snapshot()
    soon = datetime.now(UTC) + timedelta(minutes=20)
    due = shelf.due(state, now=soon, since=SEALED)
    (home / "scratch").mkdir(exist_ok=True)
    for files in due:
        shelf.build(files, lacking=state.lacking, scratch=home / "scratch", memory="4GB")
    return len(due)


if __name__ == "__main__":
    home, mails, part = Path(sys.argv[1]), int(float(sys.argv[2])), sys.argv[3]
    urls = int(os.environ.get("URLS", "2"))
    if part in ("mails", "links"):
        build(home, mails, "E" if part == "mails" else "UC", urls=urls)
    else:
        from peers import PEERS

        began = time.perf_counter()
        PEERS[part](home).load()
        print(f"{part}: loaded in {time.perf_counter() - began:.1f} s", file=sys.stderr)
