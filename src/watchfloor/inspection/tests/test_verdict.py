"""Verdicts are sums of reasons; allow entries set aside, never hide; malware is never let through."""

import pytest

from watchfloor.inspection.contracts import Confidence, TenantFacts, ThreatType
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.tests.letters import FACTS, RECEIVED, html_letter, letter, read, with_file
from watchfloor.inspection.tests.test_attachments import EICAR
from watchfloor.inspection.verdict import judge, weigh
from watchfloor.inspection.weights import THRESHOLD, WEIGHTS

TECHNOLOGIES = {
    "Advanced filter",
    "Antimalware protection",
    "Bulk",
    "Campaign",
    "Domain reputation",
    "File reputation",
    "General filter",
    "IP reputation",
    "Impersonation brand",
    "Impersonation domain",
    "Impersonation user",
    "Mailbox intelligence impersonation",
    "Mixed analysis detection",
    "Spoof DMARC",
    "Spoof external domain",
    "Spoof intra-org",
    "URL malicious reputation",
}
PHISH = html_letter(
    "<p>Dear customer, your account has been suspended. Verify your account within 24 hours:</p>"
    "<a href='https://evil.example/login'>https://www.paypal.com/signin</a>",
    sender="PayPal Service <service@evil.example>",
    subject="URGENT: account notice",
)


def test_every_weight_only_adds_suspicion_and_names_a_known_technology():
    for signal, weight in WEIGHTS.items():
        assert weight.points > 0, signal
        assert weight.method in TECHNOLOGIES, signal


def test_a_credential_phish_is_phish_with_reasons_that_add_up():
    found = read(PHISH).verdict
    assert found.threat_types == (ThreatType.PHISH,)
    assert found.confidence is Confidence.HIGH
    assert found.score == pytest.approx(sum(reason.points for reason in found.reasons))
    assert [reason.points for reason in found.reasons] == sorted((r.points for r in found.reasons), reverse=True)
    assert "Link text says www.paypal.com but goes to evil.example" in {reason.words for reason in found.reasons}
    assert "Impersonation brand" in found.detection_methods


@pytest.mark.parametrize("entry", ["sender:service@evil.example", "domain:evil.example"])
def test_an_allow_entry_sets_the_verdict_aside_and_says_so(entry):
    facts = TenantFacts(own_domains=FACTS.own_domains, allowed=frozenset({entry}))
    found = read(PHISH, facts=facts).verdict
    assert found.threat_types == ()
    assert found.score > THRESHOLD
    assert found.reasons[-1].words == f"Allowed by the organisation's entry {entry}: verdict Phish set aside"


def test_an_allow_entry_is_no_use_to_who_fails_authentication():
    facts = TenantFacts(FACTS.own_domains, FACTS.authserv_ids, allowed=frozenset({"domain:evil.example"}))
    raw = PHISH.replace(
        RECEIVED.encode(), b"Authentication-Results: mx.corp.example; dmarc=fail\r\n" + RECEIVED.encode()
    )
    assert read(raw, facts=facts).verdict.threat_types == (ThreatType.PHISH,)


def test_an_allow_entry_never_lets_malware_through():
    facts = TenantFacts(own_domains=FACTS.own_domains, allowed=frozenset({"domain:partner.example"}))
    assert read(with_file(EICAR, "x.txt"), facts=facts).verdict.threat_types == (ThreatType.MALWARE,)


def test_an_allow_entry_on_harmless_mail_explains_itself():
    facts = TenantFacts(own_domains=FACTS.own_domains, allowed=frozenset({"domain:partner.example"}))
    assert [reason.words for reason in read(letter(), facts=facts).verdict.reasons] == [
        "Allowed by the organisation's entry domain:partner.example"
    ]


def test_below_the_threshold_there_is_no_threat_but_the_reasons_stand():
    found = weigh([Evidence("shortener", "x"), Evidence("bulk", "y")])
    assert found.threat_types == ()
    assert found.detection_methods == ()
    assert len(found.reasons) == 2


def test_spam_evidence_makes_spam():
    found = weigh([Evidence(signal, "x", points=2) for signal in ("prize_words", "offer_words", "linked_image_only")])
    assert found.threat_types == (ThreatType.SPAM,)


def test_signs_of_either_kind_leave_the_choice_to_the_telling_ones():
    either = [Evidence(signal, "x", points=2) for signal in ("generic_greeting", "short_foreign_link", "spf_fail")]
    assert weigh([*either, Evidence("health_words", "x")]).threat_types == (ThreatType.SPAM,)
    assert weigh([*either, Evidence("account_call", "x")]).threat_types == (ThreatType.PHISH,)
    assert weigh(either).threat_types == (ThreatType.PHISH,)


