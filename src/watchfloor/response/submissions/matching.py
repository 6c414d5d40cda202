"""Which mail of the lake a report is about: by its bytes, by Message-ID and who sent it, or by what a forwarded one quotes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.submissions.contracts import Original
from watchfloor.response.submissions.formats import without_forward

LOOK_BACK = timedelta(days=90)
AROUND = timedelta(days=2)
"""Quoted dates bear no time zone, and clocks of senders are wrong."""
MOST = 200
COLUMNS = ("NetworkMessageId", "Subject", "SenderFromAddress", "SenderDisplayName", "Timestamp")


def match(original: Original, *, reporter: str, at: datetime) -> tuple[str, str]:
    """(NetworkMessageId, how it was recognised), both "" when nothing known fits."""
    for known in lake.emails_known_as(fingerprint=original.fingerprint, sha256=original.sha256):
        return known.network_message_id, "its content"
    if original.internet_message_id:
        found = _by_message_id(original, reporter=reporter)
        if found:
            return found, "Message-ID, sender and subject"
    if original.form == "inline":
        return _by_words(original, reporter=reporter, at=at)
    return "", ""


def _by_message_id(original: Original, *, reporter: str) -> str:
    """Add-ins write a mail anew, so its bytes differ; a Message-ID alone says nothing, as anybody can use one again.

    Who sends a harmless mail first and a phish after it, with the same Message-ID and subject, is not to borrow the verdict of the
    first: of several the one its reporter got is meant, and where nobody can say, the original is judged by itself.
    """
    known = lake.emails_known_as(internet_message_id=original.internet_message_id)
    summaries = lake.inspections_of([one.network_message_id for one in known])
    fits = [one.network_message_id for one in known if _same(summaries.get(one.network_message_id, {}), original)]
    if len(fits) > 1:
        got = [one for one in fits if _got(one, reporter)]
        fits = got if len(got) == 1 or not original.raw else []
    return fits[0] if fits else ""


def _got(network_message_id: str, reporter: str) -> bool:
    record = lake.email(network_message_id)
    return record is not None and any(row["RecipientEmailAddress"] == reporter.lower() for row in record.rows)


def _same(summary: Mapping[str, Any], original: Original) -> bool:
    return _plain(str(summary.get("sender_address") or "")) == _plain(original.sender) and _plain(
        str(summary.get("subject") or "")
    ) == _plain(original.subject)


def _by_words(original: Original, *, reporter: str, at: datetime) -> tuple[str, str]:
    """Among the mails the reporter got: the same subject, and the same sender where one was quoted; nearest in time."""
    start, end = at - LOOK_BACK, at + timedelta(minutes=5)
    if original.sent_at and start <= original.sent_at <= end:
        start, end = max(start, original.sent_at - AROUND), min(end, original.sent_at + AROUND)
    subject = original.subject.strip()
    if not subject:
        return "", ""
    conditions = [Condition("RecipientEmailAddress", Operator.EQUAL_ANY, (reporter.lower(),))]
    if original.sender:
        conditions.append(Condition("SenderFromAddress", Operator.EQUAL_ANY, (original.sender.lower(),)))
    rows = lake.rows(Query("EmailEvents", start, end, tuple(conditions)), columns=COLUMNS, limit=MOST)
    fits = [row for row in rows if _plain(str(row["Subject"])) == _plain(subject) and _from(row, original)]
    if not fits:
        return "", ""
    nearest = min(fits, key=lambda row: abs((row["Timestamp"] - (original.sent_at or at)).total_seconds()))
    return str(nearest["NetworkMessageId"]), "recipient, sender, subject and time"


def _from(row: Mapping[str, Any], original: Original) -> bool:
    """Outlook quotes only the name of senders it knows; without name and address anybody could be meant."""
    if original.sender:
        return True
    return bool(original.sender_name) and _plain(str(row["SenderDisplayName"])) == _plain(original.sender_name)


def _plain(text: str) -> str:
    return " ".join(without_forward(text).split()).casefold()
