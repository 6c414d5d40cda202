"""Two at once on some of the same mails: one waits for the other, and neither for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection, transaction

from watchfloor.response.quarantine import services
from watchfloor.response.quarantine.contracts import CopyStatus
from watchfloor.response.quarantine.holding import follow_copies
from watchfloor.response.quarantine.locking import lock_copies, lock_mails
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.tests.quarantined import ANN, BOB, NOW, hold
from watchfloor.response.tests.test_quarantine_verbs import BOSS

COUNT = 30


def mails(count: int) -> list[int]:
    """Mails with a copy for Ann and one for Bob; the keys of the copies."""
    rows = [
        QuarantinedMail(
            sha256=f"{number:064x}",
            received_at=NOW,
            held_at=NOW,
            expires_at=NOW,
            subject=f"Mail {number}",
            reason="Spam",
            policy_type="Anti-spam",
        )
        for number in range(count)
    ]
    made = QuarantinedMail.objects.bulk_create(rows)
    copies = [
        QuarantinedCopy(mail=mail, recipient=who, sha256=mail.sha256, held_at=NOW, expires_at=NOW)
        for who in (ANN, BOB)
        for mail in (made if who == ANN else reversed(made))
    ]
    return [copy.pk for copy in QuarantinedCopy.objects.bulk_create(copies)]


def test_rows_are_locked_by_their_keys_whatever_order_they_are_asked_for_in(db, django_assert_num_queries):
    keys = mails(3)
    with transaction.atomic(), django_assert_num_queries(2):
        locked = lock_copies([*reversed(keys), keys[0]])
    assert [copy.pk for copy in locked] == sorted(keys)
    assert [mail.pk for mail in lock_mails(reversed([copy.mail_id for copy in locked]))] == sorted(
        {copy.mail_id for copy in locked}
    )


def test_what_ended_meanwhile_is_not_ended_again(db, monkeypatch):
    from watchfloor.response.quarantine import retention

    hold(ANN, read=False)
    late = NOW.replace(year=2027)

    def locked(keys):
        found = lock_copies(keys)
        for copy in found:
            copy.status = CopyStatus.RELEASED.value
        return found

    monkeypatch.setattr(retention, "lock_copies", locked)
    assert retention.expire(now=late) == 0
    assert QuarantinedCopy.objects.get().status == CopyStatus.NEEDS_REVIEW


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_delete_crosswise_end_both_and_no_mail_is_left_with_an_old_state():
    """Each takes one person's copies of all mails, in the opposite order. SQLite lets in one writer at a time anyway."""
    keys = mails(COUNT)
    together = threading.Barrier(2)

    def delete(own: list[int]) -> int:
        with closing(connection):
            together.wait(30)
            return services.delete(by=BOSS, copies=own, at=NOW)

    with ThreadPoolExecutor(2) as pool:
        halves = [keys[0::2], list(reversed(keys[1::2]))]
        assert list(pool.map(delete, halves)) == [COUNT, COUNT]
    assert set(QuarantinedMail.objects.values_list("status", flat=True)) == {CopyStatus.DELETED.value}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_state_of_a_mail_follows_both_who_change_its_copies_at_once():
    first, second = mails(1)
    holding, began = threading.Event(), threading.Event()

    def end(key: int, *, first: bool) -> None:
        with closing(connection), transaction.atomic():
            QuarantinedCopy.objects.filter(pk=key).update(status=CopyStatus.DELETED.value)
            if not first:
                holding.wait(30)
                began.set()
            follow_copies(QuarantinedCopy.objects.filter(pk=key).values_list("mail_id", flat=True))
            if first:
                holding.set()
                began.wait(30)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(end, first, first=True), pool.submit(end, second, first=False)]:
            done.result(60)
    assert QuarantinedMail.objects.get().status == CopyStatus.DELETED
