"""Correlation rules: counting and ordering what other rules find, within a time that slides from event to event.

A window begins at every event and lasts `timespan`; it is closed on both ends. Its events are found by an equality join on the
group and on the slot of time, of which a window touches two. What several windows in one slot find is one row of the answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaCorrelationType,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)
from sigma.rule import SigmaRule as Parsed

from watchfloor.hunting.sigma.backend import KqlBackend
from watchfloor.hunting.sigma.inside import with_pattern
from watchfloor.hunting.sigma.logsources import Events
from watchfloor.hunting.sigma.places import both, either
from watchfloor.hunting.sigma.refusing import Refusal
from watchfloor.hunting.sigma.rules import Logsource
from watchfloor.hunting.sigma.texts import quoted

OPERATORS = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "EQ": "==", "NEQ": "!="}
VALUES = {
    SigmaCorrelationType.VALUE_COUNT: "count_distinct(Value)",
    SigmaCorrelationType.VALUE_SUM: "sum(todouble(Value))",
    SigmaCorrelationType.VALUE_AVG: "avg(todouble(Value))",
    SigmaCorrelationType.VALUE_MEDIAN: "percentile(todouble(Value), 50)",
    SigmaCorrelationType.VALUE_PERCENTILE: "percentile(todouble(Value), {percentile})",
}
OWN = frozenset({"Timestamp", "Rule", "Value", "Slot", "WindowStart", "EventTime", "FirstEvent", "Measure", "Reached"})
LONGEST = 31 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Part:
    """One of the rules that are counted: its events, what holds for them, and the name it is counted under."""

    name: str
    references: frozenset[str]
    rule: Parsed
    events: Events
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correlated:
    """A correlation in KQL; see rules.SigmaRule for the fields."""

    source: Logsource
    table: str
    kql: str
    entities: tuple[tuple[str, str], ...]
    seconds: int


def correlation(rule: SigmaCorrelationRule) -> Correlated:
    """The correlation as a query. Raises Refusal."""
    parts = [_part(reference) for reference in _references(rule)]
    if rule.timespan.seconds > LONGEST:
        raise Refusal("a timespan is at most 31 days here", field="timespan")
    groups = _groups(rule, parts)
    ordered = rule.type is SigmaCorrelationType.TEMPORAL_ORDERED
    steps = _ordered(rule, parts, groups) if ordered else _counted(rule, parts, groups)
    source = parts[0].rule.logsource
    roles = dict(entity for part in parts for entity in part.events.entities)
    return Correlated(
        Logsource(source.category or "", source.product or "", source.service or ""),
        parts[0].events.table,
        with_pattern("\n".join(steps)),
        tuple((name, roles[name]) for name in groups if name in roles),
        rule.timespan.seconds,
    )


def _references(rule: SigmaCorrelationRule) -> Sequence[SigmaRuleReference]:
    found = rule.rules or rule.referenced_rules
    if not found:
        raise Refusal("it names no rules")
    return found


def _part(reference: SigmaRuleReference) -> Part:
    rule = reference.rule
    if not isinstance(rule, Parsed):
        raise Refusal(f"“{reference.reference}” is a correlation itself, which cannot be counted here")
    events, conditions = KqlBackend().predicate(rule)
    names = frozenset(str(one) for one in (rule.id, rule.name, reference.reference) if one)
    return Part(rule.name or reference.reference, names, rule, events, tuple(conditions))


def _groups(rule: SigmaCorrelationRule, parts: Sequence[Part]) -> dict[str, list[str]]:
    """What rows are grouped by: the name it has in the answer, and how each part reads it."""
    found: dict[str, list[str]] = {}
    for field in rule.group_by or ():
        places = [part.events.field(_aliased(rule, field, part)) for part in parts]
        columns = places[0].columns
        plain = len(columns) == 1 and all(place.columns == columns for place in places) and columns[0] not in OWN
        name = columns[0] if plain else re.sub(r"\W", "_", field, flags=re.ASCII)
        if name in OWN or name in found or not name[:1].isalpha():
            name = f"By_{name}"
        found[name] = [place.text() for place in places]
    return found


def _aliased(rule: SigmaCorrelationRule, field: str, part: Part) -> str:
    """The field's name in the events of one part."""
    for alias in rule.aliases:
        if alias.alias == field:
            for reference, name in alias.mapping.items():
                if reference.reference in part.references:
                    return name
            raise Refusal(f"the alias says nothing of “{part.name}”", field=field)
    return field


def _rows(part: Part, number: int, groups: dict[str, list[str]], value: str = "") -> str:
    """The rows one part finds: their time, whose they are, and what is counted of them."""
    wheres = (*part.events.wheres, *part.conditions)
    shown = [
        "Timestamp",
        f"Rule = {quoted(part.name)}",
        *(f"{name} = {texts[number]}" for name, texts in groups.items()),
    ]
    if value:
        shown.append(f"Value = {value}")
    filled = [f"isnotempty({name})" for name in (*groups, *(["Value"] if value else []))]
    after = f" | where {' and '.join(filled)}" if filled else ""
    return (
        f"{part.events.table} | where {' and '.join(f'({one})' for one in wheres)} | project {', '.join(shown)}{after}"
    )


def _values(rule: SigmaCorrelationRule, parts: Sequence[Part]) -> list[str]:
    """How each part reads the value that is counted; "" when events themselves are."""
    if rule.type not in VALUES or not isinstance(rule.condition, SigmaCorrelationCondition):
        return [""] * len(parts)
    named = rule.condition.fieldref
    fields = [named] if isinstance(named, str) else list(named or ())
    found = []
    for part in parts:
        texts = [part.events.field(_aliased(rule, field, part)).text() for field in fields]
        found.append(texts[0] if len(texts) == 1 else f'strcat_delim("\\u001f", {", ".join(texts)})')
    return found


