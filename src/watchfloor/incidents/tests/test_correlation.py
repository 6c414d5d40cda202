"""Alerts find their incident, for a reason that is said."""

import random
from datetime import timedelta

import pytest

from watchfloor.incidents.models import Alert, Incident, IncidentLink
from watchfloor.incidents.services import assign, classify, set_status


def incident_of(alert):
    return Alert.objects.get(pk=alert.pk).incident


def reason_of(alert):
    return IncidentLink.objects.get(alert=alert, current=True).reason


def test_the_first_alert_opens_an_incident(findings, make):
    alert = findings.raised(make.message(1), make.sender(), make.mailbox())
    assert alert.incident.alert_count == 1
    assert "no open incident" in reason_of(alert)


def test_alerts_that_share_a_sender_are_one_incident_and_say_so(findings, make):
    first = findings.raised(make.message(1), make.sender(), make.mailbox())
    second = findings.raised(make.message(2), make.sender(), make.mailbox("bob@corp.example"))
    assert incident_of(second) == incident_of(first)
    assert reason_of(second) == "shares the sender billing@x.example with the alert “Malicious mail delivered”"


def test_the_reason_names_sender_and_url(findings, make):
    findings.raised(make.message(1), make.sender(), make.url())
    second = findings.raised(make.message(2), make.sender(), make.url(), title="Campaign")
    assert "the sender billing@x.example and the URL https://login.x.example/mailbox" in reason_of(second)


def test_the_reason_names_a_mail_sent_in_many_copies_once(findings, make):
    findings.raised(*[make.message(number) for number in range(5)])
    second = findings.raised(*[make.message(number) for number in range(5)], title="Campaign")
    assert (
        reason_of(second) == "shares the mail message “Your mailbox is full” with the alert “Malicious mail delivered”"
    )


def test_two_bad_mails_to_one_person_stay_two_incidents(findings, make):
    first = findings.raised(make.message(1), make.sender("a@x.example"), make.mailbox())
    second = findings.raised(make.message(2), make.sender("b@y.example"), make.mailbox())
    assert incident_of(first) != incident_of(second)


def test_the_same_address_and_the_same_mailbox_are_enough_together(findings, make):
    first = findings.raised(make.message(1), make.sender("a@x.example"), make.ip("198.51.100.7"), make.mailbox())
    second = findings.raised(make.message(2), make.sender("b@y.example"), make.ip("198.51.100.7"), make.mailbox())
    assert incident_of(first) == incident_of(second)


def test_a_person_who_received_a_phish_and_then_sends_one_is_multistage(findings, make):
    phish = findings.raised(make.message(1), make.sender(), make.mailbox("bob@corp.example"))
    sends = findings.raised(
        make.message(2, "Shared document"),
        make.sender("bob@corp.example"),
        make.user("bob@corp.example", "compromised"),
        make.mailbox("carol@corp.example"),
        at=make.start + timedelta(days=1),
        title="Mailbox sends malicious mail",
    )
    assert incident_of(phish) == incident_of(sends)
    link = IncidentLink.objects.get(alert=sends, current=True)
    assert link.kind == "multistage"
    assert "the account bob@corp.example (it clicked or sent)" in link.reason


def test_the_order_of_phish_and_click_does_not_matter(findings, make):
    click = findings.raised(make.user("bob@corp.example", "compromised"), make.url("https://one.example/a"))
    phish = findings.raised(make.message(1), make.sender(), make.mailbox("bob@corp.example"))
    assert incident_of(click) == incident_of(phish)


def test_the_next_phish_that_a_victim_gets_is_another_incident(findings, make):
    click = findings.raised(make.user("bob@corp.example", "compromised"), make.url("https://one.example/a"))
    later = make.start + timedelta(minutes=3)
    phish = findings.raised(make.message(9), make.sender("c@z.example"), make.mailbox("bob@corp.example"), at=later)
    assert incident_of(click) != incident_of(phish)


def test_a_click_long_after_a_phish_is_not_its_consequence(findings, make):
    phish = findings.raised(make.message(1), make.sender(), make.mailbox("bob@corp.example"))
    later = make.start + timedelta(days=5)
    click = findings.raised(make.user("bob@corp.example", "compromised"), make.url("https://one.example/a"), at=later)
    assert incident_of(click) != incident_of(phish)


