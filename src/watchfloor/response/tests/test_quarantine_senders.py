"""What recipients want of a sender, as the border heeds it: each for the own mailbox."""

from dataclasses import replace

import pytest

from watchfloor.connectors.contracts import Disposition, InlineAnswer
from watchfloor.inspection.contracts import Authentication, Confidence, Inspection, ThreatType, Verdict
from watchfloor.response.quarantine.border import FACTS, answer_to, heeded
from watchfloor.response.quarantine.contracts import BORDER_DEFAULTS, BorderPolicy, BorderRule, BorderThreat

ANN, BOB = "ann@corp.example", "bob@corp.example"
BOTH = (ANN, BOB)
HOLDING = BorderPolicy({**BORDER_DEFAULTS, BorderThreat.SPAM: BorderRule(Disposition.HOLD)})
CLEAN = Inspection("a" * 64, 10, "f", sender_address="x@shop.example", authentication=Authentication(dmarc="pass"))
SPAM = replace(CLEAN, verdict=Verdict(threat_types=(ThreatType.SPAM,)))
MALWARE = replace(CLEAN, verdict=Verdict(threat_types=(ThreatType.MALWARE,), confidence=Confidence.HIGH))
FORGED = replace(SPAM, authentication=Authentication(dmarc="fail"))


def answer(mail: Inspection, listed: dict[str, bool], policy: BorderPolicy = HOLDING) -> InlineAnswer:
    said = answer_to(mail, recipients=BOTH, policy=policy)
    return heeded(said, mail, recipients=BOTH, listed=listed, policy=policy)


@pytest.mark.parametrize(
    ("mail", "listed", "held"),
    [
        (CLEAN, {}, ()),
        (CLEAN, {ANN: True}, (ANN,)),
        (CLEAN, {ANN: False}, ()),
        (SPAM, {ANN: True}, BOTH),
        (SPAM, {ANN: False}, (BOB,)),
        (SPAM, {ANN: False, BOB: False}, ()),
        (FORGED, {ANN: False}, BOTH),
        (MALWARE, {ANN: False, BOB: False}, BOTH),
    ],
)
def test_each_recipients_word_counts_for_the_own_copy(mail, listed, held):
    said = answer(mail, listed)
    assert said.held == held
    assert (said.disposition is Disposition.HOLD) == bool(held)


def test_mail_held_for_a_recipients_word_says_so():
    said = answer(CLEAN, {ANN: True}).facts[FACTS]
    assert (said["override"], said["policy_name"], said["reason"]) == (
        "Blocked by the recipient",
        "Senders of a mailbox",
        "Spam",
    )


def test_the_security_teams_mailbox_gets_everything():
    assert answer(CLEAN, {ANN: True}, replace(HOLDING, exempt=frozenset({ANN}))).disposition is Disposition.ACCEPT


def test_a_refusal_holds_for_all():
    policy = BorderPolicy({**BORDER_DEFAULTS, BorderThreat.SPAM: BorderRule(Disposition.REJECT)})
    assert answer(SPAM, {ANN: False, BOB: True}, policy).disposition is Disposition.REJECT
