"""What people may say about a person's risk, and what that does to the score."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of, system_actor
from watchfloor.identities.models import DirectoryPerson, PersonRisk, RiskDay, RiskPoint, RiskProfile
from watchfloor.identities.scoring.standing import forget, refresh, rescore
from watchfloor.identities.selectors import history_of, points_by_evidence, points_of, risk_of, riskiest, risks_of
from watchfloor.identities.services import confirm_compromised, dismiss_risk, void_point
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPERATOR = system_actor("test", Permission.IDENTITY_RISK_MANAGE)
DAY = timedelta(days=1)


def person(name: str) -> DirectoryPerson:
    return DirectoryPerson.objects.create(
        address=f"{name}@corp.example", name=name.title(), source="t", imported_at=NOW
    )


def point(who: DirectoryPerson, points: float, *, age: timedelta = timedelta(), report: str = "r1") -> RiskPoint:
    return RiskPoint.objects.create(
        person=who,
        key=f"event:EntraIdSignInEvents:{report}:new_country:{who.pk}:abc",
        kind="activity",
        what="new_country",
        at=NOW - age,
        points=points,
        words="Signed in from Peru",
        factors=[["Surprise", "9.0 bits", "rare"]],
    )


@pytest.fixture
def crowd(db):
    """Ten people, of whom Bea has points."""
    people = [person(f"p{number}") for number in range(9)]
    return [person("bea"), *people]


def test_the_score_is_the_sum_of_what_the_points_are_worth_now(crowd):
    bea = crowd[0]
    point(bea, 20, report="a")
    point(bea, 14, age=3.5 * DAY, report="b")
    point(bea, 50, age=8 * DAY, report="c")
    refresh([bea.pk], now=NOW)
    risk = risk_of(bea.pk)
    assert risk.score == pytest.approx(20 + 7)
    assert risk.score == pytest.approx(sum(one.worth(NOW) for one in points_of(bea.pk)))
    assert (risk.level, risk.state, risk.percentile, risk.red) == ("low", "atRisk", 100.0, True)
    assert history_of(bea.pk) == ((NOW.date(), 27.0),)


def test_one_person_and_all_people_are_ranked_alike(crowd):
    for number, who in enumerate(crowd[:5]):
        point(who, 10.0 * (number + 1))
    rescore(now=NOW)
    whole = {pk: risk.percentile for pk, risk in risks_of([who.pk for who in crowd]).items()}
    PersonRisk.objects.filter(person=crowd[2]).update(percentile=0)
    refresh([crowd[2].pk], now=NOW)
    assert risk_of(crowd[2].pk).percentile == whole[crowd[2].pk] == pytest.approx(100 * 7 / 9, abs=0.01)
    assert [one.person for one in riskiest(2)] == [crowd[4].pk, crowd[3].pk]
    assert crowd[9].pk not in whole


def test_a_score_decays_to_nothing_in_seven_days_and_the_history_keeps_each_days_highest(crowd):
    bea = crowd[0]
    point(bea, 35)
    for day in range(9):
        rescore(now=NOW + day * DAY)
    assert [round(score) for _, score in history_of(bea.pk)] == [35, 30, 25, 20, 15, 10, 5]
    risk = risk_of(bea.pk)
    assert (risk.score, risk.level, risk.state, risk.percentile, risk.red) == (0, "none", "none", 0, False)


def test_a_day_keeps_its_highest_score(crowd):
    bea = crowd[0]
    point(bea, 35)
    rescore(now=NOW)
    rescore(now=NOW + timedelta(hours=6))
    assert RiskDay.objects.get().score == 35


def test_a_confirmed_person_stays_high_until_dismissed(crowd):
    bea = crowd[0]
    confirm_compromised(person=bea.pk, by=OPERATOR, reason="the mailbox sent phish", now=NOW)
    rescore(now=NOW + 20 * DAY)
    refresh([bea.pk], now=NOW + 20 * DAY)
    risk = risk_of(bea.pk)
    assert (risk.level, risk.state, risk.state_by, risk.confirmed) == ("high", "confirmedCompromised", "test", True)
    assert riskiest(1)[0].person == bea.pk
    dismiss_risk(person=bea.pk, by=OPERATOR, reason="cleaned", now=NOW + 21 * DAY)
    assert (risk_of(bea.pk).level, risk_of(bea.pk).state) == ("none", "dismissed")


def test_dismissing_voids_the_points_up_to_now_and_new_ones_count(crowd):
    bea = crowd[0]
    point(bea, 40, age=DAY, report="a")
    refresh([bea.pk], now=NOW)
    dismiss_risk(person=bea.pk, by=OPERATOR, reason="on holiday in Peru", now=NOW)
    assert (risk_of(bea.pk).score, risk_of(bea.pk).state, risk_of(bea.pk).state_reason) == (
        0,
        "dismissed",
        "on holiday in Peru",
    )
    assert points_of(bea.pk)[0].void_by == "test"
    later = NOW + timedelta(hours=1)
    RiskPoint.objects.create(
        person=bea, key="event:T:z:new_country:1:x", kind="activity", what="new_country", at=later, points=12, words="x"
    )
    refresh([bea.pk], now=later)
    assert (risk_of(bea.pk).score, risk_of(bea.pk).state) == (12, "atRisk")


def test_a_point_called_wrong_no_longer_counts_and_teaches_the_profile(crowd):
    bea = crowd[0]
    wrong = point(bea, 40)
    refresh([bea.pk], now=NOW)
    void_point(point=wrong.pk, by=OPERATOR, reason="her second office", now=NOW)
    assert risk_of(bea.pk).score == 0
    assert points_of(bea.pk)[0].void
    assert RiskProfile.objects.get(scope=f"person:{bea.pk}").body["taught"] == {"new_country:abc": NOW.toordinal()}
    with pytest.raises(Conflict):
        void_point(point=wrong.pk, by=OPERATOR, reason="again", now=NOW)


def test_points_are_found_by_the_event_they_rest_on(crowd):
    point(crowd[0], 5, report="with:colon")
    RiskPoint.objects.create(
        person=crowd[0], key=f"alert:a1:{crowd[0].pk}", kind="alert", what="rule", at=NOW, points=3, words="An alert"
    )
    assert set(points_by_evidence(crowd[0].pk)) == {("EntraIdSignInEvents", "with:colon"), ("alert", "a1")}


def test_each_verb_needs_its_right_and_a_reason_and_stands_in_the_audit_log(crowd, ada, eve):
    bea = crowd[0]
    for verb in (confirm_compromised, dismiss_risk):
        with pytest.raises(Forbidden):
            verb(person=bea.pk, by=actor_of(eve), reason="because", now=NOW)
        with pytest.raises(BadInput):
            verb(person=bea.pk, by=OPERATOR, reason="  ", now=NOW)
        with pytest.raises(NotFound):
            verb(person=999_999, by=OPERATOR, reason="because", now=NOW)
        verb(person=bea.pk, by=OPERATOR, reason="because", now=NOW)
    with pytest.raises(Forbidden):
        void_point(point=point(bea, 5).pk, by=actor_of(eve), reason="because", now=NOW)
    outcomes = AuditEntry.objects.filter(verb__startswith="risk.").values_list("verb", "outcome")
    assert ("risk.confirm", "refused") in outcomes
    assert ("risk.confirm", "success") in outcomes
    assert ("risk.dismiss", "success") in outcomes


def test_many_people_are_brought_up_to_date_with_few_queries(db, django_assert_max_num_queries):
    people = [person(f"p{number}") for number in range(60)]
    for who in people:
        point(who, 5.0 + who.pk)
    with django_assert_max_num_queries(16):
        assert rescore(now=NOW) == 60


def test_what_is_older_than_the_timeline_is_forgotten(crowd):
    bea = crowd[0]
    point(bea, 5, age=401 * DAY, report="old")
    point(bea, 5, age=399 * DAY, report="new")
    RiskDay.objects.create(person=bea, day=(NOW - 401 * DAY).date(), score=5)
    old = NOW - 401 * DAY
    RiskProfile.objects.create(scope="person:0", since=old, changed_at=old)
    assert forget(now=NOW) == 3
    assert [one.source[1] for one in points_of(bea.pk)] == ["new"]
