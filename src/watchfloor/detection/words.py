"""What rules say to people: conditions as sentences, stories filled from rows."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from watchfloor.detection.contracts import Group, Rule, Threshold
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition

PLACE = re.compile(r"\{(#?)([A-Za-z0-9_.]+)\}")
SHOWN = 3
WHOSE = {"EmailEvents": "the mail’s", "EmailUrlInfo": "a URL in the mail", "EmailAttachmentInfo": "an attachment’s"}


def items(row: Mapping[str, Any], name: str, table: str) -> tuple[str, ...]:
    """One cell of a row as texts: each value of a column that holds several (ThreatTypes), nothing for nothing."""
    return tuple(
        text.replace("\x00", "\ufffd") for text in lake.values_of(row, name, of=table)
    )  # PostgreSQL stores no NUL


def label(column: str, table: str) -> str:
    """The column's name in grids, as in the middle of a sentence."""
    text = lake.table(table).column(column).label or column
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def listed(values: Iterable[str], *, shown: int = SHOWN) -> str:
    """ "a, b, c and 4 more", in order of first appearance."""
    distinct = list(dict.fromkeys(values))
    more = len(distinct) - shown
    text = ", ".join(distinct[:shown])
    return f"{text} and {more:,} more" if more > 0 else text


def condition_words(condition: Condition, table: str) -> str:
    """The lake's own sentence; a condition on another table says whose column it is."""
    other = condition.column.rpartition(".")[0]
    sentence = lake.condition_sentence(condition, table=lake.table(table))
    return f"{WHOSE.get(other, f'in {other}')}: {sentence}" if other else sentence


def group_words(group: Group, table: str) -> tuple[str, ...]:
    """One line per part; a nested group is one line, its parts joined by "and" or "or"."""
    return tuple(
        condition_words(part, table)
        if isinstance(part, Condition)
        else (" or " if part.any_of else " and ").join(f"({line})" for line in group_words(part, table))
        for part in group.parts
    )


def threshold_words(threshold: Threshold, table: str) -> str:
    hours = threshold.window.total_seconds() / 3600
    window = f"{hours:g} hour{'s' if hours > 1 else ''}" if hours >= 1 else f"{hours * 60:g} minutes"
    return (
        f"at least {threshold.at_least} different values of the {label(threshold.distinct, table)} "
        f"for one {label(threshold.group_by, table)} within {window}"
    )


def rule_words(rule: Rule) -> tuple[str, ...]:
    """What a rule looks for, line by line."""
    lines = group_words(rule.where, rule.table)
    if rule.where.any_of:
        lines = (" or ".join(lines),)
    return (*lines, threshold_words(rule.threshold, rule.table)) if rule.threshold else lines


def fill(story: str, rows: Sequence[Any], values: Callable[[Any, str], tuple[str, ...]]) -> str:
    """The story with {Column} as its values in words and {#Column} as how many different ones; {count} is the rows."""

    def replace(found: re.Match[str]) -> str:
        counting, column = found.groups()
        if column == "count":
            return f"{len(rows):,}"
        distinct = dict.fromkeys(value for row in rows for value in values(row, column))
        if counting:
            return f"{len(distinct):,}"
        return listed(distinct) or "(not known)"

    return PLACE.sub(replace, story)
