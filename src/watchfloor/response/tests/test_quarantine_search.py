"""What the quarantine's search finds: parts of everything, through an index that always agrees with the rows."""

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchfloor.response.quarantine import searching, text_index
from watchfloor.response.quarantine.contracts import CopyStatus
from watchfloor.response.quarantine.holding import follow_copies
from watchfloor.response.quarantine.indexing import complete
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.page_models import QuarantineText
from watchfloor.response.quarantine.searching import Term, folded, matching, one_page, parse
from watchfloor.response.tests.quarantined import ANN, BOB, NOW, days, hold

ORDER = ("-received_at", "-id")


def found(text: str) -> set[str]:
    """Subjects that a search finds, by the index and by looking through the newest: both must agree."""
    mails, terms = QuarantinedMail.objects.all(), parse(text)
    by_index = {mail.subject for mail in matching(mails, terms)}
    page, total = one_page(mails, terms, order=ORDER, start=0, size=50, most=100)
    assert {mail.subject for mail in page} == by_index, text
    assert total == len(by_index)
    return by_index


@pytest.fixture
def mails(db):
    hold(ANN, key="1", subject="Your invoice", text="Please pay the enclosed invoice today.")
    hold(
        BOB, key="2", subject="Große Lieferung", text="Das Paket wartet auf dem Zollamt.", sender="post@parcel.example"
    )
    hold(ANN, BOB, key="3", subject="Newsletter 100% off_now", text="Nothing to pay here.", sender="news@shop.example")


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("invoice", {"Your invoice"}),
        ("VOICE", {"Your invoice"}),
        ("zollamt", {"Große Lieferung"}),
        ("grosse", {"Große Lieferung"}),
        ("GROẞE", {"Große Lieferung"}),
        ("in*ce", {"Your invoice"}),
        ("enc*sed", {"Your invoice"}),
        ("enclosed*today", set()),
        ('"pay the enclosed"', {"Your invoice"}),
        ('"ay the enclosed"', set()),
        ("pay", {"Your invoice", "Newsletter 100% off_now", "Große Lieferung"}),
        ('"enclosed"', {"Your invoice"}),
        ('"enclose"', set()),
        ("pay -invoice", {"Newsletter 100% off_now", "Große Lieferung"}),
        ("subject:invoice", {"Your invoice"}),
        ("subject:enclosed", set()),
        ("from:parcel", {"Große Lieferung"}),
        ("to:bob", {"Große Lieferung", "Newsletter 100% off_now"}),
        ("to:bob to:ann", {"Newsletter 100% off_now"}),
        ("id:<3.abc", {"Newsletter 100% off_now"}),
        ("file:4711", {"Your invoice", "Große Lieferung", "Newsletter 100% off_now"}),
        ("rechnung-4711.pdf subject:invoice", {"Your invoice"}),
        ("url:paypal.evil", {"Your invoice", "Große Lieferung", "Newsletter 100% off_now"}),
        ('subject:"your invoice"', {"Your invoice"}),
        ("subject:in*ce", {"Your invoice"}),
        ("100%", {"Newsletter 100% off_now"}),
        ("off_now", {"Newsletter 100% off_now"}),
        ("offxnow", set()),
        ("nothing-has-this", set()),
        ("zo", {"Große Lieferung"}),
        ('"', {"Your invoice", "Große Lieferung", "Newsletter 100% off_now"}),
        ("no'such\"thing", set()),
    ],
)
def test_words_and_parts_are_found_wherever_they_stand(mails, text, subjects):
    assert found(text) == subjects


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_whatever_is_typed_is_answered(mails, text):
    assert found(text) <= {"Your invoice", "Große Lieferung", "Newsletter 100% off_now"}


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_folded_text_holds_no_mark_and_folds_to_itself(text):
    once = folded(text)
    assert not set(once) & {*searching.MARKS.values(), searching.END, "\x00", "\n"}
    assert folded(once) == once


def test_a_search_says_itself_in_words():
    said = searching.sentence(parse('subject:voice -news "pay now" a*b'))
    assert said == "“voice” in the subject, without “news”, the words “pay now”, “a*b”"


def test_headers_are_found_in_the_transaction_that_holds_the_mail_and_content_soon_after(db):
    hold(ANN, read=False)
    assert found("subject:invoice")
    assert not found("enclosed")
    assert complete(now=NOW) == 1
    assert found("enclosed")
    assert complete(now=NOW) == 0


def test_what_is_rolled_back_is_not_found(db):
    with transaction.atomic():
        hold(ANN, subject="Never was")
        assert found("never")
        transaction.set_rollback(True)
    assert found("never") == set()


def test_a_deleted_mails_content_leaves_the_index_and_its_headers_stay(db):
    mail = hold(ANN)
    QuarantinedCopy.objects.update(status=CopyStatus.DELETED.value)
    follow_copies([mail.pk])
    assert found("subject:invoice")
    assert not found("enclosed")
    assert complete(now=NOW) == 0


def test_a_mail_nobody_indexed_is_indexed_later(db):
    hold(ANN)
    QuarantineText.objects.all().delete()
    assert found("invoice") == set()
    while complete(now=NOW):
        pass
    assert found("enclosed")


def test_many_common_words_are_answered_from_the_newest_and_counted_no_further_than_asked(db, monkeypatch):
    monkeypatch.setattr(searching, "NEAR", 3)
    for number in range(8):
        hold(ANN, key=str(number), subject=f"Invoice {number}", at=NOW + days(number), read=False)
    mails, terms = QuarantinedMail.objects.all(), parse("invoice")
    page, total = one_page(mails, terms, order=ORDER, start=0, size=2, most=4)
    assert [mail.subject for mail in page] == ["Invoice 7", "Invoice 6"]
    assert total == 5
    page, total = one_page(mails, terms, order=ORDER, start=4, size=2, most=100)
    assert ([mail.subject for mail in page], total) == (["Invoice 3", "Invoice 2"], 8)
    page, _ = one_page(mails, terms, order=("received_at", "id"), start=0, size=2, most=4)
    assert [mail.subject for mail in page] == ["Invoice 0", "Invoice 1"]
    page, _ = one_page(mails, parse("subject:0"), order=ORDER, start=0, size=2, most=4)
    assert [mail.subject for mail in page] == ["Invoice 0"]


def test_the_index_can_be_taken_away_and_made_again(db):
    hold(ANN)
    connection.check_constraints()  # what waits for the end of the transaction: PostgreSQL makes no index before it
    text_index.remove(connection)
    assert text_index.install(connection)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {searching.INDEX}({searching.INDEX}) VALUES ('rebuild')")
    assert found("enclosed")


def test_a_term_escapes_what_means_something_to_the_database():
    assert Term(("50%_\\",))._pattern() == "%50\\%\\_\\\\%"
