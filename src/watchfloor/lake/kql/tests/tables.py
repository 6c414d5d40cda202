"""A catalogue and a moment for tests."""

from datetime import UTC, datetime

from watchfloor.lake.kql.model import CatalogueColumn, CatalogueTable
from watchfloor.lake.kql.types import Type

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Tables:
    """The catalogue of the tables it is given."""

    def __init__(self, *tables: CatalogueTable) -> None:
        self._tables = {table.name: table for table in tables}

    def table(self, name: str) -> CatalogueTable | None:
        return self._tables.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self._tables)


MAIL = CatalogueTable(
    "EmailEvents",
    "EmailEvents",
    (CatalogueColumn("Timestamp", Type.DATETIME), CatalogueColumn("Subject", Type.STRING, null=False)),
)
