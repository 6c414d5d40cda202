"""The one order in which rows of the quarantine are locked: copies by their keys, then their mails by theirs.

Whoever changes copies locks them here first, all at once, so that two who change some of the same wait for one another and
never each for the other. SQLite locks its whole file; there these are plain reads.
"""

from collections.abc import Iterable, Iterator

from watchfloor.response.freezing import in_chunks
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail

AT_ONCE = 500


def lock_copies(keys: Iterable[int]) -> list[QuarantinedCopy]:
    """These copies as they are now, with mail and release, locked with their mails; call it inside a transaction."""
    found = [
        copy
        for some in _in_order(keys)
        for copy in QuarantinedCopy.objects.select_for_update(of=("self",))
        .select_related("release")
        .filter(pk__in=some)
        .order_by("pk")
    ]
    mails = {mail.pk: mail for mail in lock_mails({copy.mail_id for copy in found})}
    for copy in found:
        copy.mail = mails[copy.mail_id]
    return found


def lock_mails(keys: Iterable[int]) -> list[QuarantinedMail]:
    """These mails as they are now, locked; their copies are not locked after this. Call it inside a transaction."""
    return [
        mail
        for some in _in_order(keys)
        for mail in QuarantinedMail.objects.select_for_update().filter(pk__in=some).order_by("pk")
    ]


def _in_order(keys: Iterable[int]) -> Iterator[list[int]]:
    return in_chunks(sorted(set(keys)), size=AT_ONCE)
