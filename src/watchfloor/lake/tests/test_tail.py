"""What came in since a position: the rows a query holds for, nothing older, across tables, and cheap where nothing came."""

import pytest

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import Operator
from watchfloor.lake.models import HotBatch
from watchfloor.lake.selectors import tail, tail_position
from watchfloor.lake.services import append
from watchfloor.lake.tests.conftest import NOON, asked, mail

COLUMNS = ("Timestamp", "Subject")


def subjects(found) -> list[str]:
    return [row["Subject"] for row in found.rows]


def test_only_what_came_after_the_position_is_told(lake):
    append("EmailEvents", [mail(1)])
    start = tail_position("EmailEvents")
    assert tail(asked(), after=start, columns=COLUMNS).found == 0
    append("EmailEvents", [mail(2), mail(3)])
    found = tail(asked(), after=start, columns=COLUMNS)
    assert subjects(found) == ["Invoice 3", "Invoice 2"]
    assert tail(asked(), after=found.position, columns=COLUMNS).rows == ()


def test_conditions_and_the_window_hold_for_new_rows(lake):
    start = tail_position("EmailEvents")
    append("EmailEvents", [mail(1), mail(2, ThreatTypes=["Phish"]), mail(3, Timestamp=NOON.replace(year=2020))])
    phish = asked(("ThreatTypes", Operator.EQUAL_ANY, ("Phish",)))
    assert subjects(tail(phish, after=start, columns=COLUMNS)) == ["Invoice 2"]
    assert subjects(tail(asked(), after=start, columns=COLUMNS)) == ["Invoice 2", "Invoice 1"]


def test_a_condition_on_urls_sees_those_that_came_with_the_mail(lake):
    start = tail_position("EmailEvents")
    row = {
        "Timestamp": NOON,
        "NetworkMessageId": "id-000001",
        "Url": "https://evil.example/",
        "UrlDomain": "evil.example",
    }
    append("EmailUrlInfo", [row])
    append("EmailEvents", [mail(1), mail(2)])
    evil = asked(("EmailUrlInfo.UrlDomain", Operator.EQUAL_ANY, ("evil.example",)))
    assert subjects(tail(evil, after=start, columns=COLUMNS)) == ["Invoice 1"]


def test_a_condition_on_where_mail_is_now_can_be_answered(lake):
    start = tail_position("EmailEvents")
    append("EmailEvents", [mail(1), mail(2, LatestDeliveryLocation="Quarantine")])
    inbox = asked(("LatestDeliveryLocation", Operator.EQUAL_ANY, ("Quarantine",)))
    assert subjects(tail(inbox, after=start, columns=COLUMNS)) == ["Invoice 2"]


def test_a_flood_is_counted_and_its_newest_rows_told(lake):
    start = tail_position("EmailEvents")
    append("EmailEvents", [mail(number) for number in range(50)])
    found = tail(asked(), after=start, columns=COLUMNS, limit=2)
    assert (subjects(found), found.found) == (["Invoice 49", "Invoice 48"], 50)


def test_batches_of_other_tables_move_the_position_and_bring_no_rows(lake):
    start = tail_position("EmailEvents")
    append("EmailUrlInfo", [{"Timestamp": NOON, "NetworkMessageId": "id-1", "Url": "https://a.example/"}])
    found = tail(asked(), after=start, columns=COLUMNS)
    assert (found.rows, found.position > start) == ((), True)


def test_where_nothing_came_one_question_is_asked(lake, django_assert_num_queries):
    append("EmailEvents", [mail(1)])
    start = tail_position("EmailEvents")
    with django_assert_num_queries(1):
        tail(asked(), after=start, columns=COLUMNS)


def test_what_was_flushed_and_forgotten_does_not_turn_the_position_back(lake):
    append("EmailEvents", [mail(1)])
    start = tail_position("EmailEvents")
    HotBatch.objects.all().delete()
    assert tail(asked(), after=start, columns=COLUMNS).position == start


def test_an_unknown_column_is_refused(lake):
    with pytest.raises(BadInput):
        tail(asked(), after=0, columns=("Shoe",))
