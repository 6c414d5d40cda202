"""Rows go in hot, are read at once, move to the cold tier, and are read the same."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors, services, storage
from watchfloor.lake.contracts import OTHER, Operator
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.models import HotBatch

from .conftest import DAY, NOON, asked, mail

EQ, NONE, HAS = Operator.EQUAL_ANY, Operator.EQUAL_NONE, Operator.CONTAINS_ANY


def flush(now=None):
    with storage.only_writer() as mine:
        assert mine
        return sum(storage.flush(table, now=now or utc_now()) for table in selectors.tables())


@pytest.fixture(params=["hot", "cold", "both"])
def tier(request, lake):
    """Where the rows of a test lie: write() stores them there."""

    def write(table, rows):
        half = len(rows) // 2
        if request.param == "hot":
            services.append(table, rows)
        elif request.param == "cold":
            services.append(table, rows)
            flush()
        else:
            services.append(table, rows[:half])
            flush()
            services.append(table, rows[half:])

    return write


def test_rows_come_newest_first_with_the_columns_asked_for(tier):
    tier("EmailEvents", [mail(n) for n in range(10)])
    page = selectors.rows(asked(), columns=["Timestamp", "Subject"], limit=3)
    assert [row["Subject"] for row in page] == ["Invoice 9", "Invoice 8", "Invoice 7"]
    assert page[0]["Timestamp"] == NOON + timedelta(seconds=9)
    assert page[0]["Timestamp"].utcoffset() == timedelta(0)


def test_a_click_says_which_host_it_went_to_whoever_told_of_it(tier):
    def click(url, **given):
        return {"Timestamp": NOON, "Url": url, **given}

    tier(
        "UrlClickEvents",
        [
            click("https://Pay.Phish.example:8443/in?u=1"),
            click("no URL at all"),
            click("https://a.example/", UrlDomain="b.example"),
        ],
    )
    found = selectors.rows(asked(table="UrlClickEvents"), columns=["Url", "UrlDomain", "UrlDomainPath"])
    assert {row["Url"]: (row["UrlDomain"], row["UrlDomainPath"]) for row in found} == {
        "https://Pay.Phish.example:8443/in?u=1": ("pay.phish.example", "pay.phish.example/in"),
        "no URL at all": ("", ""),
        "https://a.example/": ("b.example", "a.example/"),
    }


def test_a_row_without_columns_asked_has_them_all(tier):
    tier("EmailEvents", [mail(1)])
    (row,) = selectors.rows(asked())
    assert set(row) == {column.name for column in selectors.table("EmailEvents").columns}
    assert row["BulkComplaintLevel"] == 0
    assert row["ThreatTypes"] == ""
    assert row["ForwardedMessage"] is False
    assert len(row["ReportId"]) == 36


def test_pages_do_not_overlap_even_when_times_are_equal(tier):
    tier("EmailEvents", [mail(n, Timestamp=NOON) for n in range(25)])
    seen = [row["NetworkMessageId"] for at in (0, 10, 20) for row in selectors.rows(asked(), limit=10, offset=at)]
    assert len(seen) == 25
    assert len(set(seen)) == 25


def test_the_window_holds_its_start_and_not_its_end(tier):
    tier("EmailEvents", [mail(0, Timestamp=NOON - 2 * DAY), mail(1, Timestamp=NOON + 2 * DAY)])
    assert [row["NetworkMessageId"] for row in selectors.rows(asked())] == ["id-000000"]


def test_counting_ignores_case_of_text(tier):
    tier("EmailEvents", [mail(n) for n in range(9)])
    assert selectors.count(asked(("Subject", HAS, ("INVOICE 3", "invoice 4")))) == 2
    assert selectors.count(asked(("SenderFromAddress", EQ, ("sender1@EVIL1.example",)))) == 1
    assert selectors.count(asked(("SenderFromDomain", NONE, ("evil0.example",)))) == 6
    assert selectors.count(asked(("UrlCount", Operator.GREATER, ("2",)))) == 2


def test_all_conditions_hold_or_any_of_them(tier):
    tier("EmailEvents", [mail(n) for n in range(9)])
    conditions = (("UrlCount", EQ, ("0",)), ("SenderFromDomain", EQ, ("evil0.example",)))
    assert selectors.count(asked(*conditions)) == 1
    assert selectors.count(asked(*conditions, any_of=True)) == 5


def test_a_list_column_is_matched_by_element(tier):
    tier(
        "EmailEvents",
        [
            mail(1, ThreatTypes=["Phish", "Spam"]),
            mail(2, ThreatTypes="Phish"),
            mail(3, ThreatTypes="Malware, Spam"),
            mail(4),
        ],
    )
    assert selectors.count(asked(("ThreatTypes", EQ, ("phish",)))) == 2
    assert selectors.count(asked(("ThreatTypes", EQ, ("Spam", "Malware")))) == 2
    assert selectors.count(asked(("ThreatTypes", NONE, ("Spam",)))) == 2
    assert selectors.count(asked(("ThreatTypes", EQ, ("Phi",)))) == 0
    assert selectors.count(asked(("ThreatTypes", HAS, ("Phi",)))) == 2
    assert selectors.count(asked(("ThreatTypes", Operator.STARTS_WITH, ("mal", "s")))) == 2
    assert selectors.count(asked(("ThreatTypes", EQ, ("",)))) == 1
    assert selectors.top(asked(), column="ThreatTypes") == [("Phish", 2), ("Spam", 2), ("Malware", 1)]


def test_a_condition_on_urls_finds_their_mails(tier):
    tier("EmailEvents", [mail(n) for n in range(6)])
    tier(
        "EmailUrlInfo",
        [
            {
                "Timestamp": NOON,
                "NetworkMessageId": f"id-{n:06}",
                "Url": f"https://bad{n % 2}.example/a/",
                "UrlDomain": f"bad{n % 2}.example",
            }
            for n in range(4)
        ],
    )
    assert selectors.count(asked(("EmailUrlInfo.UrlDomain", EQ, ("bad0.example",)))) == 2
    assert selectors.count(asked(("EmailUrlInfo.UrlDomain", NONE, ("bad0.example",)))) == 4
    assert selectors.count(asked(("EmailUrlInfo.Url", EQ, ("bad0.example/a",)))) == 2  # of either scheme (LM-27)
    assert selectors.count(asked(("EmailUrlInfo.Url", EQ, ("http://bad0.example/a",)))) == 0
    assert selectors.count(asked(("EmailUrlInfo.Url", EQ, ("https://BAD0.example/a",)))) == 2


def test_the_chart_counts_by_time_and_value(tier):
    tier("EmailEvents", [mail(n, Timestamp=NOON + timedelta(hours=n % 3)) for n in range(12)])
    chart = selectors.over_time(asked(), pivot="SenderFromDomain", step_seconds=3600)
    assert chart.step_seconds == 3600
    assert len(chart.times) == 96
    assert set(chart.series) == {"evil0.example", "evil1.example", "evil2.example"}
    assert all(len(counts) == 96 for counts in chart.series.values())
    assert sum(map(sum, chart.series.values())) == 12
    assert chart.series["evil0.example"][chart.times.index(NOON)] == 4


def test_values_beyond_the_first_few_are_added_up_as_other(tier):
    tier("EmailEvents", [mail(n, SenderFromDomain=f"d{n % 4}.example") for n in range(9)])
    chart = selectors.over_time(asked(), pivot="SenderFromDomain", top=2)
    assert list(chart.series) == ["d0.example", "d1.example", OTHER]
    assert sum(chart.series[OTHER]) == 4


def test_a_chart_over_urls_counts_a_mail_once_per_domain(tier):
    tier("EmailEvents", [mail(n, ReportId=f"r{n}") for n in range(4)])
    url = {"Timestamp": NOON, "UrlDomain": "bad.example", "SenderFromDomain": "evil0.example"}
    tier(
        "EmailUrlInfo",
        [
            url | {"NetworkMessageId": f"id-{n:06}", "ReportId": f"r{n}", "Url": f"http://bad.example/{path}"}
            for n in range(3)
            for path in "ab"
        ],
    )
    asked_for = asked(("Subject", HAS, ("invoice 1", "invoice 2")))
    chart = selectors.over_time(asked_for, pivot="EmailUrlInfo.UrlDomain")
    assert sum(chart.series.get("bad.example", ())) in {0, 2}
    denormalised = asked(("SenderFromDomain", EQ, ("evil0.example",)))
    assert sum(selectors.over_time(denormalised, pivot="EmailUrlInfo.UrlDomain").series["bad.example"]) == 3
    by_time = asked(("UrlCount", EQ, ("1", "2")))
    assert sum(selectors.over_time(by_time, pivot="EmailUrlInfo.UrlDomain").series["bad.example"]) == 2
    assert selectors.top(by_time, column="EmailUrlInfo.UrlDomain") == [("bad.example", 2)]


def test_top_counts_rows_or_distinct_values_and_leaves_out_nothing(tier):
    tier("EmailEvents", [mail(n) for n in range(10)] + [mail(11, SenderFromDomain="")])
    assert selectors.top(asked(), column="SenderFromDomain", limit=2) == [("evil0.example", 4), ("evil1.example", 3)]
    ranked = selectors.top(asked(), column="SenderFromDomain", distinct="RecipientEmailAddress")
    assert dict(ranked)["evil0.example"] == 4


def test_a_remediation_changes_where_the_mail_is_now_and_not_where_it_was(tier):
    tier("EmailEvents", [mail(n) for n in range(4)])
    event = {
        "NetworkMessageId": "id-000001",
        "RecipientEmailAddress": "person1@corp.example",
        "ActionResult": "Success",
        "ActionType": "Manual remediation",
    }
    tier(
        "EmailPostDeliveryEvents",
        [
            event | {"Timestamp": NOON + DAY, "DeliveryLocation": "Junk folder", "Action": "Moved to junk"},
            event | {"Timestamp": NOON + 3 * DAY, "DeliveryLocation": "Hard deleted", "Action": "Hard delete"},
            event | {"Timestamp": NOON + 4 * DAY, "DeliveryLocation": "Inbox/folder", "ActionResult": "Failed"},
        ],
    )
    (row,) = selectors.rows(asked(("NetworkMessageId", EQ, ("id-000001",))))
    assert row["DeliveryLocation"] == "Inbox/folder"
    assert row["LatestDeliveryLocation"] == "Hard deleted"
    assert row["LatestDeliveryAction"] == "Hard delete"
    (short,) = selectors.rows(asked(("Subject", EQ, ("invoice 1",))), columns=["LatestDeliveryLocation"])
    assert short == {"LatestDeliveryLocation": "Hard deleted"}
    assert selectors.count(asked(("LatestDeliveryLocation", EQ, ("Hard deleted",)))) == 1
    assert selectors.count(asked(("LatestDeliveryLocation", NONE, ("Hard deleted",)))) == 3
    assert dict(selectors.top(asked(), column="LatestDeliveryLocation")) == {"Inbox/folder": 3, "Hard deleted": 1}
    chart = selectors.over_time(asked(), pivot="LatestDeliveryLocation")
    assert sum(chart.series["Hard deleted"]) == 1
    assert selectors.count(asked(("EmailPostDeliveryEvents.ActionType", EQ, ("manual remediation",)))) == 1
    streamed = [row for rows in selectors.stream(asked(), columns=["LatestDeliveryLocation"]) for row in rows]
    assert [row["LatestDeliveryLocation"] for row in streamed].count("Hard deleted") == 1


@pytest.mark.parametrize("at_once", [50_000, 7])
def test_streaming_gives_every_row_once_newest_first(tier, monkeypatch, at_once):
    monkeypatch.setattr("watchfloor.lake.ask.SORTED_AT_ONCE", at_once)
    tier("EmailEvents", [mail(n, Timestamp=NOON + n * timedelta(hours=1)) for n in range(40)])
    lists = list(selectors.stream(asked(), columns=["Timestamp", "NetworkMessageId"]))
    times = [row["Timestamp"] for rows in lists for row in rows]
    assert len(times) == 40
    assert times == sorted(times, reverse=True)


def test_nothing_stored_is_nothing_found(lake):
    assert selectors.rows(asked()) == []
    assert selectors.count(asked()) == 0
    assert selectors.top(asked(), column="Subject") == []
    assert selectors.over_time(asked(), pivot="DeliveryAction").series == {}
    assert list(selectors.stream(asked(), columns=["Subject"])) == []


def test_appending_nothing_is_no_batch(lake):
    assert services.append("EmailEvents", []) == 0
    assert not HotBatch.objects.exists()


def test_a_rolled_back_transaction_leaves_no_rows(lake):
    with transaction.atomic():
        services.append("EmailEvents", [mail(1)])
        assert selectors.count(asked()) == 1
        transaction.set_rollback(True)
    services.append("EmailEvents", [mail(2)])
    assert [row["Subject"] for row in selectors.rows(asked())] == ["Invoice 2"]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("EmailEvents", mail(1, Timestamp=None)),
        ("EmailEvents", mail(1, Timestamp=datetime(2026, 11, 21))),  # noqa: DTZ001
        ("EmailEvents", mail(1, Colour="red")),
        ("NoSuchTable", mail(1)),
    ],
)
def test_a_row_that_does_not_fit_its_table_is_refused(lake, table, row):
    with pytest.raises(BadInput):
        services.append(table, [row])


def test_odd_values_are_stored_as_the_column_can_hold_them(lake):
    services.append(
        "EmailEvents", [mail(1, Subject="\udc80x\0", EmailClusterId=2**70, NetworkMessageId="ABC", Tags=("a,b",))]
    )
    (row,) = selectors.rows(asked())
    assert row["Subject"] == "\ufffdx\0"
    assert row["EmailClusterId"] == 2**63 - 1
    assert row["NetworkMessageId"] == "abc"
    assert selectors.elements_of(row["Tags"]) == ("a,b",)


def test_a_reader_gets_batches_in_order_from_where_it_stands(lake):
    first = services.append("EmailEvents", [mail(1)])
    services.append("AlertInfo", [{"Timestamp": NOON, "AlertId": "a"}])
    second = services.append("EmailEvents", [mail(2)])
    batches = selectors.since(0, tables=frozenset({"EmailEvents"}))
    assert [batch.position for batch in batches] == [first, second]
    assert batches[0].rows[0]["Subject"] == "Invoice 1"
    assert [batch.position for batch in selectors.since(first, tables=frozenset({"EmailEvents"}))] == [second]
    assert len(selectors.since(0, tables=frozenset({"EmailEvents", "AlertInfo"}), limit=2)) == 2


def over_days(days: int, *, each: int = 3) -> list[dict]:
    """`each` mails on each of `days` before noon of the test's day, numbered from the newest."""
    numbers = [(day, place) for day in range(days) for place in range(each)]
    return [mail(day * each + place, Timestamp=NOON - day * DAY - place * timedelta(hours=1)) for day, place in numbers]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("condition", [(), (("SenderFromDomain", EQ, ("evil1.example",)),)])
