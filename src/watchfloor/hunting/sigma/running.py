"""Running the rules that are due: claimed together, asked, reported, and how it went kept with each."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.access.selectors import system_actor
from watchfloor.detection.contracts import Finding
from watchfloor.detection.services import report_findings
from watchfloor.hunting.advanced.recording import remember
from watchfloor.hunting.advanced.window import Window
from watchfloor.hunting.models import SigmaEntry
from watchfloor.hunting.sigma.batch import MOST_ROWS, evaluate
from watchfloor.hunting.sigma.matching import findings
from watchfloor.hunting.sigma.rules import Kind, Logsource, SigmaRule
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.ids import uuid7

MOST_RULES = 500
"""Rules of one turn; more wait some seconds for the next."""
PORTION = 250
"""Rules that are asked, and whose outcome is stored, together."""
NOISY = 1000
"""Rows of its last run from which on a rule is asked alone."""
MOST_FINDINGS = 100
"""New findings of one rule and run; the others come with the next runs."""
LATE = timedelta(hours=4)
"""Events that come this late are still met: every run looks at them again, and what was found is not found twice."""
FIRST = timedelta(days=1)
"""How far a rule's first run looks back."""
LONGEST = timedelta(days=7)
"""A rule that could not run for longer leaves a gap, which its page tells."""
DAYS_KEPT = 90
OUTCOME = (
    *("good_until", "last_at", "last_state", "last_words", "last_rows", "last_new", "last_seconds"),
    *("last_match_at", "matches", "days"),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the lake said to one rule: rows, or why there are none (`error`)."""

    rows: Sequence[Mapping[str, Any]] = ()
    seconds: float = 0.0
    truncated: bool = False
    error: str = ""


def run_due(*, now: datetime) -> int:
    """Run every rule that is due; returns how many. Two workers never take the same one."""
    rules = _claimed(now)
    for part in _portions(rules):
        answers = ask(part, now=now)
        for rule, answer in zip(part, answers, strict=True):
            _settle(rule, answer, now=now)
        _store(part)
        _remember(part, answers, now=now)
    return len(rules)


def _remember(part: Sequence[SigmaEntry], answers: Sequence[Answered], *, now: datetime) -> None:
    """One line in the usage of hunting for all rules that were asked together: a line for each would bury what people asked."""
    failed = sum(bool(answer.error) for answer in answers)
    alone = part[0] if len(part) == 1 else None
    remember(
        text=f"// Sigma: {alone.title}\n{alone.kql}" if alone else f"// {len(part):,} Sigma rules together",
        window=Window.between(None, None),
        by=system_actor("Sigma rules"),
        now=now,
        interface="sigma",
        rule_id="sigma",
        tables={one.table for one in part},
        seconds=sum(answer.seconds for answer in answers),
        rows=sum(one.last_rows for one in part),
        new=sum(one.last_new for one in part),
        error=f"{failed:,} of {len(part):,} rules failed; each rule's page says why" if failed else "",
    )


def _portions(rules: Sequence[SigmaEntry]) -> Iterator[list[SigmaEntry]]:
    """Calm rules together; each noisy one alone, so that its rows neither crowd the others out nor are held beside theirs."""
    calm = [one for one in rules if one.last_rows < NOISY]
    for place in range(0, len(calm), PORTION):
        yield calm[place : place + PORTION]
    yield from ([one] for one in rules if one.last_rows >= NOISY)


def _claimed(now: datetime) -> list[SigmaEntry]:
    """Each due rule is marked with our token where nobody else's update was first."""
    due = SigmaEntry.objects.filter(enabled=True, next_at__lte=now).exclude(kql="").order_by("next_at", "pk")
    frequencies: dict[int, list[int]] = {}
    for key, minutes in due.values_list("pk", "every_minutes")[:MOST_RULES]:
        frequencies.setdefault(minutes, []).append(key)
    token = str(uuid7(at=now))
    for minutes, keys in frequencies.items():
        SigmaEntry.objects.filter(pk__in=keys, enabled=True, next_at__lte=now).update(
            next_at=now + timedelta(minutes=minutes), claim=token
        )
    return list(SigmaEntry.objects.filter(claim=token).order_by("pk").defer("text")) if frequencies else []


def start_of(rule: SigmaEntry, *, now: datetime) -> datetime:
    """`LATE` before the end of the last good look; a day back for a first one."""
    start = rule.good_until - LATE if rule.good_until else now - FIRST
    return max(start, now - LONGEST)


def ask(rules: Sequence[SigmaEntry], *, now: datetime) -> list[Answered]:
    """The rows of each rule in its window, in order. Rules that look back equally far are asked together."""
    together: dict[datetime, list[SigmaEntry]] = {}
    for rule in rules:
        together.setdefault(start_of(rule, now=now), []).append(rule)
    found = {key: one for start, part in together.items() for key, one in _asked(part, start=start, now=now).items()}
    return [found[rule.pk] for rule in rules]


def _asked(rules: Sequence[SigmaEntry], *, start: datetime, now: datetime) -> dict[int, Answered]:
    began = time.monotonic()
    try:
        # What happens in this very moment is the next run's.
        found = evaluate([as_rule(one) for one in rules], start=start, end=now, now=now)
    except WatchfloorError as error:
        if len(rules) == 1:
            return {rules[0].pk: Answered(error=error.message)}
        return {key: one for rule in rules for key, one in _asked([rule], start=start, now=now).items()}
    share = (time.monotonic() - began) / len(rules)
    return {
        one.pk: Answered(
            found.rows.get(str(one.pk), ()), share, str(one.pk) in found.cut, found.failed.get(str(one.pk), "")
        )
        for one in rules
    }


def as_rule(one: SigmaEntry) -> SigmaRule:
    """The rule as it is run; known by its number here."""
    return SigmaRule(
        id=str(one.pk),
        title=one.title,
        author=one.author,
        description="",
        level=one.level,
        status=one.status,
        tags=tuple(one.tags),
        techniques=tuple(one.techniques),
        references=(),
        logsource=Logsource(one.category, one.product, one.service),
        table=one.table,
        kql=one.kql,
        kind=Kind(one.kind),
        entities=tuple((column, role) for column, role in one.entities),
        seconds=one.seconds,
    )


def _settle(rule: SigmaEntry, answer: Answered, *, now: datetime) -> None:
    """Report what is new and write the outcome into the rule, not yet stored."""
    gap = rule.good_until is not None and rule.good_until - LATE < now - LONGEST
    rule.last_at, rule.last_seconds = now, answer.seconds
    rule.last_rows = rule.last_new = 0
    if answer.error:
        rule.last_state, rule.last_words = "failing", answer.error
        return
    made = findings(rule, answer.rows, now=now)
    try:
        new, left = _reported(made, rule, now=now)
    except WatchfloorError as error:
        rule.last_state, rule.last_words = "failing", error.message
        return
    rule.last_rows, rule.last_new = len(answer.rows), new
    rule.last_state, rule.last_words = "ok", _words(rule, left, truncated=answer.truncated, gap=gap)
    if not left or answer.truncated:
        rule.good_until = now


def _reported(made: Sequence[Finding], rule: SigmaEntry, *, now: datetime) -> tuple[int, int]:
    """How many were new, in portions that cannot pass the limit; and how many were not looked at."""
    new = place = 0
    while place < len(made) and new < MOST_FINDINGS:
        portion = made[place : place + MOST_FINDINGS - new]
        place += len(portion)
        fresh = report_findings(portion, now=now)
        if fresh:
            _count(rule, portion, fresh)
        new += fresh
    return new, len(made) - place


def _count(rule: SigmaEntry, portion: Sequence[Finding], fresh: int) -> None:
    """Matches by day of their event. Which of a portion were new the store does not say: those are taken to be the newest."""
    newest = portion[len(portion) - fresh :]
    days = Counter(f"{one.last_activity.astimezone(UTC):%Y-%m-%d}" for one in newest)
    kept = Counter(rule.days) + days
    rule.days = {day: kept[day] for day in sorted(kept)[-DAYS_KEPT:]}
    rule.matches += fresh
    last = max(one.last_activity for one in newest)
    rule.last_match_at = max(last, rule.last_match_at or last)


def _words(rule: SigmaEntry, left: int, *, truncated: bool, gap: bool) -> str:
    rows = f"{rule.last_rows:,} row{'' if rule.last_rows == 1 else 's'}"
    said = [f"{rows}, {rule.last_new:,} new finding{'' if rule.last_new == 1 else 's'}"]
    if left:
        said.append(f"{left:,} wait for the next runs, as one makes at most {MOST_FINDINGS}")
    if truncated:
        said.append(f"more than {MOST_ROWS:,} rows: the rule meets too much to be of use here")
    if gap:
        said.append(f"it had not run for more than {LONGEST.days} days; what lies before was not looked at")
    return "; ".join(said)


def _store(rules: Sequence[SigmaEntry]) -> None:
    with transaction.atomic():
        SigmaEntry.objects.bulk_update(rules, OUTCOME, batch_size=PORTION)
