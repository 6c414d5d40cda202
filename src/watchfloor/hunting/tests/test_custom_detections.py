"""A query on a schedule: what it finds becomes an alert once, and how it went is there to read."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.detection.models import FindingRecord
from watchfloor.hunting.custom.keeping import Plan, delete, save, switch
from watchfloor.hunting.custom.mapping import guessed, key_of, read_mapping
from watchfloor.hunting.custom.running import run_due
from watchfloor.hunting.models import CustomDetection
from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden

QUERY = "EmailEvents | where Subject has 'invoice'"
MAPPED = (("SenderFromAddress", "sender", "source"), ("RecipientEmailAddress", "mailbox", "impacted"))


@pytest.fixture
def by_max(max):
    return actor_of(max)


def kept(by, **changes) -> CustomDetection:
    fields = {"title": "Invoices", "text": QUERY, "severity": "high", "every_minutes": 60, "look_back_minutes": 240}
    return save(plan=Plan(**{**fields, "entities": MAPPED, **changes}), by=by, now=utc_now())


def test_a_row_becomes_an_alert_with_its_evidence(by_max, mail):
    mail(Subject="An invoice", SenderFromAddress="crook@evil.example")
    row = kept(by_max)
    assert run_due(now=utc_now()) == 1
    promote(now=utc_now())
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.rule_id) == ("Invoices", "high", row.rule_id)
    assert alert.source == "Custom detection “Invoices”"
    finding = FindingRecord.objects.get()
    assert {tuple(one[:2]) for one in finding.body["evidence"]} == {
        ("sender", "crook@evil.example"),
        ("mailbox", "ann@corp.example"),
    }
    row.refresh_from_db()
    assert (row.last_state, row.last_rows, row.last_new) == ("ok", 1, 1)


def test_the_overlap_of_two_look_backs_makes_no_second_finding(by_max, mail):
    mail(Subject="An invoice")
    kept(by_max)
    now = utc_now()
    run_due(now=now)
    mail(Subject="Another invoice", age=timedelta(minutes=5))
    run_due(now=now + timedelta(minutes=61))
    assert FindingRecord.objects.count() == 2
    assert CustomDetection.objects.get().last_words == "2 rows, 1 new finding"


def test_it_runs_when_it_is_due_and_not_before(by_max):
    kept(by_max)
    now = utc_now()
    assert [run_due(now=now), run_due(now=now + timedelta(minutes=59)), run_due(now=now + timedelta(minutes=61))] == [
        1,
        0,
        1,
    ]


def test_what_lies_before_the_look_back_is_not_met(by_max, mail):
    mail(Subject="An old invoice", age=timedelta(hours=5))
    kept(by_max)
    run_due(now=utc_now())
    assert not FindingRecord.objects.exists()


def test_one_run_makes_a_limited_number_and_the_next_ones_make_the_rest(by_max, mail):
    for number in range(5):
        mail(Subject=f"invoice {number}")
    kept(by_max, most_findings=2)
    now, counts = utc_now(), []
    for number in range(4):
        run_due(now=now + timedelta(minutes=61 * number) if number < 3 else now + timedelta(minutes=170))
        counts.append(FindingRecord.objects.count())
    assert counts[:3] == [2, 4, 5]
    assert "not looked at" not in CustomDetection.objects.get().last_words


def test_a_failing_run_says_why_and_the_next_one_is_still_due(by_max):
    row = kept(by_max)
    CustomDetection.objects.update(text="EmailEvents | where Gone == 1")
    now = utc_now()
    assert run_due(now=now) == 1
    row.refresh_from_db()
    assert row.last_state == "failing"
    assert "there is no column “Gone”" in row.last_words
    assert row.next_at == now + timedelta(minutes=60)


def test_rows_without_evidence_are_told(by_max, mail):
    mail(Subject="invoice")
    kept(by_max, text=f"{QUERY} | project Subject")
    run_due(now=utc_now())
    assert "no row holds an entity" in CustomDetection.objects.get().last_words


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"title": " "}, "title"),
        ({"severity": "huge"}, "severity"),
        ({"every_minutes": 7}, "every_minutes"),
        ({"look_back_minutes": 30}, "look_back"),
        ({"look_back_minutes": 43_201}, "look_back"),
        ({"entities": ()}, "entities"),
        ({"most_findings": 0}, "most_findings"),
        ({"text": ""}, "query"),
        ({"text": "EmailEvents | wher x"}, "query"),
    ],
)
def test_what_could_never_work_is_refused_where_it_was_written(by_max, changes, place):
    with pytest.raises(BadInput) as refused:
        kept(by_max, **changes)
    assert refused.value.place == place


def test_nobody_schedules_what_they_may_not_read(db):
    tuner = Actor("t", "Tuner", frozenset({Permission.DETECTION_TUNE}))
    with pytest.raises(BadInput, match="right"):
        kept(tuner)


def test_changing_needs_the_right_and_is_audited(eve, by_max):
    row = kept(by_max)
    for verb in (
        lambda by: kept(by),
        lambda by: switch(key=row.pk, enabled=False, by=by, now=utc_now()),
        lambda by: delete(key=row.pk, by=by),
    ):
        with pytest.raises(Forbidden):
            verb(actor_of(eve))
    switch(key=row.pk, enabled=False, by=by_max, now=utc_now())
    assert run_due(now=utc_now()) == 0
    delete(key=row.pk, by=by_max)
    done = AuditEntry.objects.filter(outcome="success", verb__startswith="custom_detection").order_by("id")
    assert [one.verb.partition(".")[2] for one in done] == ["save", "switch", "delete"]


def test_an_event_is_known_by_its_report_a_mail_by_its_copy_a_sum_by_its_day():
    monday, tuesday = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
    assert key_of("r", {"ReportId": "1", "n": 1}, (), monday) == key_of("r", {"ReportId": "1", "n": 2}, (), tuesday)
    mail = {"NetworkMessageId": "m", "RecipientEmailAddress": "a@x"}
    assert key_of("r", mail, (), monday) != key_of("r", {**mail, "RecipientEmailAddress": "b@x"}, (), monday)
    assert key_of("r", {"n": 1}, (), monday) == key_of("r", {"n": 2}, (), monday)
    assert key_of("r", {"n": 1}, (), monday) != key_of("r", {"n": 1}, (), tuesday)
    assert key_of("r", {"n": 1}, (), monday) != key_of("s", {"n": 1}, (), monday)


def test_columns_suggest_their_evidence_and_lines_are_read():
    assert guessed(["Subject", "Url"]) == [["Url", "url", "source"]]
    assert read_mapping(" Who : user \n\nHash: FILE") == [["Who", "user", "impacted"], ["Hash", "file", "source"]]
    with pytest.raises(BadInput, match="must be a column"):
        read_mapping("Who")


def test_the_pages_make_switch_and_delete_one(as_max, as_eve, mail):
    form = as_max.post("/hunting/detections/edit", {"query": QUERY}).content.decode()
    assert "RecipientEmailAddress: mailbox" in form
    fields = {"title": "Made", "text": QUERY, "severity": "low", "every_minutes": "5", "look_back_minutes": "60"}
    assert as_max.post("/hunting/detections/save", fields).status_code == 400
    assert (
        as_max.post("/hunting/detections/save", {**fields, "entities": "SenderFromAddress: sender"}).status_code == 302
    )
    row = CustomDetection.objects.get()
    assert "Not run yet" in as_max.get("/hunting/detections").content.decode()
    assert "SenderFromAddress: sender" in as_max.get(f"/hunting/detections/edit?key={row.pk}").content.decode()
    assert "Not run yet" in as_max.get(f"/hunting/detections/{row.pk}").content.decode()
    as_max.post(f"/hunting/detections/{row.pk}/switch", {"enabled": "no"})
    assert not CustomDetection.objects.get().enabled
    assert as_eve.post(f"/hunting/detections/{row.pk}/delete").status_code == 403
    as_max.post(f"/hunting/detections/{row.pk}/delete")
    assert not CustomDetection.objects.exists()
