"""One campaign: its life, the time one looks at, the flow of its mails, its tabs, and what people say of its grouping."""

from datetime import timedelta

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.hunting.campaigns import flow
from watchfloor.hunting.campaigns.clicks import verdict_of as click_verdict
from watchfloor.hunting.campaigns.known import campaign
from watchfloor.hunting.campaigns.noting import note_campaigns
from watchfloor.hunting.models import CampaignFeedback, KnownCampaign
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.contracts import Query
from watchfloor.lake.models import Campaign
from watchfloor.lake.services import append

pytestmark = pytest.mark.django_db


@pytest.fixture
def phish(attack):
    """A noted phish of three; gives its NetworkMessageIds."""
    found = attack(71, brand="contoso.example", SenderIP="203.0.113.9", Spf="Pass", urls=("https://evil.example/a",))
    note_campaigns(now=utc_now())
    return found


def happened(message, person, action, *, location="Quarantine"):
    append(
        "EmailPostDeliveryEvents",
        [
            {
                "Timestamp": utc_now() - timedelta(minutes=30),
                "NetworkMessageId": message,
                "RecipientEmailAddress": person,
                "Action": "Moved",
                "ActionType": action,
                "ActionResult": "Success",
                "DeliveryLocation": location,
            }
        ],
    )


def click(message, person, action="ClickAllowed", *, through=True):
    append(
        "UrlClickEvents",
        [
            {
                "Timestamp": utc_now() - timedelta(minutes=20),
                "NetworkMessageId": message,
                "AccountUpn": person,
                "Url": "https://evil.example/a",
                "ActionType": action,
                "IsClickedThrough": through,
            }
        ],
    )


def paths():
    row = KnownCampaign.objects.get()
    return flow.paths(row, Query("EmailEvents", row.first_at - timedelta(hours=1), utc_now()))


def page(client, address="/campaigns/71"):
    answer = client.get(f"{address}{'&' if '?' in address else '?'}complete=1")
    assert answer.status_code == 200
    return answer.content.decode()


# --- the flow -----------------------------------------------------------------------------------------------------


def test_mails_flow_from_sender_to_where_they_are(phish):
    assert paths() == {("203.0.113.9", "evil.example", "Allowed", "Inbox"): 3}


def test_what_was_removed_later_is_zap_and_lies_where_it_was_put(phish):
    happened(phish[0], "ann@corp.example", "Phish ZAP")
    found = paths()
    assert found["203.0.113.9", "evil.example", "ZAP", "Quarantine"] == 1
    assert found["203.0.113.9", "evil.example", "Allowed", "Inbox"] == 2


def test_clicked_mails_flow_on_into_what_the_click_met(phish):
    click(phish[0], "ann@corp.example")
    click(phish[1], "bob@corp.example", "ClickBlocked", through=False)
    found = paths()
    assert found["203.0.113.9", "evil.example", "Allowed", "Inbox", "Allowed"] == 1
    assert found["203.0.113.9", "evil.example", "Allowed", "Inbox", "BlockPage"] == 1
    assert sum(found.values()) == 3
    assert flow.in_words(found) == "3 messages: 3 in Inbox; links in 2 of them were clicked."


def test_a_release_from_quarantine_counts_before_what_the_filter_did(attack):
    first, *_ = attack(71, DeliveryAction="Blocked", DeliveryLocation="Quarantine")
    note_campaigns(now=utc_now())
    happened(first, "ann@corp.example", "Quarantine release", location="Inbox/folder")
    found = paths()
    assert found["Unknown", "evil.example", "Released", "Inbox"] == 1
    assert found["Unknown", "evil.example", "Blocked", "Quarantine"] == 2


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"PrimaryOverride": "Allowed by organization policy"}, "Tenant allow"),
        ({"PrimaryOverride": "Blocked by organization policy"}, "Tenant block"),
        ({"PrimaryOverride": "Allowed by user policy"}, "User allow"),
        ({"PrimaryOverride": "Blocked by user policy"}, "User block"),
        ({"DeliveryAction": "Blocked"}, "Blocked"),
        ({"ThreatTypes": "Phish", "DeliveryAction": "Junked"}, "Detected"),
        ({"ThreatTypes": "Phish", "DeliveryAction": "Delivered"}, "Allowed"),
        ({"DeliveryAction": "Delivered"}, "Not detected"),
    ],
)
def test_the_filters_verdict_is_one_of_the_known_words(row, expected):
    assert flow.verdict_of({"PrimaryOverride": "None", "DeliveryAction": "", "ThreatTypes": "", **row}) == expected


@pytest.mark.parametrize(
    ("action", "through", "expected"),
    [
        ("ClickAllowed", True, "Allowed"),
        ("ClickBlocked", False, "BlockPage"),
        ("Block page", True, "BlockPageOverride"),
        ("Block page override", True, "BlockPageOverride"),
        ("Pending detonation page", False, "PendingDetonationPage"),
        ("Pending detonation page override", True, "PendingDetonationPageOverride"),
        ("", False, "Allowed"),
    ],
)
def test_what_a_click_met_is_one_of_five_words(action, through, expected):
    assert click_verdict({"ActionType": action, "IsClickedThrough": through}) == expected


