"""Reports by mail: due when they should be, once per turn, as PDF and CSV, with their owner's rights."""

import email
import email.policy
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from django.test import override_settings

from labs import free_ports
from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry, Role
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.models import Outgoing
from watchfloor.connectors.outgoing import outbox
from watchfloor.connectors.protocols.smtp_session import Session
from watchfloor.connectors.services import add_connection
from watchfloor.connectors.systems.smtp_out.system import server_of
from watchfloor.kernel.errors import BadInput, Forbidden, Unreachable
from watchfloor.lake.services import append
from watchfloor.portal.models import Schedule
from watchfloor.portal.reports import files, schedules
from watchfloor.portal.tests.test_reports import mail

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday
pytestmark = pytest.mark.django_db
EVERYTHING = Actor("person:1", "Max", frozenset(Permission))


class Box:
    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(email.message_from_bytes(envelope.original_content, policy=email.policy.default))
        return "250 queued"


@pytest.fixture
def box():
    handler = Box()
    (handler.port,) = free_ports(1)
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    handler.settings = {
        "host": "127.0.0.1",
        "port": str(handler.port),
        "security": "none",
        "from_address": "w@corp.example",
    }
    add_connection(by=EVERYTHING, name="post", kind="smtp_out", settings=handler.settings)
    yield handler
    controller.stop()


def deliver(box):
    return outbox.empty(
        "post", open_session=lambda: Session(server_of(box.settings)), now=lambda: NOW + timedelta(days=99)
    )


@pytest.fixture
def without_pdf(monkeypatch):
    """Most turns are about time and mail; one test makes the real PDF."""
    monkeypatch.setattr("watchfloor.portal.reports.schedules.pdf_of", lambda *a, **k: b"%PDF-1.4 none")


def add(person, **more):
    given = {"name": "Weekly", "report": "threat-protection", "parameters": "tab=phish&range=7d", "period": "weekly"}
    return schedules.add_schedule(by=actor_of(person), recipients=["ada@corp.example"], now=NOW, **{**given, **more})


@pytest.mark.parametrize(
    ("period", "more", "after", "due"),
    [
        ("daily", {"hour": 7}, "2026-11-22T12:00", "2026-11-23T07:00"),
        ("daily", {"hour": 13}, "2026-11-22T12:00", "2026-11-22T13:00"),
        ("weekly", {"weekday": 0, "hour": 7}, "2026-11-22T12:00", "2026-11-23T07:00"),
        ("weekly", {"weekday": 6, "hour": 7}, "2026-11-22T12:00", "2026-11-29T07:00"),
        ("monthly", {"day": 1, "hour": 0}, "2026-12-31T23:30", "2027-01-01T00:00"),
        ("monthly", {"day": 28, "hour": 7}, "2026-02-28T07:00", "2026-03-28T07:00"),
    ],
)
def test_a_schedule_is_due_at_the_next_such_moment(period, more, after, due):
    schedule = Schedule(period=period, **more)
    moment = schedules.next_turn(schedule, after=datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert moment == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_it_keeps_its_hour_when_clocks_change():
    with override_settings(TIME_ZONE="Europe/Berlin"):
        schedule = Schedule(period="daily", hour=7)
        moment = schedules.next_turn(schedule, after=datetime(2026, 10, 24, 12, tzinfo=UTC))
        assert moment == datetime(2026, 10, 25, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("daily", {"from": "2026-11-22", "to": "2026-11-22"}),
        ("weekly", {"from": "2026-11-16", "to": "2026-11-22"}),
        ("monthly", {"from": "2026-10-01", "to": "2026-10-31"}),
        ("once", {}),
    ],
)
def test_a_turn_tells_of_the_whole_days_before_it(period, days):
    assert schedules.covered(Schedule(period=period), due=datetime(2026, 11, 23, 7, tzinfo=UTC)) == days


def test_a_due_report_goes_out_once_with_its_figures_and_files(box, max, without_pdf):
    append("EmailEvents", [mail(1, at=NOW, threat="Phish", methods='{"Phish":["Bulk"]}')])
    made = add(max)
    assert schedules.send_due(now=NOW) == 0, "not yet due"
    due = made.next_at
    assert schedules.send_due(now=due) == 1
    assert schedules.send_due(now=due) == 0
    deliver(box)
    (got,) = box.taken
    assert got["Subject"] == "Weekly: Threat protection status, 2026-11-16 to 2026-11-22"
    text = got.get_body(("plain",)).get_content()
    assert "Bulk: 1 (100.0 %)" in text
    assert "/reports/threat-protection?tab=phish" in text
    names = [part.get_filename() for part in got.iter_attachments()]
    assert names == ["threat-protection-phish-2026-11-16.pdf", "threat-protection-phish-2026-11-16.csv"]
    made.refresh_from_db()
    assert (made.last_at, made.trouble) == (due, "")
    assert made.next_at == due + timedelta(days=7)


def test_a_worker_killed_before_it_noted_the_turn_sends_no_second_mail(box, max, without_pdf):
    made = add(max)
    due = made.next_at
    schedules.send_due(now=due)
    Schedule.objects.filter(pk=made.pk).update(next_at=due)
    schedules.send_due(now=due)
    assert Outgoing.objects.count() == 1


def test_turns_missed_while_nothing_ran_are_not_made_up_for(box, max, without_pdf):
    made = add(max, period="daily")
    later = made.next_at + timedelta(days=10)
    assert schedules.send_due(now=later) == 1
    made.refresh_from_db()
    assert made.next_at > later
    assert Outgoing.objects.count() == 1


