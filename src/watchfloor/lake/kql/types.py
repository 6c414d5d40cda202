"""KQL's scalar types, and how DuckDB holds them."""

from enum import StrEnum


class Type(StrEnum):
    """Names as KQL prints them. A timespan is held as 100 ns ticks, a dynamic as JSON, a guid as lower-case text."""

    BOOL = "bool"
    INT = "int"
    LONG = "long"
    REAL = "real"
    DECIMAL = "decimal"
    STRING = "string"
    DATETIME = "datetime"
    TIMESPAN = "timespan"
    GUID = "guid"
    DYNAMIC = "dynamic"


WHOLE = frozenset({Type.INT, Type.LONG})
NUMBERS = frozenset({Type.INT, Type.LONG, Type.REAL, Type.DECIMAL})
SQL_TYPES = {
    Type.BOOL: "BOOLEAN",
    Type.INT: "INT",
    Type.LONG: "BIGINT",
    Type.REAL: "DOUBLE",
    Type.DECIMAL: "DOUBLE",
    Type.STRING: "TEXT",
    Type.DATETIME: "TIMESTAMPTZ",
    Type.TIMESPAN: "BIGINT",
    Type.GUID: "TEXT",
    Type.DYNAMIC: "JSON",
}


def wider(left: Type, right: Type) -> Type | None:
    """The type that holds both, None when there is none."""
    if left is right:
        return left
    if left in NUMBERS and right in NUMBERS:
        order = (Type.INT, Type.LONG, Type.REAL, Type.DECIMAL)
        return order[max(order.index(left), order.index(right))]
    return None
