"""The whole way, with a real worker process: what an analyst decides is what the next mail is judged by."""

import pytest
from django.test import Client

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.config.knowing import know_the_organisation
from watchfloor.identities.contracts import DirectoryEntry
from watchfloor.identities.services import import_people
from watchfloor.inspection.services import THRESHOLD
from watchfloor.intelligence.contracts import LabelKind
from watchfloor.intelligence.labels import label_verdict
from watchfloor.intelligence.models import Entry, Label, Silenced
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import facts as lake_facts
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.lake.models import LateVerdict
from watchfloor.lake.selectors import entries_met, inspection_of, rows

from .letters import LURE, NOON, ingest, letter, take

DAY = 86400


@pytest.fixture
def home(db, settings, tmp_path):
    """An empty lake, and the organisation known as the composition root knows it."""
    settings.HOME = tmp_path
    before = list(lake_facts._provider)
    know_the_organisation()
    yield tmp_path
    lake_facts._provider[:] = before


def stored(subject):
    """The newest row of a mail with this subject."""
    start, end = NOON.replace(day=1), NOON.replace(day=28)
    found = rows(Query("EmailEvents", start, end, (Condition("Subject", Operator.EQUAL_ANY, (subject,)),)))
    return found[0]


def verdict_of(row):
    return inspection_of(row["NetworkMessageId"])["verdict"]


def arrive(number, **fields):
    subject = fields.pop("subject", f"Mail {number}")
    take(letter(number, subject=subject, **fields))
    ingest()
    return stored(subject)


def test_a_blocked_sender_makes_the_next_mail_phish_by_that_entry(home, as_ada: Client):
    before = arrive(1)
    assert before["ThreatTypes"] in ("", "[]")
    page = as_ada.get(f"/email/{before['NetworkMessageId']}").content.decode()
    assert "Block sender" in page
    as_ada.post(
        "/settings/allow-block-list/add",
        {
            "kind": "sender",
            "value": before["SenderFromAddress"],
            "effect": "block",
            "email": before["NetworkMessageId"],
        },
    )
    after = arrive(2)
    assert "Phish" in after["ThreatTypes"]
    assert (after["OrgLevelAction"], after["PrimaryOverride"]) == ("Block", "Blocked by organization policy")
    assert after["OrgLevelPolicy"] == "Tenant Allow/Block List: sender:bo@partner.example"
    assert after["PrimaryOverrideSource"] == "Tenant Allow/Block List sender address block"
    [reason] = [one for one in verdict_of(after)["reasons"] if one["signal"] == "blocked_sender"]
    assert "block list" in reason["words"]
    assert list(entries_met()) == [("block sender:bo@partner.example", NOON, 1)]


def test_a_silenced_reason_counts_nothing_in_the_next_mail_and_is_struck_through(home, as_ada):
    before = arrive(1, body=LURE)
    reason = next(one for one in verdict_of(before)["reasons"] if one["signal"] == "ip_url")
    assert reason["points"] > 0
    as_ada.post("/settings/verdict-policy/silence", {"signal": "ip_url", "note": "our printers"})
    after = arrive(2, body=LURE)
    again = next(one for one in verdict_of(after)["reasons"] if one["signal"] == "ip_url")
    assert (again["points"], again["silenced"]) == (0, True)
    assert after["VerdictScore"] == pytest.approx(before["VerdictScore"] - reason["points"])
    page = as_ada.get(f"/email/{after['NetworkMessageId']}?tab=analysis").content.decode()
    assert "<s>" in page
    assert "silenced by Ada on" in page
    assert "our printers" in page


