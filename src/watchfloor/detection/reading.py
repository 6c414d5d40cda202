"""One YAML file read into a Rule; every mistake names the file and the key."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from watchfloor.detection.contracts import (
    ROLES,
    SEVERITIES,
    VERDICTS,
    Aggregation,
    Entity,
    EvidenceType,
    Example,
    Group,
    Rule,
    Threshold,
    Unusual,
)
from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import Condition, Operator, Part

UNITS = {"m": 60, "h": 3600, "d": 86400}
NEGATIVE = {Operator.EQUAL_NONE, Operator.CONTAINS_NONE}
KEYS = {
    *("id", "title", "description", "story", "severity", "category", "policy_category", "techniques", "table", "where"),
    *("threshold", "unusual", "aggregate", "entities", "source", "recommendations", "hits", "misses"),
}


def read_rule(path: Path) -> Rule:
    """Parse one file. Raises BadInput (place: file and key) on anything a rule may not say."""
    return Reader(str(path)).rule(yaml.safe_load(path.read_text(encoding="utf-8")))


class Reader:
    """Reads one document, keeping the file's name for errors."""

    def __init__(self, path: str) -> None:
        self.path = path

    def wrong(self, key: str, message: str) -> BadInput:
        return BadInput(message, place=f"{self.path}: {key}")

    def choice(self, key: str, value: Any, allowed: Sequence[str]) -> str:
        if value not in allowed:
            raise self.wrong(key, f"“{value}” is not one of {', '.join(allowed)}")
        return str(value)

    def text(self, data: Mapping[str, Any], key: str) -> str:
        value = data.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "needs a text")
        return " ".join(value.split())

    def rule(self, data: Any) -> Rule:
        if not isinstance(data, dict):
            raise self.wrong("", "is not a mapping")
        for key in data:
            if key not in KEYS:
                raise self.wrong(str(key), f"unknown key; known are {', '.join(sorted(KEYS))}")
        where = self.group(data.get("where"))
        threshold = self.threshold(data["threshold"]) if data.get("threshold") else None
        return Rule(
            id=self.text(data, "id"),
            title=self.text(data, "title"),
            description=self.text(data, "description"),
            story=self.text(data, "story"),
            severity=self.choice("severity", data.get("severity"), SEVERITIES),
            category=self.text(data, "category"),
            policy_category=data.get("policy_category", "Threat management"),
            techniques=tuple(data.get("techniques", ())),
            table=self.text(data, "table"),
            where=where,
            threshold=threshold,
            aggregation=self.aggregation(data.get("aggregate")),
            entities=tuple(self.entity(item) for item in data.get("entities", ())),
            source=" ".join(str(data.get("source", "")).split()),
            recommendations=tuple(data.get("recommendations", ())),
            hits=tuple(self.example(item) for item in data.get("hits", ())),
            misses=tuple(self.example(item) for item in data.get("misses", ())),
            path=self.path,
            unusual=self.unusual(data["unusual"]) if data.get("unusual") else None,
        )

    def group(self, data: Any) -> Group:
        if not isinstance(data, dict) or len(data) != 1 or next(iter(data)) not in ("all", "any"):
            raise self.wrong("where", "needs exactly one of “all” or “any”")
        kind, parts = next(iter(data.items()))
        if not isinstance(parts, list) or not parts:
            raise self.wrong(f"where.{kind}", "needs a list of conditions")
        return Group(tuple(self.part(part) for part in parts), kind == "any")

    def part(self, data: Any) -> Part:
        if isinstance(data, dict) and ("all" in data or "any" in data):
            return self.group(data)
        return self.condition(data)

    def condition(self, data: Any) -> Condition:
        if not isinstance(data, dict) or set(data) != {"column", "operator", "values"}:
            raise self.wrong("where", f"a condition has column, operator and values, not {data}")
        operator = Operator(self.choice("where.operator", data["operator"], [item.value for item in Operator]))
        column = str(data["column"])
        if "." in column and operator in NEGATIVE:
            raise self.wrong(column, "a condition on another table must be positive: it asks whether such a row exists")
        return Condition(column, operator, tuple(str(value) for value in data["values"]))

    def threshold(self, data: Mapping[str, Any]) -> Threshold:
        return Threshold(
            distinct=self.text(data, "distinct"),
            at_least=int(data["at_least"]),
            group_by=self.text(data, "group_by"),
            window=self.duration("threshold.window", data.get("window")),
        )

    def unusual(self, data: Mapping[str, Any]) -> Unusual:
        return Unusual(
            window=self.duration("unusual.window", data.get("window")),
            baseline_days=self.duration("unusual.baseline", data.get("baseline")).days,
            least=int(data["least"]),
            group_by=str(data.get("group_by", "")),
        )

    def aggregation(self, data: Any) -> Aggregation:
        if not isinstance(data, dict) or not data.get("by"):
            raise self.wrong("aggregate", "needs “by” (columns) and “window”: what makes several hits one alert")
        return Aggregation(tuple(data["by"]), self.duration("aggregate.window", data.get("window")))

    def duration(self, key: str, value: Any) -> timedelta:
        text = str(value)
        if len(text) < 2 or text[-1] not in UNITS or not text[:-1].isdigit():
            raise self.wrong(key, f"“{value}” is not a duration such as 30m, 24h or 7d")
        return timedelta(seconds=int(text[:-1]) * UNITS[text[-1]])

    def entity(self, data: Mapping[str, Any]) -> Entity:
        return Entity(
            column=self.text(data, "column"),
            type=EvidenceType(self.choice("entities.type", data.get("type"), [item.value for item in EvidenceType])),
            role=self.choice("entities.role", data.get("role", "impacted"), ROLES),
            verdict=self.choice("entities.verdict", data.get("verdict", "suspicious"), VERDICTS),
            label=str(data.get("label", "")),
            own=bool(data.get("own", False)),
        )

    def example(self, data: Mapping[str, Any]) -> Example:
        """`row` (or `rows`), `related` per table, and `repeat: {column, times, as}` to write many rows as one."""
        rows = list(data.get("rows") or [data["row"]])
        repeat = data.get("repeat")
        if repeat:
            column, pattern = repeat["column"], repeat["as"]
            rows = [{**row, column: pattern.format(n=number)} for row in rows for number in range(repeat["times"])]
        related = {table: tuple(found) for table, found in (data.get("related") or {}).items()}
        return Example(str(data.get("says", "")), tuple(rows), related)
