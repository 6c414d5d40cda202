"""Rankings by ranks give what the engine counts: any rows in any segments and beyond, any window, condition, order and page."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from watchfloor.lake import sealing, selectors, services, statistics, storage
from watchfloor.lake.catalogue import table
from watchfloor.lake.contracts import Condition, Operator, Table
from watchfloor.lake.engines import ranking, ranks
from watchfloor.lake.engines.tallying import Part, Ranking
from watchfloor.lake.snapshot import cold, segments

from .conftest import asked, mail
from .test_sealing import later, months, plain  # noqa: F401 (a fixture)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [("Timestamp", pa.timestamp("us", "UTC")), *((name, pa.string()) for name in ("Threat", "Url", "Mail"))]
)
TABLE = Table("T", "", (), leads="Threat", ranked=("Url",), once="Mail")
CONDITIONS = ["Threat <> ''", "Threat LIKE '%Phish%'", "Threat = 'none'", "NOT (Threat = 'Spam')"]
KEYS = {None: "n", 0: "s0", 1: "s1"}
SPLITS = ["Threat = 'Phish'", "Threat <> ''"]
ROWS = st.lists(
    st.tuples(
        st.integers(-50, 50),
        st.sampled_from(["", "", "Phish", "Spam"]),
        st.sampled_from(["", *"abcdefgh"]),
        st.integers(0, 3),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(
    st.lists(ROWS, min_size=1, max_size=4),
    ROWS,
    st.sets(st.sampled_from(CONDITIONS), max_size=2),
    st.tuples(st.integers(-60, 60), st.integers(-60, 60)),
    st.sampled_from([None, 0, 1]),
    st.integers(1, 6),
    st.sampled_from([("",), ("", "a")]),
    st.integers(1, 3),
)
def test_ranks_give_the_page_that_counting_all_gives(
    tmp_path_factory, sealed, rest, conditions, window, by, most, without, first
):
    """Small steps, so that segments are read in several, and few rows are many."""
    start, end = (NOON + timedelta(seconds=at) for at in sorted(window))
    question = Ranking(
        "Url", start, end, tuple(("Threat", parse_one(one, dialect="duckdb")) for one in sorted(conditions)),
        tuple(("Threat", parse_one(one, dialect="duckdb")) for one in SPLITS), by, most, without=without,
    )  # fmt: skip
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS made")
    folder = tmp_path_factory.mktemp("ranks")
    parts, tables = [], []
    for number, rows in enumerate(sealed):
        tables.append(made_of(rows, own=number))
        parts.append(
            Part(
                written(folder / f"{number}.ranks", database, tables[-1]),
                question,
                number=number,
                start=start,
                cursor=database.cursor(),
            )
        )
    outside = made_of(rest, own=len(sealed))
    grouped = counted(database, outside, question)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "FIRST", first)
        patch.setattr(ranking, "ALL_KNOWN", 0)
        patch.setattr(ranking, "FEW_ROWS", 0 if first < 3 else 1_000)
        found = ranking.ranked(question, parts, grouped)
    expected = counted(database, pa.concat_tables([*tables, outside]), question).to_pylist()
    kept = [row for row in expected if row["v"] not in without]
    kept.sort(key=lambda row: (-row[KEYS[by]], row["v"]))
    if found is None:  # values that come once in a segment decide
        assert any(1 in Counter(one.column("Url").to_pylist()).values() for one in tables)
        return
    assert found.found.select(["v", "n", "s0", "s1", "f", "l"]).to_pylist() == kept[:most]
    assert found.rows == sum(row["n"] for row in kept)
    assert found.empty == sum(row["n"] for row in expected if row["v"] in without)
    assert found.distinct == len(kept) if found.exact else found.distinct <= len(kept)


def made_of(rows, *, own: int) -> pa.Table:
    """A mail's rows have one time and one threat; no mail lies in two segments."""
    mails = {}
    lines = [
        (*mails.setdefault((own, number), (at, threat)), url, f"{own} {number} {at}")
        for at, threat, url, number in rows
    ]
    lines = [(at, threat, url, f"{own} {key} {at} {threat}") for at, threat, url, key in lines]
    return pa.table(
        [[NOON + timedelta(seconds=line[0]) for line in lines], *([line[n] for line in lines] for n in (1, 2, 3))],
        schema=SCHEMA,
    )


def written(path, database, rows) -> ranks.Ranks:
    """The ranks of a segment of these rows."""
    database.register("made_of", rows)
    database.execute("CREATE OR REPLACE TABLE made.main AS FROM made_of ORDER BY Threat = '', Timestamp DESC")
    ranks.write(path, database, table=TABLE, schema=SCHEMA, left_out={"Mail"})
    found = ranks._opened.__wrapped__(str(path))
    assert found is not None
    return found


