"""Holding rules against rows. Pure: what the lake knows beyond the rows comes through `History`."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.detection.contracts import Evidence, EvidenceType, Group, Row, Rule
from watchfloor.detection.holding import Holding, marked
from watchfloor.detection.relating import History, Related, keys_of
from watchfloor.detection.running import Running
from watchfloor.detection.thresholds import Reached, different, over_threshold
from watchfloor.detection.words import condition_words, fill, listed, threshold_words
from watchfloor.lake.contracts import Condition

EVIDENCE_CAP = 1000
"""Per finding and type: a flood must not make one alert of a hundred thousand rows; what is left out is counted."""

ADDRESSES = {EvidenceType.MAILBOX, EvidenceType.USER, EvidenceType.SENDER}
IDENTITY = ("NetworkMessageId", "RecipientEmailAddress", "AccountUpn", "Url", "SHA256", "ActionType")


@dataclass(frozen=True, slots=True)
class Match:
    """A rule held for `rows`, which share `aggregation_key`; `key` is the same for the same rule and new rows.

    `hits` counts rows, also those of a threshold's window that are too many to be in `rows`.
    """

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


def evaluate(rule: Rule, rows: Sequence[Row], history: History) -> list[Match]:
    """Every match of one rule over new rows of its table, one per aggregation key, in the order of the rows."""
    return evaluate_batches(rule, [rows], history)


def evaluate_batches(
    rule: Rule, batches: Sequence[Sequence[Row]], history: History, running: Running | None = None
) -> list[Match]:
    """The matches of each batch, one batch after another; what must be asked of the lake is asked once for all of them."""
    return matches_of(rule, held_rows(rule, batches, history), history, running)


def held_rows(rule: Rule, batches: Sequence[Sequence[Row]], history: History) -> list[list[Row]]:
    """Of each batch the rows for which the rule's conditions hold; its threshold aside."""
    holding = Holding(rule, Related(history, rule))
    return [holding.rows(batch) for batch in batches]


def matches_of(
    rule: Rule, parts: Sequence[Sequence[Row]], history: History, running: Running | None = None
) -> list[Match]:
    """The matches among rows for which the conditions hold, part by part."""
    related = Related(history, rule)
    if rule.threshold:
        groups = over_threshold(rule, parts, history, running)
    else:
        groups = [Reached(part, part, len(part)) for part in parts if part]
    related.at_hand = [row for group in groups for row in group.rows]
    holding = Holding(rule, related)
    return [match for group in groups for match in _matches(group, holding)]


def _matches(group: Reached, holding: Holding) -> Iterable[Match]:
    """One per key, and per stretch of time where the next row is another alert's."""
    rule = holding.rule
    fresh = _by_key(rule, group.fresh, holding.related)
    shown = fresh if group.rows is group.fresh else _by_key(rule, group.rows, holding.related)
    more = group.hits - len(group.rows)
    for key, rows in shown.items():
        if key not in fresh:
            continue
        if shown is not fresh:
            yield _match(key, fresh[key], rows, holding, hits=len(rows) + max(0, more))
            more = 0
            continue
        for near in _near(rule, rows):
            yield _match(key, near, near, holding, hits=len(near))


def _near(rule: Rule, rows: Sequence[Row]) -> Iterable[Sequence[Row]]:
    """Rows of one key parted where more time lies between two than joins hits to one alert (AP-04)."""
    window = rule.aggregation.window
    if not window or max(row["Timestamp"] for row in rows) - min(row["Timestamp"] for row in rows) <= window:
        return [rows]
    ordered = sorted(rows, key=lambda row: row["Timestamp"])
    parts = [[ordered[0]]]
    for row in ordered[1:]:
        if row["Timestamp"] - parts[-1][-1]["Timestamp"] > window:
            parts.append([])
        parts[-1].append(row)
    return parts


def _by_key(rule: Rule, rows: Sequence[Row], related: Related) -> dict[str, Sequence[Row]]:
    """Rows by their natural key: the first filled column of the rule's `aggregate.by`, else the message itself."""
    if not rule.aggregation.by:
        return {"*": rows} if rows else {}
    grouped: dict[str, list[Row]] = {}
    known: dict[Any, str] = {}
    for kind, row in zip(keys_of(rows, rule.aggregation.by), rows, strict=True):
        if kind not in known:
            known[kind] = _key(rule, row, related)
        grouped.setdefault(known[kind] or _itself(row), []).append(row)
    return dict(grouped)


