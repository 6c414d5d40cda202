"""Very much mail at once: what is read and asked does not grow with how it came or how much is there already."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.detection import services
from watchfloor.detection.evaluation import evaluate
from watchfloor.detection.history import LakeHistory
from watchfloor.detection.holding import own_parts
from watchfloor.detection.library import rules as all_rules
from watchfloor.detection.relating import columns_of, keys_of, named_by
from watchfloor.detection.running import MOST_VALUES, Running
from watchfloor.detection.selectors import findings_after
from watchfloor.detection.services import columns_read, detect
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Group, Operator
from watchfloor.lake.services import append
from watchfloor.runtime.services import move_cursor

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
A, B, OTHER = (
    Condition("Subject", Operator.CONTAINS_ANY, ("a",)),
    Condition("SenderIP", Operator.NOT_EMPTY, ()),
    Condition("EmailUrlInfo.UrlDomain", Operator.EQUAL_ANY, ("x.example",)),
)


def mail(number, **columns):
    return {
        "Timestamp": NOW,
        "NetworkMessageId": f"m-{number // 50}",
        "Subject": "Overdue invoice",
        "SenderFromAddress": "billing@x.example",
        "RecipientEmailAddress": f"p{number}@corp.example",
        "DeliveryAction": "Delivered",
        "EmailDirection": "Inbound",
        "ThreatTypes": ["Phish"],
        "EmailClusterId": 71,
        "ReportId": f"r-{number}",
    } | columns


def removal(number):
    return {
        "Timestamp": NOW + timedelta(days=1),
        "NetworkMessageId": f"m-{number // 50}",
        "RecipientEmailAddress": f"p{number}@corp.example",
        "Action": "Soft delete",
        "ActionType": "Manual remediation",
        "ActionResult": "Success",
        "ReportId": f"e-{number}",
    }


def rule(id):
    return next(one for one in all_rules() if one.id == id)


def found(id):
    return [one for one in findings_after(0, limit=500) if one.rule_id == id]


def looks():
    return sum(1 for _ in iter(lambda: detect(now=NOW), 0))


@pytest.fixture
def asked(monkeypatch):
    """How often each question was asked of the lake, and how many rows came back."""
    counts = {}

    def counting(name):
        own = getattr(lake, name)

        def ask(*args, **named):
            answer = own(*args, **named)
            times, rows = counts.get(name, (0, 0))
            counts[name] = (times + 1, rows + (len(answer) if isinstance(answer, list) else 0))
            return answer

        monkeypatch.setattr(lake, name, ask)

    for name in ("among", "different_rows", "top", "counted_in", "rows", "all_rows", "count"):
        counting(name)
    return counts


def test_mail_that_meets_nothing_becomes_no_row_and_asks_nothing(db, asked):
    for at in range(0, 1200, 100):
        append("EmailEvents", [mail(number, ThreatTypes=[]) for number in range(at, at + 100)])
    assert looks() == 1
    assert set(asked) == {"among"}
    assert asked["among"][1] == 0


@pytest.mark.parametrize("batch", [400, 1600])
def test_a_removal_reads_its_mail_once_however_many_got_it(db, asked, batch):
    append("EmailEvents", [mail(number) for number in range(1600)])
    looks()
    asked.clear()
    for at in range(0, 1600, batch):
        append("EmailPostDeliveryEvents", [removal(number) for number in range(at, at + batch)])
    assert looks() == 1
    (finding,) = found("malicious-mail-removed")
    assert finding.hits == 1600
    assert len({one.value for one in finding.evidence if one.type == "analyzedMessage"}) == 32
    times, rows = asked["different_rows"]
    assert rows <= 2 * 32
    assert times <= 2


def test_a_campaign_that_goes_on_asks_for_its_window_only_when_it_is_found(db, asked):
    append("EmailEvents", [mail(number) for number in range(500)])
    detect(now=NOW)
    assert {"top", "counted_in", "rows"} <= set(asked)
    asked.clear()
    for at in range(500, 1500, 500):
        append("EmailEvents", [mail(number) for number in range(at, at + 500)])
        detect(now=NOW)
    assert not {"top", "counted_in", "rows"} & set(asked)
    assert [one.hits for one in found("campaign-delivered")] == [500, 500, 500]


def test_after_a_start_the_lake_says_what_is_over_its_threshold_already(db, monkeypatch):
    append("EmailEvents", [mail(number, Timestamp=NOW - timedelta(minutes=1)) for number in range(30)])
    detect(now=NOW)
    monkeypatch.setattr(services, "RUNNING", Running())
    append("EmailEvents", [mail(number) for number in range(30)])  # the same people again
    detect(now=NOW)
    assert [one.hits for one in found("campaign-delivered")] == [30, 30]


def test_the_first_alert_counts_every_row_of_its_window_also_those_that_are_too_many_to_show(db):
    few = [mail(number, RecipientEmailAddress=f"p{number % 9}@corp.example") for number in range(1200)]
    append("EmailEvents", few)
    detect(now=NOW)
    assert not found("campaign-delivered")
    append("EmailEvents", [mail(5000, Timestamp=NOW + timedelta(minutes=1))])
    detect(now=NOW)
    (finding,) = found("campaign-delivered")
    assert finding.hits == 1201
    assert len([one for one in finding.evidence if one.type == "mailbox"]) == 10


def test_a_burst_inside_one_batch_is_found_though_its_last_row_came_days_later(db):
    burst = [mail(number, Timestamp=NOW - timedelta(days=5)) for number in range(12)]
    append("EmailEvents", [*burst, mail(99, Timestamp=NOW)])
    detect(now=NOW)
    (finding,) = found("campaign-delivered")
    assert (finding.hits, finding.last_activity) == (12, NOW - timedelta(days=5))


def test_hits_farther_apart_than_an_alert_reaches_are_two_findings_also_in_one_batch(db):
    high = {"ConfidenceLevel": {"Phish": "High"}}
    append("EmailEvents", [mail(1, **high), mail(2, Timestamp=NOW + timedelta(days=3), **high)])
    detect(now=NOW)
    assert [one.hits for one in found("malicious-mail-delivered")] == [1, 1]


def test_a_look_ends_with_the_batch_that_fills_it(db, monkeypatch):
    monkeypatch.setattr(services, "MOST_ROWS", 100)
    for number in range(6):
        append("EmailEvents", [mail(number * 40 + place) for place in range(40)])
    append("EmailEvents", [mail(1000 + place) for place in range(300)])
    assert [detect(now=NOW) for _ in range(5)] == [2, 2, 2, 1, 0]


def test_a_kill_in_a_flood_leaves_nothing_out_and_tells_nothing_twice(db, monkeypatch):
    for number in range(4):
        append("EmailEvents", [mail(number * 30 + place) for place in range(30)])
    detect(now=NOW, limit=1)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(services, "move_cursor", killed)
        with pytest.raises(KeyboardInterrupt):
            detect(now=NOW, limit=1)
    monkeypatch.setattr(services, "RUNNING", Running())
    while detect(now=NOW, limit=1):
        pass
    assert sum(one.hits for one in found("campaign-delivered")) == 120


def test_what_is_known_of_counts_is_forgotten_when_somebody_else_moved_the_cursor(db):
    append("EmailEvents", [mail(number) for number in range(30)])
    detect(now=NOW)
    assert services.RUNNING.held
    move_cursor(services.READER, position=0)
    services.RUNNING.go_on_from(0)
    assert not services.RUNNING.held


def test_running_counts_hold_a_threshold_s_worth_of_each_group_and_no_more_than_their_room():
    campaign, running = rule("campaign-delivered"), Running()
    rows = [mail(number, Timestamp=NOW + timedelta(seconds=number)) for number in range(300)]
    running.note(campaign, {"71": rows})
    ((_, held),) = running.held.items()
    assert len(held) == campaign.threshold.at_least
    end = NOW + timedelta(seconds=300)
    assert running.reached(campaign, "71", start=NOW, end=end)
    assert not running.reached(campaign, "71", start=end, end=end + timedelta(hours=1))
    assert not running.reached(campaign, "72", start=NOW, end=end)
    for number in range(MOST_VALUES // 10 + 5):
        running.note(campaign, {f"g{number}": rows[:10]})
    assert running.size <= MOST_VALUES
    assert not running.reached(campaign, "71", start=NOW, end=end)


@pytest.mark.parametrize(
    ("where", "own"),
    [
        (Group((A, B)), Group((A, B))),
        (Group((A, OTHER)), Group((A,))),
        (Group((A, OTHER), any_of=True), None),
        (Group((A, Group((B, OTHER), any_of=True))), Group((A,))),
        (Group((A, OTHER), negated=True), None),
        (Group((A, Group((B,), negated=True))), Group((A, Group((B,), negated=True)))),
        (Group((OTHER,)), None),
    ],
)
def test_what_a_row_alone_must_meet_is_never_narrower_than_the_rule(where, own):
    assert own_parts(where) == (() if own is None else (own,))


@pytest.mark.parametrize("id", [one.id for one in all_rules()])
def test_a_rule_reads_the_columns_it_speaks_of(id):
    one = rule(id)
    own = {name for name in named_by(one) if "." not in name}
    assert own <= set(columns_read(one))
    for name in named_by(one):
        table, _, column = name.rpartition(".")
        assert not table or column in columns_of(one, table)


def test_rows_that_never_were_in_the_lake_are_told_apart_though_a_cell_is_a_list():
    assert len(set(keys_of([{"A": ["x"]}, {"A": ["x"]}, {"A": ["y"]}], ["A"]))) == 2
    assert keys_of([{"A": 1}, {"A": 1}], []) == ["", ""]


def test_the_same_rows_are_the_same_matches_read_from_the_lake_or_in_hand(db):
    rows = [mail(number) for number in range(400)]
    append("EmailEvents", rows)
    detect(now=NOW)
    (finding,) = found("campaign-delivered")
    (match,) = evaluate(rule("campaign-delivered"), rows, LakeHistory(frozenset({"corp.example"})))
    assert {(one.type, one.value) for one in match.evidence} == {(one.type, one.value) for one in finding.evidence}
