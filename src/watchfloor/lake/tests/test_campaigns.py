"""Mails that say the same are one campaign; what it is taken for reaches the next mail and those before."""

from concurrent.futures import Future
from datetime import timedelta

import pytest

from watchfloor.connectors.services import accept
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import inspect, keys_of
from watchfloor.lake import campaigns, jobs, selectors
from watchfloor.lake.campaign_verdicts import spread
from watchfloor.lake.contracts import LateVerdict
from watchfloor.lake.ingest import ingest_pending
from watchfloor.lake.models import (
    Campaign,
    CampaignBand,
    CampaignMember,
    CampaignRepresentative,
    Email,
)
from watchfloor.lake.services import flow_to_campaign, note_late_verdicts
from watchfloor.runtime.services import registered_ticks

from .conftest import NOON, asked

TEXT = (
    "Dear colleague, our company celebrates its birthday on Friday in the garden. Please bring a chair, something to eat "
    "and your good mood. We start at noon and end when the last song is sung. Yours, the people from the second floor."
)
OTHER = (
    "The minutes of our meeting are done: we agreed on the new printer, on the order of the talks and on who writes the "
    "report for the board. Tell me by Monday when something is missing, otherwise they go out as they are."
)
FACTS = TenantFacts(
    own_domains=frozenset({"corp.example"}),
    blocked=frozenset({"domain:evil.example"}),
    authserv_ids=frozenset({"mx.corp.example"}),
)


class Told:
    """Inspects in this process; mail from evil.example is blocked, so that a test decides which mail is bad."""

    def submit(self, raw, envelope, now):
        future = Future()
        future.set_result(inspect(raw, envelope=envelope, facts=FACTS, now=now))
        return future


@pytest.fixture
def receive(lake):
    """Lets mails of these texts come in, one batch, and gives their NetworkMessageIds in order."""
    made = []

    def received(*texts, bad=False, at=NOON, to="ann@corp.example", file=b"", ingest=True, proof="none"):
        known = set(Email.objects.values_list("pk", flat=True))
        for text in texts:
            made.append(text)
            domain = "evil.example" if bad else "partner.example"
            accept(
                letter(text, number=len(made), domain=domain, file=file, proof=proof),
                source="journal",
                received_at=at + timedelta(microseconds=len(made)),
                recipients=(to,),
                client_ip="203.0.113.9",
            )
        if not ingest:
            return []
        ingest_pending(Told(), 1000, NOON)
        new = Email.objects.exclude(pk__in=known).order_by("received_at")
        return list(new.values_list("pk", flat=True))

    return received


def letter(text, *, number, domain, file=b"", proof="none") -> bytes:
    head = (
        f"Authentication-Results: mx.corp.example; dmarc={proof}\r\n"
        f"From: Mo <mo@{domain}>\r\nTo: ann@corp.example\r\nSubject: Number {number}\r\nMessage-ID: <{number}@{domain}>\r\n"
        "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    )
    if not file:
        return f"{head}Content-Type: text/plain\r\n\r\n{text}\r\n".encode()
    return (
        (
            f'{head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\n'
            'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\n'
        ).encode()
        + file
        + b"\r\n--b--\r\n"
    )


def clusters():
    return {row["NetworkMessageId"]: row["EmailClusterId"] for row in selectors.rows(asked(), limit=1000)}


def threats():
    return {row["NetworkMessageId"]: row["ThreatTypes"] for row in selectors.rows(asked(), limit=1000)}


def late(message, *found, source="person", confidence="High", at=NOON):
    return LateVerdict(at, message, found, confidence if found else "", source, "Ada looked at it")


def heard():
    return {
        one.network_message_id: one for one in selectors.late_verdicts_after(0, limit=1000) if one.source == "campaign"
    }


# --- grouping -----------------------------------------------------------------------------------------------------


def test_mails_of_one_text_have_one_cluster_id_across_batches(receive):
    first, other = receive(TEXT, OTHER)
    (second,) = receive(TEXT.replace("Friday", "Sunday"))
    found = clusters()
    assert found[first] == found[second] != found[other]
    assert all(0 < one < 1 << 63 for one in found.values())
    campaign = Campaign.objects.get(pk=found[first])
    assert (campaign.mails, campaign.representatives) == (2, 2)
    assert campaign.last_at > campaign.first_at


def test_a_mail_that_says_nothing_has_no_campaign(receive):
    receive("ok")
    assert list(clusters().values()) == [0]
    assert not CampaignMember.objects.exists()


def test_a_copy_for_another_mailbox_is_the_same_member(receive):
    raw = letter(TEXT, number=1, domain="partner.example")
    for address in ("ann@corp.example", "bob@corp.example"):
        accept(raw, source="journal", received_at=NOON, recipients=(address,))
        ingest_pending(Told(), 10, NOON)
    rows = selectors.rows(asked())
    assert len(rows) == 2
    assert len({row["EmailClusterId"] for row in rows}) == 1
    assert Campaign.objects.get().mails == CampaignMember.objects.count() == 1


def test_an_attachment_joins_mails_of_other_texts(receive):
    one, two = receive(TEXT, OTHER, file=b"%PDF-1.4 " + b"x" * 5000)
    assert clusters()[one] == clusters()[two]


def test_a_mail_between_two_campaigns_joins_them_and_nothing_written_changes(receive):
    words = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(120)]
    left, middle, right = " ".join(words[:100]), " ".join(words[10:110]), " ".join(words[20:])
    one, two = receive(left, right)
    before = clusters()
    assert before[one] != before[two]
    (three,) = receive(middle)
    after = clusters()
    assert (after[one], after[two]) == (before[one], before[two])
    assert after[three] == min(before.values())
    alias = Campaign.objects.get(pk=max(before.values()))
    kept = Campaign.objects.get(pk=min(before.values()))
    assert alias.joined_to == kept.pk
    assert kept.mails == 3
    (four,) = receive(right)
    assert clusters()[four] == kept.pk


