import pytest

from watchfloor.config.judging import disposition_of, judge_inline
from watchfloor.connectors.contracts import Disposition
from watchfloor.connectors.judging import judge
from watchfloor.connectors.services import set_judge
from watchfloor.inspection.contracts import Confidence, Reason, ThreatType, Verdict

REASONS = (Reason("a", 1.0, "a small thing"), Reason("b", 4.0, "the link goes elsewhere"))


def judged(*threats, confidence=Confidence.NORMAL):
    return disposition_of(Verdict(threats, confidence=confidence, reasons=REASONS))


def test_a_clean_mail_passes():
    assert disposition_of(Verdict())[0] is Disposition.ACCEPT


@pytest.mark.parametrize("confidence", list(Confidence))
def test_malware_is_held_however_sure_we_are(confidence):
    assert judged(ThreatType.MALWARE, confidence=confidence)[0] is Disposition.HOLD


def test_phish_is_held_when_sure_and_tagged_otherwise():
    assert judged(ThreatType.PHISH, confidence=Confidence.HIGH)[0] is Disposition.HOLD
    assert judged(ThreatType.PHISH)[0] is Disposition.TAG


def test_spam_is_only_ever_tagged():
    assert judged(ThreatType.SPAM, confidence=Confidence.HIGH)[0] is Disposition.TAG


def test_the_mail_server_reads_the_threat_and_the_weightiest_reason():
    assert judged(ThreatType.PHISH)[1] == "Phish: the link goes elsewhere"


def test_the_judge_inspects_the_mail_it_is_asked_about():
    judge_inline()
    try:
        raw = b"From: a@x.example\r\nTo: ada@corp.example\r\nSubject: Lunch\r\nMessage-ID: <1@x.example>\r\n\r\nAt twelve?\r\n"
        asked = judge()
        assert asked is not None
        said = asked(raw, mail_from="a@x.example", recipients=["ada@corp.example"], client_ip="198.51.100.1", helo="x")
        assert said[0] is Disposition.ACCEPT
    finally:
        set_judge(None)
