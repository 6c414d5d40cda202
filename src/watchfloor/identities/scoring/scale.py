"""How the score is set: rows of RiskSetting over the defaults of `Scale`, read once for a batch."""

from dataclasses import fields, replace
from typing import Any

from watchfloor.identities.scoring.contracts import RiskLevel, Scale
from watchfloor.identities.scoring.tables import RiskSetting


def scale() -> Scale:
    """The setting in force. One query."""
    kept = {row.key: row.value for row in RiskSetting.objects.all()}
    known = {one.name for one in fields(Scale)} - {"weights", "off", "known_networks"}
    plain: dict[str, Any] = {key: float(value) for key, value in kept.items() if key in known}
    if "rise_per_day" in plain:
        plain["rise_per_day"] = int(plain["rise_per_day"])
    return replace(
        Scale(),
        weights={key.partition(":")[2]: float(value) for key, value in kept.items() if key.startswith("weight:")},
        off=frozenset(kept.get("off", ())),
        known_networks=tuple(kept.get("known_networks", ())),
        **plain,
    )


def level_of(score: float, chosen: Scale) -> RiskLevel:
    """The level a score has, from the thresholds in force."""
    if score >= chosen.high:
        return RiskLevel.HIGH
    if score >= chosen.medium:
        return RiskLevel.MEDIUM
    return RiskLevel.LOW if score >= chosen.low else RiskLevel.NONE
