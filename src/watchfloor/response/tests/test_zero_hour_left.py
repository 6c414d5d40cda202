"""Malicious mail that stays because zero-hour purge is off for it is told of, so that a policy may raise it."""

from datetime import timedelta

from watchfloor.access.selectors import actor_of
from watchfloor.detection.selectors import findings_after
from watchfloor.detection.services import detect
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.zero_hour_tick import settle

from .conftest import NOW, PHISH
from .test_zero_hour import LATER, late, switch


def told():
    where = (Condition("ActionType", Operator.EQUAL_ANY, ("zero_hour.off",)),)
    return lake.all_rows(Query("CloudAppEvents", NOW, LATER + timedelta(days=1), where), limit=50)


def test_each_copy_in_an_inbox_is_told_and_raises_one_informational_alert(mails):
    late(threats=["Malware"])
    settle(now=LATER)
    rows = told()
    assert rows
    assert {(row["ObjectId"], row["ObjectType"]) for row in rows} == {(PHISH, "Malware")}
    assert "cat@corp.example" not in {row["AccountId"] for row in rows}, "hers lies in Junk"
    detect(now=LATER)
    found = [one for one in findings_after(0, limit=50) if one.rule_id == "malicious-mail-left"]
    assert [(one.severity, one.hits) for one in found] == [("informational", len(rows))]
    assert ("analyzedMessage", PHISH) in {(one.type.value, one.value) for one in found[0].evidence}


def test_nothing_is_told_where_the_policy_acts_nor_of_spam(mails, max):
    late(threats=["Spam"])
    settle(now=LATER)
    assert told() == []
    switch(actor_of(max))
    late()
    settle(now=LATER)
    assert told() == []
