"""Alerts that are expected: hidden or resolved as they are raised, previewed before, taken back after."""

from datetime import timedelta

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.incidents.contracts import WORDS
from watchfloor.incidents.models import Alert, HiddenAlert, Incident, TuningRule
from watchfloor.incidents.services import classify_alert
from watchfloor.incidents.tuning import Conditions, Fit, Subject, holds, like, read, written
from watchfloor.incidents.tuning_keeping import (
    Wanted,
    delete_tuning,
    reopen_tuned,
    save_tuning,
    switch_tuning,
    tuning_rule,
    unhide,
)
from watchfloor.incidents.tuning_preview import preview
from watchfloor.intelligence.models import Entry
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound

NEWS = "news@letter.example"
HOME = "/settings/alert-tuning"


def condition(kind="sender", values=("*@letter.example",), how="every"):
    return {"type": kind, "how": how, "values": list(values)}


def wanted(*groups, match="all", **fields):
    conditions = {"match": match, "groups": list(groups) or [[condition()]]}
    return Wanted(**({"name": "Newsletter", "action": "hide", "conditions": conditions} | fields))


@pytest.fixture
def keep(by_ada, make):
    return lambda *groups, **fields: save_tuning(wanted=wanted(*groups, **fields), by=by_ada, now=make.start)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*@letter.example", "news@letter.example", True),
        ("*@letter.example", "news@letter.example.evil.example", False),
        ("n?ws@*", "news@x", True),
        ("news", "newsletter", False),
        ("*", "anything", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-b-b", False),
        ("", "", True),
        ("[a]", "a", False),
    ],
)
def test_wildcards_fit_the_whole_text(pattern, text, fits):
    assert like(pattern, text) is fits


def test_a_pattern_of_many_stars_takes_no_long_time():
    assert not like("*a" * 60 + "b", "a" * 2000)


def subject(*entities, title="Phish", omitted=False):
    return Subject(title, entities, omitted)


def fit(kind, *values, every=True):
    return Fit(kind, every, values)


def test_every_entity_of_a_kind_must_fit_or_some_as_the_rule_says():
    two = subject(("sender", NEWS), ("sender", "evil@x.example"))
    assert not holds(Conditions("all", ((fit("sender", "*@letter.example"),),)), two)
    assert holds(Conditions("all", ((fit("sender", "*@letter.example", every=False),),)), two)


def test_what_was_left_out_is_not_taken_for_fitting():
    one = Conditions("all", ((fit("sender", "*@letter.example"),),))
    assert holds(one, subject(("sender", NEWS)))
    assert not holds(one, subject(("sender", NEWS), omitted=True))


def test_a_kind_that_an_alert_does_not_name_fits_nothing():
    assert not holds(Conditions("all", ((fit("ip", "192.0.2.*"),),)), subject(("sender", NEWS)))


def test_groups_are_joined_as_the_rule_says():
    groups = ((fit("sender", "a@*"), fit("sender", "b@*")), (fit("ip", "192.0.2.*"),))
    both = subject(("sender", "b@x"), ("ip", "192.0.2.9"))
    assert holds(Conditions("all", groups), both)
    assert not holds(Conditions("all", groups), subject(("sender", "b@x")))
    assert holds(Conditions("any", groups), subject(("ip", "192.0.2.9")))
    assert not holds(Conditions("any", groups[:1]), both)


def test_the_title_is_evidence_too():
    assert holds(Conditions("all", ((fit("title", "phish*"),),)), subject(title="PHISH delivered"))


def test_a_rule_says_itself_in_words():
    said = Conditions("all", ((fit("sender", "a@*"), fit("ip", "192.0.2.1", every=False)),)).words
    assert said == ("every sender is “a@*” or some IP address is “192.0.2.1”",)


@pytest.mark.parametrize(
    "data",
    [
        {"groups": []},
        {"groups": [[condition(kind="soul")]]},
        {"groups": [[condition(values=())]]},
        {"groups": [[condition(values=("*",))]]},
        {"groups": [[condition(values=("x",) * 1, how="every")]] * 11},
        {"match": "none", "groups": [[condition()]]},
    ],
)
def test_conditions_that_cannot_be_are_refused(data):
    with pytest.raises(BadInput):
        read(data)


def test_conditions_are_kept_as_they_were():
    data = {"match": "any", "groups": [[condition(how="some")], [condition("ip", ("192.0.2.1",))]]}
    assert written(read(data)) == data


def test_a_hidden_alert_is_not_raised_but_listed_and_counted(keep, findings, make):
    rule = keep()
    findings.add(make.sender(NEWS), make.mailbox())
    findings.promote()
    assert not Alert.objects.exists()
    assert not Incident.objects.exists()
    hidden = HiddenAlert.objects.get()
    assert (hidden.tuned_by, hidden.title) == (rule, "Malicious mail delivered")
    rule.refresh_from_db()
    assert (rule.hits, rule.last_hit) == (1, make.start + timedelta(minutes=1))


