"""What an expression is while it is said in other words: the words depend on it, as a text and a number become JSON differently."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is one of those below; `of` is a list's element; `fields` are a struct's.

    json is text that holds JSON, as DuckDB keeps it; stamp a moment in UTC; span a number of microseconds and months one of
    months, which only ever move a moment; pairs a list of structs k, v that stands for a bag.
    """

    name: str
    of: "Kind | None" = None
    fields: tuple[tuple[str, "Kind"], ...] = ()

    @property
    def element(self) -> "Kind":
        return self.of or NULL

    def field(self, name: str) -> "Kind | None":
        return next((kind for field, kind in self.fields if field.lower() == name.lower()), None)


NULL, BOOL, INT, BIGINT, DOUBLE, DECIMAL = map(Kind, ("null", "bool", "int", "bigint", "double", "decimal"))
TEXT, JSON, STAMP, DATE, SPAN, MONTHS, UUID, BINARY = map(
    Kind, ("text", "json", "stamp", "date", "span", "months", "uuid", "binary")
)
WHOLE = (INT, BIGINT)
NUMBERS = (INT, BIGINT, DECIMAL, DOUBLE)
WRITTEN = (TEXT, JSON, UUID)
"""Kinds that are texts to the engine."""
SQL = {
    BOOL: "BOOLEAN", INT: "INT", BIGINT: "BIGINT", DOUBLE: "DOUBLE", DECIMAL: "DECIMAL(38, 0)", TEXT: "STRING",
    JSON: "STRING", UUID: "STRING", STAMP: "TIMESTAMP", DATE: "DATE", NULL: "VOID", BINARY: "BINARY", SPAN: "BIGINT",
}  # fmt: skip


def list_of(kind: Kind) -> Kind:
    return Kind("list", kind)


def struct_of(*fields: tuple[str, Kind]) -> Kind:
    return Kind("struct", None, fields)


def sql_type(kind: Kind) -> str:
    """The engine's name of a kind."""
    if kind.name == "list":
        return f"ARRAY<{sql_type(kind.element)}>"
    if kind.name == "struct":
        return f"STRUCT<{', '.join(f'{name}: {sql_type(held)}' for name, held in kind.fields)}>"
    return SQL[kind]


def wider(*kinds: Kind) -> Kind:
    """The kind that holds values of all of them: the first that is no null, and of numbers the widest."""
    known = [kind for kind in kinds if kind is not NULL]
    if not known:
        return NULL
    if all(kind in NUMBERS for kind in known):
        return NUMBERS[max(NUMBERS.index(kind) for kind in known)]
    if known[0].name == "list":
        return list_of(wider(*(kind.element for kind in known if kind.name == "list")))
    if TEXT in known and JSON in known:
        return JSON
    return known[0]


def kind_of(type: pa.DataType) -> Kind:
    """The kind of a column of a source."""
    for test, kind in _ARROW:
        if test(type):
            return kind
    if pa.types.is_list(type) or pa.types.is_large_list(type):
        return list_of(kind_of(type.value_type))
    raise TypeError(f"no kind for {type}")


_ARROW = (
    (pa.types.is_boolean, BOOL),
    (pa.types.is_int64, BIGINT),
    (pa.types.is_integer, INT),
    (pa.types.is_floating, DOUBLE),
    (pa.types.is_timestamp, STAMP),
    (pa.types.is_date, DATE),
    (pa.types.is_decimal, DECIMAL),
    (pa.types.is_string, TEXT),
    (pa.types.is_large_string, TEXT),
    (pa.types.is_null, NULL),
)
