"""A verdict that comes after delivery purges what the policy says: within 48 hours, once, and never what somebody keeps."""

import json
import zlib
from datetime import timedelta

import pytest
from django.db import transaction

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.contracts import Located
from watchfloor.kernel.errors import BadInput, Forbidden, Unreachable
from watchfloor.lake import selectors as selectors_of_lake
from watchfloor.lake import services as lake
from watchfloor.lake.contracts import Condition, LateVerdict, Operator, Query
from watchfloor.lake.models import Email
from watchfloor.response import services, zero_hour_plan, zero_hour_policy, zero_hour_tick
from watchfloor.response.contracts import RemediationStatus, Row
from watchfloor.response.models import Remediation, ZeroHourDecision
from watchfloor.response.zero_hour import DEFAULTS, Policy, Rule, Threat, What, threat_of
from watchfloor.response.zero_hour_tick import READER, settle
from watchfloor.runtime.selectors import cursor_position

from .conftest import CLEAN, NOW, PEOPLE, PHISH, email_row

LATER = NOW + timedelta(hours=1)
OTHER = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def max_(max):
    return actor_of(max)


def switch(by, what=What.ACT, untouched=(), **actions):
    """Every threat to `what`; `malware="move-to-junk"` and so on changes an action."""
    rules = {threat: Rule(what, actions.get(threat.name.lower(), rule.action)) for threat, rule in DEFAULTS.items()}
    return zero_hour_policy.change(by=by, rules=rules, untouched=untouched, at=NOW)


def late(message=PHISH, threats=("Phish",), *, confidence="High", source="campaign", words="like 12 others", at=LATER):
    lake.note_late_verdicts([LateVerdict(at, message, tuple(threats), confidence, source, words)])


def register(message, verdict=None):
    """The register's line of a mail with this stored verdict."""
    summary = zlib.compress(json.dumps({"verdict": verdict or {}}).encode())
    Email.objects.create(
        network_message_id=message, fingerprint=message, sha256="0" * 64, received_at=NOW, last_at=NOW, summary=summary
    )


def decisions():
    return list(ZeroHourDecision.objects.order_by("id"))


def test_everything_is_off_until_somebody_switches_it_on(mails):
    late()
    assert settle(now=LATER) == 1
    assert not Remediation.objects.exists()
    assert decisions() == []
    assert {rule.what for rule in zero_hour_policy.current().rules.values()} == {What.OFF}


def test_acting_starts_one_remediation_for_every_copy_in_a_mailbox(mails, max_):
    switch(max_)
    late()
    assert settle(now=LATER) == 1
    made = Remediation.objects.get()
    assert made.name == "Phish ZAP: like 12 others"
    assert made.action == "soft-delete"
    assert made.source == "Automated email action"
    assert made.created_by == "system:zero-hour purge"
    assert made.status in {RemediationStatus.STARTED, RemediationStatus.QUEUED}
    assert {row.recipient for row in made.targets.rows} == {"ann@corp.example", "bob@corp.example", "cat@corp.example"}
    (one,) = decisions()
    assert (one.threat, one.aimed, one.remediation) == ("High confidence phish", 3, made)
    assert one.left == [["dan@partner.example", "it went to a mailbox outside this organisation"]]


def test_proposing_waits_in_the_action_center_with_the_verdict_s_words(mails, max_, as_ada):
    switch(max_, What.PROPOSE)
    late(words="Ada marked it: phish")
    settle(now=LATER)
    made = Remediation.objects.get()
    assert made.status == RemediationStatus.PENDING
    assert "Ada marked it: phish" in made.reason
    page = as_ada.get("/action-center?tab=pending").content.decode()
    assert "Phish ZAP: Ada marked it: phish" in page
    assert decisions()[0].words == "waits for approval"


def test_what_starts_is_in_the_audit_log_as_the_product_s_own_act(mails, max_):
    switch(max_)
    late()
    settle(now=LATER)
    entry = AuditEntry.objects.filter(verb="remediation.start", outcome="success").get()
    assert entry.actor_id == "system:zero-hour purge"
    assert entry.reason == "Verdict after delivery (High confidence phish): like 12 others"


@pytest.mark.parametrize(
    ("threats", "confidence", "expected"),
    [
        (["Malware", "Spam"], "Normal", Threat.MALWARE),
        (["Phish"], "High", Threat.SURE_PHISH),
        (["Phish", "Spam"], "Normal", Threat.PHISH),
        (["Spam"], "High", Threat.SPAM),
        ([], "", None),
    ],
)
def test_the_worst_threat_decides_by_which_rule(threats, confidence, expected):
    assert threat_of(LateVerdict(NOW, PHISH, tuple(threats), confidence, "campaign", "")) is expected