def test_others_are_raised_as_ever(keep, findings, make):
    keep()
    assert findings.raised(make.sender("evil@x.example")).status == "new"
    assert findings.raised(make.sender(NEWS), make.sender("evil@y.example")).status == "new"


def test_a_resolved_alert_is_classified_and_its_own_incident_closed(keep, findings, make):
    rule = keep(action="resolve")
    alert = findings.raised(make.sender(NEWS))
    assert (alert.status, alert.tuned_by, alert.classification) == ("resolved", rule, "informationalExpectedActivity")
    assert alert.incident.status == "resolved"
    assert "tuning rule “Newsletter”" in alert.incident.resolution_note
    assert alert.history.filter(kind="tuned").exists()


def test_a_resolved_alert_in_an_incident_with_others_leaves_it_open(keep, findings, make):
    keep(action="resolve")
    first = findings.raised(make.sender("evil@x.example"), make.message(1))
    second = findings.raised(make.sender(NEWS), make.message(1))
    assert second.incident_id == first.incident_id
    assert Incident.objects.get().status == "active"
    assert Incident.objects.get().active_alert_count == 1


def test_more_hits_of_a_tuned_alert_join_it(keep, findings, make):
    keep(action="resolve")
    alert = findings.raised(make.sender(NEWS), aggregation_key="same")
    findings.add(make.sender(NEWS), aggregation_key="same")
    findings.promote()
    alert.refresh_from_db()
    assert (alert.hit_count, alert.status) == (2, "resolved")


@pytest.mark.parametrize(
    "fields",
    [{"policies": ("reported-phish",)}, {"sources": ("Sigma rule by Jane Doe",)}],
)
def test_a_rule_is_only_about_its_policies_and_sources(keep, findings, make, fields):
    keep(**fields)
    findings.raised(make.sender(NEWS))
    hits = {"rule_id": "reported-phish"} if "policies" in fields else {"source": "Sigma rule by Jane Doe"}
    findings.add(make.sender(NEWS), **hits)
    findings.promote()
    assert HiddenAlert.objects.count() == 1


def test_our_own_policies_are_a_source(keep, findings, make):
    keep(sources=("Alert policies",))
    findings.add(make.sender(NEWS))
    findings.add(make.sender(NEWS), source="Custom detection “x”", rule_id="custom-1")
    findings.promote()
    assert (HiddenAlert.objects.count(), Alert.objects.count()) == (1, 1)


def test_a_rule_that_is_off_or_has_ended_does_nothing(keep, findings, make, by_ada):
    rule = keep(expires_at=make.start + timedelta(seconds=30))
    findings.raised(make.sender(NEWS))
    other = keep(name="Other")
    switch_tuning(number=other.pk, enabled=False, by=by_ada, now=make.start)
    findings.raised(make.sender(NEWS))
    rule.refresh_from_db()
    assert rule.hits == 0


def test_hiding_goes_before_resolving(keep, findings, make):
    keep(action="resolve")
    keep(name="Hide")
    findings.add(make.sender(NEWS))
    findings.promote()
    assert HiddenAlert.objects.get().tuned_name == "Hide"


def test_what_somebody_links_by_hand_is_never_tuned(keep, findings, make):
    keep()
    incident = findings.raised(make.sender("evil@x.example")).incident
    assert findings.raised(make.sender(NEWS), incident=incident.pk).incident == incident


def test_a_hidden_alert_is_raised_after_all_with_who_wanted_it(keep, findings, make, by_ada):
    keep()
    record = findings.add(make.sender(NEWS), make.mailbox())
    findings.promote()
    assert unhide(keys=[record.key, record.key, "none-such"], by=by_ada, now=make.start) == 1
    alert = Alert.objects.get()
    assert alert.evidence.count() == 2
    assert "Ada had it raised" in alert.history.get(kind="tuned").text
    assert not HiddenAlert.objects.exists()
    assert AuditEntry.objects.filter(verb="alert.unhide", outcome="success").exists()


def test_alerts_that_a_rule_resolved_are_made_new_again_with_their_incidents(keep, findings, make, by_ada):
    rule = keep(action="resolve")
    alert = findings.raised(make.sender(NEWS))
    assert reopen_tuned(number=rule.pk, by=by_ada, now=make.start) == 1
    alert.refresh_from_db()
    assert (alert.status, alert.classification, alert.tuned_by) == ("new", "", None)
    assert (alert.incident.status, alert.incident.active_alert_count) == ("active", 1)


