"""What a detection would have done, told before anybody saves it, and nothing of it done."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.detection.contracts import Finding
from watchfloor.detection.models import FindingRecord
from watchfloor.hunting.custom import backtest
from watchfloor.hunting.custom.backtest import alerts_of, back_test
from watchfloor.hunting.models import CustomDetection, QueryRun
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden

SENDER = [["SenderFromAddress", "sender", "source"]]
DAY = timedelta(days=1)


@pytest.fixture
def by_max(max):
    return actor_of(max)


def plan(text="EmailEvents | where Subject has 'invoice'", **changes):
    fields = {"title": "T", "severity": "high", "look_back_minutes": 1440, "most_findings": 100, "entities": SENDER}
    return CustomDetection(**{**fields, **changes}, text=text)


def test_findings_of_one_sender_within_a_day_are_one_alert(by_max, mail):
    for age, sender in ((10 * DAY, "a"), (10 * DAY + timedelta(hours=2), "a"), (3 * DAY, "a"), (3 * DAY, "b")):
        mail(Subject="An invoice", age=age, SenderFromAddress=f"{sender}@x.example")
    told = back_test(plan(), by=by_max, now=utc_now())
    assert (told.rows, told.found, told.alerts, told.asked) == (4, 4, 3, 1)
    assert sum(number for _, number in told.days) == 3
    assert len(told.days) == 31
    assert told.covered == 30 * DAY


def test_it_reports_and_keeps_nothing(by_max, mail):
    mail(Subject="An invoice")
    back_test(plan(), by=by_max, now=utc_now())
    assert not FindingRecord.objects.exists()
    assert not CustomDetection.objects.exists()
    assert not QueryRun.objects.exists()


def test_a_query_that_groups_is_asked_as_its_schedule_would(by_max, mail):
    """Three mails on one day reach the threshold; three over three days do not, though a month at once would hold them."""
    text = "EmailEvents | summarize Mails = count() by SenderFromAddress | where Mails >= 3"
    for hours in (1, 2, 3):
        mail(age=2 * DAY + timedelta(hours=hours), SenderFromAddress="burst@x.example")
    for days in (5, 8, 12):
        mail(age=days * DAY, SenderFromAddress="slow@x.example")
    told = back_test(plan(text), by=by_max, now=utc_now())
    assert told.asked == 30
    assert told.alerts == 1


def test_a_query_that_names_its_own_times_is_asked_with_each_windows_now(by_max, mail):
    text = "EmailEvents | where Timestamp > ago(1d) and Subject has 'invoice'"
    mail(Subject="Old invoice", age=20 * DAY)
    assert back_test(plan(text), by=by_max, now=utc_now()).alerts == 1


def test_what_takes_too_long_is_cut_and_said(by_max, mail, monkeypatch):
    mail()
    monkeypatch.setattr(backtest, "BUDGET", 0.0)
    told = back_test(plan("EmailEvents | summarize count() by SenderFromAddress"), by=by_max, now=utc_now())
    assert told.asked == 1
    assert told.covered == DAY
    assert "took too long" in told.words[0]


def test_too_many_rows_and_rows_without_evidence_are_said(by_max, mail, monkeypatch):
    for number in range(3):
        mail(Subject="invoice", SenderFromAddress=f"s{number}@x.example")
    monkeypatch.setattr(backtest, "MOST_ROWS", 2)
    assert "too low" in " ".join(back_test(plan(), by=by_max, now=utc_now()).words)
    monkeypatch.undo()
    assert "at most 1 new" in " ".join(back_test(plan(most_findings=1), by=by_max, now=utc_now()).words)
    bare = back_test(plan("EmailEvents | project Subject"), by=by_max, now=utc_now())
    assert "no alert would have been made" in " ".join(bare.words)


def test_it_needs_the_right_to_tune_and_a_query(eve, by_max):
    with pytest.raises(Forbidden):
        back_test(plan(), by=actor_of(eve), now=utc_now())
    with pytest.raises(BadInput, match="write a query"):
        back_test(plan(" "), by=by_max, now=utc_now())


def finding(key, at):
    return Finding(0, key, "r", "t", "low", "c", "d", (), at, at, (), aggregation_key=key[0])


def test_a_chain_of_findings_less_than_a_day_apart_is_one_alert():
    start = datetime(2026, 11, 1, tzinfo=UTC)
    hours = (0, 20, 40, 70)
    told = alerts_of([finding(f"a{hour}", start + timedelta(hours=hour)) for hour in hours])
    assert [one.key for one in told] == ["a0", "a70"]


def test_the_form_shows_the_count_and_a_chart_by_day(as_max, as_eve, mail):
    mail(Subject="An invoice", age=2 * DAY)
    fields = {
        "text": "EmailEvents | where Subject has 'invoice'",
        "severity": "low",
        "every_minutes": "60",
        "look_back_minutes": "240",
        "entities": "SenderFromAddress: sender",
    }
    page = as_max.post("/hunting/detections/try", fields).content.decode()
    assert "1 alert</strong> would have been raised" in page
    assert 'id="back-test-chart"' in page
    assert "Not tested" in as_max.post("/hunting/detections/try", {**fields, "text": "nonsense"}).content.decode()
    assert "must be a column" in as_max.post("/hunting/detections/try", {**fields, "entities": "x"}).content.decode()
    assert as_eve.post("/hunting/detections/try", fields).status_code == 403