def test_a_flood_keeps_one_representative_and_a_bounded_number_of_queries(receive, django_assert_max_num_queries):
    receive(*[TEXT] * 30)
    assert CampaignRepresentative.objects.count() == 1
    assert CampaignBand.objects.count() == 16
    assert Campaign.objects.get().mails == 30
    signature = bytes(CampaignRepresentative.objects.get().signature)
    assert set(CampaignBand.objects.values_list("key", flat=True)) == set(keys_of(signature))
    assert all(not member.signature for member in CampaignMember.objects.all())
    receive(*[TEXT] * 60, ingest=False)
    with django_assert_max_num_queries(100):
        assert ingest_pending(Told(), 1000, NOON) == 60
    assert CampaignRepresentative.objects.count() == 1


def test_what_was_not_met_for_ninety_days_is_forgotten_and_what_was_is_kept(receive):
    receive(TEXT, OTHER)
    today = CampaignRepresentative.objects.first().last_seen
    kept = CampaignRepresentative.objects.order_by("pk").first()
    for model, field in ((Campaign, "last_seen"), (CampaignRepresentative, "last_seen"), (CampaignMember, "noted_on")):
        model.objects.update(**{field: today - timedelta(days=91)})
    receive(TEXT)
    assert CampaignRepresentative.objects.get(pk=kept.pk).last_seen == today
    assert campaigns.forget(today=today) == 1
    campaigns.forget(today=today)
    assert list(CampaignRepresentative.objects.values_list("pk", flat=True)) == [kept.pk]
    assert set(CampaignBand.objects.values_list("representative", flat=True)) == {kept.pk}
    assert list(Campaign.objects.values_list("pk", flat=True)) == [kept.campaign_id]
    assert CampaignMember.objects.count() == 1


def test_the_worker_spreads_and_forgets(receive):
    assert {"lake.campaigns", "lake.campaigns.forget"} <= {tick.name for tick in registered_ticks()}
    assert jobs.spread_campaigns() == jobs.forget_campaigns() == 0


# --- judging ------------------------------------------------------------------------------------------------------


def test_a_campaign_of_bad_mails_speaks_against_the_next_one(receive):
    receive(TEXT, TEXT, TEXT, bad=True)
    (next_one,) = receive(TEXT)
    verdict = selectors.inspection_of(next_one)["verdict"]
    (reason,) = [one for one in verdict["reasons"] if one["signal"] == "campaign_judged"]
    assert reason["points"] == 5
    assert reason["detection_method"] == "Campaign"
    assert "3 of its 3 mails were judged Phish" in reason["words"]
    assert "100% the same text" in reason["words"]


