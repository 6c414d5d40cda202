"""What is asked of every engine: all the product asks by itself, the fifteen of Explorer, hunts, the grid of KQL, and a corpus.

Each is a tree with its sources, taken where the product would run it on DuckDB: other engines get exactly that.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one

from tests.scale.comparing import looseness
from tests.scale.filling import NOW
from tests.scale.fixtures import Fixtures
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.engines.source import Source
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.tests.grid import questions as grid_questions
from watchfloor.lake.kql_run import prepared
from watchfloor.lake.query.compile import Window
from watchfloor.lake.snapshot import hunting_engine, source_of

ROOT = Path(__file__).resolve().parents[2]
CORPUS = "WATCHFLOOR_KQL_CORPUS"
"""Environment variable: a folder with queries.jsonl, of which a sample is asked too."""
FROM = NOW - timedelta(days=12)
GRID_STEP = 6
"""Of the grid, every so many-th question is asked here; the language's own tests ask them all of DuckDB."""
ANY = re.compile(
    r"take_any|anyif|\bany\(|rand\(|new_guid|\bsample\b|\btake\b|kind=innerunique|\bjoin\b(?!\s*(hint\.\w+=\w+\s*)?kind)|summarize arg_m(ax|in)\(Timestamp, \*\) by SHA256"
)
"""Where anybody may choose the row, or nobody knows it before."""


@dataclass(frozen=True, slots=True)
class Question:
    """`loose` says what of gathered arrays is anybody's choice (comparing.looseness)."""

    name: str
    tree: exp.Expr
    sources: Mapping[str, Source] = field(repr=False)
    loose: str = ""


def recorded(name: str, ask: Callable[[], object], patch: Any) -> Iterator[Question]:
    """The trees that a call asks of DuckDB on its way."""
    found: list[Question] = []
    own = DuckEngine.run

    def run(self, tree, sources, *, timeout=30.0):
        found.append(Question(f"{name} {len(found) + 1}", tree.copy(), dict(sources)))
        return own(self, tree, sources, timeout=timeout)

    with patch.context() as patched:
        patched.setattr(DuckEngine, "run", run)
        ask()
    yield from found


def explorer(patch: Any) -> Iterator[Question]:
    """Explorer's rows, counts, charts and rankings, with a condition of every kind."""
    whole = Query("EmailEvents", FROM, NOW)
    for name in ("EmailEvents", "EmailUrlInfo", "EmailAttachmentInfo", "UrlClickEvents"):
        yield from recorded(f"newest {name}", lambda name=name: lake.rows(Query(name, FROM, NOW), limit=50), patch)
    for column in lake.table("EmailEvents").columns:
        if column.name == "Timestamp":
            continue
        yield from recorded(f"top {column.name}", lambda c=column: lake.top(whole, column=c.name, limit=10_000), patch)
        for operator, value in _conditions(column):
            condition = Condition(column.name, operator, (value,))
            yield from recorded(
                f"count {column.name} {operator.value}",
                lambda c=condition: lake.count(Query("EmailEvents", FROM, NOW, (c,))),
                patch,
            )
    for pivot in ("DeliveryAction", "ThreatTypes", "SenderFromDomain", "DetectionMethods", "EmailUrlInfo.UrlDomain"):
        yield from recorded(f"chart {pivot}", lambda p=pivot: lake.over_time(whole, pivot=p), patch)
    for other in ("EmailUrlInfo.UrlDomain", "UrlClickEvents.ActionType", "EmailAttachmentInfo.SHA256"):
        condition = Condition(other, Operator.EQUAL_ANY, ("u1.example",))
        yield from recorded(
            f"semi-join {other}", lambda c=condition: lake.count(Query("EmailEvents", FROM, NOW, (c,))), patch
        )
    latest = Condition("LatestDeliveryLocation", Operator.EQUAL_ANY, ("Quarantine",))
    yield from recorded(
        "latest location", lambda: lake.rows(Query("EmailEvents", FROM, NOW, (latest,)), limit=50), patch
    )


