"""Trying a rule on its own examples: what the conformance test, and a person writing a rule, run."""

from datetime import UTC, datetime

from watchfloor.detection.contracts import Example, Rule
from watchfloor.detection.evaluation import Match, evaluate
from watchfloor.detection.history import ExampleHistory

DEFAULT_TIME = datetime(2026, 1, 5, 9, tzinfo=UTC)


def matches(rule: Rule, example: Example, *, own_domains: frozenset[str] = frozenset({"corp.example"})) -> list[Match]:
    """What the rule finds in an example; a row without a Timestamp stands at one fixed moment."""
    rows = tuple({"Timestamp": DEFAULT_TIME, "NetworkMessageId": "m-1", **row} for row in example.rows)
    related = {
        table: tuple({"Timestamp": DEFAULT_TIME, "NetworkMessageId": "m-1", **row} for row in found)
        for table, found in example.related.items()
    }
    complete = Example(example.says, rows, related)
    return evaluate(rule, rows, ExampleHistory(complete, own_domains))


def failures(rule: Rule) -> list[str]:
    """One sentence per example that does not do what its list says; and a rule without both kinds is a failure."""
    wrong = [
        f"hit {number} ({example.says}) is missed"
        for number, example in enumerate(rule.hits)
        if not matches(rule, example)
    ]
    wrong += [
        f"miss {number} ({example.says}) is hit" for number, example in enumerate(rule.misses) if matches(rule, example)
    ]
    if not rule.hits or not rule.misses:
        wrong.append("needs at least one hit and one miss")
    return wrong
