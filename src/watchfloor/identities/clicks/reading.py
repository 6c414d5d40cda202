"""Clicks in order, exactly once: each is given its person and its mail, and goes on as an event in the cursor's transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from watchfloor.connectors.contracts import Observation, ObservedKind
from watchfloor.connectors.selectors import observed_after
from watchfloor.connectors.services import observe
from watchfloor.identities.clicks.mails import Mails, mails_with
from watchfloor.identities.clicks.whose import Whose, named, people_named, sign_ins
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

CURSOR = "identities.clicks"
KINDS = frozenset({ObservedKind.CLICKS})
TABLE = "UrlClickEvents"
YEARS = range(1970, 2200)
Row = dict[str, Any]


def read_clicks(*, now: datetime, limit: int = 10) -> int:
    """Take the next `limit` batches on; returns how many clicks they held."""
    waiting = observed_after(cursor_position(CURSOR), kinds=KINDS, limit=limit)
    if not waiting:
        return 0
    joined = [(one, joined_rows([_timed(item, one) for item in one.items], now=now)) for one in waiting]
    with transaction.atomic():
        for one, rows in joined:
            observe(kind=ObservedKind.EVENTS, source=one.source, table=TABLE, items=rows, at=one.at)
        move_cursor(CURSOR, position=waiting[-1].position)
    return sum(len(rows) for _, rows in joined)


def joined_rows(rows: Sequence[Row], *, now: datetime) -> list[Row]:
    """The rows with AccountUpn, NetworkMessageId, ThreatTypes and Context filled in as far as they can be known.

    What a row brings of these itself stays: somebody's mapping may know better.
    """
    known = people_named({user for row in rows if (user := _user(row))})
    signed = sign_ins([row for row in rows if not _user(row)], now=now)
    whose = [
        named(user, known) if (user := _user(row)) else signed.whose(_text(row, "IPAddress"), row["Timestamp"])
        for row in rows
    ]
    pairs = zip(rows, whose, strict=True)
    mails = mails_with([(one.address, _text(row, "Url"), row["Timestamp"]) for row, one in pairs], now=now)
    return [_joined(row, one, mails) for row, one in zip(rows, whose, strict=True)]


def _joined(row: Row, whose: Whose, mails: Mails) -> Row:
    tunnel = _text(row, "SourceSystem").endswith(" CONNECT")
    mail = mails.brought(whose.address, _text(row, "Url"), row["Timestamp"], host_only=tunnel)
    filled = {
        "AccountUpn": whose.address or _user(row),
        "NetworkMessageId": _text(row, "NetworkMessageId") or mail.message,
        "ThreatTypes": _text(row, "ThreatTypes") or mail.threats,
        "Context": _text(row, "Context") or ". ".join(filter(None, (whose.words, mail.words))) + ".",
    }
    return {**row, **{name: value for name, value in filled.items() if value}}


def _timed(item: Mapping[str, Any], one: Observation) -> Row:
    """The row with its time as one; without a time, or with one of no year of ours, it is that of its arrival.

    Thirty days before the year 1 there is no day: one such record would keep every later click from being read.
    """
    given = item.get("Timestamp")
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else one.at
    except ValueError:
        at = one.at
    at = at if at.year in YEARS else one.at
    return {**item, "Timestamp": at if at.tzinfo else at.replace(tzinfo=UTC)}


def _user(row: Mapping[str, Any]) -> str:
    return _text(row, "AccountUpn")


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
