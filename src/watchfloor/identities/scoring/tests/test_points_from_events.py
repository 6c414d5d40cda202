"""Events of the lake become points of the people they name, once each."""

from datetime import timedelta

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.identities.models import PersonRisk, RiskPoint, RiskProfile
from watchfloor.identities.scoring import events
from watchfloor.identities.scoring.scale import scale
from watchfloor.identities.selectors import points_of, risk_of
from watchfloor.identities.services import void_point
from watchfloor.lake.services import append
from watchfloor.runtime.selectors import cursor_position

HOUR = timedelta(hours=1)
LIMA = {"Country": "PE", "City": "Lima", "Latitude": "-12.0", "Longitude": "-77.0", "IPAddress": "198.51.100.9"}


@pytest.fixture
def people(world):
    found = [world.person(f"p{number}") for number in range(6)]
    world.month(found)
    return found


def test_a_quiet_month_gives_no_points_and_teaches_every_circle(world, people):
    assert not RiskPoint.objects.exists()
    scopes = set(RiskProfile.objects.values_list("scope", flat=True))
    assert {"organisation", "department:Sales", "title:Representative", f"person:{people[0].pk}"} <= scopes


def test_a_sign_in_from_far_away_gives_points_with_sentence_factors_and_evidence(world, people):
    bea = people[0]
    world.happen(world.row(bea), world.row(bea, at=world.now + HOUR / 2, **LIMA))
    found = {point.what: point for point in points_of(bea.pk)}
    assert {"impossible_travel", "new_country"} <= set(found)
    travel = found["impossible_travel"]
    assert "Lima, PE" in travel.words
    assert travel.evidence.startswith(f"/identities/{bea.pk}/timeline?period=custom&from=2026-10-21T09")
    assert "event=EntraIdSignInEvents%3Ar" in travel.evidence
    risk = risk_of(bea.pk)
    assert risk.score == pytest.approx(sum(point.points for point in found.values()), abs=0.5)
    assert (risk.level, risk.percentile) == ("medium", 100.0)
    assert risk_of(people[1].pk) is None


def test_events_are_read_once_and_the_cursor_moves_with_the_points(world, people):
    assert world.happen(world.row(people[0], **LIMA)) == 1
    before = RiskPoint.objects.count()
    position = cursor_position(events.READER)
    assert events.score_events(now=world.now) == 0
    assert (RiskPoint.objects.count(), cursor_position(events.READER)) == (before, position)


def test_what_fails_on_the_way_leaves_neither_points_nor_cursor(world, people, monkeypatch):
    append("EntraIdSignInEvents", [world.row(people[0], **LIMA)])
    position = cursor_position(events.READER)

    def broken(*given, **more):
        raise RuntimeError("killed")

    monkeypatch.setattr(events, "refresh", broken)
    with pytest.raises(RuntimeError):
        events.score_events(now=world.now)
    assert not RiskPoint.objects.exists()
    assert cursor_position(events.READER) == position
    monkeypatch.undo()
    assert events.score_events(now=world.now) == 1
    assert RiskPoint.objects.exists()


def test_nobody_we_know_and_tables_we_do_not_read_give_nothing(world, people):
    stranger = world.row(people[0], AccountUpn="stranger@elsewhere.example", **LIMA)
    assert world.happen(stranger) == 1
    assert not RiskPoint.objects.exists()


def test_sign_ins_of_directories_and_devices_and_deeds_in_the_cloud_are_read(world, people):
    bea = people[0]
    logon = {"Timestamp": world.now, "AccountUpn": bea.address, "IPAddress": "203.0.113.3", "ReportId": "l1"}
    world.happen({**logon, "ActionType": "LogonSuccess", "Location": "NG"}, table="IdentityLogonEvents")
    raw = {"Parameters": [{"Name": "ForwardingSmtpAddress", "Value": "smtp:drop@evil.example"}]}
    deed = {
        "Timestamp": world.now,
        "AccountId": bea.address,
        "ActionType": "Set-Mailbox",
        "ActivityType": "Mail forwarding",
        "RawEventData": raw,
        "ReportId": "c1",
    }
    world.happen(deed, table="CloudAppEvents")
    found = {point.what for point in points_of(bea.pk)}
    assert {"new_country", "forwarding"} <= found
    assert ("CloudAppEvents", "c1") in {point.source for point in points_of(bea.pk)}


def test_a_silent_renewal_of_a_token_surprises_nobody(world, people):
    silent = world.row(people[0], DeviceName="x", LogonType='["nonInteractiveUser"]')
    world.happen(silent)
    assert not RiskPoint.objects.exists()


def test_what_a_person_called_wrong_is_quiet_the_next_day(world, people):
    bea = people[0]
    world.happen(world.row(bea, **LIMA))
    point = next(one for one in points_of(bea.pk) if one.what == "new_country")
    by = system_actor("test", Permission.IDENTITY_RISK_MANAGE)
    void_point(point=point.id, by=by, reason="works there now", now=world.now)
    profile = RiskProfile.objects.get(scope=f"person:{bea.pk}")
    del profile.body["counts"]["country"]["PE"]
    profile.save()
    world.happen(world.row(bea, at=world.now + 26 * HOUR, **LIMA))
    assert [one.void for one in points_of(bea.pk) if one.what == "new_country"] == [True]


def test_one_event_costs_few_queries_whatever_the_organisation(world, people, django_assert_max_num_queries):
    with django_assert_max_num_queries(45):
        world.happen(world.row(people[0], **LIMA))
    assert PersonRisk.objects.count() == 1


def test_tagged_and_privileged_people_weigh_more(world, people):
    vip = world.person("chief", tags=["VIP"], department="Sales")
    world.happen(*[world.row(vip, at=world.now - timedelta(days=day)) for day in range(12, 0, -1)])
    world.happen(world.row(vip, RiskLevelAggregated=100), world.row(people[0], RiskLevelAggregated=100))
    (mine,) = [one for one in points_of(vip.pk) if one.what == "source_risk"]
    (other,) = [one for one in points_of(people[0].pk) if one.what == "source_risk"]
    assert mine.points == pytest.approx(1.3 * other.points)
    assert mine.factors[-1].words == "Chief is tagged “VIP”"


def test_what_a_person_teaches_while_a_batch_is_judged_is_not_lost(world, people):
    bea = people[0]
    world.happen(world.row(bea, **LIMA))
    point = next(one for one in points_of(bea.pk) if one.what == "new_country")
    row = world.row(bea, at=world.now + HOUR)
    judged = events.judge(events.read_all([("EntraIdSignInEvents", row)]), chosen=scale())
    by = system_actor("test", Permission.IDENTITY_RISK_MANAGE)
    void_point(point=point.id, by=by, reason="works there now", now=world.now)
    events.keep(judged, now=world.now)
    assert len(RiskProfile.objects.get(scope=f"person:{bea.pk}").body["taught"]) == 1
