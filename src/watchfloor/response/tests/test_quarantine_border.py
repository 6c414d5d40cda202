"""What the border does with a mail: policy × verdict × recipients, and what recipients may do with what it held."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.connectors.contracts import Disposition
from watchfloor.inspection.contracts import (
    Authentication,
    Confidence,
    FoundAttachment,
    Inspection,
    Reason,
    ThreatType,
    Verdict,
)
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.response.quarantine.border import answer_to, heeded, threat_named, threat_of
from watchfloor.response.quarantine.contracts import (
    BORDER_DEFAULTS,
    NEVER_BY_USERS,
    BorderPolicy,
    BorderRule,
    BorderThreat,
    HeldReason,
    Preset,
    UserMay,
)
from watchfloor.response.quarantine.models import QuarantinePolicy
from watchfloor.response.quarantine.policies import border_policy, change_border_policy
from watchfloor.response.services import answer_at_border

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REASONS = (Reason("a", 1.0, "a small thing"), Reason("b", 4.0, "the link goes elsewhere"))
ANN, BOB, SOC = "ann@corp.example", "Bob@corp.example", "soc@corp.example"
USUAL = BorderPolicy()
BOSS = Actor("person:1", "Max", frozenset(Permission))


def mail(*threats, confidence=Confidence.NORMAL, methods=()):
    verdict = Verdict(threats, confidence=confidence, reasons=REASONS, detection_methods=methods)
    return Inspection("s", 321, "fp", "<1@x>", subject="Pay", sender_address="x@evil.example", verdict=verdict)


def said(inspection, *recipients, policy=USUAL):
    return answer_to(inspection, recipients=recipients or (ANN,), policy=policy)


def with_rule(threat, **changes):
    return {**BORDER_DEFAULTS, threat: replace(BORDER_DEFAULTS[threat], **changes)}


def test_a_clean_mail_passes():
    assert (said(mail()).disposition, said(mail()).words) == (Disposition.ACCEPT, "no threat found")


@pytest.mark.parametrize("confidence", list(Confidence))
def test_malware_is_held_however_sure_we_are(confidence):
    assert said(mail(ThreatType.MALWARE, confidence=confidence)).disposition is Disposition.HOLD


def test_phish_is_held_when_sure_and_tagged_otherwise():
    assert said(mail(ThreatType.PHISH, confidence=Confidence.HIGH)).disposition is Disposition.HOLD
    assert said(mail(ThreatType.PHISH)).disposition is Disposition.TAG


def test_spam_is_tagged_until_the_policy_says_otherwise():
    assert said(mail(ThreatType.SPAM, confidence=Confidence.HIGH)).disposition is Disposition.TAG
    policy = BorderPolicy(with_rule(BorderThreat.SPAM, what=Disposition.HOLD, days=90))
    assert said(mail(ThreatType.SPAM, confidence=Confidence.HIGH), policy=policy).disposition is Disposition.TAG
    answer = said(mail(ThreatType.SPAM), ANN, BOB, policy=policy)
    assert (answer.disposition, answer.held) == (Disposition.HOLD, (ANN, BOB))
    assert answer.facts["quarantine"] == {
        "reason": "Spam",
        "policy_type": "Anti-spam",
        "policy_name": "Border policy: Spam",
        "threat": "Spam",
        "days": 90,
        "fingerprint": "fp",
        "message_id": "<1@x>",
        "subject": "Pay",
        "sender": "x@evil.example",
        "sender_name": "",
        "size": 321,
        "direction": "Inbound",
        "threats": "Spam",
        "override": "",
    }


def test_the_mail_server_reads_the_threat_and_the_weightiest_reason():
    assert said(mail(ThreatType.PHISH)).words == "Phish: the link goes elsewhere"


def test_the_security_teams_mailbox_gets_what_is_held_for_the_others():
    policy = BorderPolicy(exempt=frozenset({SOC, "bob@corp.example"}))
    answer = said(mail(ThreatType.MALWARE), ANN, BOB, SOC, policy=policy)
    assert (answer.disposition, answer.held) == (Disposition.HOLD, (ANN,))
    alone = said(mail(ThreatType.MALWARE), SOC, policy=policy)
    assert (alone.disposition, alone.held) == (Disposition.TAG, ())


def test_a_mail_to_refuse_is_held_for_the_others_where_the_security_team_gets_it():
    policy = BorderPolicy(with_rule(BorderThreat.MALWARE, what=Disposition.REJECT), frozenset({SOC}))
    assert said(mail(ThreatType.MALWARE), ANN, policy=policy).disposition is Disposition.REJECT
    mixed = said(mail(ThreatType.MALWARE), ANN, SOC, policy=policy)
    assert (mixed.disposition, mixed.held) == (Disposition.HOLD, (ANN,))


def test_spam_that_is_only_bulk_has_a_rule_of_its_own():
    assert threat_of(mail(ThreatType.SPAM, methods=("Bulk",)).verdict) is BorderThreat.BULK
    assert threat_of(mail(ThreatType.SPAM, methods=("Bulk", "General filter")).verdict) is BorderThreat.SPAM


@pytest.mark.parametrize(
    ("methods", "confidence", "threat"),
    [
        (("Spoof DMARC", "Impersonation user"), Confidence.NORMAL, BorderThreat.USER),
        (("Impersonation domain",), Confidence.NORMAL, BorderThreat.DOMAIN),
        (("Mailbox intelligence impersonation",), Confidence.NORMAL, BorderThreat.MAILBOX),
        (("Advanced filter", "Spoof intra-org"), Confidence.NORMAL, BorderThreat.SPOOF),
        (("Impersonation brand",), Confidence.NORMAL, BorderThreat.PHISH),
        (("Impersonation user",), Confidence.HIGH, BorderThreat.SURE_PHISH),
    ],
)
def test_phish_is_told_apart_by_whom_it_pretends_to_be_unless_it_is_sure(methods, confidence, threat):
    found = mail(ThreatType.PHISH, confidence=confidence, methods=methods)
    assert threat_of(found.verdict) is threat
    rules = with_rule(threat, what=Disposition.REJECT)
    assert said(found, policy=BorderPolicy(rules)).disposition is Disposition.REJECT


def carrying(name: str, kind: str = "application/octet-stream", *, members: tuple[str, ...] = (), threats=()):
    file = FoundAttachment(name, kind, name.rpartition(".")[2], 10, "a" * 64, members=members)
    return replace(mail(*threats), attachments=(file,))


@pytest.mark.parametrize(
    ("found", "named"),
    [
        (carrying("Setup.EXE"), "Setup.EXE"),
        (carrying("holiday.jpg", "application/x-dosexec"), "holiday.jpg"),
        (carrying("all.zip", members=("all.zip/a/run.js.exe",)), "all.zip/a/run.js.exe"),
        (carrying("all.zip", members=("all.zip/exe", "all.zip/minutes.pdf")), ""),
        (carrying("all.zip", members=("all.zip/bill.exe. ",)), "all.zip/bill.exe. "),
        (carrying("bill.exe."), "bill.exe."),
        (carrying(".exe"), ".exe"),
        (carrying("minutes.pdf"), ""),
        (mail(), ""),
    ],
)
def test_a_blocked_file_type_is_seen_by_name_by_content_and_in_archives(found, named):
    answer = said(found, ANN, BOB)
    if not named:
        assert answer.disposition is Disposition.ACCEPT
        return
    assert (answer.disposition, answer.words) == (Disposition.HOLD, f"Blocked file type: {named}")
    facts = answer.facts["quarantine"]
    assert (facts["reason"], facts["policy_type"]) == (HeldReason.FILE_TYPE, "Anti-malware")
    assert facts["threat"] == BorderThreat.FILE_TYPE


def test_of_two_rules_the_stricter_counts_and_malware_stays_malware():
    exe = {"name": "a.exe", "threats": (ThreatType.PHISH,)}
    assert said(carrying(**exe)).facts["quarantine"]["reason"] == HeldReason.FILE_TYPE
    refusing = BorderPolicy(with_rule(BorderThreat.PHISH, what=Disposition.REJECT))
    assert said(carrying(**exe), policy=refusing).disposition is Disposition.REJECT
    malware = said(carrying("a.exe", threats=(ThreatType.MALWARE,)))
    assert malware.facts["quarantine"]["reason"] == HeldReason.MALWARE
    off = BorderPolicy(with_rule(BorderThreat.FILE_TYPE, what=Disposition.ACCEPT))
    assert said(carrying("a.exe"), policy=off).disposition is Disposition.ACCEPT


def test_no_recipients_own_list_lets_a_blocked_file_type_in():
    found = replace(carrying("a.exe"), authentication=Authentication(dmarc="pass"))
    answer = heeded(said(found), found, recipients=[ANN], listed={ANN: False}, policy=USUAL)
    assert answer.held == (ANN,)


def test_a_policy_from_before_kinds_were_told_apart_means_the_whole_and_blocks_no_type(db):
    kept = {"Phish": ["quarantine", 43, 15, True], "Spam": ["reject", 39, 15, True]}
    QuarantinePolicy.objects.create(pk=1, rules=kept, changed_at=NOW, changed_by="Max")
    policy = border_policy()
    assert (
        policy.rule(BorderThreat.SPOOF)
        == policy.rule(BorderThreat.PHISH)
        == BorderRule(Disposition.HOLD, UserMay(43), 15)
    )
    assert policy.rule(BorderThreat.SURE_SPAM).what is Disposition.REJECT
    assert policy.rule(BorderThreat.FILE_TYPE).what is Disposition.ACCEPT


def test_what_recipients_may_do_follows_the_threat_behind_the_reason():
    policy = BorderPolicy(with_rule(BorderThreat.SPOOF, may=UserMay.PREVIEW, notify=False))
    assert policy.may(HeldReason.PHISH, threat="Spoof") == UserMay.PREVIEW
    assert policy.may(HeldReason.PHISH) == Preset.LIMITED.may
    assert BorderThreat.SPOOF not in policy.told()
    assert BorderThreat.PHISH in policy.told()


@pytest.mark.parametrize(
    ("threats", "confidence", "threat"),
    [
        ("Phish, Malware", "High", BorderThreat.MALWARE),
        ("Phish", "High", BorderThreat.SURE_PHISH),
        ("Phish", "", BorderThreat.PHISH),
        ("Spam", "", BorderThreat.SPAM),
        ("", "", BorderThreat.ADMIN),
    ],
)
def test_what_an_action_takes_out_falls_under_the_rule_of_its_threat(threats, confidence, threat):
    assert threat_named(threats, confidence) is threat


def test_the_presets_have_defenders_numbers():
    assert [int(preset.may) for preset in Preset] == [0, 43, 39]
    assert Preset.LIMITED.may.words == ("delete it", "preview it", "request its release", "allow its sender")


@given(st.integers(0, 255), st.sampled_from(list(HeldReason)))
def test_recipients_never_release_malware_or_sure_phish_whatever_the_policy_says(bits, reason):
    rules = {threat: BorderRule(may=UserMay(bits)) for threat in BorderThreat}
    may = BorderPolicy(rules).may(reason)
    if reason in NEVER_BY_USERS:
        assert not may & UserMay.RELEASE
        assert bool(may & UserMay.REQUEST_RELEASE) == bool(bits & (UserMay.RELEASE | UserMay.REQUEST_RELEASE))
    else:
        assert may == bits


def test_a_changed_policy_counts_for_the_next_mail_and_is_audited(db):
    assert answer_at_border(mail(ThreatType.SPAM), recipients=[ANN]).disposition is Disposition.TAG
    rules = with_rule(BorderThreat.SPAM, what=Disposition.HOLD, may=Preset.FULL.may, days=3650, notify=False)
    change_border_policy(by=BOSS, rules=rules, exempt=[" SOC@corp.example ", ""], at=NOW)
    assert answer_at_border(mail(ThreatType.SPAM), recipients=[ANN]).disposition is Disposition.HOLD
    kept = border_policy()
    assert kept == BorderPolicy(rules, frozenset({SOC}))
    entry = AuditEntry.objects.filter(verb="quarantine.policy", outcome="success").get()
    assert entry.after["Spam"].startswith("quarantine, 3650 days, recipients may delete it and preview it")
    assert entry.before["exempt"] == []


@pytest.mark.parametrize(
    ("changes", "exempt", "place"),
    [
        ({"days": 0}, [], "malware_days"),
        ({"days": 3651}, [], "malware_days"),
        ({"may": UserMay.RELEASE}, [], "malware_may"),
        ({}, ["nobody"], "exempt"),
        ({}, [], "file_types"),
    ],
)
def test_a_policy_that_cannot_be_says_where(db, changes, exempt, place):
    types = ["exe", "no type"] if place == "file_types" else ["*.EXE", ".iso"]
    with pytest.raises(BadInput) as error:
        change_border_policy(
            by=BOSS, rules=with_rule(BorderThreat.MALWARE, **changes), exempt=exempt, file_types=types, at=NOW
        )
    assert error.value.place == place
    assert border_policy() == BorderPolicy()


def test_who_may_not_manage_the_quarantine_may_not_change_its_policy(db):
    reader = Actor("person:2", "Eve", frozenset({Permission.QUARANTINE_READ, Permission.SETTINGS_READ}))
    with pytest.raises(Forbidden):
        change_border_policy(by=reader, rules={}, exempt=[], at=NOW)
    assert set(AuditEntry.objects.filter(verb="quarantine.policy").values_list("outcome", flat=True)) == {"refused"}
