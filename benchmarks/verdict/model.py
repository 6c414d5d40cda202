"""The evidence model: logistic regression whose weights add suspicion and never take any, in plain Python.

A mail's score is the sum of the points of what it shows; its log-odds of being unwanted are
`certainty + steepness * (score - threshold)`. `steepness` and `threshold` are fixed, so points keep their meaning from fit
to fit; `certainty`, how sure the model is at the threshold, is chosen by cross-validation.
Solved by coordinate descent with bounds [0.1, most]: exact Newton steps of one weight at a time, no library needed.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.verdict.corpus import HONEST, NEWSLETTERS, ORDINARY, UNWANTED
from benchmarks.verdict.seeing import Seen
from watchfloor.inspection.weights import THRESHOLD, WEIGHTS, Weight

STEEPNESS = 0.75
CERTAINTIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5)
"""Log-odds at the threshold to choose from: 0 is even odds, 2 is seven to one."""
AIM = 0.0035
"""Share of honest mail in cross-validation that may be judged; below the promised 0.5 % to leave room for mail not seen."""
_LEAST = 0.1
"""What is evidence at all adds something, however little these mails say about it."""
_RIDGE = 0.6
_SWEEPS = 60
_WEIGHT_OF = {NEWSLETTERS: 3.0, ORDINARY: 3.0, "business": 2.0}
"""Sources that are few here and many in a mailbox count more."""
Points = Mapping[str, float]


@dataclass(frozen=True)
class Fit:
    """Points by signal, and how sure the model is at the threshold."""

    points: dict[str, float]
    certainty: float


def score(points: Points, seen: Seen) -> float:
    """The sum of what the mail shows."""
    return sum(points.get(signal, 0.0) for signal in set(seen.signals))


def solve(mails: Sequence[Seen], certainty: float, weights: Mapping[str, Weight] = WEIGHTS) -> dict[str, float]:
    """The points of all signals that explain these labels best; those set by hand stay as they are."""
    fitted = {name: weight.most for name, weight in weights.items() if weight.most is not None}
    hand = {name: weight.points for name, weight in weights.items() if weight.most is None}
    rows = _distinct(mails)
    base = certainty - STEEPNESS * THRESHOLD
    odds = [base + STEEPNESS * sum(hand.get(signal, _LEAST) for signal in signals) for signals, _, _ in rows]
    showing: dict[str, list[int]] = {name: [] for name in fitted}
    for at, (signals, _, _) in enumerate(rows):
        for signal in signals:
            if signal in showing:
                showing[signal].append(at)
    points = dict.fromkeys(fitted, _LEAST)
    chance = [1 / (1 + math.exp(-odd)) for odd in odds]
    for _ in range(_SWEEPS):
        moved = 0.0
        for name, where in showing.items():
            if where:
                moved = max(moved, abs(_step(points, name, fitted[name] or 0.0, where, rows, odds, chance)))
        if moved < 0.005:
            break
    return {**hand, **points}


Row = tuple[tuple[str, ...], float, float]


def _distinct(mails: Sequence[Seen]) -> list[Row]:
    """Each distinct set of signals once, with the weight of its unwanted and of its honest mails."""
    unwanted: Counter[tuple[str, ...]] = Counter()
    honest: dict[tuple[str, ...], float] = {}
    for seen in mails:
        key = tuple(sorted(set(seen.signals)))
        if seen.mail.label == UNWANTED:
            unwanted[key] += 1
        else:
            honest[key] = honest.get(key, 0.0) + _WEIGHT_OF.get(seen.mail.source, 1.0)
    return [(key, float(unwanted[key]), honest.get(key, 0.0)) for key in {**unwanted, **honest}]


def _step(
    points: dict[str, float],
    name: str,
    most: float,
    where: list[int],
    rows: list[Row],
    odds: list[float],
    chance: list[float],
) -> float:
    """One Newton step of one weight within its bounds; gives how far it moved."""
    slope, bend = _RIDGE * points[name], _RIDGE
    for at in where:
        _, unwanted, honest = rows[at]
        likely = chance[at]
        slope += STEEPNESS * (likely * (unwanted + honest) - unwanted)
        bend += STEEPNESS * STEEPNESS * likely * (1 - likely) * (unwanted + honest)
    new = min(max(points[name] - slope / bend, _LEAST), most)
    change = new - points[name]
    if change:
        points[name] = new
        for at in where:
            odds[at] += STEEPNESS * change
            chance[at] = 1 / (1 + math.exp(-odds[at]))
    return change


def unseen_scores(mails: Sequence[Seen], certainty: float) -> list[float]:
    """Each mail's score by a model fitted without its fold: campaigns are never split."""
    folds = {fold: solve([seen for seen in mails if seen.mail.fold != fold], certainty) for fold in range(5)}
    return [score(folds[seen.mail.fold], seen) for seen in mails]


def choose(mails: Sequence[Seen], *, tell: Callable[[str], None] = lambda words: None) -> Fit:
    """The least certainty at which cross-validation judges at most the aimed share of honest mail, and the fit with it."""
    for certainty in CERTAINTIES:
        scores = unseen_scores(mails, certainty)
        wrong = share(s >= THRESHOLD for s, seen in zip(scores, mails, strict=True) if seen.mail.label == HONEST)
        tell(f"certainty {certainty}: {wrong:.2%} of honest mail judged in cross-validation")
        if wrong <= AIM:
            break
    return Fit(solve(mails, certainty), certainty)


def share(which: Iterable[bool]) -> float:
    """The part of what is true, 0 of nothing."""
    found = list(which)
    return sum(found) / len(found) if found else 0.0
