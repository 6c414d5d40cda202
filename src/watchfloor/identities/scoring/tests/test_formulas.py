"""The published formulas keep their laws."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.identities.scoring import formulas as f

points = st.floats(0, 200, allow_nan=False)
ages = st.timedeltas(timedelta(days=-1), timedelta(days=30))
shares = st.floats(0, 1, allow_nan=False)
counts = st.floats(0, 1e6, allow_nan=False)


@settings(deadline=None)
@given(points, ages, ages)
def test_a_point_never_gains_with_age_and_is_never_negative(value, one, other):
    young, old = sorted((one, other))
    assert 0 <= f.worth(value, age=old) <= f.worth(value, age=young) <= value


@settings(deadline=None)
@given(points)
def test_a_point_is_whole_at_first_half_after_half_the_time_and_gone_after_seven_days(value):
    assert f.worth(value, age=timedelta()) == value
    assert f.worth(value, age=f.LIFETIME / 2) == pytest.approx(value / 2)
    assert f.worth(value, age=f.LIFETIME) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(points, ages)), st.lists(st.tuples(points, ages)))
def test_the_score_of_two_lots_of_points_is_the_sum_of_their_scores(one, other):
    assert f.total([*one, *other]) == pytest.approx(f.total(one) + f.total(other))


@settings(deadline=None)
@given(counts, counts, shares)
def test_a_share_lies_between_what_was_seen_and_what_is_usual_around(seen, more, prior):
    of = seen + more
    found = f.share(seen, of, prior=prior)
    own = seen / of if of else prior
    assert min(own, prior) - 1e-9 <= found <= max(own, prior) + 1e-9


def test_without_history_the_wider_circle_speaks_and_with_much_the_person():
    assert f.share(0, 0, prior=0.3) == pytest.approx(0.3)
    assert f.share(0, 1000, prior=0.3) < 0.01


@settings(deadline=None)
@given(shares, shares)
def test_what_is_rarer_surprises_no_less(one, other):
    rare, usual = sorted((one, other))
    assert 1 >= f.surprise(rare) >= f.surprise(usual) >= 0


def test_one_in_eight_surprises_nobody_and_one_in_five_hundred_everybody():
    assert f.surprise(1 / 8) == 0
    assert f.surprise(1 / 64) == pytest.approx(0.5)
    assert f.surprise(1 / 512) == 1


@settings(deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60), st.floats(0, 1e4), st.floats(0, 1e4))
def test_a_greater_number_is_never_less_unusual(days, one, other):
    small, great = sorted((one, other))
    assert f.robust_z(small, days, least=1) <= f.robust_z(great, days, least=1)


def test_one_wild_day_does_not_move_what_is_usual():
    calm = [4.0, 5.0, 6.0, 5.0, 4.0, 5.0, 6.0, 5.0, 5.0]
    assert f.spread([*calm, 10_000.0])[0] == f.spread(calm)[0]
    assert f.robust_z(60, [*calm, 10_000.0], least=1) > 20


def test_nothing_has_no_spread():
    assert f.spread([]) == (0.0, 0.0)
    assert f.excess(2.0) == 0
    assert f.excess(99.0) == 1


@settings(deadline=None)
@given(counts, counts)
def test_popularity_is_between_its_least_and_one(having, more):
    assert f.LEAST_POPULARITY <= f.popularity(having, having + more) <= 1


def test_what_nobody_else_has_weighs_in_full_and_what_everybody_has_least():
    assert f.popularity(0, 1000) == pytest.approx(1)
    assert f.popularity(1000, 1000) == pytest.approx(f.LEAST_POPULARITY, abs=0.01)
    assert f.popularity(1, 1000) > f.popularity(100, 1000)


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"severity": "high"}, {"severity": "medium"}),
        ({"severity": "medium"}, {"severity": "low"}),
        ({"severity": "low"}, {"severity": "informational"}),
        ({"role": "compromised"}, {"role": "impacted"}),
        ({"role": "impacted"}, {"role": "received"}),
        ({"among_people": 1.0}, {"among_people": 0.5}),
        ({"among_alerts": 1.0}, {"among_alerts": 0.5}),
        ({"importance": 1.5}, {"importance": 1.0}),
    ],
)
def test_each_factor_of_an_alert_raises_its_points(more, less):
    usual = {"severity": "medium", "role": "impacted", "among_people": 0.8, "among_alerts": 0.8, "importance": 1.0}
    assert f.alert_points(**{**usual, **more}) > f.alert_points(**{**usual, **less}) > 0


def test_an_alert_of_a_severity_nobody_knows_weighs_little():
    known = {"role": "impacted", "among_people": 1.0, "among_alerts": 1.0, "importance": 1.0}
    low = f.alert_points(severity="low", **known)
    assert 0 < f.alert_points(severity="strange", **known) < low


@settings(deadline=None)
@given(st.floats(0, 100), shares, shares, st.sampled_from([1.0, 1.3, 1.5]), st.booleans())
def test_activity_points_rise_with_surprise_and_never_pass_weight_times_importance(
    weight, one, other, importance, cold
):
    small, great = sorted((one, other))
    less = f.activity_points(weight=weight, surprise=small, importance=importance, cold=cold)
    more = f.activity_points(weight=weight, surprise=great, importance=importance, cold=cold)
    assert less <= more <= weight * importance * (f.COLD_START if cold else 1) + 1e-9


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_percentile_is_a_share_of_the_others(lower, more):
    assert 0 <= f.percentile(lower=lower, others=lower + more) <= 100


def test_an_only_person_has_no_percentile():
    assert f.percentile(lower=0, others=0) == 0


@settings(deadline=None)
@given(counts, st.floats(0, 3650), st.floats(0, 3650))
def test_what_was_usual_long_ago_counts_less(count, one, other):
    newer, older = sorted((one, other))
    assert f.aged(count, days=older) <= f.aged(count, days=newer) <= count
    assert f.aged(8.0, days=f.HALF_LIFE_DAYS) == pytest.approx(4)