def test_two_bad_mails_or_a_small_share_of_them_say_nothing(receive):
    receive(TEXT, TEXT, bad=True)
    receive(*[TEXT] * 6)
    receive(TEXT, bad=True)
    campaign = Campaign.objects.get()
    assert (campaign.phish, campaign.mails, campaign.threat) == (3, 9, "")
    (clean,) = receive(TEXT)
    assert "campaign" not in str(selectors.inspection_of(clean)["verdict"])


def test_a_campaign_never_convinces_itself(receive):
    receive(TEXT, TEXT, TEXT, bad=True)
    receive(*[TEXT] * 3)
    campaign = Campaign.objects.get()
    assert (campaign.phish, campaign.mails) == (3, 6)
    receive(TEXT)
    assert Campaign.objects.get().threat == ""


def test_earlier_clean_mails_hear_once_when_their_campaign_turns_out_bad(receive):
    early = receive(TEXT, TEXT)
    (other,) = receive(OTHER)
    assert spread(now=NOON) == 0
    receive(TEXT, TEXT, TEXT, bad=True)
    assert Campaign.objects.get(to_spread=True).threat == "Phish"
    assert spread(now=NOON) == 2
    assert spread(now=NOON) == 0
    found = heard()
    assert set(found) == set(early)
    assert other not in found
    assert found[early[0]].threat_types == ("Phish",)
    assert "3 of its 5 mails were judged Phish" in found[early[0]].words
    receive(TEXT, bad=True)
    assert spread(now=NOON) == 0


def test_mail_older_than_two_days_is_left_in_peace(receive):
    receive(TEXT, at=NOON - timedelta(hours=49))
    (young,) = receive(TEXT, at=NOON - timedelta(hours=47))
    receive(TEXT, TEXT, TEXT, bad=True)
    spread(now=NOON)
    assert set(heard()) == {young}


def test_allowed_mail_is_not_judged_again(receive):
    (one,) = receive(TEXT)
    CampaignMember.objects.update(allowed=True)
    receive(TEXT, TEXT, TEXT, bad=True)
    assert spread(now=NOON) == 0
    assert one not in heard()


def test_a_persons_confident_word_on_one_mail_counts_for_all(receive):
    one, two, three = receive(TEXT, TEXT, TEXT)
    note_late_verdicts([late(one, "Malware")])
    assert spread(now=NOON) == 2
    assert set(heard()) == {two, three}
    assert heard()[two].threat_types == ("Malware",)
    assert heard()[two].confidence == "High"
    (next_one,) = receive(TEXT)
    verdict = selectors.inspection_of(next_one)["verdict"]
    assert verdict["threat_types"] == ["Malware"]
    assert verdict["confidence"] == "High"


def test_a_persons_hesitant_word_counts_as_one_bad_mail(receive):
    one, _, _ = receive(TEXT, TEXT, TEXT)
    note_late_verdicts([late(one, "Phish", confidence="Normal")])
    campaign = Campaign.objects.get()
    assert (campaign.phish, campaign.threat) == (1, "")
    assert spread(now=NOON) == 0


def test_entries_that_met_enough_mails_judge_the_campaign(receive):
    one, two, three, four = receive(TEXT, TEXT, TEXT, TEXT)
    note_late_verdicts([late(message, "Phish", source="entry") for message in (one, two, three)])
    note_late_verdicts([late(one, "Phish", source="entry")])
    assert Campaign.objects.get().phish == 3
    spread(now=NOON)
    assert set(heard()) == {four}


def test_what_a_campaign_said_teaches_it_nothing(receive):
    ids = receive(TEXT, TEXT, TEXT)
    note_late_verdicts([late(message, "Phish", source="campaign") for message in ids])
    assert Campaign.objects.get().threat == ""


def test_a_verdict_flows_to_the_whole_campaign_and_what_it_joined(receive):
    words = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(120)]
    left, middle, right = " ".join(words[:100]), " ".join(words[10:110]), " ".join(words[20:])
    one, two = receive(left, right)
    (three,) = receive(middle)
    said = late(one, "Phish", confidence="Normal")
    note_late_verdicts([said])
    assert flow_to_campaign(said) == 2
    assert set(heard()) == {two, three}
    assert flow_to_campaign(said) == 0
    assert "Ada looked at it" in heard()[two].words


