"""What a policy would have raised, before anybody saves it: asked of the lake, nothing reported."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.connectors.selectors import tenant_facts
from watchfloor.detection.contracts import Group, Row, Rule
from watchfloor.detection.counting import MOST_GROUPS, busiest, volumes
from watchfloor.detection.evaluation import evaluate_batches
from watchfloor.detection.history import LakeHistory, Stretch, query_of
from watchfloor.detection.unusual import sentence_of
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import leaves

MOST_ROWS = 20_000
LONGEST_DAYS = 30
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert it would have been: when it began, how many hits, in words."""

    at: datetime
    hits: int
    words: str


@dataclass(frozen=True, slots=True)
class BackTest:
    """`rows` met the conditions; `days` counts alerts by day, oldest first; `examples` are the newest; `words` say what is left out."""

    rows: int
    alerts: int
    days: tuple[tuple[str, int], ...]
    examples: tuple[Raised, ...]
    words: tuple[str, ...] = ()

    @property
    def chart(self) -> dict[str, Any]:
        return {
            "categories": [day for day, _ in self.days],
            "series": [{"name": "Alerts", "values": [number for _, number in self.days]}],
            "legend": False,
        }


@dataclass(frozen=True, slots=True)
class _Whole(LakeHistory):
    """Counts with the rule's own conditions while its rows are already chosen by them."""

    rule: Rule | None = None

    def distinct_counts(self, rule: Rule, groups: Sequence[str], *, start: datetime, end: datetime) -> dict[str, int]:
        return LakeHistory.distinct_counts(self, self.rule or rule, groups, start=start, end=end)

    def counts(self, rule: Rule, stretches: Sequence[Stretch]) -> list[tuple[int, int]]:
        return LakeHistory.counts(self, self.rule or rule, stretches)

    def window(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> list[Row]:
        return []  # only counted here, not shown


def back_test(rule: Rule, *, by: Actor, now: datetime, days: int = 7) -> BackTest:
    """Hold a rule against the last `days`, at most 30. Raises what the lake raises, and Forbidden without the right to a table."""
    authorise(by, Permission.DETECTION_TUNE)
    for table in _asked(rule):
        authorise(by, lake.table(table).permission)
    start = now - timedelta(days=max(1, min(days, LONGEST_DAYS)))
    if rule.unusual is not None:
        return _by_volume(rule, start=start, now=now)
    query = query_of(rule, start=start, end=now)
    rows = lake.all_rows(query, limit=MOST_ROWS)
    raised = list(_raised(rule, rows))
    words = []
    if len(rows) >= MOST_ROWS:
        words.append(
            f"Only the first {MOST_ROWS:,} of {lake.count(query):,} hits were looked at; narrow the conditions."
        )
    return _result(raised, rows=len(rows), start=start, now=now, words=words)


def _asked(rule: Rule) -> list[str]:
    """The tables whose rows the answer tells of."""
    columns = [one.column for one in leaves(rule.where.parts)]
    return sorted({rule.table, *(column.rpartition(".")[0] for column in columns if "." in column)})


def _by_volume(rule: Rule, *, start: datetime, now: datetime) -> BackTest:
    assert rule.unusual is not None
    seen = volumes(rule, start=start, end=now, groups=busiest(rule, start=start, end=now))
    raised: list[Raised] = []
    for group, one in seen.items():
        found = [
            Raised(window.start, window.count, sentence_of(window, rule, group))
            for window in one.windows
            if window.unusual(rule.unusual.least)
        ]
        raised += _joined(found, rule.aggregation.window)
    windows = [window for one in seen.values() for window in one.windows]
    judged, words = sum(1 for one in windows if one.learned), []
    if judged < len(windows):
        words.append(f"{judged:,} of {len(windows):,} windows could be judged; before them too little past is known.")
    if len(seen) == MOST_GROUPS:
        words.append(f"Only the {MOST_GROUPS} with most of it were looked at.")
    return _result(raised, rows=sum(one.count for one in windows), start=start, now=now, words=words)


def _raised(rule: Rule, rows: Sequence[Row]) -> Iterator[Raised]:
    """The alerts: matches of each quarter of an hour, as they would have been read, joined as the policy joins them."""
    bare = replace(rule, where=Group(()), entities=(), story="{count} hits")
    history = _Whole(tenant_facts().own_domains, rule)
    batches: dict[int, list[Row]] = {}
    for row in rows:
        batches.setdefault(int(row["Timestamp"].timestamp()) // 900, []).append(row)
    found: dict[str, list[Raised]] = {}
    for match in evaluate_batches(bare, list(batches.values()), history):
        key = match.aggregation_key.partition("=")[2]
        what = key[:120] if rule.aggregation.by else "all of them"
        found.setdefault(match.aggregation_key, []).append(Raised(match.times[0], match.hits, what))
    for several in found.values():
        yield from _joined(several, rule.aggregation.window)


def _joined(found: Sequence[Raised], window: timedelta) -> Iterator[Raised]:
    """Hits less than the window after the one before are one alert (AP-04)."""
    current: Raised | None = None
    last = None
    for one in sorted(found, key=lambda one: one.at):
        if current is not None and last is not None and window and one.at - last <= window:
            current, last = replace(current, hits=current.hits + one.hits), one.at
            continue
        if current is not None:
            yield current
        current, last = one, one.at
    if current is not None:
        yield current


def _result(raised: list[Raised], *, rows: int, start: datetime, now: datetime, words: Sequence[str]) -> BackTest:
    counts = Counter(f"{one.at:%Y-%m-%d}" for one in raised)
    span = (now.date() - start.date()).days
    days = [f"{start.date() + timedelta(days=number):%Y-%m-%d}" for number in range(span + 1)]
    newest = sorted(raised, key=lambda one: one.at, reverse=True)[:EXAMPLES]
    return BackTest(rows, len(raised), tuple((day, counts[day]) for day in days), tuple(newest), tuple(words))
