"""Ways from an incident's accounts to critical assets (IN-23), as a slice above knows them: a list and a map."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.incidents.assets import ROLE_ORDER
from watchfloor.incidents.contracts import AttackPath, AttackPathKnowledge
from watchfloor.incidents.reading import evidence_items

MOST_ACCOUNTS = 5
"""Accounts that are looked at, those that acted first: each asks for sign-ins of a month."""
MOST_DRAWN = 15
KINDS = {"person": "User", "group": "Group", "device": "Device"}
_knowledge: list[AttackPathKnowledge] = []


def register_attack_paths(one: AttackPathKnowledge) -> AttackPathKnowledge:
    """Tell what your slice knows; the last one told counts."""
    _knowledge[:] = [one]
    return one


def attack_paths(incident: int, *, actor: Actor, now: datetime) -> tuple[list[AttackPath], list[str], bool]:
    """The ways, shortest first; the accounts they were looked for from; whether this person may see such ways."""
    items = evidence_items(incident=incident, types=("user", "mailbox"), limit=200)
    ranked = sorted(items, key=lambda one: ROLE_ORDER.index(one.role) if one.role in ROLE_ORDER else len(ROLE_ORDER))
    accounts = list(dict.fromkeys(one.value.lower() for one in ranked))[:MOST_ACCOUNTS]
    if not _knowledge or not actor.may(_knowledge[0].permission):
        return [], accounts, False
    found = _knowledge[0].paths(accounts, actor, now) if accounts else ()
    return sorted(found, key=lambda one: (len(one.edges), one.target[1].lower())), accounts, True


def path_map(paths: Sequence[AttackPath]) -> dict[str, list[dict[str, Any]]]:
    """The ways drawn over one another."""
    nodes: dict[str, dict[str, Any]] = {}
    links: dict[tuple[str, str], str] = {}
    targets = {_identity(one.target) for one in paths}
    for path in paths[:MOST_DRAWN]:
        for place, (start, end, words) in enumerate(path.edges):
            _add(nodes, start, column=place, targets=targets)
            _add(nodes, end, column=place + 1, targets=targets)
            links.setdefault((_identity(start), _identity(end)), words)
    drawn = [{"source": start, "target": end, "label": words} for (start, end), words in links.items()]
    return {"nodes": list(nodes.values()), "links": drawn}


def _identity(end: tuple[str, str, str]) -> str:
    return f"{end[0]}:{end[1]}"


def _add(nodes: dict[str, dict[str, Any]], end: tuple[str, str, str], *, column: int, targets: Iterable[str]) -> None:
    identity, (kind, name, href) = _identity(end), end
    node = {"id": identity, "name": name[:48], "group": KINDS.get(kind, kind), "size": 22, "column": column}
    node |= {"href": href} if href else {}
    nodes.setdefault(identity, node | ({"tone": "danger"} if identity in targets else {}))