def test_pages_over_many_days_are_the_same_as_one_long_page(tier, descending, condition):
    tier("EmailEvents", over_days(20))
    asking = {"descending": descending, "columns": ["NetworkMessageId", "Timestamp"]}
    whole = selectors.rows(asked(*condition, days=30), limit=100, **asking)
    paged = [
        row
        for at in range(0, 60, 7)
        for row in selectors.rows(asked(*condition, days=30), limit=7, offset=at, **asking)
    ]
    assert paged == whole == sorted(whole, key=lambda row: row["Timestamp"], reverse=descending)
    assert len(whole) == (20 if condition else 60)


def test_the_newest_page_of_a_long_window_reads_only_the_newest_days(lake, monkeypatch):
    services.append("EmailEvents", over_days(20))
    flush()
    read = []
    run = DuckEngine.run
    monkeypatch.setattr(DuckEngine, "run", lambda self, tree, found: read.append(found) or run(self, tree, found))
    assert len(selectors.rows(asked(days=30), columns=["Timestamp"], limit=3)) == 3
    assert [len(found["EmailEvents"].files) for found in read] == [1]
    read.clear()
    assert len(selectors.rows(asked(days=30), columns=["Timestamp"], limit=8)) == 8
    assert [len(found["EmailEvents"].files) for found in read] == [1, 3]


def test_counting_a_window_reads_only_the_files_at_its_edges(tier):
    tier("EmailEvents", over_days(20))
    for days in (1, 2, 5, 30):
        assert selectors.count(asked(days=days)) == len(selectors.rows(asked(days=days), limit=100))
