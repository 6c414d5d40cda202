"""Who is told of alerts: by mail with a daily cap and a closing word, by webhook once, each as the policy says."""

import json
from datetime import timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.models import Connection, Delivery, Outgoing
from watchfloor.connectors.services import add_connection
from watchfloor.detection.contracts import EvidenceType
from watchfloor.detection.services import Notify, set_rule
from watchfloor.incidents.alert_notifying import notify_of_alerts, tell_of_capped
from watchfloor.incidents.graph_shape import evidence_resource
from watchfloor.incidents.models import AlertNotice
from watchfloor.incidents.notifying import Wanted, notify, save_rule
from watchfloor.incidents.selectors import evidence_items
from watchfloor.incidents.tuning_keeping import Wanted as Tuning
from watchfloor.incidents.tuning_keeping import save_tuning
from watchfloor.kernel.errors import BadInput
from watchfloor.runtime.selectors import cursor_position

RULE = "malicious-mail-delivered"
EVERYTHING = Actor("person:1", "Max", frozenset(Permission))
MAIL = {"host": "127.0.0.1", "port": "2525", "security": "none", "from_address": "watchfloor@corp.example"}
HOOK = {"url": "https://soar.example/hook", "secret": "long enough to be one"}


@pytest.fixture
def sends(db):
    add_connection(by=EVERYTHING, name="post", kind="smtp_out", settings=MAIL)


@pytest.fixture
def soar(db):
    add_connection(by=EVERYTHING, name="soar", kind="webhook", settings=HOOK)


@pytest.fixture
def told(by_ada, make):
    def tell(*recipients, cap=10, webhooks=(), rule_id=RULE):
        set_rule(rule_id=rule_id, notify=Notify(recipients, cap, webhooks), by=by_ada, now=make.start)

    return tell


@pytest.fixture
def look(make):
    return lambda minutes=2: notify_of_alerts(now=make.start + timedelta(minutes=minutes))


def mails():
    return list(Outgoing.objects.order_by("id"))


def test_the_people_of_a_policy_are_told_of_its_alert_once(sends, told, findings, make, look):
    told("ada@corp.example", "max@corp.example")
    alert = findings.raised(make.sender(), make.mailbox())
    assert look() == 2
    assert look(3) == 0
    assert {one.to[0] for one in mails()} == {"ada@corp.example", "max@corp.example"}
    text = bytes(mails()[0].raw).decode()
    assert mails()[0].subject == "High: Malicious mail delivered"
    assert f"/alerts/{alert.alert_id}" in text.replace("=\r\n", "")
    assert alert.history.filter(kind="notified").count() == 2


