"""A sudden rise of the score becomes one alert that explains itself; what is usual, or new, does not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.detection.models import FindingRecord
from watchfloor.identities.models import RiskPoint
from watchfloor.identities.scoring.contracts import Scale
from watchfloor.identities.scoring.rise import RULE, tell_rises
from watchfloor.identities.scoring.rising import days_of, rise_of, sudden, threshold_of
from watchfloor.identities.scoring.tables import RiskRise

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LONG = NOW - 60 * DAY
CHOSEN = Scale()


def rise(points, *, peers=(), since=LONG, told=None):
    return sudden(points, peers, now=NOW, since=since, told=told, chosen=CHOSEN)


def test_many_points_within_a_day_are_a_rise():
    found = rise([(NOW - HOUR, 35.0), (NOW - 2 * HOUR, 20.0)])
    assert found.rise == 55
    assert found.threshold == 45
    assert "the least that is told of" in found.words


def test_the_same_points_over_a_week_are_none():
    assert rise([(NOW - day * DAY, 11.0) for day in range(5)]) is None


def test_who_is_new_is_learned_for_seven_days():
    points = [(NOW - HOUR, 90.0)]
    assert rise(points, since=NOW - 6 * DAY) is None
    assert rise(points, since=None) is None
    assert rise(points, since=NOW - 7 * DAY)


def test_who_has_such_days_all_the_time_must_rise_higher():
    noisy = [(NOW - day * DAY - HOUR, 40.0 + 15 * (day % 3)) for day in range(1, 30)]
    assert rise([*noisy, (NOW - HOUR, 60.0)]) is None
    assert rise([*noisy, (NOW - HOUR, 200.0)])


def test_peers_with_bad_days_raise_the_threshold():
    assert rise([(NOW - HOUR, 60.0)], peers=[50.0] * 20) is None
    assert rise([(NOW - HOUR, 60.0)], peers=[50.0] * 5)


def test_a_rise_is_told_once_a_week_unless_it_doubles():
    points = [(NOW - HOUR, 60.0)]
    assert rise(points, told=(NOW - DAY, 50.0)) is None
    assert rise(points, told=(NOW - DAY, 30.0))
    assert rise(points, told=(NOW - 8 * DAY, 50.0))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40 * 24), st.floats(0, 100)), max_size=40), st.floats(0, 300), st.floats(0, 300)
)
def test_more_points_never_make_a_rise_go_away(past, one, other):
    points = [(NOW - hours * HOUR - DAY, value) for hours, value in past]
    small, great = sorted((one, other))
    if rise([*points, (NOW - HOUR, small)]):
        assert rise([*points, (NOW - HOUR, great)])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40 * 24), st.floats(0, 100)), max_size=40))
def test_every_point_of_thirty_days_belongs_to_one_day_or_to_the_last(past):
    points = [(NOW - hours * HOUR, value) for hours, value in past]
    days = days_of(points, now=NOW, since=LONG)
    within = sum(value for at, value in points if at > NOW - DAY - 30 * DAY)
    assert len(days) == 30
    assert sum(days) + rise_of(points, now=NOW) == pytest.approx(within)


def test_the_threshold_says_what_it_rests_on():
    assert "the person's own days" in threshold_of([60.0, 70.0, 80.0, 90.0], [], chosen=CHOSEN)[1]
    assert "the peers' days" in threshold_of([], [80.0] * 20, chosen=CHOSEN)[1]


def point(who, points, *, at=NOW - HOUR, number=0):
    return RiskPoint.objects.create(
        person=who,
        key=f"event:T:{who.pk}-{number}-{at:%d%H}:forwarding:{who.pk}:x",
        kind="activity",
        what="forwarding",
        at=at,
        points=points,
        words=f"Mail is sent on to drop{number}@evil.example",
        techniques=["T1114.003"],
    )


def test_the_alert_names_the_person_and_says_every_point(world):
    ann = world.person("ann")
    point(ann, 35, number=1)
    point(ann, 30, number=2)
    assert tell_rises({ann.pk}, now=NOW, chosen=CHOSEN) == 1
    record = FindingRecord.objects.get()
    assert record.rule_id == RULE
    assert record.body["title"] == "Investigation priority score increase"
    assert record.body["explanation"] == [
        "35 points: Mail is sent on to drop1@evil.example",
        "30 points: Mail is sent on to drop2@evil.example",
    ]
    assert record.body["evidence"][0][:2] == ["user", "ann@corp.example"]
    assert record.body["techniques"] == ["T1114.003"]
    assert (RiskRise.objects.get().rise, RiskRise.objects.get().threshold) == (65, 45)
    assert tell_rises({ann.pk}, now=NOW + HOUR, chosen=CHOSEN) == 0


def test_void_points_make_no_rise(world):
    ann = world.person("ann")
    point(ann, 90)
    RiskPoint.objects.update(void=True)
    assert tell_rises({ann.pk}, now=NOW, chosen=CHOSEN) == 0


def test_a_flood_of_rises_stops_at_the_limit_of_the_day_and_says_so(world):
    from watchfloor.runtime.selectors import health

    people = [world.person(f"p{number}", department=f"d{number}", title="") for number in range(8)]
    for who in people:
        point(who, 60 + who.pk)
    few = Scale(rise_per_day=5)
    assert tell_rises({who.pk for who in people}, now=NOW, chosen=few) == 5
    assert tell_rises({who.pk for who in people}, now=NOW + HOUR, chosen=few) == 0
    assert FindingRecord.objects.count() == 5
    told = next(part for part in health() if part.part == "Risk score")
    assert "not told today" in told.sentence


def test_a_rise_becomes_an_alert_of_its_own_and_gives_no_points(world):
    from watchfloor.incidents.models import Alert
    from watchfloor.incidents.promotion import promote

    ann = world.person("ann")
    point(ann, 65)
    tell_rises({ann.pk}, now=NOW, chosen=CHOSEN)
    promote(now=NOW)
    assert Alert.objects.get().title == "Investigation priority score increase"
    world.now = NOW
    world.score_alerts()
    assert not RiskPoint.objects.filter(kind="alert").exists()
