"""Several figures of a query at once, and campaigns that were found to be threats."""

from datetime import timedelta

import pytest

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors
from watchfloor.lake.contracts import Measure, Operator
from watchfloor.lake.models import Campaign
from watchfloor.lake.services import append
from watchfloor.lake.summaries import BUCKET

from .conftest import NOON, asked, mail


def store(*rows):
    append("EmailEvents", [mail(number, **columns) for number, columns in enumerate(rows)])


FOUR = (
    {"EmailClusterId": 7, "RecipientEmailAddress": "ann@corp.example", "DeliveryLocation": "Inbox/folder"},
    {"EmailClusterId": 7, "RecipientEmailAddress": "ann@corp.example", "DeliveryLocation": "Junk folder"},
    {"EmailClusterId": 7, "RecipientEmailAddress": "bob@corp.example", "DeliveryLocation": "Inbox/folder"},
    {"EmailClusterId": 8, "RecipientEmailAddress": "ann@corp.example", "DeliveryLocation": "Quarantine"},
)


def test_several_figures_come_from_one_question_by_group(lake):
    store(*FOUR)
    found = selectors.summed(
        asked(),
        by=("EmailClusterId",),
        measures=(
            Measure("mails"),
            Measure("people", "distinct", "RecipientEmailAddress"),
            Measure("inboxed", "rows", where=("DeliveryLocation", ("Inbox/folder",))),
            Measure("reached", "distinct", "RecipientEmailAddress", where=("DeliveryLocation", ("Junk folder",))),
        ),
    )
    by_id = {row["EmailClusterId"]: row for row in found}
    assert by_id[7] == {"EmailClusterId": 7, "mails": 3, "people": 2, "inboxed": 2, "reached": 1}
    assert by_id[8] == {"EmailClusterId": 8, "mails": 1, "people": 1, "inboxed": 0, "reached": 0}


def test_without_groups_there_is_one_row_even_of_nothing(lake):
    assert selectors.summed(asked(), measures=(Measure("mails"),)) == [{"mails": 0}]


def test_rows_fall_into_buckets_of_time_and_the_newest_value_is_that_of_the_newest_row(lake):
    store(
        {"Timestamp": NOON, "Subject": "Old"},
        {"Timestamp": NOON + timedelta(minutes=30), "Subject": "New"},
        {"Timestamp": NOON - timedelta(days=1), "Subject": "Yesterday"},
    )
    found = selectors.summed(
        asked(),
        by=(BUCKET,),
        measures=(
            Measure("subject", "newest", "Subject"),
            Measure("first", "first", "Timestamp"),
            Measure("last", "last", "Timestamp"),
        ),
    )
    midnight = NOON.replace(hour=0)
    by_day = {row[BUCKET]: row for row in found}
    assert set(by_day) == {midnight, midnight - timedelta(days=1)}
    assert by_day[midnight]["subject"] == "New"
    assert by_day[midnight]["last"] - by_day[midnight]["first"] == timedelta(minutes=30)


def test_two_names_of_one_campaign_count_as_one_and_nobody_twice(lake):
    store(*FOUR)
    people = Measure("people", "distinct", "RecipientEmailAddress")
    assert selectors.summed(asked(), by=("EmailClusterId",), measures=(people,), same={8: 7}) == [
        {"EmailClusterId": 7, "people": 2}
    ]


def test_the_conditions_of_the_query_hold(lake):
    store(*FOUR)
    only = ("EmailClusterId", Operator.EQUAL_ANY, ("8",))
    assert selectors.summed(asked(only), measures=(Measure("mails"),)) == [{"mails": 1}]


def test_groups_by_a_column_nobody_has_are_refused(lake):
    with pytest.raises(BadInput):
        selectors.summed(asked(), by=("Nonsense",), measures=(Measure("mails"),))


def campaign(pk, *, threat="", **fields):
    fields.setdefault("judged_at", NOON if threat else None)
    return Campaign.objects.create(
        pk=pk, threat=threat, first_at=NOON, last_at=NOON, last_seen=NOON.date(), mails=5, **fields
    )


def test_only_campaigns_found_to_be_phish_or_malware_are_listed_with_the_names_they_had(db):
    campaign(1, threat="Phish", phish=4, words="4 of its 5 mails were judged Phish or worse", judged_by="members")
    campaign(2, joined_to=1, threat="Phish")
    campaign(3, threat="Spam")
    campaign(4)
    (only,) = selectors.judged_campaigns()
    assert (only.ids, only.threat, only.phish, only.judged_by) == ((1, 2), "Phish", 4, "members")


def test_a_campaign_is_found_by_any_of_its_names(db):
    campaign(1, threat="Phish")
    campaign(2, joined_to=1)
    assert selectors.campaign_named(2) == selectors.campaign_named(1)
    assert selectors.campaign_named(9) is None


def test_what_a_name_stands_for_by_itself_can_be_asked_of_many(db):
    campaign(1, threat="Phish")
    campaign(2, joined_to=1, threat="Phish")
    assert selectors.standing_of([1, 2, 9]) == {1: "Phish", 2: ""}
