"""The values of a column: counted, dated, split, in every order, a page at a time, across tables."""

import pytest

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import Condition, Operator
from watchfloor.lake.selectors import Order, tallied, values
from watchfloor.lake.services import append
from watchfloor.lake.tests.conftest import NOON, asked, mail

BLOCKED = Condition("DeliveryAction", Operator.EQUAL_ANY, ("Blocked",))
PHISH = Condition("ThreatTypes", Operator.EQUAL_ANY, ("Phish",))


@pytest.fixture
def seven(lake):
    append(
        "EmailEvents", [mail(number, ThreatTypes=["Phish"] if number % 2 else ["Phish", "Spam"]) for number in range(6)]
    )
    append("EmailEvents", [mail(6, DeliveryAction="Blocked", SenderFromAddress="", SenderFromDomain="")])


def test_values_are_counted_with_their_first_and_last_time(seven):
    found = values(asked(), column="SenderFromDomain")
    assert [(one.value, one.rows) for one in found.found] == [
        ("evil0.example", 2), ("evil1.example", 2), ("evil2.example", 2),
    ]  # fmt: skip
    first = found.found[0]
    assert ((first.first - NOON).seconds, (first.last - NOON).seconds) == (0, 3)
    assert (found.distinct, found.rows, found.empty) == (3, 6, 1)


def test_many_values_are_counted_without_their_times(seven):
    found = tallied(asked(), column="SenderFromDomain", limit=2, splits=[PHISH, BLOCKED])
    assert (found.values, found.rows) == (["evil0.example", "evil1.example"], [2, 2])
    assert found.splits == ([2, 2], [0, 0])
    assert (found.distinct, found.all_rows, found.empty) == (3, 6, 1)
    nothing = tallied(
        asked(("DeliveryAction", Operator.EQUAL_ANY, ("Blocked",))), column="SenderFromDomain", limit=2, splits=[]
    )
    assert (nothing.values, nothing.distinct, nothing.empty) == ([], 0, 1)


def test_a_page_of_values_knows_how_many_there_are_in_all(seven):
    found = values(asked(), column="SenderFromDomain", limit=1, offset=2)
    assert [one.value for one in found.found] == ["evil2.example"]
    assert found.distinct == 3
    beyond = values(asked(), column="SenderFromDomain", limit=1, offset=20)
    assert (beyond.found, beyond.distinct, beyond.empty) == ((), 3, 1)


def test_nothing_found_is_no_error(lake):
    found = values(asked(), column="SenderFromDomain")
    assert (found.found, found.distinct, found.rows, found.empty) == ((), 0, 0, 0)


@pytest.mark.parametrize(
    ("order", "first"),
    [
        (Order("first"), "Invoice 6"),
        (Order("last", descending=False), "Invoice 0"),
        (Order("value", descending=False), "Invoice 0"),
        (Order(0), "Invoice 6"),
    ],
)
def test_values_come_in_the_order_asked_for(seven, order, first):
    assert values(asked(), column="Subject", order=order, splits=(BLOCKED,)).found[0].value == first


def test_an_unknown_order_is_refused(seven):
    with pytest.raises(BadInput):
        values(asked(), column="Subject", order=Order("luck"))


def test_each_value_says_how_many_of_its_rows_meet_a_condition(seven):
    found = values(asked(), column="RecipientEmailAddress", splits=(BLOCKED, PHISH))
    assert {one.value: one.splits for one in found.found}["person1@corp.example"] == (1, 1)


def test_values_can_be_searched(seven):
    found = values(asked(), column="Subject", contains="ICE 3")
    assert [one.value for one in found.found] == ["Invoice 3"]
    assert found.distinct == 1


def test_cells_of_several_values_count_for_each(seven):
    found = values(asked(), column="ThreatTypes", splits=(BLOCKED,))
    assert [(one.value, one.rows) for one in found.found] == [("Phish", 6), ("Spam", 3)]
    assert (found.empty, found.distinct) == (1, 2)
    assert (found.found[1].last - NOON).seconds == 4
    assert values(asked(), column="ThreatTypes", order=Order(descending=False)).found[0].value == "Spam"


def test_values_of_another_table_count_each_mail_once(seven):
    rows = [
        {
            "Timestamp": NOON, "NetworkMessageId": "id-000000", "ReportId": "r0", "UrlLocation": place,
            "Url": "https://evil.example/a", "UrlDomain": "evil.example", "DeliveryAction": "Blocked",
            "RecipientEmailAddress": "person0@corp.example",
        }
        for place in ("Body", "QRCode")
    ]  # fmt: skip
    append("EmailUrlInfo", rows)
    found = values(asked(), column="EmailUrlInfo.Url", splits=(BLOCKED,))
    assert [(one.value, one.rows, one.splits) for one in found.found] == [("https://evil.example/a", 1, (1,))]


def test_numbers_and_truths_are_values_too(seven):
    assert [one.value for one in values(asked(), column="UrlCount").found] == ["0", "1", "2", "3"]
    assert values(asked(), column="ForwardedMessage").found[0].value == "false"


def test_a_condition_narrows_what_is_counted(seven):
    only = asked(("SenderFromDomain", Operator.EQUAL_ANY, ("evil1.example",)))
    assert values(only, column="Subject").distinct == 2


def test_the_newest_location_is_the_one_that_counts(seven):
    append(
        "EmailPostDeliveryEvents",
        [
            {
                "Timestamp": NOON, "NetworkMessageId": "id-000000", "RecipientEmailAddress": "person0@corp.example",
                "Action": "ZAP", "ActionResult": "Success", "DeliveryLocation": "Quarantine",
            }
        ],
    )  # fmt: skip
    found = values(asked(), column="LatestDeliveryLocation")
    assert {one.value: one.rows for one in found.found} == {"Inbox/folder": 6, "Quarantine": 1}
