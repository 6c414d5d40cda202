"""What the past says: first contact, proof that fails for once, names and replies from elsewhere; and when it is silent."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.inspection.contracts import Authentication, Inspection, Reason, TenantFacts, ThreatType, Verdict
from watchfloor.lake import history, seen
from watchfloor.lake.models import Seen

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FACTS = TenantFacts(own_domains=frozenset({"corp.example"}))
PHISHY = Verdict(score=2, reasons=(Reason("payment_words", 2, "asks for payment", threat=ThreatType.PHISH),))
THREAT = Verdict(threat_types=(ThreatType.PHISH,), score=9)

pytestmark = pytest.mark.django_db


def mail(sender="bo@partner.example", *, to="ann@corp.example", at=NOW, **fields):
    """One judged mail from outside."""
    reply = fields.pop("reply_to", "")
    found = Inspection("0" * 64, 1, "f", sender_address=sender, recipients=(to,), facts={"reply_to": reply}, **fields)
    return AcceptedMail(0, found.sha256, "test", at), found


def past(number=600, *, before=timedelta(days=40)):
    """Enough mail of somebody else."""
    for start in range(0, number, 200):
        mails = [mail("old@known.example", at=NOW - before) for _ in range(min(200, number - start))]
        history.remember(mails, facts=FACTS)


def said(*mails):
    return [{one.signal for one in found} for found in history.evidence(mails, facts=FACTS)]


def words(signal, one):
    [found] = history.evidence([one], facts=FACTS)
    return next(e.words for e in found if e.signal == signal)


def test_without_a_past_nothing_is_suspicious():
    assert said(mail(verdict=PHISHY), mail("x@other.example", verdict=PHISHY)) == [set(), set()]
    state = history.state(now=NOW)
    assert not state.speaks
    assert "starts later" in state.sentence


def test_a_young_past_is_silent_and_says_so():
    past(60, before=timedelta(days=2))
    assert said(mail(verdict=PHISHY)) == [set()]
    state = history.state(now=NOW)
    assert (state.mails, state.speaks) == (60, False)
    assert "Still learning: 60 mails" in state.sentence


def test_two_weeks_with_some_mail_are_enough():
    past(60)
    assert said(mail(verdict=PHISHY)) == [{"new_domain"}]
    assert history.state(now=NOW).speaks


def test_first_contact_speaks_only_beside_a_reason_for_phish():
    past()
    spam = Verdict(reasons=(Reason("bulk", 0.3, "bulk", threat=ThreatType.SPAM),))
    assert said(mail(), mail(verdict=spam), mail(verdict=PHISHY)) == [set(), set(), {"new_domain"}]


def test_a_known_domain_but_a_new_sender_and_a_known_sender_but_a_new_recipient_are_told_apart():
    past()
    history.remember([mail("bo@partner.example")], facts=FACTS)
    assert said(mail("cy@partner.example", verdict=PHISHY)) == [{"first_contact"}]
    assert "wrote to nobody here before" in words("first_contact", mail("cy@partner.example", verdict=PHISHY))
    stranger = mail("bo@partner.example", to="max@corp.example", verdict=PHISHY)
    assert "never wrote to max@corp.example" in words("first_contact", stranger)
    assert said(mail("bo@partner.example", verdict=PHISHY)) == [set()]


def test_whom_our_people_wrote_to_is_no_stranger():
    past()
    history.remember([mail("ann@corp.example", to="new@client.example", direction="Outbound")], facts=FACTS)
    assert said(mail("new@client.example", verdict=PHISHY)) == [set()]


def test_a_threat_teaches_nothing():
    past()
    history.remember([mail("bad@evil.example", verdict=THREAT)], facts=FACTS)
    assert said(mail("bad@evil.example", verdict=PHISHY)) == [{"new_domain"}]


def proof(word):
    return Authentication(dmarc=word, composite=word, source="trusted hop mx.corp.example")


def test_a_domain_that_usually_authenticates_and_now_does_not():
    past()
    history.remember([mail(authentication=proof("pass")) for _ in range(30)], facts=FACTS)
    assert said(mail(authentication=proof("fail")), mail(authentication=proof("pass"))) == [
        {"usual_proof_missing"},
        set(),
    ]
    assert "30 of 30 earlier mails" in words("usual_proof_missing", mail(authentication=proof("fail")))


def test_a_forged_mail_makes_its_forger_no_friend():
    past()
    forged = mail("bo@bank.example", authentication=proof("fail"), sender_name="Bo Beck")
    history.remember([forged] * 6, facts=FACTS)
    assert said(mail("bo@bank.example", verdict=PHISHY)) == [{"new_domain"}]
    assert said(mail("bo.beck@bank-of-bo.example", sender_name="Bo Beck")) == [set()]
    history.remember([mail() for _ in range(6)], facts=FACTS)
    swapped = mail(authentication=proof("fail"), reply_to="x@evil.example")
    history.remember([swapped], facts=FACTS)
    assert said(mail(reply_to="x@evil.example")) == [{"reply_swap"}]


def test_a_domain_that_often_fails_is_not_held_to_its_passes():
    past()
    mails = [mail(authentication=proof("pass" if n % 5 else "fail")) for n in range(50)]
    history.remember(mails, facts=FACTS)
    assert said(mail(authentication=proof("fail"))) == [set()]


def test_a_name_that_always_came_from_one_address():
    past()
    history.remember([mail(sender_name="Bo Lee") for _ in range(4)], facts=FACTS)
    forged = mail("bo.lee@elsewhere.example", sender_name="Lee, Bo")
    assert said(forged, mail(sender_name="Bo Lee")) == [{"name_from_elsewhere"}, set()]
    assert "from bo@partner.example, now from bo.lee@elsewhere.example" in words("name_from_elsewhere", forged)


def test_a_name_that_several_addresses_use_says_nothing():
    past()
    shops = [mail(f"help@shop{n}.example", sender_name="Customer Service") for n in range(3)]
    history.remember(shops * 2, facts=FACTS)
    assert said(mail("help@fourth.example", sender_name="Customer Service")) == [set()]


def test_answers_that_suddenly_go_elsewhere():
    past()
    history.remember([mail() for _ in range(6)], facts=FACTS)
    swapped = mail(reply_to="bo@free.example")
    assert said(swapped, mail(), mail(reply_to="desk@partner.example")) == [{"reply_swap"}, set(), set()]
    assert "they went to the sender" in words("reply_swap", swapped)


def test_counts_add_up_over_batches_and_days():
    history.remember([mail(at=NOW - timedelta(days=3)), mail(at=NOW)], facts=FACTS)
    history.remember([mail(at=NOW - timedelta(days=9))], facts=FACTS)
    row = Seen.objects.get(key=seen.key_of("sender", "bo@partner.example"))
    assert row.count == 3
    assert (row.last_day, row.last_day - row.first_day) == (NOW.toordinal(), 9)


def test_a_batch_costs_the_same_number_of_statements_however_long_the_past_is():
    mails = [mail(f"s{n}@d{n}.example", sender_name=f"First Last{n}", verdict=PHISHY) for n in range(200)]
    with CaptureQueriesContext(
        connection,
    ) as young:
        history.evidence(mails, facts=FACTS)
        history.remember(mails, facts=FACTS)
    past()
    with CaptureQueriesContext(connection) as old:
        history.evidence(mails, facts=FACTS)
        history.remember(mails, facts=FACTS)
    assert len(old) == len(young) <= 7


def test_a_mail_to_very_many_people_stays_small():
    hostile = mail(verdict=PHISHY)[1]
    many = tuple(f"p{n}@corp.example" for n in range(5000))
    accepted = AcceptedMail(0, hostile.sha256, "test", NOW, recipients=many)
    history.remember([(accepted, hostile)], facts=FACTS)
    assert Seen.objects.count() < 40


def test_odd_letters_in_names_and_addresses_stop_nothing():
    odd = mail("b\0o@partn\udce9r.example", sender_name="Bo \0 L\udce9e x", verdict=PHISHY)
    history.remember([odd], facts=FACTS)
    assert history.evidence([odd], facts=FACTS) == [[]]


def test_what_nobody_met_for_half_a_year_is_forgotten_within_a_day():
    history.remember([mail("old@gone.example", at=NOW - timedelta(days=200)), mail()], facts=FACTS)
    before = Seen.objects.count()
    gone = sum(history.forget(now=NOW + timedelta(minutes=5 * turn)) for turn in range(history.SLICES))
    assert gone > 0
    assert Seen.objects.count() == before - gone
    assert not Seen.objects.filter(key=seen.key_of("sender", "old@gone.example")).exists()
    assert Seen.objects.filter(key=seen.key_of("sender", "bo@partner.example")).exists()


def test_mail_between_our_own_people_is_no_business_of_history():
    history.remember([mail("max@corp.example", direction="Intra-org")], facts=FACTS)
    assert not Seen.objects.exists()