def test_malware_and_phish_may_both_be_true():
    signals = ("executable_attachment", "brand_display_name", "account_call")
    found = weigh([Evidence(signal, "x", points=5.5) for signal in signals])
    assert found.threat_types == (ThreatType.MALWARE, ThreatType.PHISH)


def test_a_quotation_is_short_and_on_one_line():
    assert quoted("a\nb  c") == '"a b c"'
    assert len(quoted("x" * 500)) == 82


def test_a_silenced_signal_is_shown_and_counts_nothing():
    facts = TenantFacts(own_domains=FACTS.own_domains, silenced=frozenset({"link_text_brand"}))
    loud, quiet = read(PHISH).verdict, read(PHISH, facts=facts).verdict
    [reason] = [reason for reason in quiet.reasons if reason.signal == "link_text_brand"]
    assert (reason.points, reason.silenced) == (0.0, True)
    assert quiet.score == pytest.approx(loud.score - WEIGHTS["link_text_brand"].points, abs=0.02)


def test_the_organisations_own_threshold_decides():
    facts = TenantFacts(own_domains=FACTS.own_domains, threshold=1000)
    found = read(PHISH, facts=facts).verdict
    assert found.threat_types == ()
    assert found.threshold == 1000


def test_later_evidence_is_weighed_with_what_the_mail_holds():
    mail = read(letter())
    harmless = mail.verdict
    found = judge(mail, evidence=[Evidence("blocked_url", "a list says so")]).verdict
    assert harmless.threat_types == ()
    assert found.threat_types == (ThreatType.PHISH,)
    assert found.score == pytest.approx(harmless.score + WEIGHTS["blocked_url"].points)


def test_later_evidence_brings_its_own_strength_and_threat_name_and_counts_once():
    told = Evidence("known_bad_file", "a scanner found it", points=7.0, threat_name="Eicar-Test")
    once = judge(read(letter()), evidence=[told])
    assert once.verdict.threat_names == ("Eicar-Test",)
    assert {reason.points for reason in once.verdict.reasons if reason.signal == "known_bad_file"} == {7.0}
    assert judge(once, evidence=[told]) is once


def test_later_evidence_meets_the_allow_entry_too():
    facts = TenantFacts(own_domains=FACTS.own_domains, allowed=frozenset({"domain:partner.example"}))
    found = judge(read(letter(), facts=facts), evidence=[Evidence("blocked_url", "x")], facts=facts).verdict
    assert found.threat_types == ()
    assert found.reasons[-1].words.endswith("verdict Phish set aside")


def test_each_threat_has_its_own_methods_and_its_own_confidence():
    found = weigh(
        [
            Evidence("executable_attachment", "an executable", points=12.0),
            Evidence("account_call", "a lure", points=4.0),
            Evidence("shortener", "a short link", points=3.0),
        ]
    )
    assert found.threat_types == (ThreatType.MALWARE, ThreatType.PHISH)
    assert found.methods_by_threat[ThreatType.MALWARE] == ("Antimalware protection",)
    assert found.methods_by_threat[ThreatType.PHISH] == ("Mixed analysis detection", "URL malicious reputation")
    assert found.confidence_by_threat == {ThreatType.MALWARE: Confidence.HIGH, ThreatType.PHISH: Confidence.NORMAL}
    assert {method for methods in found.methods_by_threat.values() for method in methods} == set(
        found.detection_methods
    )


def test_the_only_threat_is_as_sure_as_the_verdict_and_no_threat_has_neither():
    found = read(PHISH).verdict
    assert found.confidence_by_threat == {ThreatType.PHISH: found.confidence}
    assert found.methods_by_threat == {ThreatType.PHISH: found.detection_methods}
    nothing = weigh([])
    assert (nothing.methods_by_threat, nothing.confidence_by_threat) == ({}, {})


def test_what_another_filter_found_and_what_we_found_do_not_hide_one_another():
    ours = Evidence("account_call", "a lure", points=6.0)
    theirs = Evidence("bulk", "an imported header", points=9.0, method="General filter", imported=True)
    both = weigh([ours, theirs])
    assert both.threat_types == (ThreatType.PHISH, ThreatType.SPAM)
    assert both.methods_by_threat[ThreatType.SPAM] == ("General filter",)
    assert both.confidence_by_threat == {ThreatType.PHISH: Confidence.NORMAL, ThreatType.SPAM: Confidence.HIGH}
    assert weigh([theirs]).threat_types == (ThreatType.SPAM,)
    assert weigh([Evidence("bulk", "our own", points=9.0), ours]).threat_types == (ThreatType.SPAM,)