def test_a_deleted_rule_leaves_what_it_hid(keep, findings, make, by_ada):
    rule = keep()
    findings.add(make.sender(NEWS))
    findings.promote()
    assert delete_tuning(number=rule.pk, by=by_ada) == "Newsletter"
    assert HiddenAlert.objects.get().tuned_name == "Newsletter"
    with pytest.raises(NotFound):
        tuning_rule(rule.pk)


def test_a_preview_counts_what_would_have_been_met_and_changes_nothing(findings, make, by_ada):
    for number in range(3):
        findings.raised(make.sender(NEWS), make.mailbox(f"p{number}@corp.example"))
    findings.raised(make.sender("evil@x.example"))
    seen = preview(wanted=wanted(), by=by_ada, now=make.start + timedelta(days=1))
    assert (seen.looked, seen.fitting, seen.true_positives) == (4, 3, 0)
    assert seen.policies == (("Malicious mail delivered", 3),)
    assert len(seen.examples) == 3
    assert not TuningRule.objects.exists()
    assert Alert.objects.filter(status="new").count() == 4


def test_a_preview_warns_of_real_attacks_and_shows_them_first(findings, make, by_ada):
    for _ in range(11):
        findings.raised(make.sender(NEWS))
    real = findings.raised(make.sender("real@letter.example"), at=make.start - timedelta(days=2))
    classify_alert(alert=real.alert_id, classification="truePositive", determination="phishing", by=by_ada)
    seen = preview(wanted=wanted(), by=by_ada, now=make.start + timedelta(days=1))
    assert seen.true_positives == 1
    assert seen.examples[0].alert_id == real.alert_id
    assert "1 of them was classified as true positive" in seen.warning


def test_a_preview_looks_back_thirty_days_and_keeps_to_the_scope(findings, make, by_ada):
    findings.raised(make.sender(NEWS))
    assert preview(wanted=wanted(), by=by_ada, now=make.start + timedelta(days=31)).looked == 0
    assert preview(wanted=wanted(policies=("other",)), by=by_ada, now=make.start + timedelta(days=1)).looked == 0


def test_a_preview_asks_the_same_number_of_questions_however_many_alerts(
    findings, make, by_ada, django_assert_max_num_queries
):
    for _ in range(8):
        findings.raised(make.sender(NEWS))
    with django_assert_max_num_queries(3):
        preview(wanted=wanted(), by=by_ada, now=make.start + timedelta(days=1))


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"name": " "}, "name"),
        ({"action": "burn"}, "action"),
        ({"action": "resolve", "classification": ""}, "classification"),
        ({"action": "resolve", "determination": "phishing"}, "classification"),
    ],
)
def test_a_rule_that_cannot_be_says_where(keep, fields, place):
    with pytest.raises(BadInput) as error:
        keep(**fields)
    assert error.value.place == place


def test_a_rule_that_would_have_ended_is_refused(keep, make):
    with pytest.raises(BadInput):
        keep(expires_at=make.start)


def test_a_rule_of_a_newer_version_rests(keep, findings, make):
    rule = keep()
    TuningRule.objects.filter(pk=rule.pk).update(conditions={"groups": [[{"type": "soul", "values": ["x"]}]]})
    assert findings.raised(make.sender(NEWS)).status == "new"


def test_eve_tunes_nothing(by_eve, make):
    with pytest.raises(Forbidden):
        save_tuning(wanted=wanted(), by=by_eve, now=make.start)
    with pytest.raises(Forbidden):
        preview(wanted=wanted(), by=by_eve, now=make.start)
    with pytest.raises(Forbidden):
        unhide(keys=["x"], by=by_eve, now=make.start)


FORM = {
    "name": "Newsletter",
    "action": "hide",
    "match": "all",
    "type": ["sender", "ip"],
    "how": ["every", "some"],
    "values": ["*@letter.example, x@y.example", ""],
    "group": ["1", "2"],
    "classification": "informationalExpectedActivity/confirmedActivity",
    "comment": "It comes each week",
    "expires": "2099-01-31",
}


def test_a_rule_is_begun_with_an_alert_previewed_and_saved(as_ada, findings, make):
    alert = findings.raised(make.sender(NEWS), make.ip("192.0.2.9"), make.url())
    text = as_ada.get(f"{HOME}/add?alert={alert.alert_id}").content.decode()
    assert NEWS in text
    assert f"{alert.title}: expected" in text
    seen = as_ada.post(f"{HOME}/add?alert={alert.alert_id}", FORM | {"do": "preview"}).content.decode()
    assert "What it would have met" in seen
    assert not TuningRule.objects.exists()
    done = as_ada.post(f"{HOME}/add?alert={alert.alert_id}", FORM | {"do": "save", "allow": ["ip:192.0.2.9"]})
    assert done.status_code == 302
    rule = TuningRule.objects.get()
    assert rule.conditions["groups"] == [[condition(values=("*@letter.example", "x@y.example"))]]
    assert f"{rule.expires_at:%Y-%m-%d}" == "2099-01-31"
    assert Entry.objects.get().value == "192.0.2.9"


