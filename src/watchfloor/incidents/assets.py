"""The assets of an incident (IN-30..33): users, mailboxes, devices, with what the slices above know of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from watchfloor.access.contracts import Actor
from watchfloor.incidents.contracts import AssetFacts, AssetKnowledge, EvidenceItem
from watchfloor.incidents.reading import evidence_items

KINDS = (("users", "Users"), ("mailboxes", "Mailboxes"), ("devices", "Devices"), ("applications", "Applications"))
TYPES = {
    "users": ("user", "mailbox"),
    "mailboxes": ("mailbox",),
    "devices": ("device",),
    "applications": ("cloudApplication",),
}
ROLE_ORDER = ("compromised", "source", "impacted", "contextual")
NOBODY = AssetFacts()
_knowledge: dict[str, AssetKnowledge] = {}


def register_asset_knowledge(one: AssetKnowledge) -> AssetKnowledge:
    """Tell what your slice knows of an incident's assets; the same `kind` again replaces it."""
    _knowledge[one.kind] = one
    return one


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset: its evidence, what is known of it, and the other names under which the incident's alerts speak of it."""

    item: EvidenceItem
    facts: AssetFacts = NOBODY
    also: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.facts.name or self.item.shown


def assets(incident: int, kind: str, *, actor: Actor, limit: int = 500) -> tuple[tuple[Asset, ...], tuple[str, ...]]:
    """Assets of one kind, gravest role first, and the heads of what is known of them; two or three queries."""
    found = evidence_items(incident=incident, types=TYPES[kind], limit=limit)
    told, heads = known_of(kind, [item.value for item in found], actor=actor)
    listed = [Asset(item, told.get(item.value.lower(), NOBODY)) for item in found]
    if kind == "users":
        listed = _people(listed)
    order = {role: place for place, role in enumerate(ROLE_ORDER)}
    return tuple(sorted(listed, key=lambda one: order.get(one.item.role, len(order)))), heads


def known_of(kind: str, values: Sequence[str], *, actor: Actor) -> tuple[Mapping[str, AssetFacts], tuple[str, ...]]:
    """What is known of these values by whoever may be told, by lower-case value, and the heads of its cells."""
    one = _knowledge.get("users" if kind == "mailboxes" else kind)
    if one is None or not actor.may(one.permission):
        return {}, ()
    return one.tell(values, actor), one.heads


def _people(listed: Sequence[Asset]) -> list[Asset]:
    """Each person once, whatever names of theirs the alerts use; mailboxes of nobody we know are no users."""
    found: dict[str, Asset] = {}
    for one in listed:
        if one.item.type == "mailbox" and not one.facts.key:
            continue
        key = one.facts.key or one.item.value.lower()
        found[key] = _joined(found[key], one) if key in found else one
    return list(found.values())


def _joined(one: Asset, other: Asset) -> Asset:
    same = one.item.value.lower() == other.item.value.lower()
    names = one.also if same else (*one.also, other.item.value)
    item = replace(
        one.item,
        role=min(one.item.role, other.item.role, key=_grave),
        alerts=max(one.item.alerts, other.item.alerts),
        first_seen=min(one.item.first_seen, other.item.first_seen),
        last_seen=max(one.item.last_seen, other.item.last_seen),
    )
    return replace(one, item=item, also=names)


def _grave(role: str) -> int:
    return ROLE_ORDER.index(role) if role in ROLE_ORDER else len(ROLE_ORDER)


def counts(incident: int, *, actor: Actor) -> Mapping[str, int]:
    """How many of each kind, for the tabs."""
    return {kind: len(assets(incident, kind, actor=actor)[0]) for kind, _ in KINDS}
