"""Holding rules against rows. Pure: what the lake knows beyond the rows comes through `History`."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from typing import Any, Protocol

from watchfloor.detection.contracts import Evidence, EvidenceType, Group, Row, Rule
from watchfloor.detection.words import condition_words, fill, items, listed, threshold_words
from watchfloor.lake.contracts import Condition, Part

EVIDENCE_CAP = 1000
"""Per finding and type: a flood must not make one alert of a hundred thousand rows; what is left out is counted."""

ADDRESSES = {EvidenceType.MAILBOX, EvidenceType.USER, EvidenceType.SENDER}
IDENTITY = ("NetworkMessageId", "RecipientEmailAddress", "AccountUpn", "Url", "SHA256", "ActionType")


class History(Protocol):
    """What evaluation asks beyond the rows in hand. Times bound each question, [start, end]; no `own_domains` means not known."""

    @property
    def own_domains(self) -> frozenset[str]: ...

    def matching(self, rows: Sequence[Row], *, condition: Condition, table: str) -> list[dict[str, Any]]: ...

    def related(self, table: str, ids: Sequence[str], *, rule: Rule, rows: Sequence[Row]) -> Iterable[Row]: ...

    def distinct_counts(
        self, rule: Rule, groups: Sequence[str], *, start: datetime, end: datetime
    ) -> dict[str, int]: ...

    def window(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> list[Row]: ...


@dataclass(frozen=True, slots=True)
class Match:
    """A rule held for `rows`, which share `aggregation_key`; `key` is the same for the same rule and new rows."""

    rule: Rule
    key: str
    aggregation_key: str
    rows: tuple[Row, ...]
    explanation: tuple[str, ...]
    description: str
    evidence: tuple[Evidence, ...]
    omitted: int
    hits: int

    @property
    def times(self) -> tuple[datetime, datetime]:
        moments = [row["Timestamp"] for row in self.rows]
        return min(moments), max(moments)


@dataclass(slots=True)
class Related:
    """Rows of other tables by NetworkMessageId, fetched once for the rows that need them."""

    history: History
    rule: Rule
    found: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    at_hand: Sequence[Row] = ()

    def of(self, table: str, rows: Sequence[Row]) -> dict[str, list[Row]]:
        known = self.found.setdefault(table, {})
        missing = sorted({str(row["NetworkMessageId"]) for row in rows if row.get("NetworkMessageId")} - known.keys())
        if missing:
            known.update({message: [] for message in missing})
            for row in self.history.related(table, missing, rule=self.rule, rows=rows):
                known.setdefault(str(row["NetworkMessageId"]), []).append(row)
        return known

    def of_row(self, table: str, row: Row) -> list[Row]:
        """The rows of another table for one row; asked at once for all rows at hand, for one by one takes a minute in a flood."""
        message = str(row.get("NetworkMessageId", ""))
        if message not in self.found.get(table, {}):
            self.of(table, [*self.at_hand, row])
        return self.found[table].get(message, [])

    def values(self, row: Row, column: str) -> tuple[str, ...]:
        """Every value of a column, own or `OtherTable.Column`; empty ones and a cluster of 0 left out."""
        table, _, name = column.rpartition(".")
        sources = self.of_row(table, row) if table else [row]
        of = table or self.rule.table
        return tuple(value for source in sources for value in items(source, name, of) if value not in ("", "0"))


@dataclass(slots=True)
class Holding:
    """Which rows (by number) a group of conditions holds for."""

    rule: Rule
    related: Related

    def group(self, group: Group, rows: Sequence[Row]) -> list[Row]:
        if group.negated:
            held = {row["_row"] for row in self.group(replace(group, negated=False), rows)}
            return [row for row in rows if row["_row"] not in held]
        own_first = sorted(group.parts, key=lambda part: isinstance(part, Group) or "." in part.column)
        if group.any_of and own_first:
            numbers = {row["_row"] for part in own_first for row in self.part(part, rows)}
            return [row for row in rows if row["_row"] in numbers]
        for part in own_first:
            if rows:
                rows = self.part(part, rows)
        return list(rows)

    def part(self, part: Part, rows: Sequence[Row]) -> list[Row]:
        if isinstance(part, Group):
            return self.group(part, rows)
        table, _, name = part.column.rpartition(".")
        if not table:
            matched = self.related.history.matching(rows, condition=part, table=self.rule.table)
            numbers = {row["_row"] for row in matched}
            return [row for row in rows if row["_row"] in numbers]
        others = [row for found in self.related.of(table, rows).values() for row in found]
        bare = Condition(name, part.operator, part.values)
        held = {
            str(row["NetworkMessageId"]) for row in self.related.history.matching(others, condition=bare, table=table)
        }
        return [row for row in rows if str(row.get("NetworkMessageId", "")) in held]


def evaluate(rule: Rule, rows: Sequence[Row], history: History) -> list[Match]:
    """Every match of one rule over new rows of its table, one per aggregation key, in the order of the rows."""
    return evaluate_batches(rule, [rows], history)


def evaluate_batches(rule: Rule, batches: Sequence[Sequence[Row]], history: History) -> list[Match]:
    """The matches of each batch, one batch after another; what must be asked of the lake is asked once for all of them."""
    rows = [row for batch in batches for row in batch]
    numbered = [{**row, "_row": number} for number, row in enumerate(rows)]
    related = Related(history, rule)
    holding = Holding(rule, related)
    parts = _cut(holding.group(rule.where, numbered), [len(batch) for batch in batches])
    if rule.threshold and len(batches) > 1:
        busy = _wide_counts(rule, _grouped(rule, [row for part in parts for row in part]), history)
        parts = [[row for row in part if _reaches(rule, row, busy)] for part in parts]
    if rule.threshold:
        groups = [group for part in parts for group in _over_threshold(rule, part, history)]
    else:
        groups = [(part, part) for part in parts if part]
    related.at_hand = [row for _, all_rows in groups for row in all_rows]
    found: list[Match] = []
    for new_rows, all_rows in groups:
        fresh = _by_key(rule, new_rows, related)
        for key, members in _by_key(rule, all_rows, related).items():
            if key in fresh:
                found.append(_match(rule, key, fresh[key], members, holding))
    return found


def _cut(rows: Sequence[Row], sizes: Sequence[int]) -> list[list[Row]]:
    """Numbered rows parted again into the batches they came from."""
    ends = list(accumulate(sizes))
    parts: list[list[Row]] = [[] for _ in sizes]
    for row in rows:
        parts[bisect_right(ends, row["_row"])].append(row)
    return parts


def _by_key(rule: Rule, rows: Sequence[Row], related: Related) -> dict[str, list[Row]]:
    """Rows by their natural key: the first filled column of the rule's `aggregate.by`, else the message itself."""
    grouped: dict[str, list[Row]] = {}
    if not rule.aggregation.by:
        return {"*": list(rows)} if rows else {}
    for row in rows:
        filled = ((column, related.values(row, column)) for column in rule.aggregation.by)
        column, values = next(((c, v) for c, v in filled if v), _itself(row))
        grouped.setdefault(f"{column}={'|'.join(sorted(set(values)))}"[:400], []).append(row)
    return grouped


