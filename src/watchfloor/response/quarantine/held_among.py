"""Which of the messages an action is aimed at lie in quarantine: the wizard leads from them to the quarantine's own release (EA-11)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from watchfloor.connectors.contracts import Folder
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.quarantine.contracts import HELD
from watchfloor.response.quarantine.models import QuarantinedCopy
from watchfloor.response.targets import row_of, target_rows

MOST = 400
"""Copies that one form carries; a browser's form has not many more fields than that."""
MOST_ROWS = 20_000
"""So many rows of a whole query are looked at: asking is a part of opening the wizard."""
AT_ONCE = 500
COLUMNS = ("Timestamp", "NetworkMessageId", "RecipientEmailAddress", "LatestDeliveryLocation")


def held_among(targets: Targets, *, now: datetime) -> list[QuarantinedCopy]:
    """The copies that we hold for the recipients aimed at, with their mails; at most `MOST`, by mail and recipient."""
    found: list[QuarantinedCopy] = []
    rows = iter(_rows(targets, now=now))
    while len(found) < MOST and (some := set(islice(rows, AT_ONCE))):
        found += _held(some)
    return sorted(found, key=lambda copy: (copy.mail_id, copy.recipient))[:MOST]


def _rows(targets: Targets, *, now: datetime) -> Iterable[Row]:
    """Of chosen messages all: the quarantine knows better than the lake where they lie. Of a query those that were held."""
    return islice(_held_rows(targets, now=now), MOST_ROWS) if targets.whole_query else targets.rows


def _held_rows(targets: Targets, *, now: datetime) -> Iterator[Row]:
    for batch in target_rows(targets, now=now, columns=COLUMNS):
        yield from (row_of(row) for row in batch if row["LatestDeliveryLocation"] == Folder.QUARANTINE.value)


def _held(rows: Iterable[Row]) -> Sequence[QuarantinedCopy]:
    wanted = set(rows)
    copies = QuarantinedCopy.objects.filter(
        mail__network_message_id__in={row.network_message_id for row in wanted},
        recipient__in={row.recipient for row in wanted},
        status__in=[status.value for status in HELD],
    ).select_related("mail")
    return [copy for copy in copies if Row(copy.mail.network_message_id, copy.recipient) in wanted]
