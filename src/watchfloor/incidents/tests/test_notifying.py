"""Mail of incidents: who is told, once, bounded by the day, through a kill, in words that no subject can twist (IN-19)."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.connectors.models import Connection, Outgoing
from watchfloor.incidents import notifying, services
from watchfloor.incidents.models import Incident, Notice, NotificationRule
from watchfloor.incidents.notifying import Wanted, notify, save_rule
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound

ONE = "night@corp.example"
TWO = "boss@corp.example"
AT = datetime(2026, 11, 1, tzinfo=UTC)


def wanted(**fields):
    given = {
        "name": "Night shift",
        "severities": ("high",),
        "sources": (),
        "tags": (),
        "recipients": (ONE,),
        "daily_cap": 50,
    }
    return Wanted(**given | fields)


@pytest.fixture
def outgoing_mail(db):
    """A connection that sends mail; nobody empties its outbox in these tests."""
    return connected()


def connected():
    settings = {"host": "127.0.0.1", "port": "9", "security": "none", "from_address": "watchfloor@corp.example"}
    return Connection.objects.create(name="S", kind="smtp_out", settings=settings, created_at=AT, changed_at=AT)


@pytest.fixture
def rule(outgoing_mail, by_ada, make):
    return save_rule(wanted=wanted(), by=by_ada, at=make.start - timedelta(days=1))


def raised(findings, make, number=1, **fields):
    return findings.raised(make.message(number, f"Subject {number}"), make.sender(f"a{number}@x.example"), **fields)


@pytest.fixture
def later(make):
    return make.start + timedelta(minutes=5)


def letters():
    return [bytes(one.raw).decode() for one in Outgoing.objects.order_by("id")]


# --- who is told --------------------------------------------------------------------------------------------------


def test_a_new_incident_is_told_once_however_often_one_looks(rule, findings, make, later):
    alert = raised(findings, make)
    assert notify(now=later) == 1
    assert notify(now=later + timedelta(seconds=5)) == 0
    Incident.objects.update(updated_at=later + timedelta(minutes=1))
    assert notify(now=later + timedelta(minutes=2)) == 0
    assert Outgoing.objects.get().to == [ONE]
    text = letters()[0]
    assert f"/incidents/{alert.incident_id}" in text
    assert "Malicious mail delivered" in text


def test_two_rules_tell_one_person_once_and_two_people_each(rule, outgoing_mail, by_ada, findings, make, later):
    save_rule(wanted=wanted(name="Other", recipients=(ONE, TWO)), by=by_ada, at=make.start - timedelta(days=1))
    raised(findings, make)
    assert notify(now=later) == 2
    assert sorted(one.to[0] for one in Outgoing.objects.all()) == [TWO, ONE]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, 1),
        ({"severities": ("low",)}, 0),
        ({"severities": ()}, 1),
        ({"sources": ("Alert policies",)}, 1),
        ({"sources": ("Wazuh",)}, 0),
        ({"tags": ("vip",)}, 1),
        ({"tags": ("other",)}, 0),
        ({"severities": ("high",), "sources": ("Wazuh", "Alert policies"), "tags": ("other", "VIP")}, 1),
        ({"enabled": False}, 0),
    ],
)
def test_a_rule_asks_for_severity_source_and_tag(outgoing_mail, by_ada, findings, make, later, fields, told):
    save_rule(wanted=wanted(**fields), by=by_ada, at=make.start - timedelta(days=1))
    alert = raised(findings, make)
    services.tag(incident=alert.incident_id, texts=["VIP"], by=by_ada)
    Incident.objects.update(updated_at=later)
    assert notify(now=later) == told


def test_an_incident_that_grows_graver_is_told_then(rule, findings, make, later):
    low = raised(findings, make, severity="low", title="Small thing")
    assert notify(now=later) == 0
    findings.raised(make.message(1, "Subject 1"), make.sender("a1@x.example"), at=later, severity="high")
    assert Incident.objects.get(pk=low.incident_id).severity == "high"
    assert notify(now=later + timedelta(minutes=5)) == 1


def test_incidents_from_before_the_rule_and_closed_ones_are_nobodys_news(outgoing_mail, by_ada, findings, make, later):
    alert = raised(findings, make)
    save_rule(wanted=wanted(), by=by_ada, at=later)
    assert notify(now=later) == 0
    second = raised(findings, make, 2, at=later)
    Incident.objects.filter(pk=second.incident_id).update(status="resolved", created_at=later + timedelta(minutes=1))
    assert notify(now=later + timedelta(minutes=2)) == 0
    assert alert.incident_id != second.incident_id


def test_the_day_has_a_cap_the_last_mail_says_so_and_the_rest_is_noted(outgoing_mail, by_ada, findings, make, later):
    rule = save_rule(wanted=wanted(daily_cap=2), by=by_ada, at=make.start - timedelta(days=1))
    for number in range(4):
        raised(findings, make, number)
    assert notify(now=later) == 2
    assert ["last mail of this rule" in text for text in letters()] == [False, True]
    assert Notice.objects.filter(state="capped").count() == 2
    (counted,) = notifying.rules_with_counts(now=later)
    assert (counted.pk, counted.sent_today, counted.capped_today) == (rule.pk, 2, 2)
    raised(findings, make, 9, at=later + timedelta(days=1, hours=1))
    assert notify(now=later + timedelta(days=1, hours=2)) == 1


def test_without_outgoing_mail_nothing_is_lost_for_a_day(by_ada, findings, make, later, db):
    save_rule(wanted=wanted(), by=by_ada, at=make.start - timedelta(days=1))
    raised(findings, make)
    assert notify(now=later) == 0
    assert not Notice.objects.exists()
    connected()
    assert notify(now=later + timedelta(hours=3)) == 1


def test_what_is_told_stands_in_the_activity_log(rule, findings, make, later, as_ada):
    alert = raised(findings, make)
    notify(now=later)
    text = as_ada.get(f"/incidents/{alert.incident_id}?tab=activity&kind=notified").content.decode()
    assert "night@corp.example was told by mail" in text


def test_hostile_subjects_stay_on_their_line(rule, findings, make, later):
    findings.raised(make.message(1, "x\r\nBcc: all@corp.example\r\n\r\nhello \u202egpj"), make.sender(), at=make.start)
    notify(now=later)
    heads = letters()[0].replace("\r\n", "\n").split("\n\n", 1)[0]
    assert not any(line.lower().startswith("bcc:") for line in heads.split("\n"))
    assert "\u202e" not in letters()[0]


# --- rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [{"name": " "}, {"daily_cap": 0}, {"daily_cap": 1_000_000}, {"recipients": ()}, {"recipients": ("no address",)}],
)
def test_a_rule_that_cannot_be_right_is_refused(by_ada, make, fields):
    with pytest.raises(BadInput):
        save_rule(wanted=wanted(**fields), by=by_ada, at=make.start)
    assert not NotificationRule.objects.exists()


def test_only_who_manages_incidents_makes_rules(eve, make):
    from watchfloor.access.selectors import actor_of

    with pytest.raises(Forbidden):
        save_rule(wanted=wanted(), by=actor_of(eve), at=make.start)


def test_a_rule_is_made_changed_and_deleted_on_its_page(as_ada, db):
    data = {
        "name": "Night",
        "severity": ["high", "medium"],
        "recipients": f"{ONE}\n{TWO}; {ONE}",
        "daily_cap": "20",
        "enabled": "on",
    }
    as_ada.post("/settings/incident-notifications/add", data)
    rule = NotificationRule.objects.get()
    assert rule.recipients == [ONE, TWO]
    assert "High or medium severity" in as_ada.get("/settings/incident-notifications").content.decode()
    as_ada.post(f"/settings/incident-notifications/{rule.pk}", data | {"tags": "vip, night", "enabled": ""})
    rule.refresh_from_db()
    assert rule.tags == ["vip", "night"]
    as_ada.post(f"/settings/incident-notifications/{rule.pk}/delete")
    assert not NotificationRule.objects.exists()


def test_a_form_with_a_mistake_comes_back_as_typed(as_ada, db):
    data = {"name": "Night", "severity": ["high"], "recipients": "nobody", "daily_cap": "x"}
    answer = as_ada.post("/settings/incident-notifications/add", data)
    assert answer.status_code == 400
    assert 'value="Night"' in answer.content.decode()


def test_the_page_says_that_nothing_can_be_sent(as_ada, db):
    assert "No connection sends mail" in as_ada.get("/settings/incident-notifications").content.decode()
    assert "No rules yet" in as_ada.get("/settings/incident-notifications").content.decode()


def test_a_rule_that_is_not_there_is_not_found(as_ada, by_ada, db):
    assert as_ada.get("/settings/incident-notifications/99").status_code == 404
    with pytest.raises(NotFound):
        notifying.delete_rule(number=99, by=by_ada)


@pytest.mark.parametrize("path", ["", "/add", "/1", "/1/delete"])
def test_eve_sees_none_of_it(as_eve, path):
    assert as_eve.post(f"/settings/incident-notifications{path}").status_code == 403


# --- killed -------------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from watchfloor.incidents import notifying
real = notifying.send_mail
def and_die(**mail):
    real(**mail)
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "die":
    notifying.send_mail = and_die
print(notifying.notify(now=datetime.fromisoformat(sys.argv[2])))
"""


