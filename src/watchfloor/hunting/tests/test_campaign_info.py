"""CampaignInfo has a row for each recipient of each mail of a campaign, once, as the campaign is found and grows."""

from datetime import timedelta

import pytest
from django.db import connection

from watchfloor.hunting.campaigns import listing_mails
from watchfloor.hunting.campaigns.listing_mails import list_mails
from watchfloor.hunting.campaigns.noting import note_campaigns
from watchfloor.hunting.models import KnownCampaign
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors as lake
from watchfloor.lake.models import Campaign


def turn() -> int:
    note_campaigns(now=utc_now())
    return list_mails()


def asked(text: str) -> list[tuple[object, ...]]:
    return list(lake.hunt(text, now=utc_now()).rows)


def grow(cluster: int, mails: int, **fields) -> None:
    Campaign.objects.filter(pk=cluster).update(mails=mails, last_at=utc_now(), **fields)


def test_a_campaign_that_was_found_has_its_mails_under_its_name(attack):
    attack(71, brand="contoso.example")
    assert turn() == 3
    rows = asked("CampaignInfo | project CampaignName, CampaignId, CampaignType, CampaignSubtype | distinct *")
    assert rows == [("Phish · contoso.example · 000047", "71", "Phish", "contoso.example")]
    people = asked("CampaignInfo | project RecipientEmailAddress | sort by RecipientEmailAddress asc")
    assert people == [("ann@corp.example",), ("bob@corp.example",), ("cid@corp.example",)]


def test_rows_join_with_the_mails_they_are_about(attack):
    attack(71, subject="Pay the fee")
    turn()
    joined = "CampaignInfo | join kind=inner EmailEvents on NetworkMessageId, RecipientEmailAddress | distinct Subject"
    assert asked(joined) == [("Pay the fee",)]


def test_nothing_is_written_again_until_the_campaign_gains_mails_and_then_only_those(attack, mail):
    attack(71)
    turn()
    assert turn() == 0
    mail(to=("dan@corp.example",), age=timedelta(minutes=1), EmailClusterId=71)
    grow(71, 4)
    assert turn() == 1
    assert asked("CampaignInfo | count") == [(4,)]


def test_an_older_mail_of_a_campaign_is_written_when_it_turns_out_to_be_older(attack, mail):
    attack(71)
    turn()
    mail(to=("dan@corp.example",), age=timedelta(days=9), EmailClusterId=71)
    grow(71, 4, first_at=utc_now() - timedelta(days=10))
    assert turn() == 1


def test_a_turn_that_was_killed_before_its_note_writes_nothing_twice(attack, monkeypatch):
    attack(71)
    note_campaigns(now=utc_now())
    real = listing_mails.append

    def killed(*args):
        real(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(listing_mails, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        list_mails()
    monkeypatch.setattr(listing_mails, "append", real)
    assert list_mails() == 0
    assert asked("CampaignInfo | count") == [(3,)]
    assert KnownCampaign.objects.get().listed == 3


def test_mails_of_a_campaign_that_joined_another_stand_under_the_one_that_is_left(attack):
    attack(71)
    attack(72)
    note_campaigns(now=utc_now())
    Campaign.objects.filter(pk=72).update(joined_to=71)
    grow(71, 6)
    assert turn() == 6
    assert asked("CampaignInfo | distinct CampaignId") == [("71",)]


def test_a_flood_of_campaigns_takes_several_turns(attack, monkeypatch):
    monkeypatch.setattr(listing_mails, "AT_ONCE", 2)
    for cluster in (71, 72, 73):
        attack(cluster, to=("ann@corp.example",))
    assert (turn(), turn(), turn()) == (2, 1, 0)


def test_the_judged_campaigns_are_found_by_their_index(db):
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET LOCAL enable_seqscan = off")  # a table of no rows is read whole
    plan = (
        Campaign.objects.filter(judged_at__isnull=False, threat__in=("Phish", "Malware"))
        .order_by("-last_at", "pk")
        .explain()
    )
    assert "campaign_judged" in plan