def counted(database, rows, question) -> pa.Table:
    """All values of the rows, as the engine counts them."""
    database.register("rows_of", rows)
    tests = [condition.sql("duckdb") for _, condition in question.conditions]
    where = " AND ".join(
        [f"Timestamp >= '{question.start}' AND Timestamp < '{question.end}'", *(f"({one})" for one in tests)]
    )
    splits = [f"count(DISTINCT Mail) FILTER (WHERE {one}) AS s{n}" for n, one in enumerate(SPLITS)]
    text = f"""SELECT Url AS v, count(DISTINCT Mail) AS n, {", ".join(splits)}, min(Timestamp) AS f, max(Timestamp) AS l
        FROM rows_of WHERE {where} GROUP BY 1"""
    return (
        database.sql(text)
        .to_arrow_table()
        .cast(
            pa.schema(
                [
                    ("v", pa.string()),
                    *((name, pa.int64()) for name in ("n", "s0", "s1")),
                    *((name, pa.timestamp("us", "UTC")) for name in "fl"),
                ]
            )
        )
    )


SPLIT_BY = (
    Condition("DeliveryAction", Operator.EQUAL_ANY, ("Blocked",)),
    Condition("ThreatTypes", Operator.EQUAL_ANY, ("Phish",)),
)
ASKED = {
    "all mail": asked(days=40),
    "phish": asked(("ThreatTypes", Operator.EQUAL_ANY, ("Phish",)), days=40),
    "one day": asked(days=1),
    "a subject": asked(("Subject", Operator.CONTAINS_ANY, ("Invoice 5",)), days=40),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_ranking_is_the_same_with_segments_and_without(months, name):  # noqa: F811
    def ask():
        return [
            statistics.values(
                ASKED[name], column=column, order=order, limit=3, offset=1, splits=SPLIT_BY, contains="", without=without
            )
            for column, without in (("SenderFromAddress", ("",)), ("SenderFromDomain", ("", "evil1.example")), ("Subject", ("",)))
            for order in (statistics.MOST, statistics.Order(1), statistics.Order("last"))
        ]  # fmt: skip

    for found, expected in zip(ask(), plain(ask), strict=True):
        assert (found.found, found.rows, found.empty) == (expected.found, expected.rows, expected.empty)
        assert found.distinct <= expected.distinct if found.at_least else found.distinct == expected.distinct


def test_addresses_of_a_map_are_the_same_with_segments_and_without(months):  # noqa: F811
    def ask():
        return selectors.tallied(asked(days=40), column="SenderFromDomain", limit=2, splits=SPLIT_BY)

    assert ask() == plain(ask)


def test_a_mail_that_has_a_url_twice_counts_once_for_it(lake, monkeypatch):
    monkeypatch.setattr("watchfloor.lake.engines.segments.WORTH_FILES", 1)
    urls = [("http://a.example/", n) for n in (0, 0, 1, 2)] + [("http://b.example/", n) for n in (0, 3)]
    rows = [
        {"Timestamp": mail(n)["Timestamp"], "ReportId": f"report-{n}", "Url": url, "DeliveryAction": "Blocked"}
        for url, n in urls
    ]  # fmt: skip
    services.append("EmailUrlInfo", rows)
    with storage.only_writer():
        storage.flush(table("EmailUrlInfo"), now=later())
    assert sealing.seal(table("EmailUrlInfo"), now=later()) == 1
    told = []
    monkeypatch.setattr(statistics, "_of_ranks", lambda *given: told.append(given) or of_ranks(*given))
    found = selectors.values(asked(days=40), column="EmailUrlInfo.Url", splits=SPLIT_BY[:1])
    assert [(one.value, one.rows, one.splits) for one in found.found] == [
        ("http://a.example/", 3, (3,)), ("http://b.example/", 2, (2,)),
    ]  # fmt: skip
    assert (found.distinct, found.at_least, len(told)) == (2, False, 1)


of_ranks = statistics._of_ranks


def test_a_ranks_file_that_is_gone_or_broken_is_done_without(months):  # noqa: F811
    [segment] = segments("EmailEvents").live(cold("EmailEvents").snapshot())
    expected = selectors.values(asked(days=40), column="SenderFromAddress")
    ranks._opened.cache_clear()
    with open(segment.ranks, "r+b") as file:
        file.write(b"x" * 64)
    try:
        assert selectors.values(asked(days=40), column="SenderFromAddress") == expected
    finally:
        ranks._opened.cache_clear()
