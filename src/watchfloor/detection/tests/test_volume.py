"""Unusual volume: judged by one's own past, from the second day on, each window once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.detection.backtest import back_test
from watchfloor.detection.counting import learned_words, volumes
from watchfloor.detection.keeping import save_policy
from watchfloor.detection.policies import Draft
from watchfloor.detection.selectors import findings_after, rule
from watchfloor.detection.services import detect
from watchfloor.detection.unusual import look_at_volumes
from watchfloor.detection.volume import judged
from watchfloor.lake.services import append

HOUR = timedelta(hours=1)
PARTS = ("EmailDirection~equal%20any%20of~Outbound",)
NOW = datetime(2026, 11, 20, 10, 6, tzinfo=UTC)
TOP = NOW.replace(minute=0)


def hours(count, end=TOP):
    return [end - HOUR * (count - number) for number in range(count)]


def judge(counts, *, days=14, known=None, step=HOUR):
    starts = [TOP - step * (len(counts) - number) for number in range(len(counts))]
    return list(judged(starts, counts, step=step, days=days, known_from=known or starts[0], after=starts[0]))


def test_nothing_is_judged_before_a_day_is_known():
    windows = judge([10] * 24 + [500])
    assert not any(one.learned for one in windows[:24])
    assert windows[24].unusual(20)


def test_a_quiet_series_with_a_burst_stands_out_and_its_neighbours_do_not():
    windows = judge([10, 12, 9, 11] * 12 + [80] + [10])
    assert [one.unusual(20) for one in windows[-3:]] == [False, True, False]
    assert windows[-2].high < 30


def test_few_are_never_unusual():
    assert not judge([0] * 48 + [15])[-1].unusual(20)
    assert judge([0] * 48 + [15])[-1].unusual(10)


def test_a_busy_hour_that_comes_each_day_is_usual_once_a_week_of_it_is_known():
    day = [2] * 9 + [200] + [2] * 14
    windows = judge(day * 9)
    ninth = [one for one in windows if one.start.hour == windows[9].start.hour]
    assert ninth[-1].how == "the same hour of the days before"
    assert not ninth[-1].unusual(20)
    night = judge([*day * 9, 200])[-1]
    assert night.unusual(20)


def test_what_was_before_the_record_began_teaches_nothing():
    windows = judge([0] * 100 + [50] * 30, known=TOP - HOUR * 30)
    assert not windows[-1].unusual(20)
    assert windows[-1].learned == 29


def test_a_wild_series_has_a_wide_band():
    assert not judge([5, 100, 40, 10, 80] * 10 + [120])[-1].unusual(20)


def volume(found, *, start, end):
    return volumes(found, start=start, end=end, groups=[""])[""]


@pytest.fixture
def policy(ada):
    draft = Draft(
        title="More mail than usual",
        parts=PARTS,
        trigger="unusual",
        at_least=20,
        window="1h",
        baseline_days=7,
    )
    return save_policy(draft=draft, by=actor_of(ada), now=NOW)


def mails(at, number):
    return [
        {
            "Timestamp": at + timedelta(seconds=place),
            "NetworkMessageId": f"m-{at:%d%H}-{place}",
            "SenderFromAddress": "bob@corp.example",
            "RecipientEmailAddress": f"c{place}@z.example",
            "EmailDirection": "Outbound",
            "Subject": "Please read",
            "ReportId": f"r-{at:%d%H}-{place}",
        }
        for place in range(number)
    ]


@pytest.fixture
def two_days(db):
    append("EmailEvents", [row for at in hours(48)[:-1] for row in mails(at, 5)])


def test_a_burst_on_the_third_day_is_one_finding_with_its_figures(policy, two_days):
    append("EmailEvents", mails(TOP - HOUR, 60))
    assert look_at_volumes(now=NOW) == 1
    assert look_at_volumes(now=NOW + timedelta(minutes=5)) == 0
    (finding,) = (one for one in findings_after(0, limit=10) if one.rule_id == policy.rule_id)
    assert finding.hits == 60
    assert finding.explanation[-1].startswith("60 within 1 hour from 20 Nov 09:00 UTC; 0 to ")
    assert "all windows known before" in finding.explanation[-1]
    assert "bob@corp.example" in {one.value for one in finding.evidence}
    assert len(finding.activities) == 20


def test_such_a_policy_raises_nothing_mail_by_mail(policy, two_days):
    detect(now=NOW)
    assert not [one for one in findings_after(0, limit=100) if one.rule_id == policy.rule_id]


def test_the_window_that_still_runs_is_not_judged(policy, two_days):
    append("EmailEvents", mails(TOP, 60))
    assert look_at_volumes(now=NOW) == 0
    assert look_at_volumes(now=NOW + HOUR) == 1


def test_a_worker_that_was_away_looks_back_a_day(policy, two_days):
    look_at_volumes(now=NOW)
    append("EmailEvents", mails(TOP + HOUR, 60))
    assert look_at_volumes(now=NOW + 5 * HOUR) == 1


def test_the_chart_shows_counts_beside_what_was_expected(policy, two_days):
    seen = volume(rule(policy.rule_id), start=NOW - timedelta(days=1), end=NOW)
    chart = seen.chart
    assert len(chart["categories"]) == 24
    assert chart["series"][0]["values"][0] == 5
    assert all(one["values"][5] is not None for one in chart["series"])


def test_the_page_says_how_much_it_has_learned(policy, db, two_days, as_max):
    found = rule(policy.rule_id)
    assert "known so far, of 7" in learned_words(volume(found, start=NOW - HOUR, end=NOW), found, now=NOW)
    text = as_max.get(f"/settings/detections/{policy.rule_id}").content.decode()
    assert "median" in text


def test_with_an_empty_lake_it_says_so(policy):
    found = rule(policy.rule_id)
    assert "Nothing is known yet" in learned_words(volume(found, start=NOW - HOUR, end=NOW), found, now=NOW)
    assert look_at_volumes(now=NOW) == 0


def test_a_trial_finds_the_burst_and_says_what_could_not_be_judged(policy, two_days, ada):
    append("EmailEvents", mails(TOP - HOUR, 60))
    told = back_test(rule(policy.rule_id), by=actor_of(ada), now=NOW, days=7)
    assert told.alerts == 1
    assert "could be judged" in told.words[0]
    assert told.examples[0].hits == 60


@pytest.fixture
def per_sender(ada):
    draft = Draft(title="Somebody sends more than they do", trigger="unusual", at_least=10, parts=PARTS)
    return save_policy(draft=replace(draft, group_by="SenderFromAddress", baseline_days=7), by=actor_of(ada), now=NOW)


def by(sender, at, number):
    return [row | {"SenderFromAddress": sender, "ReportId": f"{sender}-{row['ReportId']}"} for row in mails(at, number)]


def test_each_account_is_held_against_its_own_past(per_sender, db):
    """Forty an hour are Bob's usual day, and Ann's worst."""
    for at in hours(48)[:-1]:
        append("EmailEvents", [*by("bob@corp.example", at, 40), *by("ann@corp.example", at, 1)])
    append("EmailEvents", [*by("bob@corp.example", TOP - HOUR, 40), *by("ann@corp.example", TOP - HOUR, 40)])
    append("EmailEvents", by("new@corp.example", TOP - HOUR, 12))
    assert look_at_volumes(now=NOW) == 2
    found = {one.aggregation_key: one for one in findings_after(0, limit=10)}
    assert set(found) == {"SenderFromAddress=ann@corp.example", "SenderFromAddress=new@corp.example"}
    anns = found["SenderFromAddress=ann@corp.example"]
    assert anns.hits == 40
    assert anns.explanation[-1].startswith("Sender address ann@corp.example: 40 within 1 hour")
    assert {one.value for one in anns.evidence if one.type == "sender"} == {"ann@corp.example"}
    assert look_at_volumes(now=NOW + timedelta(minutes=5)) == 0


def test_the_page_shows_each_account_beside_its_band_and_the_one_that_is_asked_for(per_sender, two_days, as_max):
    address = f"/settings/detections/{per_sender.rule_id}"
    text = as_max.get(address).content.decode()
    assert "more of one sender address within 1 hour than its own 7 days before" in text
    text = as_max.get(f"{address}?of=nobody%40corp.example").content.decode()
    assert "Shown: <strong>nobody@corp.example</strong>" in text


def test_a_trial_tells_whose_volume_it_would_have_been(per_sender, two_days, ada):
    append("EmailEvents", by("ann@corp.example", TOP - HOUR, 40))
    told = back_test(rule(per_sender.rule_id), by=actor_of(ada), now=NOW, days=2)
    assert [one.words.partition(":")[0] for one in told.examples] == ["Sender address ann@corp.example"]
