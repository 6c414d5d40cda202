"""What rules say to people: conditions as sentences, stories filled from rows."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from watchfloor.detection.contracts import Group, Rule, Threshold, Unusual
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Part

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


def condition_words(part: Part, table: str) -> str:
    """The lake's own sentence; a condition on another table says whose column it is, a group stands in brackets."""
    if isinstance(part, Group):
        inside = (" or " if part.any_of else " and ").join(condition_words(one, table) for one in part.parts)
        return f"{'not ' if part.negated else ''}({inside or 'anything'})"
    other = part.column.rpartition(".")[0]
    sentence = lake.condition_sentence(part, table=lake.table(table))
    return f"{WHOSE.get(other, f'in {other}')}: {sentence}" if other else sentence


def span_words(span: timedelta) -> str:
    """“1 hour”, “15 minutes”, “7 days”."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        number = span.total_seconds() / size
        if number >= 1 and number == int(number):
            return f"{int(number)} {unit}{'' if number == 1 else 's'}"
    return f"{span.total_seconds():g} seconds"


def threshold_words(threshold: Threshold, table: str) -> str:
    what = f"different values of the {label(threshold.distinct, table)}" if threshold.distinct else "of them"
    whose = f" for one {label(threshold.group_by, table)}" if threshold.group_by else ""
    return f"at least {threshold.at_least:,} {what}{whose} within {span_words(threshold.window)}"


def unusual_words(unusual: Unusual, table: str) -> str:
    whose = f" of one {label(unusual.group_by, table)}" if unusual.group_by else ""
    past = "its own" if unusual.group_by else "the"
    return (
        f"more{whose} within {span_words(unusual.window)} than {past} {unusual.baseline_days} days before let expect, "
        f"and at least {unusual.least:,}"
    )


def rule_words(rule: Rule) -> tuple[str, ...]:
    """What a rule looks for, line by line."""
    lines = tuple(condition_words(part, rule.table) for part in rule.where.parts)
    if rule.where.any_of or rule.where.negated:
        lines = (condition_words(rule.where, rule.table) if rule.where.negated else " or ".join(lines),)
    lines += (threshold_words(rule.threshold, rule.table),) if rule.threshold else ()
    return (*lines, unusual_words(rule.unusual, rule.table)) if rule.unusual else lines


def fill(story: str, different: Callable[[str], Collection[str]], *, count: int) -> str:
    """The story with {Column} as its different values in words and {#Column} as how many there are; {count} is the rows."""

    def replace(found: re.Match[str]) -> str:
        counting, column = found.groups()
        if column == "count":
            return f"{count:,}"
        values = different(column)
        return f"{len(values):,}" if counting else listed(values) or "(not known)"

    return PLACE.sub(replace, story)
