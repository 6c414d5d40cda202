"""Which columns a pipeline asks of its source, as far as its text tells: a union of all tables has hundreds nobody reads."""

from collections.abc import Iterable

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.scalars import children

IMPLICIT = {"ingestion_time": frozenset({"Timestamp", "TimeGenerated"})}
"""Functions that read columns their arguments do not name."""


class _AsksForAll(Exception):
    """The pipeline may read any column."""


def asked_for(operators: Iterable[s.Operator]) -> frozenset[str] | None:
    """The names, up to the first operator that makes columns of its own; None when any column may be read."""
    found: set[str] = set()
    try:
        for operator in operators:
            found |= _names(operator)
            if isinstance(operator, s.Project | s.Distinct | s.Summarize | s.Count):
                return frozenset(found)
    except _AsksForAll:
        return None
    return None


def _names(operator: s.Operator) -> set[str]:
    match operator:
        case s.Where():
            return _read([operator.predicate])
        case s.Extend() | s.Serialize() | s.Project() | s.Distinct():
            return _read(item.value for item in operator.items)
        case s.Summarize():
            return _read(item.value for item in (*operator.aggregates, *operator.keys))
        case s.Sort() | s.Top():
            return _read(one.value for one in operator.by)
        case s.Take() | s.Count() | s.Render():
            return set()
        case _:
            raise _AsksForAll


def _read(nodes: Iterable[s.Expression]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, s.Star) or (isinstance(node, s.Call) and node.name in ("pack_all", "estimate_data_size")):
            raise _AsksForAll
        if isinstance(node, s.Name):
            found.add(node.name)
        if isinstance(node, s.Call):
            found |= _of_call(node)
        found |= _read(children(node))
    return found


def _of_call(node: s.Call) -> set[str]:
    """What a call reads beside its plain arguments: named ones, columns named in a text, those it reads by itself."""
    found = set(IMPLICIT.get(node.name, ())) | _read(value for _, value in node.named)
    if node.name in ("column_ifexists", "columnifexists"):
        first = node.args[0] if node.args else None
        if not isinstance(first, s.Literal | s.Name):
            raise _AsksForAll
        found.add(str(first.value) if isinstance(first, s.Literal) else first.name)
    return found
