"""Where each kind of search text is looked for. Each finder is one small class; all take what was understood and give groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities import selectors as identities
from watchfloor.incidents import selectors as incidents
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.portal.contracts import Group, Hit, Kind, Wanted

SHOWN = 6
PERIOD = timedelta(days=90)
MAIL_COLUMNS = (
    "Timestamp",
    "NetworkMessageId",
    "Subject",
    "SenderFromAddress",
    "RecipientEmailAddress",
)


class Finder(Protocol):
    """Looks for one kind of text in one place; no group when there is nothing."""

    @property
    def permission(self) -> Permission: ...

    def find(self, wanted: Wanted, *, now: datetime) -> tuple[Group, ...]: ...


@dataclass(frozen=True, slots=True)
class MailFinder:
    """Mail of the last 90 days whose `column` matches; `kind` is the text it takes."""

    kind: Kind
    title: str
    column: str
    operator: Operator = Operator.EQUAL_ANY
    permission: Permission = Permission.EMAIL_METADATA_READ

    def find(self, wanted: Wanted, *, now: datetime) -> tuple[Group, ...]:
        if wanted.kind is not self.kind:
            return ()
        condition = Condition(self.column, self.operator, (wanted.text,))
        query = Query("EmailEvents", now - PERIOD, now + timedelta(days=1), (condition,))
        rows = lake.rows(query, columns=MAIL_COLUMNS, limit=SHOWN + 1)
        if not rows:
            return ()
        more = len(rows) > SHOWN
        href = f"/explorer?{lake.parameters_of(query)}" if more else ""
        total = lake.count(query) if more else len(rows)
        hits = tuple(mail_hit(row) for row in rows[:SHOWN])
        words = f"{lake.condition_sentence(condition, table=lake.table('EmailEvents'))}, in the last {PERIOD.days} days"
        return (Group(self.title, words[:1].upper() + words[1:], hits, href, total),)


def mail_hit(row: Mapping[str, Any]) -> Hit:
    """A row of EmailEvents as a hit."""
    recipient = row["RecipientEmailAddress"] or ""
    href = f"/email/{quote(row['NetworkMessageId'], safe='')}?recipient={quote(recipient, safe='')}"
    note = f"{row['SenderFromAddress'] or 'unknown sender'} to {recipient or 'nobody'}"
    return Hit(href, row["Subject"] or "(no subject)", note, "mail", row["Timestamp"])


class EmailFinder:
    """The email of a NetworkMessageId, however old."""

    permission = Permission.EMAIL_METADATA_READ

    def find(self, wanted: Wanted, *, now: datetime) -> tuple[Group, ...]:
        record = lake.email(wanted.text) if wanted.kind is Kind.NETWORK_MESSAGE_ID else None
        if record is None or not record.rows:
            return ()
        hits = tuple(mail_hit(row) for row in record.rows[:SHOWN])
        return (Group("Email", "The email of this network message id, per recipient", hits, "", len(record.rows)),)


class PersonFinder:
    """People of the organisation's directory, by address."""

    permission = Permission.IDENTITY_READ

    def find(self, wanted: Wanted, *, now: datetime) -> tuple[Group, ...]:
        entry = identities.person(wanted.text) if wanted.kind is Kind.ADDRESS else None
        if entry is None:
            return ()
        condition = Condition("RecipientEmailAddress", Operator.EQUAL_ANY, (entry.address,))
        query = Query("EmailEvents", now - timedelta(days=7), now + timedelta(days=1), (condition,))
        note = ", ".join(part for part in (entry.title, entry.department, entry.address) if part)
        hit = Hit(f"/explorer?{lake.parameters_of(query)}", entry.name, note, "user")
        return (Group("People", "In the directory; opens their mail of the last 7 days", (hit,), "", 1),)


class IncidentFinder:
    """Incidents by number, name, or an entity of their evidence."""

    permission = Permission.INCIDENT_READ

    def find(self, wanted: Wanted, *, now: datetime) -> tuple[Group, ...]:
        found = incidents.search(wanted.text, limit=SHOWN)
        hits = tuple(
            Hit(
                one.href,
                f"{one.id} {one.name}",
                f"{one.severity.capitalize()}, {one.alerts} alerts",
                "alert-triangle",
                one.last_activity,
            )
            for one in found
        )
        return (Group("Incidents", f"By number, name or evidence: {wanted.text}", hits),) if hits else ()


class AlertFinder:
    """Alerts a person or a mail is evidence of."""

    permission = Permission.INCIDENT_READ

    def find(self, wanted: Wanted, *, now: datetime) -> tuple[Group, ...]:
        if wanted.kind is Kind.ADDRESS:
            found = incidents.alerts_of_person(wanted.text)
        elif wanted.kind is Kind.NETWORK_MESSAGE_ID:
            found = incidents.alerts_of_message(wanted.text)
        else:
            return ()
        hits = tuple(
            Hit(
                one.href,
                one.title,
                ", ".join(filter(None, (one.severity.capitalize(), f"in incident {one.incident_id}", one.source))),
                "bell",
                one.last_activity,
            )
            for one in found[:SHOWN]
        )
        sentence = f"Alerts with this {wanted.kind.value} in their evidence"
        return (Group("Alerts", sentence, hits, "", len(found)),) if hits else ()


FINDERS: tuple[Finder, ...] = (
    IncidentFinder(),
    EmailFinder(),
    PersonFinder(),
    AlertFinder(),
    MailFinder(Kind.MESSAGE_ID, "Mail with this Message-ID", "InternetMessageId"),
    MailFinder(Kind.ADDRESS, "Mail to", "RecipientEmailAddress"),
    MailFinder(Kind.ADDRESS, "Mail from", "SenderFromAddress"),
    MailFinder(Kind.URL, "Mail with this URL", "EmailUrlInfo.Url"),
    MailFinder(Kind.DOMAIN, "Mail from this domain", "SenderFromDomain"),
    MailFinder(Kind.DOMAIN, "Mail with links to this domain", "EmailUrlInfo.UrlDomain"),
    MailFinder(Kind.HASH, "Mail with this attachment", "EmailAttachmentInfo.SHA256"),
    MailFinder(Kind.IP, "Mail from this address", "SenderIP"),
    MailFinder(Kind.TEXT, "Mail by subject", "Subject", Operator.CONTAINS_ANY),
)


def find(wanted: Sequence[Wanted], *, actor: Actor, now: datetime) -> tuple[Group, ...]:
    """Everything found for all readings of a text that this person may see, in the order of the finders."""
    allowed = [finder for finder in FINDERS if actor.may(finder.permission)]
    found = [group for finder in allowed for one in wanted for group in finder.find(one, now=now)]
    once = {(group.title, group.hits): group for group in reversed(found)}  # two readings may find the same
    kept = [group for group in found if once.get((group.title, group.hits)) is group]
    return tuple(replace(group, total=max(group.total, len(group.hits))) for group in kept)


EXACT = {Kind.INCIDENT_NUMBER, Kind.NETWORK_MESSAGE_ID, Kind.MESSAGE_ID}


def sole_hit(wanted: Sequence[Wanted], groups: Sequence[Group]) -> Hit | None:
    """The one thing an exact identifier names, when nothing else was found."""
    hits = [hit for group in groups for hit in group.hits]
    exact = bool(wanted) and wanted[0].kind in EXACT
    return hits[0] if exact and len(hits) == 1 else None