def _key(rule: Rule, row: Row, related: Related) -> str:
    """“EmailClusterId=71”; empty when no column is filled."""
    filled = ((column, related.values(row, column)) for column in rule.aggregation.by)
    return next((f"{column}={'|'.join(sorted(set(values)))}"[:400] for column, values in filled if values), "")


def _itself(row: Row) -> str:
    """What tells a row from all others: its mail, else its own id."""
    column = "NetworkMessageId" if row.get("NetworkMessageId") else "ReportId"
    return f"{column}={row.get(column, '')}"[:400]


def _match(key: str, fresh: Sequence[Row], rows: Sequence[Row], holding: Holding, *, hits: int) -> Match:
    rule, related = holding.rule, holding.related
    digest = hashlib.sha256("\n".join([rule.id, key, *sorted(map(_identity, fresh))]).encode())
    evidence, omitted = evidence_of(rule, rows, related)
    return Match(
        rule=rule,
        key=digest.hexdigest(),
        aggregation_key=key,
        rows=tuple(rows),
        explanation=tuple(_explain(rule, rows, holding)),
        description=story_of(rule, rows, related, hits=hits),
        evidence=evidence,
        omitted=omitted,
        hits=hits,
    )


def story_of(rule: Rule, rows: Sequence[Row], related: Related, *, hits: int) -> str:
    """The rule's story with the values of these rows, of `hits` in all."""
    return fill(rule.story, lambda column: related.listed(rows, column), count=hits)


def _identity(row: Row) -> str:
    """A row as a repeat is known by; what is no mail is known by its own id too, as two activities may share a moment."""
    own = "" if row.get("NetworkMessageId") else str(row.get("ReportId", ""))
    return "\x1f".join([*(str(row.get(name, "")) for name in IDENTITY), str(row["Timestamp"].timestamp()), own])


def _explain(rule: Rule, rows: Sequence[Row], holding: Holding) -> Iterable[str]:
    """The conditions that held, each with the values found; of alternatives only those that did."""
    kinds = marked(rows, keys_of(rows, holding.columns))

    def lines(group: Group) -> Iterable[str]:
        for part in group.parts:
            if isinstance(part, Group) and not part.negated:
                yield from lines(part)
                continue
            held = holding.part(part, kinds)
            if held and isinstance(part, Group):
                yield condition_words(part, rule.table)
            elif held:
                assert isinstance(part, Condition)
                found = listed(holding.related.listed(held, part.column))
                yield f"{condition_words(part, rule.table)} (found: {found})"

    yield from lines(rule.where)
    if rule.threshold:
        yield f"{threshold_words(rule.threshold, rule.table)} (found: {different(rule, rows):,})"


def evidence_of(rule: Rule, rows: Sequence[Row], related: Related) -> tuple[tuple[Evidence, ...], int]:
    """The entities of the rows, each once, at most EVIDENCE_CAP of a type; and how many different ones were left out."""
    found: dict[tuple[EvidenceType, str], Evidence] = {}
    counts: dict[EvidenceType, int] = {}
    omitted: set[tuple[EvidenceType, str]] = set()
    for entity in rule.entities:
        for row in related.alike(rows, [entity.column, entity.label]):
            label = next(iter(related.values(row, entity.label)), "") if entity.label else ""
            for value in related.values(row, entity.column):
                value = value.strip().lower() if entity.type in ADDRESSES else value
                one = (entity.type, value)
                if one in found or one in omitted or (entity.own and not _own(value, related.history)):
                    continue
                if counts.get(entity.type, 0) >= EVIDENCE_CAP:
                    omitted.add(one)
                    continue
                counts[entity.type] = counts.get(entity.type, 0) + 1
                found[one] = Evidence(entity.type, value[:2000], label[:500], entity.role, entity.verdict)
    return tuple(found.values()), len(omitted)


def _own(address: str, history: History) -> bool:
    return not history.own_domains or address.rpartition("@")[2] in history.own_domains