def test_an_alert_outside_the_window_opens_its_own_incident(findings, make):
    first = findings.raised(make.message(1), make.sender())
    later = findings.raised(make.message(2), make.sender(), at=make.start + timedelta(days=8))
    assert incident_of(first) != incident_of(later)


@pytest.mark.parametrize(
    "everywhere",
    [
        ["url", "https://www.linkedin.com/company/x"],
        ["ip", "10.1.2.3"],
        ["url", "https://google.com"],
        ["ip", "not an address"],
    ],
)
def test_what_everybodys_mail_carries_joins_nothing(findings, make, everywhere):
    item = [*everywhere, "", "source", "suspicious"]
    first = findings.raised(make.message(1), make.mailbox(), item)
    second = findings.raised(make.message(2), make.mailbox(), item)
    assert incident_of(first) != incident_of(second)


def test_an_entity_in_too_many_alerts_joins_nothing_more(findings, make):
    shared = make.sender("newsletter@shop.example")
    for number in range(31):
        findings.add(make.message(number), shared)
    findings.promote()
    last = findings.raised(make.message(99), shared)
    assert incident_of(last).alert_count == 1


def test_a_resolved_incident_takes_nothing_more(findings, make, by_ada):
    first = findings.raised(make.message(1), make.sender())
    set_status(incident=first.incident_id, status="resolved", by=by_ada)
    second = findings.raised(make.message(2), make.sender())
    assert incident_of(second) != incident_of(first)


def test_an_incident_judged_false_positive_takes_nothing_more(findings, make, by_ada):
    first = findings.raised(make.message(1), make.sender())
    classify(incident=first.incident_id, classification="falsePositive", determination="notMalicious", by=by_ada)
    assert incident_of(findings.raised(make.message(2), make.sender())) != incident_of(first)


def test_an_alert_that_joins_goes_to_whoever_has_the_incident(findings, make, by_ada):
    first = findings.raised(make.message(1), make.sender())
    assign(incident=first.incident_id, to=by_ada.id, name="Ada", by=by_ada)
    assert findings.raised(make.message(2), make.sender()).assigned_name == "Ada"


def test_an_alert_between_two_incidents_joins_the_nearer_and_names_the_other(findings, make):
    left = findings.raised(make.message(1), make.sender("a@x.example"))
    right = findings.raised(make.message(2), make.url("https://y.example/p"), make.cluster(5))
    between = findings.raised(
        make.message(3), make.sender("a@x.example"), make.url("https://y.example/p"), make.cluster(5)
    )
    assert incident_of(between) == incident_of(right)
    assert IncidentLink.objects.get(alert=between, current=True).also[0][0] == left.incident_id


@pytest.mark.parametrize("seed", range(12))
def test_in_any_order_every_alert_is_in_exactly_one_incident(findings, make, seed):
    chance = random.Random(seed)
    senders = [make.sender(f"s{number}@x.example") for number in range(4)]
    people = [f"p{number}@corp.example" for number in range(6)]
    for _ in range(25):
        items = [make.message(chance.randrange(15)), chance.choice(senders)]
        roles = ["impacted", "impacted", "compromised"]
        items += [make.mailbox(address, chance.choice(roles)) for address in chance.sample(people, 2)]
        findings.add(*items, at=make.start + timedelta(hours=chance.randrange(300)))
    findings.promote()
    assert Alert.objects.count() == 25
    assert IncidentLink.objects.filter(current=True).count() == 25
    for link in IncidentLink.objects.filter(current=True).select_related("alert"):
        assert link.alert.incident_id == link.incident_id
        assert link.reason
    assert sum(Incident.objects.values_list("alert_count", flat=True)) == 25
    for incident in Incident.objects.all():
        assert incident.alert_count == incident.alerts.count() > 0
        assert incident.severity_rank == max(incident.alerts.values_list("severity_rank", flat=True))


def test_correlating_asks_the_same_number_of_questions_however_many_alerts_there_are(
    findings, make, django_assert_max_num_queries
):
    for number in range(20):
        findings.add(make.message(number), make.sender(), make.url(), make.mailbox(f"p{number}@corp.example"))
    findings.promote()
    findings.add(make.message(99), make.sender(), make.url(), make.mailbox())
    with django_assert_max_num_queries(45):
        findings.promote()