def test_a_look_that_was_cut_off_is_made_again_and_tells_nobody_twice(sends, told, findings, make, look, monkeypatch):
    told("ada@corp.example", "max@corp.example")
    findings.raised(make.sender())
    with monkeypatch.context() as patched:
        patched.setattr("watchfloor.incidents.alert_notifying.move_cursor", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look()
    look()
    assert len(mails()) == 2


def test_more_hits_are_not_told_again(sends, told, findings, make, look):
    told("ada@corp.example")
    findings.raised(make.sender(), aggregation_key="same")
    look()
    findings.add(make.sender(), aggregation_key="same")
    findings.promote()
    look(3)
    assert len(mails()) == 1


def test_alerts_of_other_policies_tell_nobody(sends, told, findings, make, look):
    told("ada@corp.example", rule_id="reported-phish")
    findings.raised(make.sender())
    assert look() == 0


def test_custom_and_sigma_detections_tell_as_policies_do(sends, told, findings, make, look):
    told("ada@corp.example", rule_id="sigma-abc")
    findings.raised(make.sender(), rule_id="sigma-abc", source="Sigma rule by Jane Doe")
    assert look() == 1


def test_alerts_that_tuning_resolved_are_nobody_s_news(sends, told, findings, make, look, by_ada):
    conditions = {"groups": [[{"type": "sender", "how": "every", "values": ["billing@*"]}]]}
    save_tuning(wanted=Tuning("Expected", "resolve", conditions), by=by_ada, now=make.start)
    told("ada@corp.example")
    findings.raised(make.sender())
    assert look() == 0


def test_the_last_mail_of_the_day_says_so_and_a_closing_one_counts_the_rest(sends, told, findings, make, look):
    told("ada@corp.example", cap=2)
    for _ in range(5):
        findings.raised(make.sender())
    assert look() == 2
    assert "This is the last mail" in bytes(mails()[1].raw).decode()
    assert AlertNotice.objects.filter(state="capped").count() == 3
    assert tell_of_capped(now=make.start + timedelta(hours=20)) == 0
    assert tell_of_capped(now=make.start + timedelta(hours=25)) == 1
    closing = mails()[2]
    assert closing.subject.startswith("3 more: ")
    assert "3 more alerts since" in bytes(closing.raw).decode()
    assert tell_of_capped(now=make.start + timedelta(hours=26)) == 0


def test_the_next_day_has_mails_again(sends, told, findings, make, look):
    told("ada@corp.example", cap=1)
    findings.raised(make.sender())
    look()
    findings.raised(make.sender(), at=make.start + timedelta(days=2))
    assert notify_of_alerts(now=make.start + timedelta(days=2, minutes=5)) == 1


def test_without_a_way_to_send_the_alert_stands_and_the_notice_says_that_it_failed(told, findings, make, look):
    told("ada@corp.example")
    findings.raised(make.sender())
    assert look() == 0
    assert AlertNotice.objects.get().state == "failed"
    assert cursor_position("alert-notices") > 0


def test_old_alerts_are_not_told_when_somebody_is_named_later(sends, told, findings, make):
    findings.raised(make.sender())
    told("ada@corp.example")
    assert notify_of_alerts(now=make.start + timedelta(days=3)) == 0


def test_words_of_strangers_add_no_header_and_hide_nothing(sends, told, findings, make, look):
    told("ada@corp.example")
    findings.raised(make.sender(), title="Phish\r\nBcc: eve@x.example \u202egpj.exe")
    look()
    assert "\nBcc:" not in bytes(mails()[0].raw).decode().replace("\r", "")


def test_an_alert_is_posted_once_in_the_shape_of_graph(soar, told, findings, make, look):
    told(webhooks=("soar",))
    alert = findings.raised(make.sender(), make.mailbox(), make.url(), make.message(1))
    look()
    look(3)
    row = Delivery.objects.get()
    body = json.loads(bytes(row.body))
    assert (row.event, row.dedup_key) == ("alert.created", f"alert-{alert.alert_id}")
    resource = body["resource"]
    assert resource["@odata.type"] == "#microsoft.graph.security.alert"
    assert (resource["id"], resource["severity"], resource["status"]) == (alert.alert_id, "high", "new")
    assert resource["incidentId"] == str(alert.incident_id)
    kinds = {one["@odata.type"].rpartition(".")[2] for one in resource["evidence"]}
    assert kinds == {"analyzedMessageEvidence", "mailboxEvidence", "urlEvidence"}


def test_a_webhook_that_is_gone_stops_nobody_else(sends, soar, told, findings, make, look):
    told("ada@corp.example", webhooks=("soar",))
    Connection.objects.filter(name="soar").delete()
    findings.raised(make.sender())
    assert look() == 1


@pytest.mark.parametrize("kind", EvidenceType)
def test_every_kind_of_evidence_has_its_shape(findings, make, kind):
    alert = findings.raised([kind.value, "value", "label", "source", "suspicious"])
    (item,) = evidence_items(alert=alert.alert_id)
    shaped = evidence_resource(item)
    assert shaped["@odata.type"].endswith("Evidence")
    assert shaped["roles"] == ["source"]


def test_a_long_list_of_evidence_is_cut(soar, told, findings, make, look):
    told(webhooks=("soar",))
    findings.raised(*(make.url(f"https://{number}.x.example/") for number in range(300)))
    look()
    assert len(json.loads(bytes(Delivery.objects.get().body))["resource"]["evidence"]) == 100


def incident_rule(by, make, **fields):
    wanted = Wanted("High", ("high",), (), (), fields.pop("recipients", ()), 50, **fields)
    return save_rule(wanted=wanted, by=by, at=make.start - timedelta(hours=1))


def test_an_incident_is_posted_once_though_nothing_can_send_mail(soar, findings, make, by_ada):
    incident_rule(by_ada, make, webhooks=("soar",))
    alert = findings.raised(make.sender())
    for minutes in (2, 3):
        notify(now=make.start + timedelta(minutes=minutes))
    row = Delivery.objects.get()
    resource = json.loads(bytes(row.body))["resource"]
    assert (row.event, resource["id"]) == ("incident.created", str(alert.incident_id))
    assert resource["@odata.type"] == "#microsoft.graph.security.incident"


def test_mails_of_incidents_wait_for_a_way_to_send_while_webhooks_do_not(soar, findings, make, by_ada):
    incident_rule(by_ada, make, webhooks=("soar",), recipients=("ada@corp.example",))
    findings.raised(make.sender())
    assert notify(now=make.start + timedelta(minutes=2)) == 0
    assert Delivery.objects.count() == 1
    add_connection(by=EVERYTHING, name="post", kind="smtp_out", settings=MAIL)
    assert notify(now=make.start + timedelta(minutes=3)) == 1
    assert Delivery.objects.count() == 1


def test_a_rule_of_incidents_needs_somebody_to_tell(findings, make, by_ada):
    with pytest.raises(BadInput):
        incident_rule(by_ada, make)
    with pytest.raises(BadInput, match="webhook"):
        incident_rule(by_ada, make, webhooks=("none-such",))


def test_the_form_offers_the_webhooks(soar, as_ada):
    assert 'name="webhook" value="soar"' in as_ada.get("/settings/incident-notifications/add").content.decode()
    form = {"name": "High", "severity": "high", "recipients": "", "webhook": "soar", "daily_cap": "5", "enabled": "on"}
    as_ada.post("/settings/incident-notifications/add", form)
    assert "Webhook: soar" in as_ada.get("/settings/incident-notifications").content.decode()
