"""Changing how the score is set."""

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.identities.scoring.contracts import Scale
from watchfloor.identities.scoring.scale import scale
from watchfloor.identities.scoring.signals import signals
from watchfloor.identities.scoring.tables import RiskSetting
from watchfloor.kernel.errors import BadInput

audit_verb("risk.settings", "{actor} changed how the risk score is made")

HEAVIEST = 100.0


def change_scale(
    *,
    by: Actor,
    now: datetime,
    thresholds: Mapping[str, float],
    weights: Mapping[str, float],
    off: Iterable[str],
    known_networks: Iterable[str],
) -> None:
    """Set thresholds (low, medium, high, rise_least ...), weights by signal, signals that are off, and known networks (CIDR).

    A weight as by default is forgotten. Points that were given stay as they are. Raises BadInput naming what is wrong.
    """
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="risk.settings",
        target_type="settings",
        target="risk score",
        before=_shown(scale()),
    ) as result:
        switched, networks = sorted(set(off)), list(dict.fromkeys(filter(None, known_networks)))
        _check(thresholds, weights, switched, networks)
        own = {key: weight for key, weight in weights.items() if weight != signals()[key].weight}
        values: dict[str, Any] = {**thresholds, "off": switched, "known_networks": networks}
        values |= {f"weight:{key}": weight for key, weight in own.items()}
        with transaction.atomic():
            RiskSetting.objects.exclude(key__in=values).delete()
            for key, value in values.items():
                RiskSetting.objects.update_or_create(
                    key=key, defaults={"value": value, "changed_by": by.name, "changed_at": now}
                )
        result["after"] = _shown(scale())


def _shown(chosen: Scale) -> dict[str, Any]:
    return {
        "low": chosen.low,
        "medium": chosen.medium,
        "high": chosen.high,
        "rise_least": chosen.rise_least,
        "rise_spread": chosen.rise_spread,
        "rise_per_day": chosen.rise_per_day,
        "alert_weight": chosen.alert_weight,
        "weights": dict(chosen.weights),
        "off": sorted(chosen.off),
        "known_networks": list(chosen.known_networks),
    }


def _check(
    thresholds: Mapping[str, float], weights: Mapping[str, float], off: Iterable[str], networks: Iterable[str]
) -> None:
    known = set(_shown(Scale())) - {"weights", "off", "known_networks"}
    if strange := sorted(set(thresholds) - known):
        raise BadInput(f"there is no threshold “{strange[0]}”", place=strange[0])
    asked = {**{name: getattr(scale(), name) for name in known}, **thresholds}
    if not 0 < asked["low"] < asked["medium"] < asked["high"]:
        raise BadInput("low, medium and high must rise", place="low")
    if min(asked["rise_least"], asked["rise_spread"], asked["rise_per_day"]) <= 0:
        raise BadInput("what makes a rise must be more than 0", place="rise_least")
    for key in (*weights, *off):
        if key not in signals():
            raise BadInput(f"there is no signal “{key}”", place=key)
    for key, weight in weights.items():
        if not 0 <= weight <= HEAVIEST:
            raise BadInput(f"weigh between 0 and {HEAVIEST:.0f}", place=key)
    for network in networks:
        _check_network(network)


def _check_network(network: str) -> None:
    try:
        ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise BadInput(f"“{network}” is no network, such as 192.0.2.0/24", place="known_networks") from None