def _conditions(column: Any) -> Iterator[tuple[Operator, str]]:
    if column.type.value in ("int", "long"):
        yield from ((Operator.EQUAL_ANY, "7"), (Operator.GREATER, "1"))
    elif column.type.value == "bool":
        yield Operator.EQUAL_ANY, "true"
    elif column.type.value in ("string", "dynamic"):
        value = column.choices[0] if column.choices else "invoice"
        yield Operator.EQUAL_ANY, value
        if not column.choices:
            yield from ((Operator.CONTAINS_ANY, "Ü"), (Operator.STARTS_WITH, "it's \\"), (Operator.EQUAL_NONE, "a.b"))


def detections(patch: Any) -> Iterator[Question]:
    """Each built-in rule's conditions, as its history asks for them."""
    from watchfloor.detection.history import query_of
    from watchfloor.detection.library import rules

    for rule in rules():
        query = query_of(rule, start=FROM, end=NOW)
        yield from recorded(f"detection {rule.id}", lambda q=query: lake.count(q), patch)


def fifteen() -> Iterator[Question]:
    """The fifteen questions of Explorer and investigations."""
    text = (ROOT / "benchmarks/lake_parts/explorer_queries.sql").read_text()
    drawn = {
        "nmid": "00000007-0000-4000-8000-00000000beef", "rid": "none", "rcpt": "person2@corp.example", "udom": "u1.example",
        "d0": "2026-11-15 00:00:00", "d1": "2026-11-16 00:00:00", "dom": "evil0.example",
    }  # fmt: skip
    names = {"E": "EmailEvents", "U": "EmailUrlInfo", "C": "UrlClickEvents"}
    for name, query in re.findall(r"^-- (Q\w+)\n(.+?);$", text, re.M | re.S):
        for key, value in drawn.items():
            query = query.replace("{" + key + "}", value)
        sources = {key: source_of(names[key], Window(FROM, NOW)) for key in names if "{" + key + "}" in query}
        yield Question(name, parse_one(re.sub(r"\{([EUC])\}", r"\1", query), dialect="duckdb"), sources)


def hunts() -> Iterator[Question]:
    """The queries that come with the product, and those of the benchmark."""
    from watchfloor.hunting.advanced.samples import topics

    for topic in topics():
        for sample in topic.samples:
            yield from asked(sample.slug, sample.query)
    for number, text in enumerate((ROOT / "benchmarks/lake_parts/hunts.kql").read_text().split("\n\n")):
        yield from asked(f"hunt {number + 1}", text)


def asked(name: str, text: str) -> Iterator[Question]:
    """A query as people would run it; none where our compiler refuses it or anybody may choose its rows."""
    try:
        made = prepared(text, now=NOW, by=None, limit=500_000, timeout=60.0, engine=hunting_engine())
    except KqlError:
        return
    if not ANY.search(text):
        yield Question(name, made.tree, made.sources, looseness(text))


def grid(engine: DuckEngine, *, step: int = GRID_STEP) -> Iterator[Question]:
    """A part of the grid of operators and functions over values at the edges."""
    fixtures = Fixtures()
    for question in list(grid_questions())[::step]:
        if ANY.search(question.text):
            continue
        try:
            made = fixtures.compiled(question.text, engine)
        except KqlError:
            continue
        yield Question(question.name, made.tree, fixtures.sources(made), looseness(question.text))


def corpus(most: int = 150) -> Iterator[Question]:
    """A sample of a corpus, when the environment names a folder of one."""
    folder = os.environ.get(CORPUS)
    if not folder:
        return
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from kql_parts.corpus import lines

    found = [one for one in lines(Path(folder) / "queries.jsonl") if one["in_scope"] and one["parses"]]
    for one in found[:: max(1, len(found) // most)]:
        yield from asked(one["id"], one["query"])