def test_a_verdict_marked_wrong_becomes_a_label_and_a_late_verdict(home, as_ada):
    row = arrive(1, body=LURE)
    id = row["NetworkMessageId"]
    as_ada.post(f"/email/{id}/label", {"kind": "false_negative", "note": "a real phish"})
    label = Label.objects.get()
    assert (label.kind, label.by, label.note, label.network_message_id) == ("false_negative", "Ada", "a real phish", id)
    late = LateVerdict.objects.get()
    assert (late.source, late.threat_types, late.confidence) == ("person", ["Phish"], "High")
    assert "Ada marked it" in late.words
    page = as_ada.get(f"/email/{id}?tab=analysis").content.decode()
    assert "a real phish" in page
    assert "a real phish" in as_ada.get("/settings/verdict-labels").content.decode()
    again = as_ada.post(f"/email/{id}/label", {"kind": "false_negative"}, follow=True).content.decode()
    assert "marked it so already" in again
    assert LateVerdict.objects.count() == 1


def test_a_false_positive_opens_the_way_to_an_allow_entry(home, as_ada):
    row = arrive(1, body=LURE)
    id = row["NetworkMessageId"]
    form = {"kind": "sender", "value": "bo@partner.example", "effect": "allow", "email": id}
    assert as_ada.post("/settings/allow-block-list/add", form).status_code == 400
    as_ada.post(f"/email/{id}/label", {"kind": "false_positive"})
    assert "Allow sender" in as_ada.get(f"/email/{id}?tab=analysis").content.decode()
    assert as_ada.post("/settings/allow-block-list/add", form).status_code == 302
    assert Entry.objects.get().email == id
    after = arrive(2, body=LURE)
    assert after["ThreatTypes"] in ("", "[]")
    assert after["PrimaryOverride"] == "Allowed by organization policy"


def test_a_word_of_somebody_who_may_only_propose_does_not_condemn_a_campaign(home):
    id = arrive(1, body=LURE)["NetworkMessageId"]
    pat = Actor("person:7", "Pat", frozenset({Permission.EMAIL_ACTION_PROPOSE}))
    label_verdict(by=pat, network_message_id=id, kind=LabelKind.FALSE_NEGATIVE, note="", now=utc_now())
    assert LateVerdict.objects.get().confidence == "Normal"


def test_a_changed_threshold_applies_to_the_next_mail(home, as_ada):
    before = arrive(1, body=LURE)
    score = before["VerdictScore"]
    assert verdict_of(before)["threshold"] == THRESHOLD
    as_ada.post("/settings/verdict-policy", {"threshold": "8.5" if score < 8.5 else "1"})
    assert verdict_of(arrive(2, body=LURE))["threshold"] != THRESHOLD


def test_a_stranger_with_the_name_of_one_of_our_people_is_noticed(home, analyst, max):
    from watchfloor.access.selectors import actor_of

    people = [DirectoryEntry("ann@corp.example", "Annika Leeson")]
    import_people(by=actor_of(max), entries=people, source="test", now=NOON)
    row = arrive(1, sender="Annika Leeson <annika@free.example>")
    assert "own_person_outside" in {one["signal"] for one in verdict_of(row)["reasons"]}


def test_who_may_not_say_reads_why(home, as_eve, as_max, client, eve):
    from watchfloor.access.models import Role

    row = arrive(1)
    eve.roles.set(Role.objects.filter(name="Security Reader"))
    page = as_eve.get(f"/email/{row['NetworkMessageId']}?tab=analysis").content.decode()
    assert "Mark as wrong" not in page
    assert "Block sender" not in page
    assert as_eve.post(f"/email/{row['NetworkMessageId']}/label", {"kind": "false_positive"}).status_code == 403


def test_a_note_with_characters_no_database_keeps_is_kept_without_them(home, as_ada):
    id = arrive(1, body=LURE)["NetworkMessageId"]
    as_ada.post(f"/email/{id}/label", {"kind": "false_negative", "note": "a real\0 phish"})
    assert "(a real phish)" in LateVerdict.objects.get().words
    as_ada.post("/settings/verdict-policy/silence", {"signal": "ip_url", "note": "our\0 printers"})
    assert Silenced.objects.get().note == "our printers"
    answer = as_ada.post("/settings/verdict-policy/silence", {"signal": "no\0such", "note": "x"}, follow=True)
    assert "there is no reason" in answer.content.decode()
    assert not any("\0" in reason for reason in AuditEntry.objects.values_list("reason", flat=True))
