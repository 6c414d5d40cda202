"""Reads of one email: the entity, its timeline, mails like it, its neighbours in a query."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from django.http import QueryDict

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import granters, roles_with
from watchfloor.identities.selectors import people_by_address
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.mail.contracts import EmailEntity

MAIL = "EmailEvents"
SIMILAR_ROWS = 50
SIMILAR_COLUMNS = (
    "Timestamp",
    "NetworkMessageId",
    "Subject",
    "RecipientEmailAddress",
    "SenderFromAddress",
    "SenderIP",
    "PrimaryOverride",
    "DeliveryAction",
    "LatestDeliveryLocation",
)


def entity(network_message_id: str, *, recipient: str = "") -> EmailEntity:
    """The email as `recipient` has it, or as its first recipient when none (or a stranger) is named. Raises NotFound."""
    record = lake.email(network_message_id)
    if record is None:
        raise NotFound("there is no such email", place=network_message_id[:100])
    rows = {str(row["RecipientEmailAddress"]): row for row in record.rows}
    if not rows:
        raise NotFound("retention has removed this email's rows", place=network_message_id[:100])
    chosen = recipient.lower() if recipient.lower() in rows else next(iter(rows))
    return EmailEntity(
        record=record,
        recipient=chosen,
        row=rows[chosen],
        recipients=tuple(rows),
        people=people_by_address([*rows, str(rows[chosen].get("SenderFromAddress") or "")]),
    )


def email_address(network_message_id: str, *, recipient: str = "", part: str = "") -> str:
    """The address of an email's page, or of a part of it (summary, preview, download)."""
    path = f"/email/{quote(network_message_id, safe='')}{'/' + part if part else ''}"
    return f"{path}?{urlencode({'recipient': recipient})}" if recipient else path


def explorer_address(column: str, value: str, *, around: datetime, days: int = 30) -> str:
    """Explorer, narrowed to one value of a column, `days` before and after a moment."""
    length = timedelta(days=days)
    query = Query(MAIL, around - length, around + length, (Condition(column, Operator.EQUAL_ANY, (value,)),))
    return f"/explorer?{lake.parameters_of(query)}"


def similar_query(found: EmailEntity, *, days: int) -> Query | None:
    """Mails with the same EmailClusterId (EE-50), `days` before and after; None when the mail has no likeness."""
    cluster = found.row.get("EmailClusterId")
    if not cluster:
        return None
    length = timedelta(days=days)
    received = found.record.received_at
    same = Condition("EmailClusterId", Operator.EQUAL_ANY, (str(cluster),))
    return Query(MAIL, received - length, received + length, (same,))


def similar(query: Query, *, page: int) -> tuple[int, list[dict[str, Any]]]:
    """How many rows are alike, and one page of them, newest first."""
    found = lake.rows(query, columns=SIMILAR_COLUMNS, limit=SIMILAR_ROWS, offset=(page - 1) * SIMILAR_ROWS)
    return lake.count(query), found


def all_similar(query: Query) -> Iterator[list[dict[str, Any]]]:
    return lake.stream(query, columns=SIMILAR_COLUMNS)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Addresses of the summaries before and after this one in the query it was opened from; empty at the ends."""

    previous: str = ""
    next: str = ""


def neighbours(parameters: QueryDict, *, now: datetime, by: Actor) -> Neighbours:
    """The rows around `place` of the query that the address names; none when it names no place, a wrong query, or what `by` may not read."""
    text = parameters.get("place", "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return Neighbours()
    place = int(text)
    sort = parameters.get("sort", "Timestamp")
    try:
        query = lake.query_from_parameters(parameters, now=now, table=MAIL)
        owners = {condition.column.rpartition(".")[0] or MAIL for condition in query.every_condition}
        if not all(by.may(lake.table(owner).permission) for owner in owners):
            return Neighbours()
        first = max(place - 1, 0)
        rows = lake.rows(
            query,
            columns=("NetworkMessageId", "RecipientEmailAddress"),
            order_by=sort if lake.table(MAIL).has(sort) else "Timestamp",
            descending=parameters.get("order") != "asc",
            limit=3 if place else 2,
            offset=first,
        )
    except BadInput:
        return Neighbours()
    around = dict(enumerate(rows, start=first))
    within = _within(parameters)
    return Neighbours(
        previous=_summary(around[place - 1], place - 1, within) if place - 1 in around else "",
        next=_summary(around[place + 1], place + 1, within) if place + 1 in around else "",
    )


def _within(parameters: QueryDict) -> list[tuple[str, str]]:
    return [
        pair
        for pair in parse_qsl(parameters.urlencode(), keep_blank_values=True)
        if pair[0] not in ("recipient", "place")
    ]


def _summary(row: Mapping[str, Any], place: int, within: Sequence[tuple[str, str]]) -> str:
    path = email_address(str(row["NetworkMessageId"]), part="summary")
    named = [("recipient", str(row["RecipientEmailAddress"])), ("place", str(place)), *within]
    return f"{path}?{urlencode(named)}"


def why_not(permission: Permission) -> str:
    """Why a button is out of reach: the right it needs, the roles that hold it, who can give them."""
    roles = " or ".join(roles_with(permission)) or "a role that holds it"
    people = ", ".join(granters()) or "an administrator"
    return f"Needs the right “{permission.description}” (role {roles}). Ask {people}."