def test_a_threat_of_its_own_rule_gets_its_own_action_and_event(mails, max_):
    switch(max_, malware="move-to-junk")
    late(threats=["Malware"])
    settle(now=LATER)
    made = Remediation.objects.get()
    assert (made.action, made.event_type) == ("move-to-junk", "Malware ZAP")
    # What lies in Junk already stays there.
    assert ["cat@corp.example", "it already lies in Junk folder"] in decisions()[0].left


def test_mail_delivered_more_than_48_hours_ago_is_left_alone(mails, max_):
    switch(max_)
    late()
    settle(now=NOW + timedelta(hours=49))
    assert not Remediation.objects.exists()
    assert "more than 48 hours" in decisions()[0].words


def test_a_harmless_verdict_does_nothing(mails, max_):
    switch(max_)
    late(threats=[], confidence="")
    assert settle(now=LATER) == 1
    assert decisions() == []


def test_mailboxes_of_the_security_team_are_left_alone(mails, max_):
    switch(max_, untouched=["Ann@corp.example"])
    late()
    settle(now=LATER)
    assert "ann@corp.example" not in {row.recipient for row in Remediation.objects.get().targets.rows}
    assert ["ann@corp.example", "it is a mailbox of the security team"] in decisions()[0].left


@pytest.mark.parametrize(("threat", "kept"), [("Phish", True), ("Spam", True), ("Malware", False)])
def test_an_allow_entry_keeps_everything_but_malware(mails, max_, monkeypatch, threat, kept):
    monkeypatch.setattr(zero_hour_plan, "mailbox_actions", Boxes)
    switch(max_)
    register(PHISH, {"allowed": "domain:elsewhere.example"})
    late(threats=[threat])
    settle(now=LATER)
    assert Remediation.objects.exists() is not kept
    if kept:
        assert decisions()[0].words == "the organisation's allow entry domain:elsewhere.example covers it"


def test_what_a_person_called_harmless_stays_whatever_a_campaign_says(mails, max_):
    switch(max_)
    late(threats=[], confidence="", source="person", words="Ada marked it: harmless")
    late(threats=["Malware"])
    settle(now=LATER)
    assert not Remediation.objects.exists()
    assert decisions()[0].words == "Ada marked it: harmless"


def test_a_person_who_thought_better_of_it_is_heard(mails, max_):
    switch(max_)
    late(threats=[], confidence="", source="person", words="Ada marked it: harmless")
    late(source="person", words="Ada marked it: phish")
    settle(now=LATER)
    assert Remediation.objects.exists()


def test_a_campaign_is_one_decision_not_one_per_mail(mails, max_):
    lake.append("EmailEvents", [email_row(OTHER, "ann@corp.example"), email_row(OTHER, "bob@corp.example")])
    switch(max_)
    late()
    late(OTHER)
    late(CLEAN, words="another campaign")
    settle(now=LATER)
    both, single = Remediation.objects.order_by("expected").reverse()
    assert (both.expected, single.expected) == (5, 1)
    assert {one.remediation for one in decisions()} == {both, single}


def test_the_same_mail_is_never_purged_twice(mails, max_):
    switch(max_)
    late()
    settle(now=LATER)
    late(source="person", words="Ada marked it: phish")
    settle(now=LATER)
    assert Remediation.objects.count() == 1
    assert {why for _, why in decisions()[1].left} >= {"“Phish ZAP: like 12 others” dealt with it"}


def test_what_somebody_rejected_is_not_proposed_again(mails, max_, analyst):
    switch(max_, What.PROPOSE)
    late()
    settle(now=LATER)
    services.reject(by=analyst, remediation_id=Remediation.objects.get().pk, reason="a drill")
    late(words="like 13 others")
    settle(now=LATER)
    assert Remediation.objects.count() == 1


def test_a_worse_verdict_with_another_action_still_counts(mails, max_, monkeypatch):
    monkeypatch.setattr(zero_hour_plan, "mailbox_actions", Boxes)
    switch(max_)
    late(threats=["Spam"])
    settle(now=LATER)
    late(threats=["Malware"])
    settle(now=LATER)
    assert sorted(one.action for one in Remediation.objects.all()) == ["move-to-junk", "soft-delete"]


