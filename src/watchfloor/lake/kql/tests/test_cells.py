"""Cells of an uploaded list take the type a query gives their column, and never fail it."""

from datetime import UTC, datetime

import pytest

from watchfloor.lake.kql.cells import value_of
from watchfloor.lake.kql.types import Type


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        ("7", Type.LONG, 7),
        (" 7 ", Type.INT, 7),
        ("99999999999", Type.INT, None),
        ("x", Type.LONG, None),
        ("", Type.LONG, None),
        ("1.5", Type.REAL, 1.5),
        ("Yes", Type.BOOL, True),
        ("perhaps", Type.BOOL, None),
        ("2026-01-02", Type.DATETIME, datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", Type.DATETIME, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("soon", Type.DATETIME, None),
        ("1.02:03:04.5", Type.TIMESPAN, 937_845_000_000),
        ("-00:00:01", Type.TIMESPAN, -10_000_000),
        ("never", Type.TIMESPAN, None),
        ('{"a": 1}', Type.DYNAMIC, {"a": 1}),
        ("plain", Type.DYNAMIC, "plain"),
        ("", Type.DYNAMIC, None),
        ("ABC", Type.GUID, "abc"),
        (None, Type.STRING, ""),
        (7, Type.STRING, "7"),
        (7, Type.LONG, 7),
    ],
)
def test_a_cell_is_read_as_its_column_says(cell, kind, value):
    assert value_of(cell, kind) == value