def _itself(row: Row) -> tuple[str, tuple[str, ...]]:
    """What tells a row from all others: its mail, else its own id."""
    column = "NetworkMessageId" if row.get("NetworkMessageId") else "ReportId"
    return column, (str(row.get(column, "")),)


def _over_threshold(rule: Rule, rows: Sequence[Row], history: History) -> list[tuple[list[Row], list[Row]]]:
    """(new rows, rows to show) of each group that reaches the threshold; the whole window when it is only just reached.

    One question with the widest window finds the candidates; only they are counted exactly.
    """
    threshold = rule.threshold
    assert threshold is not None
    grouped = _grouped(rule, rows)
    wide = _wide_counts(rule, grouped, history)
    reached: list[tuple[list[Row], list[Row]]] = []
    for group, members in grouped.items():
        if wide.get(group, 0) < threshold.at_least:
            continue
        last = max(row["Timestamp"] for row in members)
        total = history.distinct_counts(rule, [group], start=last - threshold.window, end=last).get(group, 0)
        if total < threshold.at_least:
            continue
        here = _different(rule, members)
        earlier = total - here >= threshold.at_least
        whole = members if earlier else history.window(rule, group, start=last - threshold.window, end=last)
        reached.append((members, whole or members))
    return reached


def _grouped(rule: Rule, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by the threshold's column; those without a value in it left out."""
    assert rule.threshold is not None
    if not rule.threshold.group_by:
        return {"": list(rows)} if rows else {}
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        if row.get(rule.threshold.group_by):
            grouped.setdefault(str(row[rule.threshold.group_by]), []).append(row)
    grouped.pop("0", None)
    return grouped


def _wide_counts(rule: Rule, grouped: Mapping[str, Sequence[Row]], history: History) -> dict[str, int]:
    """Per group the most that any window of the threshold among these rows can hold: one question for all."""
    assert rule.threshold is not None
    if not grouped:
        return {}
    moments = [row["Timestamp"] for members in grouped.values() for row in members]
    start = min(moments) - rule.threshold.window
    return history.distinct_counts(rule, list(grouped), start=start, end=max(moments))


def _different(rule: Rule, rows: Sequence[Row]) -> int:
    """What a threshold counts among rows in hand: different values of its column, or the rows."""
    assert rule.threshold is not None
    column = rule.threshold.distinct
    return len({row.get(column) for row in rows}) if column else len(rows)


def _reaches(rule: Rule, row: Row, counts: Mapping[str, int]) -> bool:
    assert rule.threshold is not None
    group = str(row.get(rule.threshold.group_by)) if rule.threshold.group_by else ""
    return counts.get(group, 0) >= rule.threshold.at_least


def _match(rule: Rule, key: str, fresh: Sequence[Row], rows: Sequence[Row], holding: Holding) -> Match:
    digest = hashlib.sha256("\n".join([rule.id, key, *sorted(map(_identity, fresh))]).encode()).hexdigest()
    evidence, omitted = evidence_of(rule, rows, holding.related)
    return Match(
        rule=rule,
        key=digest,
        aggregation_key=key,
        rows=tuple(rows),
        explanation=tuple(_explain(rule, rows, holding)),
        description=fill(rule.story, rows, holding.related.values),
        evidence=evidence,
        omitted=omitted,
        hits=len(rows),
    )


def _identity(row: Row) -> str:
    """A row as a repeat is known by; what is no mail is known by its own id too, as two activities may share a moment."""
    own = [] if row.get("NetworkMessageId") else [str(row.get("ReportId", ""))]
    return json.dumps([str(row.get(name, "")) for name in IDENTITY] + [row["Timestamp"].isoformat(), *own])


def _explain(rule: Rule, rows: Sequence[Row], holding: Holding) -> Iterable[str]:
    """The conditions that held, each with the values found; of alternatives only those that did."""
    numbered = [{**row, "_row": number} for number, row in enumerate(rows)]

    def lines(group: Group) -> Iterable[str]:
        for part in group.parts:
            if isinstance(part, Group) and not part.negated:
                yield from lines(part)
                continue
            held = holding.part(part, numbered)
            if held and isinstance(part, Group):
                yield condition_words(part, rule.table)
            elif held:
                assert isinstance(part, Condition)
                found = listed(value for row in held for value in holding.related.values(row, part.column))
                yield f"{condition_words(part, rule.table)} (found: {found})"

    yield from lines(rule.where)
    if rule.threshold:
        yield f"{threshold_words(rule.threshold, rule.table)} (found: {_different(rule, rows):,})"


def evidence_of(rule: Rule, rows: Sequence[Row], related: Related) -> tuple[tuple[Evidence, ...], int]:
    """The entities of the rows, each once, at most EVIDENCE_CAP of a type; and how many were left out."""
    found: dict[tuple[EvidenceType, str], Evidence] = {}
    counts: dict[EvidenceType, int] = {}
    omitted = 0
    for entity in rule.entities:
        for row in rows:
            label = next(iter(related.values(row, entity.label)), "") if entity.label else ""
            for value in related.values(row, entity.column):
                value = value.strip().lower() if entity.type in ADDRESSES else value
                if (entity.type, value) in found or (entity.own and not _own(value, related.history)):
                    continue
                if counts.get(entity.type, 0) >= EVIDENCE_CAP:
                    omitted += 1
                    continue
                counts[entity.type] = counts.get(entity.type, 0) + 1
                found[entity.type, value] = Evidence(
                    entity.type, value[:2000], label[:500], entity.role, entity.verdict
                )
    return tuple(found.values()), omitted


def _own(address: str, history: History) -> bool:
    return not history.own_domains or address.rpartition("@")[2] in history.own_domains
