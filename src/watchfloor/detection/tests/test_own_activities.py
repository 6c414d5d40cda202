"""What people do in Watchfloor becomes activities that policies see; what they only read does not."""

from datetime import timedelta

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import actor_of
from watchfloor.access.services import audited
from watchfloor.detection.keeping import save_policy, switch_rule
from watchfloor.detection.own_activities import tell_own_activities, told
from watchfloor.detection.policies import Draft
from watchfloor.detection.selectors import findings_after
from watchfloor.detection.services import detect
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query


def rows():
    now = utc_now()
    return lake.rows(Query("CloudAppEvents", now - timedelta(days=1), now + timedelta(days=1)), limit=100)


def test_a_change_is_told_once(max):
    switch_rule(rule_id="reported-phish", enabled=False, by=actor_of(max))
    assert tell_own_activities(now=utc_now()) > 0
    assert tell_own_activities(now=utc_now()) == 0
    found = [row for row in rows() if row["ActionType"] == "detection.switch"]
    assert len(found) == 1
    assert (found[0]["Application"], found[0]["AccountDisplayName"], found[0]["ObjectName"]) == (
        "Watchfloor",
        "Max",
        "reported-phish",
    )


def test_what_is_only_read_stays_in_the_audit_log():
    assert not told("email.preview")
    assert not told("session.sign_in")
    assert not told("person.one_time_password")
    assert told("entry.add")
    assert told("role.edit")


def test_what_is_older_than_a_day_is_passed_over(max):
    switch_rule(rule_id="reported-phish", enabled=False, by=actor_of(max))
    tell_own_activities(now=utc_now() + timedelta(days=2))
    assert not rows()


def test_a_refused_change_is_told_as_failed(eve):
    import contextlib

    from watchfloor.kernel.errors import Forbidden

    with (
        contextlib.suppress(Forbidden),
        audited(
            by=actor_of(eve),
            permission=Permission.DETECTION_TUNE,
            verb="detection.switch",
            target_type="rule",
            target="x",
        ),
    ):
        pass
    tell_own_activities(now=utc_now())
    assert {row["ActivityType"] for row in rows()} == {"Failed"}


def test_a_policy_on_an_activity_of_ours_raises_a_finding(max):
    draft = Draft(title="Switched", table="CloudAppEvents", parts=("ActionType~equal%20any%20of~detection.switch",))
    row = save_policy(draft=draft, by=actor_of(max), now=utc_now())
    switch_rule(rule_id="reported-phish", enabled=False, by=actor_of(max))
    tell_own_activities(now=utc_now())
    detect(now=utc_now())
    (finding,) = (one for one in findings_after(0, limit=100) if one.rule_id == row.rule_id)
    assert ("user", "max") in {(one.type.value, one.value) for one in finding.evidence}
    assert finding.activities[0].object == "reported-phish"