PREPARED = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import UTC, datetime, timedelta
from watchfloor.connectors.models import Connection
from watchfloor.incidents.models import Incident, NotificationRule
at = datetime(2026, 11, 2, 9, tzinfo=UTC)
where = {"host": "127.0.0.1", "port": "9", "security": "none", "from_address": "w@corp.example"}
Connection.objects.create(name="S", kind="smtp_out", settings=where, created_at=at, changed_at=at)
NotificationRule.objects.create(name="n", recipients=["a@corp.example", "b@corp.example"], created_at=at, created_by="x")
Incident.objects.create(name="i", severity="high", first_activity=at, last_activity=at, created_at=at, updated_at=at)
"""
COUNTED = """
import django
django.setup()
from watchfloor.connectors.models import Outgoing
from watchfloor.incidents.models import Notice
print(Notice.objects.count(), Outgoing.objects.count(), sorted(one.to[0] for one in Outgoing.objects.all()))
"""


@pytest.mark.slow
def test_a_kill_between_notice_and_mail_leaves_neither_and_the_next_look_tells_everybody_once(tmp_path):
    environ = {**os.environ, "WATCHFLOOR_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
    environ.pop("DATABASE_URL", None)

    def run(program, *words):
        return subprocess.run(
            [sys.executable, "-c", program, *words], env=environ, capture_output=True, text=True, timeout=120
        )

    prepared = run(PREPARED)
    assert prepared.returncode == 0, prepared.stderr
    killed = run(KILLED, "die", "2026-11-02T09:01:00+00:00")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert run(COUNTED).stdout.split()[:2] == ["0", "0"]
    assert run(KILLED, "live", "2026-11-02T09:02:00+00:00").stdout.strip() == "2"
    assert run(KILLED, "live", "2026-11-02T09:03:00+00:00").stdout.strip() == "0"
    assert run(COUNTED).stdout.strip() == "2 2 ['a@corp.example', 'b@corp.example']"


# --- whose rule it is ---------------------------------------------------------------------------------------------


def test_a_rule_rests_when_who_answers_for_it_may_no_longer_manage_incidents(rule, findings, make, later, ada, max):
    """Else whoever leaves goes on being told, at whatever address they once named."""
    raised(findings, make)
    ada.roles.clear()
    assert notify(now=later) == 0
    rule.refresh_from_db()
    assert not rule.enabled
    assert "may no longer manage incidents" in rule.trouble
    save_rule(wanted=wanted(), by=actor_of(max), at=later, number=rule.pk)
    assert notify(now=later + timedelta(minutes=1)) == 1
    rule.refresh_from_db()
    assert (rule.trouble, rule.answers_for) == ("", max.email)


def test_rules_from_before_go_on_and_there_are_not_ever_more(rule, findings, make, later, by_ada, monkeypatch):
    NotificationRule.objects.update(answers_for="")
    raised(findings, make)
    assert notify(now=later) == 1
    monkeypatch.setattr(notifying, "MOST_RULES", 1)
    with pytest.raises(BadInput, match="delete one first"):
        save_rule(wanted=wanted(name="Another"), by=by_ada, at=later)