def test_a_round_cut_off_before_its_commit_is_done_again_whole(mails, max_, monkeypatch):
    switch(max_)
    late()
    real = zero_hour_tick.move_cursor

    def die(*_, **__):
        raise SystemExit("kill -9")

    monkeypatch.setattr(zero_hour_tick, "move_cursor", die)
    with pytest.raises(SystemExit), transaction.atomic():
        settle(now=LATER)
    assert not Remediation.objects.exists()
    assert decisions() == []
    monkeypatch.setattr(zero_hour_tick, "move_cursor", real)
    assert settle(now=LATER) == 1
    assert settle(now=LATER) == 0
    assert Remediation.objects.count() == 1


def test_two_workers_settle_a_verdict_once(mails, max_, monkeypatch):
    switch(max_)
    late()
    real = zero_hour_tick.unread_only

    def meanwhile(found):
        monkeypatch.setattr(zero_hour_tick, "unread_only", real)
        assert settle(now=LATER) == 1
        return real(found)

    monkeypatch.setattr(zero_hour_tick, "unread_only", meanwhile)
    assert settle(now=LATER) == 0
    assert Remediation.objects.count() == 1


def test_many_verdicts_are_settled_in_rounds(mails, max_):
    switch(max_)
    for number in range(5):
        late(words=f"round {number}")
    assert [settle(now=LATER, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert cursor_position(READER) > 0
    assert Remediation.objects.count() == 1


def test_more_messages_than_one_person_may_decide_on_wait_for_a_second(mails, max_):
    services.change_policy(by=max_, second_person_over=2)
    switch(max_)
    late()
    settle(now=LATER)
    assert Remediation.objects.get().status == RemediationStatus.PENDING
    assert decisions()[0].words == "waits for approval"


# --- spam: unread copies only -------------------------------------------------------------------------------------


class Boxes:
    """Mailboxes in which Ann has read hers, Bob has not, and nobody can look into the others."""

    def find(self, targets):
        for target in targets:
            flags = ("\\Seen",) if target.mailbox.startswith("ann") else ()
            why = "" if target.mailbox[:3] in {"ann", "bob"} else "its server is away"
            yield target, (Located(target.mailbox, "INBOX", 1, 1, target.message_id, flags, why=why),)


def test_spam_is_taken_away_only_where_nobody_read_it(mails, max_, monkeypatch):
    monkeypatch.setattr(zero_hour_plan, "mailbox_actions", Boxes)
    lake.append("EmailEvents", [email_row(PHISH, "eva@corp.example")])
    switch(max_)
    late(threats=["Spam"])
    settle(now=LATER)
    made = Remediation.objects.get()
    assert made.targets.rows == (Row(PHISH, "bob@corp.example"),)
    left = dict(decisions()[0].left)
    assert left["ann@corp.example"] == "it was read already"
    assert left["eva@corp.example"] == "nobody can tell whether it was read: its server is away"


def test_phish_is_taken_away_read_or_unread(mails, max_, monkeypatch):
    monkeypatch.setattr(zero_hour_plan, "mailbox_actions", Boxes)
    switch(max_)
    late(confidence="Normal")
    settle(now=LATER)
    assert "ann@corp.example" in {row.recipient for row in Remediation.objects.get().targets.rows}


def test_spam_stays_when_the_mailboxes_cannot_be_asked(mails, max_, monkeypatch):
    def away():
        raise Unreachable("the mail server is away")

    monkeypatch.setattr(zero_hour_plan, "mailbox_actions", away)
    switch(max_)
    late(threats=["Spam"])
    settle(now=LATER)
    assert not Remediation.objects.exists()
    assert "nobody can tell whether it was read: the mail server is away" in dict(decisions()[0].left).values()


# --- with real mailboxes ------------------------------------------------------------------------------------------


@pytest.mark.lab
def test_a_late_verdict_empties_real_inboxes_says_zap_and_is_undone(
    phish_rows, mailboxes, where, carry_out, max_, analyst
):
    switch(max_)
    late()
    settle(now=LATER)
    done = carry_out(Remediation.objects.get(), mailboxes)
    assert done.status == RemediationStatus.COMPLETED
    assert done.moved == len(PEOPLE)
    assert all(list(where(person)) == ["Recoverable"] for person in PEOPLE)
    events = selectors_of_lake.rows(Query("EmailPostDeliveryEvents", NOW - timedelta(days=1), NOW + timedelta(days=1)))
    assert {(one["ActionType"], one["ActionTrigger"], one["ThreatTypes"]) for one in events} == {
        ("Phish ZAP", "ZAP", "Phish")
    }
    purged = Condition("EmailPostDeliveryEvents.ActionType", Operator.EQUAL_ANY, ("Phish ZAP",))
    mails_purged = Query("EmailEvents", NOW - timedelta(days=1), NOW + timedelta(days=1), (purged,))
    assert {one["NetworkMessageId"] for one in selectors_of_lake.rows(mails_purged)} == {PHISH}
    undone = carry_out(services.undo(by=analyst, remediation_id=done.pk), mailboxes)
    assert undone.moved == len(PEOPLE)
    assert all(list(where(person)) == ["INBOX"] for person in PEOPLE)


@pytest.mark.lab
def test_a_real_mailbox_tells_whether_spam_was_read(phish_rows, mailboxes, dovecot, max_, monkeypatch):
    with dovecot.login("ann@corp.example") as box:
        box.select_folder("INBOX")
        box.add_flags(box.search(["HEADER", "Message-ID", f"<{PHISH}@elsewhere.example>"]), ["\\Seen"])
    monkeypatch.setattr(zero_hour_plan, "mailbox_actions", lambda: mailboxes)
    switch(max_)
    late(threats=["Spam"])
    settle(now=LATER)
    aimed = {row.recipient for row in Remediation.objects.get().targets.rows}
    assert aimed == set(PEOPLE) - {"ann@corp.example"}


# --- the policy and its page --------------------------------------------------------------------------------------


def test_the_look_back_counts_what_would_have_happened_and_does_nothing(mails, max_):
    late()
    late(CLEAN, threats=["Malware"])
    late(OTHER, threats=["Spam"])
    past = zero_hour_policy.look_back(now=NOW + timedelta(days=3), policy=Policy())
    assert (past[Threat.SURE_PHISH].mails, past[Threat.SURE_PHISH].mailboxes) == (1, 3)
    assert past[Threat.SURE_PHISH].left == (("it went to a mailbox outside this organisation", 1),)
    assert (past[Threat.MALWARE].mails, past[Threat.MALWARE].mailboxes) == (1, 1)
    assert past[Threat.SPAM].mails == 0
    assert past[Threat.PHISH].left == ()
    assert not Remediation.objects.exists()
    assert decisions() == []
    switch(max_)
    settle(now=LATER)
    assert zero_hour_policy.look_back(now=NOW + timedelta(days=3), policy=Policy()) == past


def test_the_look_back_costs_the_same_for_many_verdicts(mails, max_, django_assert_max_num_queries):
    for number in range(60):
        late(f"{number:08}-0000-4000-8000-000000000000")
    with django_assert_max_num_queries(12):
        zero_hour_policy.look_back(now=LATER, policy=Policy())


def test_the_page_shows_the_past_and_changes_the_policy(mails, as_max):
    late()
    page = as_max.get("/settings/zero-hour").content.decode()
    assert "Nothing yet" in page
    assert "the security team" in page
    choices = {f"{threat.name.lower()}_{part}": value for threat in Threat for part, value in CHOICES.items()}
    answer = as_max.post("/settings/zero-hour", choices | {"untouched": "soc@corp.example\nlab@corp.example"})
    assert answer.status_code == 302
    policy = zero_hour_policy.current()
    assert policy.rules[Threat.PHISH] == Rule(What.PROPOSE, "move-to-junk")
    assert policy.untouched == {"soc@corp.example", "lab@corp.example"}
    entry = AuditEntry.objects.filter(verb="response.zero_hour", outcome="success").get()
    assert entry.after["Phish"] == "propose move-to-junk"


CHOICES = {"what": "propose", "action": "move-to-junk"}


def test_the_page_names_what_is_wrong(as_max):
    choices = {f"{threat.name.lower()}_{part}": value for threat in Threat for part, value in CHOICES.items()}
    answer = as_max.post("/settings/zero-hour", choices | {"untouched": "the whole board"})
    assert answer.status_code == 400
    assert "“the whole board” is no mail address" in answer.content.decode()
    assert as_max.post("/settings/zero-hour", choices | {"spam_action": "hard-delete"}).status_code == 400


def test_decisions_show_with_their_reasons(mails, as_max, max_):
    switch(max_)
    late()
    settle(now=LATER)
    page = as_max.get("/settings/zero-hour").content.decode()
    assert Remediation.objects.get().href in page
    assert "dan@partner.example: it went to a mailbox outside this organisation" in page


def test_only_who_may_purge_lets_it_happen_by_itself(analyst, as_ada, as_eve, max_):
    with pytest.raises(Forbidden):
        switch(analyst)
    with pytest.raises(BadInput, match="action is one of"):
        switch(max_, spam="hard-delete")
    assert "Changing it takes the right" in as_ada.get("/settings/zero-hour").content.decode()
    assert as_eve.get("/settings/zero-hour").status_code == 403
