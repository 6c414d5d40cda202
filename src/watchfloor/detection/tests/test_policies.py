"""Policies that people make: written, tried before they are saved, held against new rows, told to whom."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.services import add_connection
from watchfloor.detection.backtest import back_test
from watchfloor.detection.editing import added, done, lines, place_of, typed
from watchfloor.detection.keeping import Notify, delete_policy, save_policy, set_rule, switch_rule
from watchfloor.detection.models import Policy, RuleSwitch
from watchfloor.detection.policies import WATCHED, Draft, draft_of, parts_of
from watchfloor.detection.selectors import delivery_of, findings_after, rule, rule_state, rule_states
from watchfloor.detection.services import detect
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound
from watchfloor.lake import selectors as lake
from watchfloor.lake.services import append

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
INVOICE = "Subject~contains%20any%20of~invoice"
HOME = "/settings/detections"


def mail(number=1, **columns):
    return {
        "Timestamp": NOW - timedelta(minutes=5),
        "NetworkMessageId": f"m-{number}",
        "Subject": "Your invoice",
        "SenderFromAddress": "billing@x.example",
        "RecipientEmailAddress": f"p{number}@corp.example",
        "EmailDirection": "Inbound",
        "DeliveryAction": "Delivered",
        "ReportId": f"r-{number}",
    } | columns


def draft(**fields):
    return Draft(**({"title": "Invoices", "parts": (INVOICE,)} | fields))


@pytest.fixture
def by_ada(ada):
    return actor_of(ada)


@pytest.fixture
def keep(by_ada):
    return lambda **fields: save_policy(draft=draft(**fields), by=by_ada, now=NOW)


def found(row):
    return [one for one in findings_after(0, limit=500) if one.rule_id == row.rule_id]


def test_a_policy_finds_what_meets_its_conditions_and_lists_the_activities(keep):
    row = keep()
    append("EmailEvents", [mail(1), mail(2, Subject="Lunch")])
    detect(now=NOW)
    (finding,) = found(row)
    assert (finding.title, finding.severity, finding.hits) == ("Invoices", "medium", 1)
    assert ("mailbox", "p1@corp.example") in {(one.type.value, one.value) for one in finding.evidence}
    (activity,) = finding.activities
    assert (activity.operation, activity.user, activity.object) == (
        "Mail received",
        "billing@x.example",
        "Your invoice",
    )
    assert (activity.message, activity.recipient) == ("m-1", "p1@corp.example")


def test_nested_groups_and_denied_ones_hold_as_in_explorer(keep):
    group = "any(SenderFromAddress~starts%20with~billing;!all(EmailDirection~equal%20any%20of~Inbound))"
    row = keep(parts=(INVOICE, group))
    rows = [
        mail(1),
        mail(2, SenderFromAddress="a@x.example"),
        mail(3, SenderFromAddress="b@corp.example", EmailDirection="Intra-org"),
    ]
    append("EmailEvents", rows)
    detect(now=NOW)
    (finding,) = found(row)
    assert {one.message for one in finding.activities} == {"m-1", "m-3"}
    query = lake.query_from_parameters({"f": [INVOICE, group], "from": "2026-11-20", "to": "2026-11-21"}, now=NOW)
    assert lake.count(query) == 2


def test_all_hits_of_a_policy_are_one_alert_unless_they_are_told_apart(keep):
    together, apart = keep(), keep(title="Apart", group_by="SenderFromAddress")
    append("EmailEvents", [mail(1), mail(2, SenderFromAddress="other@x.example")])
    detect(now=NOW)
    assert [one.aggregation_key for one in found(together)] == ["*"]
    assert len(found(apart)) == 2


@pytest.mark.parametrize(
    ("group_by", "distinct", "numbers"), [("SenderFromAddress", "", 3), ("", "", 3), ("", "RecipientEmailAddress", 3)]
)
def test_a_threshold_is_reached_by_the_third(keep, group_by, distinct, numbers):
    row = keep(trigger="threshold", at_least=3, window="1h", group_by=group_by, distinct=distinct)
    append("EmailEvents", [mail(1), mail(2)])
    detect(now=NOW)
    assert not found(row)
    append("EmailEvents", [mail(3)])
    detect(now=NOW)
    (finding,) = found(row)
    assert finding.hits == numbers
    assert "within 1 hour" in finding.explanation[-1]


def test_a_threshold_with_alternatives_counts_only_what_meets_them(keep):
    row = keep(parts=(INVOICE, "Subject~contains%20any%20of~bill"), any_of=True, trigger="threshold", at_least=3)
    append("EmailEvents", [mail(1), mail(2, Subject="a bill"), *(mail(10 + n, Subject="Lunch") for n in range(5))])
    detect(now=NOW)
    assert not found(row)
    append("EmailEvents", [mail(4)])
    detect(now=NOW)
    assert found(row)[0].hits == 3


def test_activities_of_the_same_moment_are_told_apart_by_their_own_ids(keep):
    row = keep(
        table="CloudAppEvents", parts=("ActionType~equal%20any%20of~New-InboxRule",), group_by="AccountDisplayName"
    )
    event = {"Timestamp": NOW, "ActionType": "New-InboxRule", "AccountDisplayName": "ada"}
    append("CloudAppEvents", [event | {"ReportId": "1"}])
    detect(now=NOW)
    append("CloudAppEvents", [event | {"ReportId": "2"}])
    detect(now=NOW)
    assert len(found(row)) == 2


@pytest.mark.parametrize("table", WATCHED)
def test_every_table_that_a_policy_may_watch_has_the_columns_it_names(table):
    watched = WATCHED[table]
    for name in watched.group_by:
        assert lake.table(table).has(name)
    for entity in watched.entities:
        for column in filter(None, (entity.column, entity.label)):
            owner, _, name = column.rpartition(".")
            assert lake.table(owner or table).has(name), column


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"title": " "}, "title"),
        ({"parts": ()}, "f"),
        ({"parts": ("Subject~matches%20regex~a",)}, "f"),
        ({"parts": ("EmailUrlInfo.Url~equal%20none%20of~a",)}, "f"),
        ({"parts": ("Colour~equal%20any%20of~red",)}, "column"),
        ({"severity": "grave"}, "severity"),
        ({"policy_category": "Weather"}, "policy_category"),
        ({"trigger": "threshold", "at_least": 0}, "at_least"),
        ({"trigger": "threshold", "group_by": "Nothing"}, "group_by"),
        ({"trigger": "unusual", "baseline_days": 3}, "baseline_days"),
        ({"trigger": "unusual", "window": "15m"}, "window"),
        ({"aggregate": "9y"}, "aggregate"),
    ],
)
def test_what_cannot_be_a_policy_says_where(keep, fields, place):
    with pytest.raises(BadInput) as error:
        keep(**fields)
    assert error.value.place == place
    assert not Policy.objects.exists()


def test_a_policy_is_kept_as_it_was_written_and_audited(keep, by_ada):
    row = keep(trigger="threshold", at_least=7, window="4h", any_of=True)
    assert draft_of(row) == draft(trigger="threshold", at_least=7, window="4h", any_of=True)
    assert rule(row.rule_id).title == "Invoices"
    save_policy(draft=draft(title="Bills"), by=by_ada, now=NOW, number=row.pk)
    assert AuditEntry.objects.filter(verb="alert_policy.save", outcome="success").count() == 2
    assert delete_policy(number=row.pk, by=by_ada) == "Bills"
    assert rule(row.rule_id) is None
    with pytest.raises(NotFound):
        delete_policy(number=row.pk, by=by_ada)


def test_a_policy_that_a_newer_version_cannot_read_rests_and_breaks_nothing(keep):
    row = keep()
    Policy.objects.update(document=row.document | {"table": "Gone"})
    append("EmailEvents", [mail(1)])
    detect(now=NOW)
    assert not found(row)


def test_eve_makes_and_changes_nothing(eve):
    by = actor_of(eve)
    with pytest.raises(Forbidden):
        save_policy(draft=draft(), by=by, now=NOW)
    with pytest.raises(Forbidden):
        set_rule(rule_id="reported-phish", notify=Notify(), by=by, now=NOW)


def test_a_policy_can_be_turned_off(keep, by_ada):
    row = keep()
    switch_rule(rule_id=row.rule_id, enabled=False, by=by_ada)
    append("EmailEvents", [mail(1)])
    detect(now=NOW)
    assert not found(row)
    with pytest.raises(NotFound):
        switch_rule(rule_id="policy-99999", enabled=False, by=by_ada)


def test_of_a_built_in_policy_severity_recipients_and_cap_are_set(by_ada):
    notify = Notify(("ada@corp.example",), 3, (), "high")
    set_rule(rule_id="reported-phish", notify=notify, by=by_ada, now=NOW)
    state = rule_state("reported-phish")
    assert (state.rule.severity, state.shipped_severity, state.enabled) == ("high", "low", True)
    assert delivery_of("reported-phish").recipients == ("ada@corp.example",)
    switch_rule(rule_id="reported-phish", enabled=False, by=by_ada)
    assert delivery_of("reported-phish").daily_cap == 3


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"recipients": ("nobody",)}, "to"),
        ({"daily_cap": 0}, "daily_cap"),
        ({"severity": "grave"}, "severity"),
        ({"webhooks": ("soar",)}, "webhooks"),
    ],
)
def test_who_is_told_is_checked(by_ada, fields, place):
    with pytest.raises(BadInput) as error:
        set_rule(rule_id="reported-phish", notify=Notify(**fields), by=by_ada, now=NOW)
    assert error.value.place == place


def test_a_webhook_that_is_there_can_be_told(by_ada):
    everything = Actor("person:1", "Max", frozenset(Permission))
    settings = {"url": "https://soar.example/hook", "secret": "long enough to be one"}
    add_connection(by=everything, name="soar", kind="webhook", settings=settings)
    set_rule(rule_id="custom-7", notify=Notify(webhooks=("soar",)), by=by_ada, now=NOW)
    assert delivery_of("custom-7").webhooks == ("soar",)


def test_a_trial_says_what_would_have_been_raised_and_raises_nothing(by_ada):
    days = [timedelta(days=n) for n in (0, 0, 3)]
    append("EmailEvents", [mail(n, Timestamp=NOW - timedelta(hours=1) - age) for n, age in enumerate(days)])
    told = back_test(draft().rule(), by=by_ada, now=NOW, days=7)
    assert (told.rows, told.alerts) == (3, 2)
    assert [number for _, number in told.days] == [0, 0, 0, 0, 1, 0, 0, 1]
    assert told.examples[0].hits == 2
    assert not findings_after(0, limit=10)


def test_a_trial_of_a_threshold_raises_only_where_it_was_reached(by_ada):
    append("EmailEvents", [mail(n, Timestamp=NOW - timedelta(hours=2)) for n in range(4)])
    append("EmailEvents", [mail(50 + n, Timestamp=NOW - timedelta(days=2)) for n in range(2)])
    told = back_test(draft(trigger="threshold", at_least=3).rule(), by=by_ada, now=NOW)
    assert (told.rows, told.alerts) == (6, 1)


def test_a_trial_needs_the_right_to_tune(eve):
    with pytest.raises(Forbidden):
        back_test(draft().rule(), by=actor_of(eve), now=NOW)


def test_conditions_are_added_grouped_denied_and_taken_away():
    first, second = (typed(column="Subject", operator="contains any of", values=v) for v in ("a, b", '"c, d"'))
    assert (first.values, second.values) == (("a", "b"), ("c, d",))
    parts = done(added((), first, into=()), "group", place_of("0"))
    parts = added(parts, second, into=place_of("0"))
    assert [(one.place, one.group) for one in lines(parts, "EmailEvents")] == [
        ("0", True),
        ("0.0", False),
        ("0.1", False),
    ]
    assert next(lines(done(parts, "flip", (0,)), "EmailEvents")).words == "All of"
    assert next(lines(done(parts, "not", (0,)), "EmailEvents")).words == "Not: any of"
    assert done(parts, "ungroup", (0,)) == (first, second)
    assert done(done(parts, "remove", (0, 0)), "remove", (0, 0)) == ()
    texts = [lake.encoded(one) for one in parts]
    assert parts_of(texts, "EmailEvents") == parts


@pytest.mark.parametrize("change", [("explode", (0,)), ("remove", ())])
def test_what_cannot_be_done_to_conditions_is_refused(change):
    with pytest.raises(BadInput):
        done((), *change)
    with pytest.raises(BadInput):
        place_of("0.x")


def test_a_policy_is_written_page_by_page(as_ada):
    page = as_ada.get(f"{HOME}/add?f={INVOICE}")
    assert "subject contains “invoice”" in page.content.decode().lower()
    form = {
        "title": "Invoices",
        "table": "EmailEvents",
        "f": [INVOICE],
        "match": "all",
        "trigger": "threshold",
        "at_least": "2",
    }
    form |= {
        "severity": "high",
        "policy_category": "Mail flow",
        "window": "1h",
        "aggregate": "1h",
        "baseline_days": "14",
    }
    new = form | {"do": "add", "column": "SenderFromDomain", "operator": "equal any of", "value": "x.example"}
    text = as_ada.post(f"{HOME}/add", new).content.decode()
    assert "SenderFromDomain~equal%20any%20of~x.example" in text
    assert as_ada.post(f"{HOME}/add", form | {"do": "add", "column": "", "operator": "x"}).status_code == 400
    assert "What it would have raised" in as_ada.post(f"{HOME}/add", form | {"do": "try:7"}).content.decode()
    kept = as_ada.post(f"{HOME}/add", form | {"do": "save"})
    row = Policy.objects.get()
    assert kept["Location"] == f"{HOME}/{row.rule_id}"
    assert (row.severity, row.policy_category, row.document["at_least"]) == ("high", "Mail flow", 2)
    assert "Invoices" in as_ada.get(kept["Location"]).content.decode()
    assert as_ada.get(f"{HOME}/{row.rule_id}/edit").status_code == 200
    as_ada.post(f"{HOME}/{row.rule_id}/edit", form | {"title": "Bills", "do": "save"})
    assert Policy.objects.get().title == "Bills"
    other = as_ada.post(f"{HOME}/{row.rule_id}/edit", form | {"table": "CloudAppEvents", "do": "table"})
    assert "None yet." in other.content.decode()
    as_ada.post(f"{HOME}/{row.rule_id}/delete")
    assert not Policy.objects.exists()


def test_who_is_told_is_set_on_a_page_for_rules_of_other_slices_too(as_ada):
    form = {"recipients": "ada@corp.example; max@corp.example", "daily_cap": "5", "severity": ""}
    for name in ("reported-phish", "custom-3"):
        assert as_ada.get(f"{HOME}/{name}/notify").status_code == 200
        assert as_ada.post(f"{HOME}/{name}/notify", form).status_code == 302
        assert RuleSwitch.objects.get(rule_id=name).recipients == ["ada@corp.example", "max@corp.example"]
    assert "ada@corp.example" in as_ada.get(f"{HOME}/reported-phish").content.decode()
    wrong = as_ada.post(f"{HOME}/custom-3/notify", form | {"daily_cap": "many"})
    assert wrong.status_code == 400


def test_the_list_is_narrowed(as_ada, keep):
    row = keep()
    switch_rule(rule_id="reported-phish", enabled=False, by=actor_of(row_owner()))
    assert "Email reported by user as malware or phish" not in as_ada.get(f"{HOME}?show=custom").content.decode()
    assert "Invoices" not in as_ada.get(f"{HOME}?show=system").content.decode()
    assert "Email reported by user as malware or phish" in as_ada.get(f"{HOME}?show=off").content.decode()
    assert "No policy here" in as_ada.get(f"{HOME}?q=none-such").content.decode()
    assert row.rule_id in {one.rule.id for one in rule_states()}


def row_owner():
    from watchfloor.access.models import Person

    return Person.objects.get(name="Ada")


def test_eve_opens_none_of_these_pages(as_eve):
    for address in ("add", "reported-phish", "reported-phish/notify", "policy-1/edit"):
        assert as_eve.get(f"{HOME}/{address}").status_code == 403
    assert as_eve.post(f"{HOME}/policy-1/delete").status_code == 403


def test_a_policy_that_is_not_there_is_not_found(as_ada):
    assert as_ada.get(f"{HOME}/none-such").status_code == 404
    assert as_ada.get(f"{HOME}/policy-99/edit").status_code == 404
