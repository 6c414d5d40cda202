"""The formulas in words, as the settings page says them. docs/concepts/risk-score.md has them with examples."""

from watchfloor.identities.scoring import formulas as f
from watchfloor.identities.scoring.contracts import RED

FORMULAS = (
    ("Score", "The sum of what every point is worth now. Nothing is added, weighed or smoothed beyond that."),
    ("Decay", f"A point loses the same part every hour and is gone after {f.LIFETIME.days} days."),
    (
        "Alert",
        "Severity ("
        + ", ".join(f"{name} {points:g}" for name, points in f.SEVERITY_POINTS.items())
        + ") × the person's role in it ("
        + ", ".join(f"{name} {part:g}" for name, part in f.ROLE_FACTORS.items())
        + f") × how rare such an alert is among people and among all alerts (1 down to {f.LEAST_POPULARITY:g}) × importance.",
    ),
    (
        "Activity",
        "The signal's weight × surprise × importance. The same thing of the same person counts once a day; when it grows, "
        "what it grew by.",
    ),
    (
        "Surprise",
        f"−log₂ of how likely the thing is: nothing up to {f.USUAL_BITS:g} bits (1 in 8), all from {f.RARE_BITS:g} bits on "
        f"(1 in 512). The person's own days count, leaning on {f.SHRINKAGE:g} days of the peers' view, which leans on the "
        f"organisation's. Days fade by half every {f.HALF_LIFE_DAYS:g} days.",
    ),
    ("Amounts", "Robust deviations (median and MAD of past days' busiest hours): nothing up to 3.5, all from 12 on."),
    (
        "New people",
        f"Who was seen for less than 7 days is compared with peers only and gets at most ×{f.COLD_START:g}; no rise is told of them.",
    ),
    (
        "Importance",
        ", ".join(f"{name} ×{part:g}" for name, part in f.IMPORTANCE.items()) + "; the greatest counts, others ×1.",
    ),
    ("Percentile", f"The share of the other people who score lower; red from {RED:g} on."),
)