def _counted(rule: SigmaCorrelationRule, parts: Sequence[Part], groups: dict[str, list[str]]) -> list[str]:
    """Events, values or rules counted in each window."""
    values = _values(rule, parts)
    rows = [_rows(part, number, groups, values[number]) for number, part in enumerate(parts)]
    matched = rows[0] if len(rows) == 1 else "union " + ", ".join(f"({one})" for one in rows)
    span, by = f"{rule.timespan.seconds}s", list(groups)
    measures, holds = _measures(rule, parts)
    return [
        f"let Matched = {matched};",
        *_windows("Matched", span, by),
        *_joined("Matched | project EventTime = Timestamp, Rule" + (", Value" if values[0] else ""), span, by),
        f"| where EventTime between (WindowStart .. (WindowStart + {span}))",
        f"| summarize {', '.join(measures)}, LastEvent = max(EventTime) by {', '.join(['WindowStart', *by])}",
        f"| where {holds}",
        *_answer("LastEvent", span, by, "Measure"),
    ]


def _windows(rows: str, span: str, by: Sequence[str]) -> list[str]:
    """A window for every moment at which something of a group happened, with the two slots it touches."""
    slots = f"pack_array(bin(WindowStart, {span}), bin(WindowStart, {span}) + {span})"
    return [
        rows,
        f"| distinct {', '.join(['Timestamp', *by])}",
        "| extend WindowStart = Timestamp",
        f"| extend Slot = {slots}",
        "| mv-expand Slot to typeof(datetime)",
    ]


def _joined(rows: str, span: str, by: Sequence[str]) -> list[str]:
    keys = "".join(f", {name}" for name in by)
    return [f"| join kind=inner ({rows}{keys} | extend Slot = bin(EventTime, {span})) on Slot{keys}"]


def _answer(last: str, span: str, by: Sequence[str], measure: str = "") -> list[str]:
    """One row for each group and slot."""
    shown = [f"Timestamp = max({last})", "FirstEvent = min(WindowStart)"]
    names = ["Timestamp", "FirstEvent"]
    if measure:
        shown.append(f"Measure = max({measure})")
        names.append("Measure")
    keys = ", ".join([f"Slot = bin(WindowStart, {span})", *by])
    return [f"| summarize {', '.join(shown)} by {keys}", f"| project {', '.join([*names, *by])}"]


def _measures(rule: SigmaCorrelationRule, parts: Sequence[Part]) -> tuple[list[str], str]:
    """What is worked out for each window, and what must hold of it."""
    condition = rule.condition
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        counts = [f"Rule{number} = countif(Rule == {quoted(part.name)})" for number, part in enumerate(parts)]
        return [*counts, "Measure = count()"], _extended(condition.parsed, parts)
    measure = VALUES.get(rule.type, "count()")
    if rule.type is SigmaCorrelationType.TEMPORAL:
        measure = "count_distinct(Rule)"
    if rule.type is SigmaCorrelationType.VALUE_PERCENTILE:
        if condition.percentile is None:
            raise Refusal("it names no percentile", field="condition")
        measure = measure.format(percentile=condition.percentile)
    return [f"Measure = {measure}"], f"Measure {OPERATORS[condition.op.name]} {condition.count}"


def _extended(node: CorrelationConditionItem | SigmaRuleReference, parts: Sequence[Part]) -> str:
    """A condition in words: which rules found something and which did not."""
    match node:
        case SigmaRuleReference():
            number = next((n for n, part in enumerate(parts) if node.reference in part.references), None)
            if number is None:
                raise Refusal(f"the condition names “{node.reference}”, which is none of its rules", field="condition")
            return f"Rule{number} > 0"
        case CorrelationConditionAND():
            return both([_extended(one, parts) for one in node.args])
        case CorrelationConditionOR():
            return either([_extended(one, parts) for one in node.args])
        case CorrelationConditionNOT():
            return f"not({_extended(node.args[0], parts)})"
    raise Refusal("this condition is not understood", field="condition")


def _ordered(rule: SigmaCorrelationRule, parts: Sequence[Part], groups: dict[str, list[str]]) -> list[str]:
    """From each event of the first rule on, the next of the second, and so on, all within the window."""
    condition = rule.condition
    every = isinstance(condition, SigmaCorrelationCondition) and (condition.op.name, condition.count) in (
        ("GTE", len(parts)),
        ("EQ", len(parts)),
    )
    if not every:
        raise Refusal("an ordered correlation takes all of its rules, one after the other", field="condition")
    span, by = f"{rule.timespan.seconds}s", list(groups)
    steps = [*_windows(_rows(parts[0], 0, groups), span, by), "| extend Reached = WindowStart"]
    for number, part in enumerate(parts[1:], 1):
        rows = _rows(part, number, groups)
        keys = ", ".join(["WindowStart", *by])
        steps += [
            *_joined(f"{rows} | project EventTime = Timestamp", span, by),
            f"| where EventTime between (Reached .. (WindowStart + {span}))",
            f"| summarize Reached = min(EventTime) by {keys}",
        ]
        if number < len(parts) - 1:
            steps += [
                f"| extend Slot = pack_array(bin(WindowStart, {span}), bin(WindowStart, {span}) + {span})",
                "| mv-expand Slot to typeof(datetime)",
            ]
    return [*steps, *_answer("Reached", span, by)]
