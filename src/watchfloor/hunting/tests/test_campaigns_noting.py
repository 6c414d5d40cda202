"""What the lake finds to be phish or malware is noted as a campaign, under a name people can say, for as long as its mails are kept."""

from datetime import timedelta

import pytest

from watchfloor.hunting.campaigns.known import Wanted, campaign, campaigns, subtypes
from watchfloor.hunting.campaigns.noting import note_campaigns, subtype_of
from watchfloor.hunting.models import KnownCampaign
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound
from watchfloor.lake.models import Campaign


def test_a_campaign_found_to_be_phish_is_noted_with_subject_subtype_and_a_name(mail, attack):
    attack(71, brand="contoso.example")
    assert note_campaigns(now=utc_now()) == 1
    row = KnownCampaign.objects.get()
    assert (row.pk, row.threat, row.subtype, row.subject) == (71, "Phish", "contoso.example", "Your password ends")
    assert row.name == "Phish · contoso.example · 000047"


def test_noting_again_changes_nothing_until_the_campaign_does(attack):
    attack(71)
    note_campaigns(now=utc_now())
    assert note_campaigns(now=utc_now()) == 0
    Campaign.objects.filter(pk=71).update(mails=9)
    assert note_campaigns(now=utc_now()) == 1
    assert KnownCampaign.objects.get().mails == 9


def test_spam_and_mail_that_is_no_threat_make_no_campaign(attack):
    attack(71, threat="Spam")
    attack(72, threat="")
    assert note_campaigns(now=utc_now()) == 0


def test_a_campaign_that_turns_out_harmless_is_dropped(attack):
    attack(71)
    note_campaigns(now=utc_now())
    Campaign.objects.update(threat="")
    note_campaigns(now=utc_now())
    assert not KnownCampaign.objects.exists()


def test_a_campaign_joined_to_another_is_found_under_its_old_name(attack):
    attack(71)
    attack(72)
    note_campaigns(now=utc_now())
    Campaign.objects.filter(pk=72).update(joined_to=71)
    note_campaigns(now=utc_now())
    (row,) = KnownCampaign.objects.all()
    assert row.ids == [71, 72]
    assert campaign(72) == row


def test_a_campaign_whose_texts_the_lake_forgot_stays_known(attack):
    attack(71)
    note_campaigns(now=utc_now())
    Campaign.objects.all().delete()
    note_campaigns(now=utc_now())
    assert campaign(71).threat == "Phish"


def test_a_group_of_mails_that_is_no_campaign_is_not_found(db):
    with pytest.raises(NotFound):
        campaign(5)


def test_campaigns_are_found_by_time_type_subtype_text_and_id(attack):
    attack(71, brand="contoso.example")
    attack(72, threat="Malware", family="W32/x", subject="Invoice")
    note_campaigns(now=utc_now())
    now = utc_now()
    month = Wanted(now - timedelta(days=30), now)
    found = {
        "all": campaigns(month),
        "type": campaigns(Wanted(month.start, now, type="Malware")),
        "subtype": campaigns(Wanted(month.start, now, subtype="contoso.example")),
        "text": campaigns(Wanted(month.start, now, text="invoi")),
        "id": campaigns(Wanted(month.start, now, text="71")),
        "before": campaigns(Wanted(now - timedelta(days=90), now - timedelta(days=60))),
    }
    assert {name: [one.pk for one in rows] for name, rows in found.items()} == {
        "all": [72, 71],
        "type": [72],
        "subtype": [71],
        "text": [72],
        "id": [71],
        "before": [],
    }
    assert subtypes() == ["W32/x", "contoso.example"]


@pytest.mark.parametrize(
    ("threat", "said", "expected"),
    [
        ("Malware", {"family": "Emotet, Qbot", "brand": "a.example"}, "Emotet"),
        ("Phish", {"family": "Emotet", "brand": "a.example"}, "a.example"),
        ("Phish", {"person": "Ada Lovelace"}, "Ada Lovelace"),
        ("Phish", {"intent": "None"}, ""),
        ("Malware", {"family": "One%2c two%25"}, "One, two%"),
    ],
)
def test_the_subtype_is_the_family_of_malware_and_the_brand_of_phish(threat, said, expected):
    empty = {"family": "", "brand": "", "person": "", "intent": ""}
    assert subtype_of(threat, empty | said) == expected
