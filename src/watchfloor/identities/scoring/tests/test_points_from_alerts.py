"""Alerts become points of the people they concern, and follow what is decided about them."""

from datetime import timedelta

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.identities.models import RiskPoint
from watchfloor.identities.scoring.rise import RULE
from watchfloor.identities.selectors import points_of, risk_of
from watchfloor.identities.services import void_point
from watchfloor.incidents.models import Alert
from watchfloor.incidents.services import classify_alert, set_alert_status

BY = system_actor("test", Permission.INCIDENT_MANAGE, Permission.IDENTITY_RISK_MANAGE)


def only(who):
    (point,) = points_of(who.pk)
    return point


def test_whoever_acted_gets_more_than_whoever_was_reached(world):
    actor, target, reader = (world.person(name) for name in ("ann", "bob", "cid"))
    world.alert(("user", actor, "compromised"), ("user", target, "impacted"), ("mailbox", reader, "impacted"))
    points = [only(who).points for who in (actor, target, reader)]
    assert points == sorted(points, reverse=True)
    assert len(set(points)) == 3
    assert only(actor).words == "Alert “Odd mail”: Ann acted in it: clicked, sent or signed in"
    assert "only received" in only(reader).words
    assert only(actor).evidence.startswith("/alerts/")
    assert [factor.name for factor in only(actor).factors] == ["Severity", "Role", "Among people", "Among alerts"]
    assert only(actor).techniques == ("T1566",)
    assert risk_of(actor.pk).score > risk_of(reader.pk).score > 0


def test_an_alert_that_everybody_has_weighs_less(world):
    people = [world.person(f"p{number}") for number in range(10)]
    rare = world.person("rare")
    for who in people:
        world.alert(("user", who, "compromised"), rule="common")
    world.alert(("user", rare, "compromised"), rule="rare")
    assert only(rare).points > only(people[-1]).points
    assert "9 other people" in only(people[-1]).factors[2].words


def test_graver_alerts_weigh_more(world):
    people = [world.person(name) for name in ("ann", "bob", "cid", "dan")]
    for who, severity in zip(people, ("high", "medium", "low", "informational"), strict=True):
        world.alert(("user", who, "compromised"), severity=severity, rule=severity)
    points = [only(who).points for who in people]
    assert points == sorted(points, reverse=True)


def test_a_further_hit_moves_the_same_point_and_does_not_add_one(world):
    ann = world.person("ann")
    world.alert(("user", ann, "compromised"), key="same")
    first = only(ann)
    world.now += timedelta(hours=2)
    world.alert(("user", ann, "compromised"), key="same")
    again = only(ann)
    assert again.id == first.id
    assert again.at == first.at + timedelta(hours=2)


def test_a_new_person_of_an_old_alert_gets_a_point(world):
    ann, bob = world.person("ann"), world.person("bob")
    world.alert(("user", ann, "compromised"), key="same")
    world.now += timedelta(minutes=5)
    world.alert(("user", bob, "compromised"), key="same")
    assert RiskPoint.objects.count() == 2
    assert only(bob).source == only(ann).source


@pytest.mark.parametrize("classification", ["falsePositive", "informationalExpectedActivity"])
def test_a_false_positive_is_void_and_counts_again_when_reopened_as_true(world, classification):
    ann = world.person("ann")
    world.alert(("user", ann, "compromised"))
    (alert,) = Alert.objects.all()
    assert risk_of(ann.pk).score > 0
    determination = "other"
    classify_alert(alert=alert.alert_id, classification=classification, determination=determination, by=BY)
    world.now += timedelta(days=365)
    assert world.score_alerts() == 1
    assert only(ann).void
    assert risk_of(ann.pk).score == 0
    classify_alert(alert=alert.alert_id, classification="truePositive", determination="phishing", by=BY)
    world.score_alerts()
    assert not only(ann).void


def test_a_resolved_true_positive_keeps_its_point(world):
    ann = world.person("ann")
    world.alert(("user", ann, "compromised"))
    set_alert_status(alert=Alert.objects.get().alert_id, status="resolved", by=BY)
    world.now += timedelta(days=365)
    world.score_alerts()
    assert not only(ann).void


def test_what_a_person_voided_stays_void_when_the_alert_changes(world):
    ann = world.person("ann")
    world.alert(("user", ann, "compromised"), key="same")
    void_point(point=only(ann).id, by=BY, reason="a test", now=world.now)
    world.now += timedelta(hours=1)
    world.alert(("user", ann, "compromised"), key="same")
    assert only(ann).void
    assert only(ann).void_by == "test"


def test_an_alert_about_the_score_itself_gives_no_points(world):
    ann = world.person("ann")
    world.alert(("user", ann, "compromised"), rule=RULE)
    assert points_of(ann.pk) == ()


def test_nothing_new_costs_nothing(world):
    assert world.score_alerts() == 0