def test_why_something_may_not_be_allowed_is_said_and_the_rule_stands(as_ada, findings, make):
    alert = findings.raised(make.ip("192.0.2.9"))
    form = FORM | {"do": "save", "allow": ["ip:192.0.2.9"]}
    address = f"{HOME}/add?alert={alert.alert_id}"
    as_ada.post(address, form, follow=True)
    said = [str(one) for one in as_ada.post(address, form, follow=True).context["messages"]]
    assert said[0].startswith("Saved")
    assert said[1].startswith("Not on the allow list")
    assert (TuningRule.objects.count(), Entry.objects.count()) == (2, 1)


def test_a_kept_rule_is_changed_switched_and_deleted_on_its_pages(as_ada, keep, findings, make):
    rule = keep([condition(), condition("url", ("https://a.example/x,y", "https://b.example/"))], action="resolve")
    text = as_ada.get(f"{HOME}/{rule.pk}").content.decode()
    assert "https://a.example/x,y" in text
    assert "every sender is" in as_ada.get(HOME).content.decode()
    as_ada.post(f"{HOME}/{rule.pk}", FORM | {"name": "Letters", "do": "save"})
    rule.refresh_from_db()
    assert (rule.name, rule.action, rule.classification) == ("Letters", "hide", "")
    as_ada.post(f"{HOME}/{rule.pk}/switch", {"enabled": "0"})
    assert not TuningRule.objects.get().enabled
    as_ada.post(f"{HOME}/{rule.pk}/reopen")
    as_ada.post(f"{HOME}/{rule.pk}/delete")
    assert not TuningRule.objects.exists()


def test_a_wrong_form_is_shown_again_with_what_was_typed(as_ada):
    answer = as_ada.post(f"{HOME}/add", FORM | {"values": ["", ""], "do": "save"})
    assert answer.status_code == 400
    assert "It comes each week" in answer.content.decode()
    assert as_ada.post(f"{HOME}/add", FORM | {"expires": "soon"}).status_code == 400


def test_hidden_alerts_are_listed_and_raised_on_their_page(as_ada, keep, findings, make):
    assert "Nothing is hidden" in as_ada.get("/alerts/hidden").content.decode()
    rule = keep()
    record = findings.add(make.sender(NEWS))
    findings.promote()
    assert "Malicious mail delivered" in as_ada.get(f"/alerts/hidden?by={rule.pk}").content.decode()
    as_ada.post("/alerts/hidden/unhide", {"row": [record.key]})
    assert Alert.objects.count() == 1


def test_an_alert_that_was_tuned_says_so(as_ada, keep, findings, make):
    keep(action="resolve")
    alert = findings.raised(make.sender(NEWS))
    text = as_ada.get(f"/alerts/{alert.alert_id}").content.decode()
    assert "Resolved as it was raised by the tuning rule" in text
    assert f"{HOME}/add?alert={alert.alert_id}" in text


def test_eve_opens_no_page_of_tuning(as_eve):
    for address in (HOME, f"{HOME}/add", f"{HOME}/1", "/alerts/hidden"):
        assert as_eve.get(address).status_code == 403
    for address in (f"{HOME}/1/switch", f"{HOME}/1/delete", f"{HOME}/1/reopen", "/alerts/hidden/unhide"):
        assert as_eve.post(address).status_code == 403


def test_the_activity_log_has_a_word_for_tuning():
    assert WORDS["tuned"] == "Tuning"


@pytest.mark.parametrize(
    ("rule_id", "prefix"),
    [("custom-3", "wc"), ("sigma-abc", "ws"), ("policy-4", "wp"), ("hunt-9", "wh"), ("malicious-mail-delivered", "wf")],
)
def test_an_alert_s_id_begins_as_its_source(findings, make, as_ada, rule_id, prefix):
    alert = findings.raised(make.sender(NEWS), rule_id=rule_id)
    assert alert.alert_id.startswith(prefix)
    assert alert.title in as_ada.get(f"/alerts?q={alert.alert_id}&range=180d").content.decode()


def test_an_alert_lists_its_activities_over_its_hits(findings, make, as_ada):
    def row(number):
        return [
            make.start.isoformat(),
            "Mail received",
            NEWS,
            f"Letter {number}",
            "192.0.2.9",
            f"m-{number}",
            "ada@corp.example",
        ]

    alert = findings.raised(make.sender(NEWS), aggregation_key="same", activities=[row(1)])
    findings.add(make.sender(NEWS), aggregation_key="same", activities=[row(2)])
    findings.promote()
    text = as_ada.get(f"/alerts/{alert.alert_id}").content.decode()
    assert "Letter 1" in text
    assert "/email/m-2?recipient=ada%40corp.example" in text
