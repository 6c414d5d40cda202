"""Stored verdicts under another threshold and other silenced reasons."""

import json
from datetime import timedelta

import pytest

from watchfloor.lake.arrow import schema_of, to_arrow
from watchfloor.lake.catalogue import table
from watchfloor.lake.contracts import Reweighing, TooSlow
from watchfloor.lake.rejudging import changed_mails, rejudged
from watchfloor.lake.services import append
from watchfloor.lake.snapshot import cold

from .conftest import DAY, NOON, mail

START, END = NOON - DAY, NOON + DAY


def judged(number, points, *, threats=(), action="", **fields):
    return mail(
        number,
        ThreatTypes=list(threats),
        VerdictScore=sum(points.values()),
        VerdictReasons=json.dumps(points),
        OrgLevelAction=action,
        **fields,
    )


@pytest.fixture
def stored(lake):
    append(
        "EmailEvents",
        [
            judged(1, {"payment_words": 2.0, "shortener": 2.5}),
            judged(2, {"account_call": 3.0, "shortener": 2.5}, threats=("Phish",)),
            judged(3, {"account_call": 3.0, "brand_in_link": 3.0}, threats=("Phish",)),
            judged(4, {"blocked_sender": 10.0}, action="Allow"),
            judged(5, {"payment_words": 0.0, "account_call": 4.0}),
            mail(6),
        ],
    )


def totals(tried, **labels):
    found = rejudged(START, END, tried, labels=labels)
    return {
        (one.was, one.after, one.label): sum(
            o.mails for o in found if (o.was, o.after, o.label) == (one.was, one.after, one.label)
        )
        for one in found
    }


def test_the_policy_that_judged_them_changes_nothing(stored):
    assert totals(Reweighing(5.0)) == {(False, False, ""): 4, (True, True, ""): 2}


def test_a_lower_threshold_finds_more_and_a_higher_one_less(stored):
    assert totals(Reweighing(4.5))[False, True, ""] == 1
    assert totals(Reweighing(5.8))[True, False, ""] == 1


def test_silencing_takes_a_reason_out_of_every_sum(stored):
    assert totals(Reweighing(5.0, silenced=frozenset({"shortener"})))[True, False, ""] == 1


def test_a_silenced_reason_counts_again_where_it_was_met(stored):
    found = totals(Reweighing(5.0, restored={"payment_words": 2.0}))
    assert found[False, True, ""] == 1


def test_what_the_organisation_allowed_stays_so(stored):
    assert totals(Reweighing(1.0))[False, False, ""] == 2  # the allowed one, and the one without a score


def test_labels_tell_the_changed_apart(stored):
    found = totals(Reweighing(5.8), **{"id-000002": "false_positive"})
    assert found[True, False, "false_positive"] == 1


def test_scores_fall_into_half_points_and_old_mail_into_none(stored):
    found = rejudged(START, END, Reweighing(5.0), labels={})
    assert {one.score for one in found} == {None, 4.0, 4.5, 5.5, 6.0, 10.0}


def test_a_mail_to_many_counts_once(lake):
    rows = [judged(1, {"shortener": 2.5}, RecipientEmailAddress=f"p{n}@corp.example") for n in range(5)]
    append("EmailEvents", rows)
    assert [one.mails for one in rejudged(START, END, Reweighing(2.0), labels={})] == [1]
    assert len(changed_mails(START, END, Reweighing(2.0), limit=10)) == 1


def test_examples_are_those_nearest_the_threshold(stored):
    found = changed_mails(START, END, Reweighing(4.2, silenced=frozenset({"brand_in_link"})), limit=2)
    assert [row["NetworkMessageId"] for row in found] == ["id-000001", "id-000003"]
    assert [(row["Score"], row["After"]) for row in found] == [(4.5, True), (3.0, False)]


def test_only_the_window_is_read(stored):
    assert rejudged(END, END + DAY, Reweighing(1.0), labels={}) == ()
    early = rejudged(NOON, NOON + timedelta(seconds=2), Reweighing(1.0), labels={})
    assert sum(one.mails for one in early) == 1


def test_a_name_that_is_no_signal_is_no_sql(stored):
    tried = Reweighing(5.0, silenced=frozenset({"x'; DROP TABLE y; --"}), restored={'"': 1.0})
    assert totals(tried) == totals(Reweighing(5.0))


def test_cold_files_from_before_the_columns_count_as_without_score(lake):
    rows = to_arrow(table("EmailEvents"), [mail(1), mail(2)])
    old = rows.drop_columns(["VerdictScore", "VerdictReasons", "TenantEntries"])
    assert len(old.schema) < len(schema_of("EmailEvents"))
    cold("EmailEvents").append(old, watermark=1)
    [found] = rejudged(START, END, Reweighing(1.0), labels={})
    assert (found.score, found.mails) == (None, 2)


def test_too_long_is_said(stored, monkeypatch):
    from watchfloor.lake import rejudging

    class Slow:
        def run(self, tree, sources, *, timeout):
            raise TooSlow("the query took longer")

    monkeypatch.setattr(rejudging, "engine", Slow)
    with pytest.raises(TooSlow):
        rejudged(START, END, Reweighing(1.0), labels={}, timeout=0.01)