def test_a_request_is_sent_at_once_and_never_again(box, max, without_pdf):
    made = add(max, period="once", parameters="tab=phish&range=90d")
    assert schedules.send_due(now=NOW) == 1
    made.refresh_from_db()
    assert made.next_at is None
    assert schedules.send_due(now=NOW + timedelta(days=30)) == 0
    deliver(box)
    assert "2026-08-25 to 2026-11-22" in box.taken[0]["Subject"]
    assert AuditEntry.objects.filter(verb="report.request").exists()


def test_without_a_mail_server_it_waits_and_says_why(max, without_pdf):
    made = add(max)
    due = made.next_at
    assert schedules.send_due(now=due) == 0
    made.refresh_from_db()
    assert "no connection sends mail" in made.trouble
    assert made.next_at == due, "it stays the turn of that day, whenever a server comes"


def test_a_browser_in_trouble_is_asked_again_before_the_report_goes_without_it(box, max, monkeypatch):
    tried = []

    def busy(*arguments, **more):
        tried.append(1)
        raise Unreachable("the browser did not start in time")

    monkeypatch.setattr(files, "print_pdf", busy)
    made = add(max)
    assert schedules.send_due(now=made.next_at) == 0
    assert Outgoing.objects.count() == 0
    assert schedules.send_due(now=made.next_at + schedules.PATIENCE) == 1
    assert (len(tried), Outgoing.objects.count()) == (2, 1)


def test_who_lost_the_right_sends_nothing_more(box, max, without_pdf):
    made = add(max)
    max.roles.set(Role.objects.filter(name="Security Reader"))
    assert schedules.send_due(now=made.next_at) == 0
    made.refresh_from_db()
    assert (made.enabled, Outgoing.objects.count()) == (False, 0)
    assert "may not send reports any more" in made.trouble


def test_without_a_browser_the_figures_go_out_and_say_what_is_missing(box, max, monkeypatch):
    def none(*arguments, **more):
        raise BadInput("no Chromium is there")

    monkeypatch.setattr(files, "print_pdf", none)
    made = add(max)
    schedules.send_due(now=made.next_at)
    deliver(box)
    assert [part.get_content_type() for part in box.taken[0].iter_attachments()] == ["text/csv"]
    assert "no Chromium is there" in box.taken[0].get_body(("plain",)).get_content()
    made.refresh_from_db()
    assert "no Chromium is there" in made.trouble


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"period": "hourly"}, "period"),
        ({"hour": 24}, "period"),
        ({"day": 29}, "period"),
        ({"report": "nothing"}, ""),
        ({"parameters": "x", "name": "ok", "period": "yearly"}, "period"),
    ],
)
def test_what_cannot_be_is_refused_at_the_door(max, more, place):
    with pytest.raises(BadInput) as refused:
        add(max, **more)
    assert refused.value.place == place
    assert Schedule.objects.count() == 0


def test_only_whoever_has_the_right_may_schedule(ada, as_ada, max):
    with pytest.raises(Forbidden):
        add(ada)
    made = add(max)
    for path in (f"{made.id}/remove", f"{made.id}/switch"):
        assert as_ada.post(f"/reports/schedules/{path}").status_code == 403
    assert as_ada.get("/reports/mail-flow/schedule").status_code == 403
    assert "Schedule or request" not in as_ada.get("/reports/mail-flow").content.decode()


def test_a_manager_schedules_pauses_and_removes_on_the_pages(as_max, max):
    path = "/reports/threat-protection/schedule?tab=phish&range=30d"
    assert "by Detection technology" in as_max.get(path).content.decode()
    form = {"name": "Board", "recipients": "a@corp.example, b@corp.example", "period": "monthly", "day": 3, "hour": 6}
    wrong = as_max.post(path, {**form, "recipients": "nobody"})
    assert wrong.status_code == 400
    assert "is not a mail address" in wrong.content.decode()
    assert as_max.post(path, form).status_code == 302
    made = Schedule.objects.get()
    assert (made.owner, made.recipients) == (max, ["a@corp.example", "b@corp.example"])
    assert "range" not in made.parameters
    page = as_max.get("/reports/schedules").content.decode()
    assert "On day 3 of every month at 06:00" in page
    assert "no enabled connection sends mail" in page.lower()
    as_max.post(f"/reports/schedules/{made.id}/switch")
    assert "Paused" in as_max.get("/reports/schedules").content.decode()
    as_max.post(f"/reports/schedules/{made.id}/switch")
    as_max.post(f"/reports/schedules/{made.id}/remove")
    assert Schedule.objects.count() == 0
    assert as_max.post(f"/reports/schedules/{made.id}/remove").status_code == 404
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {
        "report.schedule",
        "report.switch",
        "report.unschedule",
    }


def test_a_report_becomes_a_real_pdf(as_max):
    append("EmailEvents", [mail(number, at=datetime.now(UTC), threat="Phish") for number in range(5)])
    answer = as_max.get("/reports/threat-protection/report.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert "threat-protection-overview-" in answer["Content-Disposition"]


def test_nobody_keeps_schedules_without_end_and_old_requests_are_forgotten(max, monkeypatch):
    monkeypatch.setattr(schedules, "MOST_KEPT", 2)
    monkeypatch.setattr(schedules, "REMEMBERED", 1)
    sent = [add(max, name=f"Request {number}", period="once") for number in range(2)]
    with pytest.raises(BadInput, match="remove one first"):
        add(max)
    Schedule.objects.update(next_at=None)
    add(max)
    assert set(Schedule.objects.values_list("name", flat=True)) == {sent[1].name, "Weekly"}
