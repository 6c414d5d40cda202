"""The fifteen questions asked of our engine and of its peers, in turns, so that all meet the same machine."""

import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from data import TABLES, UNTIL
from peers import Peer, in_utc, rows_of
from sqlglot import parse_one

from watchfloor.lake.query.compile import FOREVER, Window
from watchfloor.lake.snapshot import engine, source_of

TILES = ("Q1_hist2d", "Q1_hist30d", "Q2_topdom7d", "Q2_topip7d", "Q2_topfam7d", "Q3_newest100")
LONG_AGO = UNTIL - timedelta(days=9000)
OURS = "ours"
ALONE = {
    # The mail's facts stand in the URL's row, so the product asks that table alone; the peers join.
    "Q6_urljoin30d": "SELECT RecipientEmailAddress, DeliveryAction, count(*) AS n, count(DISTINCT NetworkMessageId) AS m "
    "FROM {U} WHERE Timestamp >= TIMESTAMP '2026-10-23 00:00:00' AND Timestamp < TIMESTAMP '2026-11-22 00:00:00' "
    "AND UrlDomain='{udom}' GROUP BY 1,2 ORDER BY 3 DESC, 1, 2 LIMIT 20",
}
SLOW_MS = 2000.0
"""A peer that takes longer is asked no more than twice."""


@dataclass(slots=True)
class Timed:
    """Milliseconds of each round, by who answered; `unlike` names peers whose rows differ from ours."""

    times: dict[str, list[float]] = field(default_factory=dict)
    unlike: list[str] = field(default_factory=list)

    def best(self, who: str) -> float:
        return min(self.times[who])

    @property
    def best_peer(self) -> str:
        return min((who for who in self.times if who != OURS), key=self.best)

    @property
    def ratio(self) -> float:
        return self.best(OURS) / self.best(self.best_peer)


def texts(sample: dict[str, Any]) -> dict[str, str]:
    """The questions by name, with what is drawn from the data filled in."""
    source = (Path(__file__).parent / "explorer_queries.sql").read_text()
    return {name: _drawn(text, sample) for name, text in re.findall(r"^-- (Q\w+)\n(.+?);$", source, re.M | re.S)}


def _drawn(text: str, sample: dict[str, Any]) -> str:
    day = sample["Timestamp"].replace(hour=0, minute=0, second=0, microsecond=0)
    drawn = {
        "nmid": sample["NetworkMessageId"], "rid": sample["ReportId"], "rcpt": sample["RecipientEmailAddress"],
        "udom": sample["UrlDomain"], "dom": sample["SenderFromDomain"],
        "d0": f"{day:%Y-%m-%d %H:%M:%S}", "d1": f"{day + timedelta(days=1):%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip
    for key, value in drawn.items():
        text = text.replace("{" + key + "}", value)
    return text


def window(name: str) -> Window:
    """The time a question looks at, as its name says; the whole table when it says none."""
    days = re.search(r"(\d+)d$", name)
    if days is None and name != "Q3_newest100":
        return Window(LONG_AGO, FOREVER)
    return Window(UNTIL - timedelta(days=int(days[1]) if days else 30), UNTIL)


def ours(name: str, text: str) -> Callable[[], Sequence[tuple[Any, ...]]]:
    """The question as the product would run it: a tree over snapshots of its window, taken anew each time."""
    keys = [key for key in TABLES if "{" + key + "}" in text]
    tree = parse_one(in_utc(filled(text)), dialect="duckdb")

    def ask() -> Sequence[tuple[Any, ...]]:
        return rows_of(engine().run(tree, {key: source_of(TABLES[key], window(name)) for key in keys}, timeout=120))

    return ask


def filled(text: str) -> str:
    return re.sub(r"\{([EUC])\}", r"\1", text)


def compare(sample: dict[str, Any], peers: Sequence[Peer], *, rounds: int) -> dict[str, Timed]:
    """All stores, question by question, turn by turn; the first answers warm up and are compared."""
    found = {}
    for name, text in texts(sample).items():
        own = _drawn(ALONE[name], sample) if name in ALONE else text
        asks = {OURS: ours(name, own)}
        for peer in peers:
            asks[peer.name] = partial(peer.ask, peer.said(filled(text)))
        timed = found[name] = Timed()
        rows = {who: _rows(_timed(timed, who, ask)) for who, ask in asks.items()}
        timed.unlike = [who for who in rows if rows[who] != rows[OURS]]
        cold = timed.times
        timed.times = {}
        for turn in range(rounds):
            for who, ask in asks.items():
                if turn == 0 or cold[who][0] < SLOW_MS:
                    _timed(timed, who, ask)
        print(_line(name, timed), file=sys.stderr, flush=True)
    return found


def _timed(timed: Timed, who: str, ask: Callable[[], Sequence[tuple[Any, ...]]]) -> Sequence[tuple[Any, ...]]:
    began = time.perf_counter()
    rows = ask()
    timed.times.setdefault(who, []).append((time.perf_counter() - began) * 1000)
    return rows


def _line(name: str, timed: Timed) -> str:
    parts = [
        f"{who} {timed.best(who):.1f} (median {statistics.median(times):.1f})" for who, times in timed.times.items()
    ]
    unlike = f"  ROWS DIFFER: {', '.join(timed.unlike)}" if timed.unlike else ""
    return f"{name:14} {timed.ratio:5.2f} × {timed.best_peer:10} ms: {', '.join(parts)}{unlike}"


def _rows(rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """Rows without their order: ties may stand either way, and PostgreSQL has times as datetimes."""
    return sorted(tuple(_plain(cell) for cell in row) for row in rows)


def _plain(cell: Any) -> str:
    return str(round(cell.timestamp() * 1_000_000)) if hasattr(cell, "timestamp") else str(cell)
