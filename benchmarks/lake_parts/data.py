"""A home full of mails, URLs and clicks in the lake's own layout, and the same rows in a DuckDB file. `python data.py HOME MAILS`."""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from synthetic import Dice, _completed, day_of_mails, urls_of

from watchfloor.lake.catalogue import table
from watchfloor.lake.engines.delta import ColdTable

UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
DAYS = 30
TABLES = {"E": "EmailEvents", "U": "EmailUrlInfo", "C": "UrlClickEvents"}
CLICKED = 0.03


def clicks_of(mails: pa.Table, *, seed: int) -> pa.Table:
    """A click on some of the mails, an hour after they came."""
    dice = Dice(seed, len(mails))
    some = mails.filter(pc.less(dice.uniform(), CLICKED))
    dice = Dice(seed + 1, len(some))
    later = pc.add(some.column("Timestamp").cast(pa.int64()), 3_600_000_000).cast(pa.timestamp("us", tz="UTC"))
    columns = {
        "Timestamp": later,
        "Url": pa.array(["http://u1.example/offer"] * len(some)),
        "ActionType": dice.pick(["ClickAllowed", "ClickBlocked"], skew=2.0),
        "AccountUpn": some.column("RecipientEmailAddress"),
        "NetworkMessageId": some.column("NetworkMessageId"),
        "ReportId": some.column("ReportId"),
    }
    return _completed("UrlClickEvents", columns, len(some))


def build(home: Path, mails: int) -> tuple[float, float]:
    """Write both stores day by day; returns the seconds each took."""
    (home / "lake").mkdir(parents=True, exist_ok=True)
    tiers = {key: ColdTable(home / "lake", table(name)) for key, name in TABLES.items()}
    began = time.perf_counter()
    for number in range(DAYS):
        day = UNTIL - timedelta(days=DAYS - number)
        rows = day_of_mails(day, mails // DAYS, seed=7000 + number)
        tiers["E"].append(rows, watermark=0)
        tiers["U"].append(urls_of(rows, seed=49000 + number), watermark=0)
        tiers["C"].append(clicks_of(rows, seed=91000 + number), watermark=0)
    ours = time.perf_counter() - began
    return ours, _native(home, tiers)


def _native(home: Path, tiers: dict[str, ColdTable]) -> float:
    """The same rows in the same order, in DuckDB's own file; seconds it took."""
    began = time.perf_counter()
    native = duckdb.connect(str(home / "native.duckdb.part"), config={"memory_limit": "4GB"})
    native.execute("SET TimeZone = 'UTC'")
    for key, tier in tiers.items():
        files = [file.path for file in reversed(tier.snapshot().files)]
        native.execute(f"CREATE TABLE {key} AS SELECT * FROM read_parquet($1, hive_partitioning = false)", [files])
    native.close()
    (home / "native.duckdb.part").rename(home / "native.duckdb")
    return time.perf_counter() - began


if __name__ == "__main__":
    took = build(Path(sys.argv[1]), int(float(sys.argv[2])))
    print(
        f"wrote {float(sys.argv[2]):,.0f} mails: ours {took[0]:.1f} s, DuckDB native {took[1]:.1f} s", file=sys.stderr
    )
