"""What maintenance did with each table, remembered for the page that shows it, and what people asked it to do at once."""

from datetime import datetime, timedelta

from watchfloor.access.contracts import Actor
from watchfloor.lake.contracts import TableUpkeep
from watchfloor.lake.models import Upkeep

MAINTAIN_EVERY = timedelta(minutes=10)
MOST_FILES_A_DAY = 8
"""A day that still grows is compacted when it has this many files."""
FEWEST_FILES = 2


def ask(*, table: str, by: Actor, now: datetime) -> None:
    """Have the worker compact every day of `table` that has more than one file, whether it still grows or not."""
    Upkeep.objects.update_or_create(table=table, defaults={"wanted_at": now, "wanted_by": by.name})


def is_asked() -> bool:
    """Whether anybody waits for maintenance."""
    return Upkeep.objects.exclude(wanted_at=None).exists()


def most_files(table: str) -> int:
    """How many files a day of `table` may have before it is compacted now."""
    asked = Upkeep.objects.filter(table=table).exclude(wanted_at=None).exists()
    return FEWEST_FILES if asked else MOST_FILES_A_DAY


def vacuumed_before(table: str, moment: datetime) -> bool:
    """Whether the last look for files that nobody reads was before `moment`, or never."""
    return not Upkeep.objects.filter(table=table, vacuumed_at__gte=moment).exists()


def note(table: str, *, now: datetime, seconds: float, days: int, rows: int, vacuumed: bool) -> None:
    """Remember one round of maintenance: `days` compacted, `rows` dropped because they were too old."""
    done: dict[str, object] = {"checked_at": now, "seconds": seconds, "wanted_at": None, "wanted_by": ""}
    if days:
        done |= {"compacted_at": now, "compacted_days": days}
    if rows:
        done |= {"dropped_at": now, "dropped_rows": rows}
    if vacuumed:
        done |= {"vacuumed_at": now}
    Upkeep.objects.update_or_create(table=table, defaults=done)


def states() -> dict[str, TableUpkeep]:
    """By table, what was done last; one question."""
    return {
        row.table: TableUpkeep(
            checked_at=row.checked_at,
            seconds=row.seconds,
            compacted_at=row.compacted_at,
            compacted_days=row.compacted_days,
            dropped_at=row.dropped_at,
            dropped_rows=row.dropped_rows,
            vacuumed_at=row.vacuumed_at,
            wanted_at=row.wanted_at,
            wanted_by=row.wanted_by,
        )
        for row in Upkeep.objects.all()
    }
