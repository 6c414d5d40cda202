"""How much each signal counts: `weights.toml`, read once. A new signal gets its row there.

A signal can only add suspicion, so every score is the sum of what it lists. Points of rules that are rare or absent in
the training mail are set by hand; the others `benchmarks/verdict/fit.py` fits by logistic regression with no weight
below zero, on mail that is not part of the project.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchfloor.inspection.contracts import ThreatType

TABLE = Path(__file__).with_name("weights.toml")


@dataclass(frozen=True, slots=True)
class Weight:
    """`points` towards the threshold; `kind` is the threat it speaks for, None when for phish and spam alike; `method` is
    Defender's detection technology; `means` says it for whoever reviews it. `most` is what a fit may give it at most, None
    when set by hand; `phish` and `ham` count the training mails that showed it."""

    points: float
    kind: ThreatType | None
    method: str
    means: str
    most: float | None = None
    phish: int = 0
    ham: int = 0


def read_weights(table: Mapping[str, Any]) -> dict[str, Weight]:
    """The weights of a table as `weights.toml` holds it, by signal, in its order."""
    rows = ((name, row) for section in table.values() if isinstance(section, dict) for name, row in section.items())
    return {name: _weight(row) for name, row in rows}


def _weight(row: Mapping[str, Any]) -> Weight:
    return Weight(
        points=float(row["points"]),
        kind=ThreatType(row["threat"]) if "threat" in row else None,
        method=row["method"],
        means=row["means"],
        most=float(row["most"]) if row["by"] == "fitted" else None,
        phish=row.get("phish", 0),
        ham=row.get("ham", 0),
    )


_TABLE = tomllib.loads(TABLE.read_text("utf-8"))
THRESHOLD = float(_TABLE["threshold"])
HIGH = float(_TABLE["high"])
WEIGHTS: dict[str, Weight] = read_weights(_TABLE)
