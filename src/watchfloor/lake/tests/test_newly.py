"""New batches held against conditions before their rows are rows of Python, and counts of many times in one question."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import Condition, Group, Operator, Query
from watchfloor.lake.newly import FEW
from watchfloor.lake.selectors import Stretch, among, counted_in, different_rows, newly
from watchfloor.lake.services import append

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TABLES = ("EmailEvents", "EmailUrlInfo")
ALL = Query("EmailEvents", NOON - timedelta(days=1), NOON + timedelta(days=1))


def mail(number, **columns):
    return {
        "Timestamp": NOON + timedelta(minutes=number),
        "NetworkMessageId": f"m-{number % 3}",
        "Subject": "even" if number % 2 == 0 else "odd",
        "RecipientEmailAddress": f"p{number % 4}@corp.example",
        "ThreatTypes": ["Phish"] if number % 5 == 0 else [],
        "EmailClusterId": number % 2 + 1,
        "ReportId": f"r-{number}",
    } | columns


def test_batches_are_taken_until_they_hold_enough_and_one_is_always(db):
    places = [append("EmailEvents", [mail(n) for n in range(size)]) for size in (3, 4, 9, 1)]
    first = newly(0, tables=TABLES, most_rows=7, most_batches=10)
    assert (first.position, first.batches, first.rows) == (places[1], 2, 7)
    second = newly(first.position, tables=TABLES, most_rows=7, most_batches=10)
    assert (second.position, second.rows) == (places[2], 9)
    assert newly(0, tables=TABLES, most_rows=99, most_batches=1).batches == 1
    assert newly(places[-1], tables=TABLES, most_rows=7, most_batches=10) is None


def test_tables_stand_apart_and_one_that_is_not_asked_for_is_passed_over(db):
    append("EmailEvents", [mail(1)])
    append("EmailUrlInfo", [{"Timestamp": NOON, "NetworkMessageId": "m-1", "Url": "https://x.example/"}])
    append("UrlClickEvents", [{"Timestamp": NOON, "Url": "https://x.example/"}])
    new = newly(0, tables=TABLES, most_rows=10, most_batches=10)
    assert {name: len(parts) for name, parts in new.tables.items()} == {"EmailEvents": 1, "EmailUrlInfo": 1}


@pytest.mark.parametrize("copies", [1, FEW // 10 + 1], ids=["few", "many"])
@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        (Condition("Subject", Operator.EQUAL_ANY, ("EVEN",)), [0, 2, 4, 6, 8]),
        (Condition("ThreatTypes", Operator.CONTAINS_ANY, ("phish",)), [0, 5]),
        (Condition("ThreatTypes", Operator.CONTAINS_NONE, ("phish",)), [1, 2, 3, 4, 6, 7, 8, 9]),
        (Condition("LatestDeliveryLocation", Operator.EMPTY, ()), list(range(10))),
    ],
)
def test_rows_keep_their_order_and_mean_the_same_few_or_many(db, copies, condition, numbers):
    for _ in range(copies):
        append("EmailEvents", [mail(n) for n in range(10)])
    parts = newly(0, tables=TABLES, most_rows=10**6, most_batches=10**6).tables["EmailEvents"]
    rows = among(parts, table="EmailEvents", conditions=(Group((condition,)),), columns=("ReportId", "Timestamp"))
    assert [row["ReportId"] for row in rows] == [f"r-{n}" for n in numbers] * copies
    assert set(rows[0]) == {"ReportId", "Timestamp"}
    assert rows[0]["Timestamp"] == NOON + timedelta(minutes=numbers[0])


def test_without_conditions_all_rows_come(db):
    append("EmailEvents", [mail(n) for n in range(FEW + 5)])
    parts = newly(0, tables=TABLES, most_rows=10**6, most_batches=9).tables["EmailEvents"]
    assert len(among(parts, table="EmailEvents", conditions=(), columns=("ReportId",))) == FEW + 5


def test_what_differs_is_told_once_in_the_order_it_came(db):
    append("EmailEvents", [mail(n) for n in range(9, -1, -1)])
    found = different_rows(ALL, columns=("NetworkMessageId", "Subject"), limit=100)
    assert [(one["NetworkMessageId"], one["Subject"]) for one in found] == [
        *(("m-0", "even"), ("m-1", "odd"), ("m-2", "even"), ("m-0", "odd"), ("m-1", "even"), ("m-2", "odd"))
    ]
    assert len(different_rows(ALL, columns=("NetworkMessageId",), limit=2)) == 2


def test_each_stretch_counts_its_rows_and_its_values_ends_included(db):
    append("EmailEvents", [mail(n) for n in range(10)])
    minute = timedelta(minutes=1)
    asked = [
        Stretch("1", NOON, NOON + 8 * minute),
        Stretch("1", NOON + minute, NOON + 2 * minute),
        Stretch("2", NOON, NOON + 9 * minute),
        Stretch("3", NOON, NOON + 9 * minute),
    ]
    counted = counted_in(ALL, asked, column="EmailClusterId", distinct="RecipientEmailAddress")
    assert counted == [(5, 2), (1, 1), (5, 2), (0, 0)]
    assert counted_in(ALL, [Stretch("", NOON, NOON + 3 * minute)], column="", distinct="") == [(4, 4)]
    assert counted_in(ALL, [], column="", distinct="") == []


def test_a_column_that_is_not_there_is_not_counted_by(db):
    with pytest.raises(BadInput):
        counted_in(ALL, [Stretch("", NOON, NOON)], column="Nothing", distinct="")
