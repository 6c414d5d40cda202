"""The list's columns, its rows as people see them, and as a file (QU-02)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from watchfloor.identities.selectors import people_by_address
from watchfloor.kernel.text import csv_line, visible
from watchfloor.response.quarantine.contracts import HELD, CopyStatus, HeldReason
from watchfloor.response.quarantine.filtering import Listing
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail

SHOWN_PEOPLE = 3
EXPORT_AT_ONCE = 500
TONES: Mapping[str, str] = {
    CopyStatus.NEEDS_REVIEW: "neutral",
    CopyStatus.REQUESTED: "warning",
    CopyStatus.APPROVED: "info",
    CopyStatus.DENIED: "danger",
    CopyStatus.RELEASED: "success",
}


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail with its copies. `tags` are those of its recipients."""

    mail: QuarantinedMail
    copies: tuple[QuarantinedCopy, ...]
    tags: tuple[str, ...]

    @property
    def href(self) -> str:
        return f"/quarantine/{self.mail.pk}"

    @property
    def subject(self) -> str:
        return visible(self.mail.subject) or "(no subject)"

    @property
    def sender(self) -> str:
        return visible(self.mail.sender or self.mail.mail_from)

    @property
    def tone(self) -> str:
        return TONES.get(self.mail.status, "neutral")

    @property
    def people(self) -> str:
        more = len(self.copies) - SHOWN_PEOPLE
        named = ", ".join(visible(copy.recipient) for copy in self.copies[:SHOWN_PEOPLE])
        return f"{named} and {more} more" if more > 0 else named

    @property
    def everyone(self) -> str:
        return ", ".join(visible(copy.recipient) for copy in self.copies)

    @property
    def released_by(self) -> str:
        return ", ".join(dict.fromkeys(copy.released_by for copy in self.copies if copy.released_by))

    @property
    def held(self) -> bool:
        return any(copy.status in HELD for copy in self.copies)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `cell` is what stands in it and in the file; `kind` how it is drawn (text, time, status, size, link)."""

    key: str
    label: str
    cell: Callable[[MailRow], Any]
    kind: str = "text"
    sort: str = ""
    off: bool = False


COLUMNS = (
    Column("received", "Time received", lambda row: row.mail.received_at, "time", "received"),
    Column("subject", "Subject", lambda row: row.subject, "link", "subject"),
    Column("sender", "Sender", lambda row: row.sender, sort="sender"),
    Column("reason", "Quarantine reason", lambda row: row.mail.reason, sort="reason"),
    Column("status", "Release status", lambda row: row.mail.status, "status", "status"),
    Column("type", "Policy type", lambda row: row.mail.policy_type, sort="type"),
    Column("expires", "Expires", lambda row: row.mail.expires_at, "time", "expires"),
    Column("recipient", "Recipient", lambda row: row.everyone, "people"),
    Column("override", "Sender address override reason", lambda row: visible(row.mail.override), off=True),
    Column("released", "Released by", lambda row: visible(row.released_by)),
    Column("message", "Message ID", lambda row: visible(row.mail.internet_message_id), off=True),
    Column("policy", "Policy name", lambda row: visible(row.mail.policy_name), off=True),
    Column("size", "Message size", lambda row: row.mail.size, "size", "size", off=True),
    Column("direction", "Mail direction", lambda row: row.mail.direction, off=True),
    Column("tag", "Recipient tag", lambda row: ", ".join(row.tags), off=True),
)


def rows_of(mails: Sequence[QuarantinedMail]) -> list[MailRow]:
    """These mails with their copies and the tags of their recipients: two queries."""
    copies: dict[int, list[QuarantinedCopy]] = {mail.pk: [] for mail in mails}
    for copy in QuarantinedCopy.objects.filter(mail__in=mails).order_by("recipient"):
        copies[copy.mail_id].append(copy)
    known = people_by_address({copy.recipient for own in copies.values() for copy in own})
    return [
        MailRow(
            mail,
            tuple(copies[mail.pk]),
            tuple(
                dict.fromkeys(
                    tag for copy in copies[mail.pk] if copy.recipient in known for tag in known[copy.recipient].tags
                )
            ),
        )
        for mail in mails
    ]


def heads(listing: Listing) -> list[dict[str, Any]]:
    """The table's heads: each column with the address that sorts by it, and how it is sorted now."""
    current, down = listing.sort.removeprefix("-"), listing.sort.startswith("-")
    found = []
    for column in COLUMNS:
        turned = column.sort if column.sort == current and down else f"-{column.sort}"
        others = [pair for pair in listing.parameters() if pair[0] != "sort"]
        found.append(
            {
                "column": column,
                "href": f"/quarantine?{urlencode([*others, ('sort', turned)])}" if column.sort else "",
                "sorted": ("descending" if down else "ascending") if column.sort == current else "",
            }
        )
    return found


def lines(mails: "QuerySet[QuarantinedMail]", *, chosen: Sequence[str]) -> Iterator[str]:
    """CSV of these columns (all without any), read and written by and by."""
    columns = [column for column in COLUMNS if not chosen or column.key in chosen]
    yield csv_line(column.label for column in columns)
    every = mails.iterator(chunk_size=EXPORT_AT_ONCE)
    while columns and (some := list(islice(every, EXPORT_AT_ONCE))):
        for row in rows_of(some):
            yield csv_line(_plain(column.cell(row)) for column in columns)


def per_day(mails: "QuerySet[QuarantinedMail]") -> dict[str, Any]:
    """Mails received per day by reason, as the chart takes it."""
    counts: dict[tuple[Any, str], int] = {}
    grouped = mails.order_by().annotate(day=TruncDate("received_at")).values_list("day", "reason").annotate(Count("pk"))
    for day, reason, count in grouped:
        counts[day, reason] = count
    days = sorted({day for day, _ in counts})
    reasons = [reason for reason in map(str, HeldReason) if any(known == reason for _, known in counts)]
    return {
        "categories": [day.isoformat() for day in days],
        "series": [{"name": reason, "values": [counts.get((day, reason), 0) for day in days]} for reason in reasons],
    }


def _plain(value: Any) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value