def test_a_harmless_word_clears_the_campaign_and_those_it_condemned(receive):
    bad = receive(TEXT, TEXT, TEXT, bad=True)
    said = late(bad[0])
    note_late_verdicts([said])
    assert flow_to_campaign(said) == 2
    assert heard()[bad[1]].threat_types == ()
    assert Campaign.objects.get().threat == ""
    receive(TEXT, TEXT, TEXT, TEXT, TEXT, bad=True)
    assert Campaign.objects.get().threat == ""


def test_a_verdict_on_a_mail_nobody_knows_flows_nowhere(receive):
    receive("ok")
    assert flow_to_campaign(late("00000000-0000-7000-8000-000000000000", "Phish")) == 0
    note_late_verdicts([late("00000000-0000-7000-8000-000000000000", "Phish")])


def test_a_joined_campaign_keeps_what_it_was_judged(receive):
    words = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(120)]
    left, middle, right = " ".join(words[:100]), " ".join(words[10:110]), " ".join(words[20:])
    (clean,) = receive(left)
    judged, _, _ = receive(right, right, right, bad=True)
    spread(now=NOON)
    receive(middle)
    kept = Campaign.objects.get(joined_to=None)
    assert kept.threat == "Phish"
    spread(now=NOON)
    assert clean in heard()
    assert judged not in heard()


# --- strangers who copy honest mail -------------------------------------------------------------------------------

PAPER = b"%PDF-1.4 the bank's general terms and conditions " * 40
NOTE = (
    "Your statement of this month is ready; you find our terms and conditions attached, as with every letter of ours."
)


@pytest.fixture
def partner(receive):
    """mo@partner.example is known: it wrote often, and proves who it is."""
    receive(*(f"{OTHER} This is part {number * 'x'}." for number in range(1, 7)), proof="pass")


def judged(*messages):
    return [selectors.inspection_of(one)["verdict"]["threat_types"] for one in messages]


def test_a_copied_text_does_not_condemn_the_known_sender_it_was_copied_from(receive, partner):
    honest = receive(TEXT, proof="pass")
    (stranger,) = receive(TEXT.replace("Friday", "Monday"))
    receive(*[TEXT] * 30, bad=True, proof="pass")
    assert Campaign.objects.exclude(threat="").count() == 1
    spread(now=NOON)
    assert set(heard()) == {stranger}
    assert spread(now=NOON) == 0
    assert not Campaign.objects.filter(to_spread=True).exists()
    assert judged(*honest, *receive(TEXT, proof="pass")) == [[], []]
    assert judged(*receive(TEXT)) == [["Phish"]]


def test_a_known_senders_own_bad_mail_speaks_against_its_next(receive, partner):
    one, two = receive(TEXT, TEXT, proof="pass")
    note_late_verdicts([late(one, "Phish")])
    spread(now=NOON)
    assert set(heard()) == {two}
    assert judged(*receive(TEXT, proof="pass")) == [["Phish"]]


def test_a_forged_mail_does_not_make_its_victim_a_bad_sender(receive, partner):
    (honest,) = receive(TEXT, proof="pass")
    (forged,) = receive(TEXT)
    note_late_verdicts([late(forged, "Phish")])
    spread(now=NOON)
    assert heard() == {}
    assert honest not in heard()


def test_a_known_file_attached_to_phish_condemns_no_other_mail_with_that_file(receive, partner):
    honest = receive(NOTE, file=PAPER, proof="pass")
    (trap,) = receive(TEXT, file=PAPER, bad=True)
    note_late_verdicts([late(trap, "Phish")])
    spread(now=NOON)
    assert heard() == {}
    assert judged(*honest, *receive(NOTE, file=PAPER, proof="pass")) == [[], []]


def test_a_mail_between_does_not_carry_a_persons_word_to_another_campaign(receive):
    (clean,) = receive(NOTE, file=PAPER)
    (phish,) = receive(TEXT)
    note_late_verdicts([late(phish, "Phish")])
    receive(TEXT.replace("Friday", "Sunday"), file=PAPER)
    spread(now=NOON)
    assert clean not in heard()
    assert Campaign.objects.filter(joined_to=None).count() == 2


def test_a_mail_between_does_not_undo_a_persons_harmless_word(receive):
    (good,) = receive(NOTE, file=PAPER)
    note_late_verdicts([late(good)])
    receive(TEXT, TEXT, TEXT, TEXT, bad=True)
    receive(TEXT.replace("Friday", "Sunday"), file=PAPER, bad=True)
    spread(now=NOON)
    assert good not in heard()
    assert Campaign.objects.get(judged_by="person").threat == ""
