"""Columns of views that are all read alike: those inside a JSON column, and those nothing of ours tells."""

from watchfloor.lake.contracts import ColumnType, ViewColumn

_CASTS = {
    ColumnType.INT: "TRY_CAST({text} AS INT)",
    ColumnType.LONG: "TRY_CAST({text} AS BIGINT)",
    ColumnType.REAL: "TRY_CAST({text} AS DOUBLE)",
    ColumnType.BOOL: "TRY_CAST({text} AS BOOLEAN)",
    ColumnType.DATETIME: "TRY_CAST({text} AS TIMESTAMPTZ)",
    ColumnType.STRING: "{text}",
    ColumnType.DYNAMIC: "JSON_EXTRACT(TRY_CAST({column} AS JSON), '$.{key}')",
}


def inside(column: str, names: str) -> tuple[ViewColumn, ...]:
    """Columns read from the JSON in `column`: `Name`, `Name:type`, `Name=Key` where the key there is another."""
    return tuple(_inside(column, word) for word in names.split())


def _inside(column: str, word: str) -> ViewColumn:
    named, _, kind = word.partition(":")
    name, _, key = named.partition("=")
    text = f"JSON_EXTRACT_STRING(TRY_CAST({column} AS JSON), '$.{key or name}')"
    type = ColumnType(kind or "string")
    reads = _CASTS[type].format(text=text, column=column, key=key or name)
    return ViewColumn(name, type, reads, f"“{key or name}” in {column}")


def empty(names: str) -> tuple[ViewColumn, ...]:
    """Columns that nothing of ours tells: `Name` or `Name:type`; always empty."""
    parts = [word.partition(":") for word in names.split()]
    return tuple(ViewColumn(name, ColumnType(kind or "string"), "", "Always empty here") for name, _, kind in parts)
