"""One mail or mailbox is looked up without the database, in whatever order it is asked for, and never from yesterday's state."""

import json

import pytest

from watchfloor.lake import selectors, services
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.contracts import Operator
from watchfloor.lake.engines import rows as blocks
from watchfloor.lake.engines.delta import ColdTable
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.place import place
from watchfloor.lake.snapshot import cold, segments

from .conftest import asked, mail
from .test_sealing import MAILS, flush, grown, ids, plain, seal

MAILBOX = asked(("RecipientEmailAddress", Operator.EQUAL_ANY, ("person3@corp.example",)), days=40)
ONE = asked(("NetworkMessageId", Operator.EQUAL_ANY, ("id-000002",)), days=40)


@pytest.fixture
def sealed(lake):
    """Four sealed days and nothing else."""
    for day in range(4):
        grown(40, day=day, start=day * 40)
    assert seal() == 1
    return lake


@pytest.fixture
def undisturbed(monkeypatch):
    """The database of the engine is not to be asked."""

    def asked_it(*_):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(DuckEngine, "_asked", asked_it)


def test_a_mail_and_a_page_of_a_mailbox_need_no_statement_of_the_database(sealed, undisturbed):
    assert ids(ONE) == ["id-000002"]
    assert len(ids(MAILBOX)) == 32
    assert selectors.all_rows(ONE)[0]["Subject"] == "Invoice 2"


@pytest.mark.parametrize("order", ["Timestamp", "Subject", "UrlCount"])
@pytest.mark.parametrize("descending", [True, False])
def test_pages_of_a_mailbox_stand_in_the_order_asked_for(sealed, order, descending):
    def page(offset):
        return selectors.rows(MAILBOX, order_by=order, descending=descending, limit=9, offset=offset)

    found = [row for offset in (0, 9, 18, 27) for row in page(offset)]
    assert found == plain(lambda: selectors.rows(MAILBOX, order_by=order, descending=descending, limit=100))
    assert len(found) == 32


def test_a_row_that_another_process_appends_is_in_the_next_answer(sealed):
    assert ids(ONE) == ["id-000002"]
    services.append("EmailEvents", [mail(2, RecipientEmailAddress="second@corp.example")])
    assert ids(ONE) == ["id-000002"] * 2
    flush()
    assert ids(ONE) == ["id-000002"] * 2
    third = to_arrow(MAILS, [mail(2, RecipientEmailAddress="third@corp.example")])
    other = ColdTable(place(), MAILS)  # nothing of this process's own view is told
    other.append(third, watermark=cold("EmailEvents").watermark() + 1000)
    assert sorted(row["RecipientEmailAddress"][:6] for row in selectors.rows(ONE)) == ["person", "second", "third@"]


def test_statements_can_be_counted_as_ever(sealed, django_assert_num_queries):
    ids(ONE)
    with django_assert_num_queries(2):  # of mails, and of what happened to them since
        ids(ONE)


def test_segments_of_an_older_layout_are_passed_over_and_built_again(sealed):
    folder = segments("EmailEvents").folder
    [manifest] = folder.glob("*.json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"layout": "of last year"}))
    manifest.touch()
    (folder / "noticed").touch()
    assert segments("EmailEvents").live(cold("EmailEvents").snapshot()) == ()
    assert ids(ONE) == ["id-000002"]
    assert len(ids(MAILBOX)) == 32
    assert seal() == 1
    [made] = segments("EmailEvents").live(cold("EmailEvents").snapshot())
    assert made.rows == 160
    assert ids(ONE) == ["id-000002"]


def test_rows_of_a_key_lie_newest_first_and_older_segments_are_sorted_when_read(sealed, undisturbed, monkeypatch):
    [segment] = segments("EmailEvents").live(cold("EmailEvents").snapshot())
    found = blocks.find(segment.blocks, blocks.Wanted(keys=("person3@corp.example",))).to_pylist()
    times = [row["Timestamp"] for row in found if row["RecipientEmailAddress"] == "person3@corp.example"]
    assert times == sorted(times, reverse=True)
    newest = ids(MAILBOX)
    read = blocks.pieces
    monkeypatch.setattr(
        blocks, "pieces", lambda *asked: [one.take(list(range(len(one)))[::-1]) for one in read(*asked)]
    )
    assert ids(MAILBOX) == newest
