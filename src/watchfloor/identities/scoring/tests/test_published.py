"""What docs/concepts/risk-score.md publishes is what the code does."""

from dataclasses import fields
from pathlib import Path

import pytest

from watchfloor.identities.scoring import formulas as f
from watchfloor.identities.scoring.contracts import LEARNING, RED, Scale
from watchfloor.identities.scoring.rising import QUIET, TIMES
from watchfloor.identities.scoring.signals import signals

PAGE = (Path(__file__).resolve().parents[5] / "docs/concepts/risk-score.md").read_text()


@pytest.mark.parametrize("signal", signals().values(), ids=lambda signal: signal.key)
def test_every_signal_is_published_with_its_weight(signal):
    learned = "yes" if signal.learned else ""
    row = f"| {signal.title} | {signal.weight:g} | {learned} | {signal.needs} | {', '.join(signal.techniques)} |"
    assert row in PAGE


def test_no_signal_is_published_that_is_gone():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line.endswith(" |") and "T1" in line]
    assert len(rows) == len(signals())


@pytest.mark.parametrize(
    "words",
    [
        *(f"{name} {points:g}" for name, points in f.SEVERITY_POINTS.items()),
        f"nothing up to {f.USUAL_BITS:g} bits (1 in {2**f.USUAL_BITS:g}), all from {f.RARE_BITS:g} bits on (1 in {2**f.RARE_BITS:g})",
        f"the weight of {f.SHRINKAGE:g} person-days",
        f"by half every {f.HALF_LIFE_DAYS:g} days",
        f"privileged (an administrator's role) × {f.IMPORTANCE['privileged']:g}",
        f"red from {RED:g} on",
        f"less than {LEARNING.days} days",
        f"once in {QUIET.days} days",
        f"max({Scale().rise_least:g}, own median + {TIMES:g} × max(own MAD, {Scale().rise_spread:g})",
        f"low from {Scale().low:g}, medium from {Scale().medium:g}, high from {Scale().high:g} points",
        f"{Scale().rise_per_day} a day at most",
    ],
)
def test_the_numbers_are_those_of_the_code(words):
    assert words in " ".join(PAGE.split())


def test_every_threshold_can_be_set():
    from watchfloor.identities.scoring.settings_page import ScaleForm

    plain = {one.name for one in fields(Scale)} - {"weights", "off"}
    assert plain <= set(ScaleForm().fields)
    assert {f"weight-{key}" for key in signals()} | {f"on-{key}" for key in signals()} <= set(ScaleForm().fields)