def test_beyond_the_ten_biggest_of_a_layer_the_rest_is_others():
    counts = {(f"10.0.0.{number}", "evil.example", "Allowed", "Inbox"): 100 - number for number in range(14)}
    drawn = flow.drawn(counts)
    first = [node["name"] for node in drawn["nodes"] if node["column"] == 0]
    assert len(first) == 11
    assert "Others" in first
    assert sum(link["value"] for link in drawn["links"] if link["target"] == "1 evil.example") == sum(counts.values())


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_tells_what_the_campaign_is_and_what_it_did(phish, as_ada):
    click(phish[0], "ann@corp.example")
    shown = page(as_ada)
    assert "Phish · contoso.example · 000047" in shown
    assert "3 of 3 recipients had it in the inbox; 1 person clicked, 1 got to the page" in shown
    assert "3 messages: 3 in Inbox; links in 1 of them were clicked." in shown
    assert "BlockPage" not in shown


def test_a_name_it_had_before_leads_to_the_campaign(phish, as_ada):
    Campaign.objects.create(
        pk=72, joined_to=71, first_at=utc_now(), last_at=utc_now(), last_seen=utc_now().date(), mails=1
    )
    answer = as_ada.get("/campaigns/72")
    assert (answer.status_code, answer.url) == (302, "/campaigns/71")


def test_a_group_that_is_no_campaign_has_no_page(as_ada):
    assert as_ada.get("/campaigns/5").status_code == 404


def test_the_chosen_time_drives_flow_tabs_explorer_and_actions(attack, mail, as_ada):
    attack(71, to=("ann@corp.example",))
    mail(to=("zoe@corp.example",), age=timedelta(hours=5), EmailClusterId=71, SenderIP="198.51.100.5")
    Campaign.objects.update(first_at=utc_now() - timedelta(hours=6))
    note_campaigns(now=utc_now())
    row = campaign(71)
    half = (utc_now() - timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M")
    first = f"/campaigns/71?tab=ips&to={half}"
    assert "1 message: 1 in Inbox" in page(as_ada, first)
    assert "198.51.100.5" in page(as_ada, first)
    assert "198.51.100.5" not in page(as_ada, f"/campaigns/71?tab=ips&from={half}")
    assert f"to={half.replace(':', '%3A')}" in page(as_ada, first)
    assert row.href in page(as_ada, first)


@pytest.mark.parametrize("wrong", ["from=soon", "from=2031-01-01T00:00&to=2030-01-01T00:00"])
def test_a_time_that_is_none_says_so_and_shows_the_whole_life(phish, as_ada, wrong):
    assert 'role="alert"' in page(as_ada, f"/campaigns/71?{wrong}")


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("clicks", "No click is known"),
        ("ips", "203.0.113.9"),
        ("senders", "MAIL FROM"),
        ("attachments", "These mails have no attachment."),
        ("urls", "https://evil.example/a"),
        ("grouping", "What they also share"),
    ],
)
def test_every_tab_shows_its_part(phish, as_ada, tab, expected):
    answer = as_ada.get(f"/campaigns/71/part?tab={tab}")
    assert answer.status_code == 200
    assert expected in answer.content.decode()


def test_the_tab_of_attachments_counts_files_by_name_and_content(attack, as_ada):
    attack(71, threat="Malware", files=(("a.exe", "f" * 64),))
    note_campaigns(now=utc_now())
    shown = as_ada.get("/campaigns/71/part?tab=attachments").content.decode()
    assert "a.exe" in shown
    assert "f" * 64 in shown


def test_clicks_are_listed_with_their_verdict(phish, as_ada):
    click(phish[0], "ann@corp.example", "ClickBlocked", through=False)
    shown = as_ada.get("/campaigns/71/part?tab=clicks").content.decode()
    assert "ann@corp.example" in shown
    assert "BlockPage" in shown


def test_why_the_mails_are_one_is_told_in_words(phish, as_ada):
    shown = as_ada.get("/campaigns/71/part?tab=grouping").content.decode()
    assert "3 of its 3 mails were judged Phish or worse" in shown
    assert "70% of these pieces are the same" in shown


def test_explorer_gets_all_inboxed_and_internal_messages(phish, as_ada):
    shown = page(as_ada)
    for words in ("All messages", "Inboxed messages", "Internal messages"):
        assert words in shown
    assert "EmailClusterId" in shown
    assert "Intra-org" in shown


def test_actions_are_offered_to_those_who_may_act(phish, as_max, as_ada):
    assert "scope=query" in page(as_max) or "scope=query" in page(as_ada)


# --- feedback -----------------------------------------------------------------------------------------------------


def test_a_word_on_the_grouping_is_kept_audited_and_shown_on_page_and_list(phish, as_ada):
    answer = as_ada.post("/campaigns/71/feedback", {"correct": "no", "note": "Two attacks in one"})
    assert answer.status_code == 302
    assert "Two attacks in one" in page(as_ada)
    listed = as_ada.get("/campaigns/results?grouping=doubted").content.decode()
    assert "1 of 1 doubt it" in listed
    assert "No campaign fits" in as_ada.get("/campaigns/results?grouping=confirmed").content.decode()
    assert AuditEntry.objects.filter(verb="campaign.feedback", outcome="success").exists()


def test_the_newest_word_of_a_person_replaces_the_one_before(phish, as_ada):
    as_ada.post("/campaigns/71/feedback", {"correct": "no"})
    as_ada.post("/campaigns/71/feedback", {"correct": "yes"})
    assert CampaignFeedback.objects.get().correct


@pytest.mark.parametrize("given", [{"correct": "maybe"}, {"correct": "no", "note": "x" * 3000}])
def test_a_word_that_is_none_is_refused(phish, as_ada, given):
    assert as_ada.post("/campaigns/71/feedback", given).status_code == 400
    assert not CampaignFeedback.objects.exists()


def test_nobody_without_the_right_sees_or_says_anything(phish, as_eve):
    assert as_eve.get("/campaigns/71").status_code == 403
    assert as_eve.post("/campaigns/71/feedback", {"correct": "yes"}).status_code == 403
