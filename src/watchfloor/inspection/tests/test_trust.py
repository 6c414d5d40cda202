"""A sender the organisation trusts impersonates nobody, and is as suspect as any other in all else."""

import dataclasses

import pytest

from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.evidence import Evidence
from watchfloor.inspection.services import inspect, judge
from watchfloor.inspection.tests.letters import NOW

FACTS = TenantFacts(own_domains=frozenset({"corp.example"}), people=(("Ada Lovelace", "ada@corp.example"),))
TRUSTING = dataclasses.replace(FACTS, trusted=frozenset({"domain:partner.example", "sender:ada@corp-example.com"}))
MAIL = (
    b"From: Ada Lovelace <ada.l@mail.partner.example>\r\nTo: max@corp.example\r\nSubject: Minutes\r\nMessage-ID: <1@partner.example>\r\n"
    b"Date: Fri, 20 Nov 2026 09:00:00 +0000\r\n\r\nVerify your account at http://192.0.2.7/login now.\r\n"
)


def points(facts: TenantFacts, raw: bytes = MAIL) -> dict[str, float]:
    found = inspect(raw, envelope=Envelope(client_ip="203.0.113.9"), facts=facts, now=NOW)
    return {reason.signal: reason.points for reason in found.verdict.reasons}


def test_a_trusted_partner_may_be_called_like_one_of_our_people():
    before, after = points(FACTS), points(TRUSTING)
    assert before["own_person_outside"] > 0
    assert after["own_person_outside"] == 0
    assert {name: one for name, one in before.items() if name != "own_person_outside"} == {
        name: one for name, one in after.items() if name != "own_person_outside"
    }


def test_the_reason_stays_and_names_the_entry():
    found = inspect(MAIL, envelope=Envelope(client_ip="203.0.113.9"), facts=TRUSTING, now=NOW)
    [reason] = [one for one in found.verdict.reasons if one.signal == "own_person_outside"]
    assert reason.entry == "trust domain:partner.example"
    assert "trusts partner.example" in reason.words


def test_who_fails_authentication_is_not_who_is_trusted():
    raw = b"Authentication-Results: mx.corp.example; dmarc=fail header.from=mail.partner.example\r\n" + MAIL
    facts = dataclasses.replace(TRUSTING, authserv_ids=frozenset({"mx.corp.example"}))
    assert points(facts, raw)["own_person_outside"] > 0


@pytest.mark.parametrize(("facts", "counts"), [(FACTS, True), (TRUSTING, False)])
def test_what_history_says_of_a_name_is_not_held_against_who_is_trusted(facts, counts):
    found = inspect(MAIL, envelope=Envelope(client_ip="203.0.113.9"), facts=facts, now=NOW)
    weighed = judge(found, evidence=[Evidence("name_from_elsewhere", "known from elsewhere")], facts=facts)
    [reason] = [one for one in weighed.verdict.reasons if one.signal == "name_from_elsewhere"]
    assert (reason.points > 0) is counts
