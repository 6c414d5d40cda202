"""Sigma rules tried on rows of ours, through the real engine and without a lake."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import yaml

from watchfloor.hunting.sigma.converting import convert
from watchfloor.hunting.sigma.rules import Refused, SigmaRule
from watchfloor.lake.arrow import schema_of, to_arrow
from watchfloor.lake.catalogue import table
from watchfloor.lake.engines.source import Source
from watchfloor.lake.kql.compiling import compile_query
from watchfloor.lake.kql_answer import values
from watchfloor.lake.selectors import KqlTables
from watchfloor.lake.snapshot import hunting_engine

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROCESS = {"category": "process_creation", "product": "windows"}
OKTA = {"product": "okta", "service": "okta"}


def rule(detection: Mapping[str, Any], *, logsource: Mapping[str, str] = PROCESS, **more: Any) -> str:
    """A rule as a file: one selection, or several with their condition."""
    parts = dict(detection) if "condition" in detection else {"selection": dict(detection), "condition": "selection"}
    said = {"title": "Somebody does something", "logsource": dict(logsource), "detection": parts, "level": "high"}
    return yaml.safe_dump(said | more, sort_keys=False, allow_unicode=True)


def converted(text: str) -> SigmaRule:
    """The rule, which must not be refused."""
    made, refused = convert({"rule.yml": text})
    assert not refused, refused
    return made[0]


def refused(text: str) -> Refused:
    """The refusal of a rule, which must not be converted."""
    made, found = convert({"rule.yml": text})
    assert not made, made[0].kql
    return found[0]


def answer(made: SigmaRule, held: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """What the rule's query gives over tables that hold these rows (by table), each with a Timestamp or as of noon."""
    compiled = compile_query(made.kql, catalogue=KqlTables(), now=NOON)
    sources = {scan.name: _source(scan.table, held.get(scan.table, ())) for scan in compiled.scans}
    found = hunting_engine().run(compiled.tree, sources)
    names = [name for name, _ in compiled.columns]
    rows = (row for batch in found.to_batches() for row in values(compiled.columns, batch))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _source(name: str, rows: Sequence[Mapping[str, Any]]) -> Source:
    arrow = to_arrow(table(name), [{"Timestamp": NOON, **row} for row in rows])
    return Source((), arrow, schema_of(name).empty_table())


def hits(made: SigmaRule, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Places of the rows, as the rule's table would hold them, that its query picks."""
    mark = "DeviceId" if table(made.table).has("DeviceId") else "AccountObjectId"
    found = answer(made, {made.table: [{**row, mark: str(place)} for place, row in enumerate(rows)]})
    return sorted(int(row[mark]) for row in found)


def finds(detection: Mapping[str, Any], *rows: Mapping[str, Any], logsource: Mapping[str, str] = PROCESS) -> list[int]:
    """Places of the rows that a rule with this detection picks; processes are those that were created."""
    kind = {"ActionType": "ProcessCreated"} if logsource is PROCESS else {}
    kind = {"Application": "Okta"} if logsource is OKTA else kind
    return hits(converted(rule(detection, logsource=logsource)), [{**kind, **row} for row in rows])
