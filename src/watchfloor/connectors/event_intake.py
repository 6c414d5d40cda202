"""Taking event records in: read, made durable with the reader's own position, what is refused noted with its place."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.connectors.burying import bury_unread
from watchfloor.connectors.contracts import ObservedKind, Setting, TestReport
from watchfloor.connectors.intake import storable
from watchfloor.connectors.observing import observe
from watchfloor.connectors.records import sources
from watchfloor.connectors.records.reading import AUTO, MAPPING, NOBODYS, Reading, Taken
from watchfloor.connectors.tables_known import tables_known
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import visible

MOST_PLACES = 5
CLICKS = "UrlClickEvents"
"""What a proxy tells names an address or a login name; the person and the mail are found before the row is stored."""
SHAPE_SETTINGS = (
    Setting(
        "records",
        "Records",
        kind="choice",
        default=AUTO,
        choices=(AUTO, *sources(), MAPPING),
        labels=("Recognise each record", *(source.label for source in sources().values()), "Read by the mapping below"),
    ),
    Setting(
        "mapping",
        "Mapping",
        kind="lines",
        required=False,
        help="One “Column = path” a line, after “table = IdentityLogonEvents”; see docs/howto/connect-logs.md",
    ),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of some records; `refused` are (place, reason), `unknown` places of records of no known shape."""

    rows: int
    refused: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()


def reading_of(settings: Mapping[str, str], state: Mapping[str, Any] | None = None) -> Reading:
    """The reading these settings ask for. Raises BadInput."""
    shape = settings.get("records") or AUTO
    return Reading(shape, mapping=settings.get("mapping", ""), known=tables_known(), state=state)


def reading_line(settings: Mapping[str, str]) -> tuple[bool, str]:
    """One line of a connection's test: how records are read, or what is wrong with it."""
    try:
        reading = reading_of(settings)
    except BadInput as error:
        return False, error.message
    if reading.mapped is not None:
        return True, f"reads records into {reading.mapped.table}, {len(reading.mapped.columns)} columns by the mapping"
    return True, f"reads records of {reading.one.label}" if reading.one else "recognises each record by its shape"


def report(*lines: tuple[bool, str]) -> TestReport:
    return TestReport(ok=all(ok for ok, _ in lines), lines=lines)


def keep(
    reading: Reading,
    records: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    source: str,
    at: datetime,
    alongside: Callable[[], None] | None = None,
    note: bool = True,
    wrong: Iterable[tuple[str, str]] = (),
) -> Kept:
    """Make what the records say durable, in one transaction with `alongside`; on return it is on disk.

    Refused records go to the dead letters, unless who brings them is told of each (`note` is False). `wrong` are places that
    held no record, with the reason.
    """
    taken = reading.take(records)
    taken.refused += wrong
    with transaction.atomic():
        for table, rows in taken.rows.items():
            kind = ObservedKind.CLICKS if table == CLICKS else ObservedKind.EVENTS
            observe(kind=kind, source=source, table=table, items=rows, at=at)
        if note:
            _bury(taken, source)
        if alongside is not None:
            alongside()
    return Kept(taken.count, tuple(taken.refused), tuple(taken.unknown))


def _bury(taken: Taken, source: str) -> None:
    for reason, places in taken.reasons().items():
        more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
        bury_unread(source=source, place=_shown(f"{'; '.join(places[:MOST_PLACES])}{more}"), reason=_shown(reason))


def _shown(words: str) -> str:
    """What strangers wrote, as a person can read it and every database keep it."""
    return storable(visible(words))


def refused_words(kept: Kept) -> list[tuple[str, str]]:
    """Everything that was not taken in, with its reason; for who brings a file and wants to hear of each."""
    return [*kept.refused, *((place, NOBODYS) for place in kept.unknown)]
