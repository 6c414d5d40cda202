"""How a campaign's mails went: sender IPs, sender domains, filter verdicts, destinations, clicks, as layers of a flow (CA-12).

Groups are counted in one question. Mails that somebody or something touched afterwards, or whose links were clicked, are few:
they are asked for by id and counted out of their group into one of their own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from watchfloor.hunting.campaigns import clicks
from watchfloor.hunting.campaigns.figures import MAILS, narrowed
from watchfloor.hunting.campaigns.noting import CLUSTER, MAIL
from watchfloor.hunting.models import KnownCampaign
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

LAYERS = ("Sender IPs", "Sender domains", "Filter verdicts", "Message destinations", "URL clicks")
VERDICT, DESTINATION, CLICK = 2, 3, 4
MOST_NODES = 10
OTHERS, UNKNOWN = "Others", "Unknown"
EVENTS = "EmailPostDeliveryEvents"
MOST_TOUCHED = 20_000
BY = ("SenderIP", "SenderFromDomain", "PrimaryOverride", "DeliveryAction", "ThreatTypes", "LatestDeliveryLocation")
OVERRIDES = {
    "Allowed by organization policy": "Tenant allow",
    "Blocked by organization policy": "Tenant block",
    "Allowed by user policy": "User allow",
    "Blocked by user policy": "User block",
}
DESTINATIONS = {
    "Inbox/folder": "Inbox",
    "Junk folder": "Junk folder",
    "Quarantine": "Quarantine",
    "Deleted items folder": "Deleted folder",
    "Recoverable items folder": "Deleted folder",
    "Hard deleted": "Deleted folder",
    "On-prem/external": "External",
    "Dropped": "Dropped",
    "Failed": "Failed",
    "Forwarded": "Forwarded",
}
TONES = {
    "Allowed": "danger",
    "Not detected": "danger",
    "Tenant allow": "danger",
    "User allow": "danger",
    "Released": "danger",
    "Detected": "warning",
    "Blocked": "success",
    "Tenant block": "success",
    "User block": "success",
    "ZAP": "info",
    "Inbox": "danger",
    "Junk folder": "warning",
    "Quarantine": "success",
    "Deleted folder": "success",
    **clicks.TONES,
}
Path = tuple[str, ...]
Mailbox = tuple[str, str]


def verdict_of(row: Mapping[str, Any], touched: str = "") -> str:
    """One of the ten values of CA-13: what was done later counts first, then an override, then the filter itself."""
    if touched:
        return touched
    if override := OVERRIDES.get(row["PrimaryOverride"] or ""):
        return override
    if row["DeliveryAction"] == "Blocked":
        return "Blocked"
    if row["ThreatTypes"]:
        return "Allowed" if row["DeliveryAction"] == "Delivered" else "Detected"
    return "Not detected"


def _path(row: Mapping[str, Any], touched: str = "", clicked: str = "") -> Path:
    sender = (visible(row["SenderIP"]) or UNKNOWN, visible(row["SenderFromDomain"]) or UNKNOWN)
    where = DESTINATIONS.get(row["LatestDeliveryLocation"] or "", UNKNOWN)
    return (*sender, verdict_of(row, touched), where, *((clicked,) if clicked else ()))


def paths(campaign: KnownCampaign, query: Query) -> Counter[Path]:
    """How many mails (each to one recipient) went each way."""
    inside = narrowed(query, [campaign])
    counts: Counter[Path] = Counter()
    for row in lake.summed(inside, by=BY, measures=(MAILS,)):
        counts[_path(row)] += row["messages"]
    touched, clicked = _touched(campaign, inside), _clicked(campaign, inside)
    for row in _rows(inside, {mail for mail, _ in (*touched, *clicked)}):
        mailbox = (row["NetworkMessageId"], row["RecipientEmailAddress"])
        own = _path(row, touched.get(mailbox, ""), clicked.get(mailbox, ""))
        if own != _path(row):
            counts[_path(row)] -= 1
            counts[own] += 1
    return +counts


def _rows(inside: Query, ids: set[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    only = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(sorted(ids)))
    query = Query(MAIL, inside.start, inside.end, required=(*inside.required, only))
    return lake.rows(query, columns=("NetworkMessageId", "RecipientEmailAddress", *BY), limit=MOST_TOUCHED)


def _touched(campaign: KnownCampaign, inside: Query) -> dict[Mailbox, str]:
    """What was done after delivery: zero-hour purges, releases from quarantine; the newest counts."""
    theirs = Condition(f"{MAIL}.{CLUSTER}", Operator.EQUAL_ANY, tuple(map(str, campaign.ids)))
    kinds = Condition("ActionType", Operator.EQUAL_ANY, ("Phish ZAP", "Malware ZAP", "Spam ZAP", "Quarantine release"))
    done = Condition("ActionResult", Operator.EQUAL_ANY, ("Success",))
    query = Query(EVENTS, inside.start, _far(inside), required=(theirs, kinds, done))
    wanted = ("NetworkMessageId", "RecipientEmailAddress", "ActionType")
    rows = lake.rows(query, columns=wanted, descending=False, order_by="Timestamp", limit=MOST_TOUCHED)
    return {
        (row["NetworkMessageId"], row["RecipientEmailAddress"]): "ZAP" if "ZAP" in row["ActionType"] else "Released"
        for row in rows
    }


def _far(inside: Query) -> Any:
    return inside.end.replace(year=inside.end.year + 10)


def _clicked(campaign: KnownCampaign, inside: Query) -> dict[Mailbox, str]:
    found: dict[Mailbox, list[str]] = defaultdict(list)
    for row in clicks.clicks_on(campaign, inside)[:MOST_TOUCHED]:
        found[row["NetworkMessageId"], row["AccountUpn"]].append(clicks.verdict_of(row))
    return {mailbox: clicks.worst(verdicts) for mailbox, verdicts in found.items()}


# --- as a picture -------------------------------------------------------------------------------------------------


def drawn(counts: Mapping[Path, int]) -> dict[str, Any]:
    """Nodes and links of the kit's sankey: the ten biggest of a layer, the rest as one."""
    kept = [_biggest(counts, layer) for layer in range(len(LAYERS))]
    links: Counter[tuple[str, str]] = Counter()
    nodes: dict[str, dict[str, Any]] = {}
    for path, count in counts.items():
        named = [name if name in kept[layer] else OTHERS for layer, name in enumerate(path)]
        ids = [f"{layer} {name}" for layer, name in enumerate(named)]
        for layer, name in enumerate(named):
            nodes.setdefault(ids[layer], _node(ids[layer], name, layer))
        for pair in pairwise(ids):
            links[pair] += count
    order = sorted(nodes.values(), key=lambda node: (node["column"], node["name"]))
    flows = sorted(links.items())
    return {"nodes": order, "links": [{"source": a, "target": b, "value": count} for (a, b), count in flows]}


def _biggest(counts: Mapping[Path, int], layer: int) -> set[str]:
    totals: Counter[str] = Counter()
    for path, count in counts.items():
        if layer < len(path):
            totals[path[layer]] += count
    order = sorted(totals, key=lambda name: (-totals[name], name))
    return set(order[: MOST_NODES if len(order) > MOST_NODES else len(order)])


def _node(key: str, name: str, layer: int) -> dict[str, Any]:
    tone = TONES.get(name) if layer >= VERDICT else None
    return {"id": key, "name": name, "column": layer, "group": LAYERS[layer], **({"tone": tone} if tone else {})}


def layer_totals(counts: Mapping[Path, int], layer: int) -> list[tuple[str, int]]:
    """The names of one layer with their mails, the most first; for words and the printed report."""
    totals: Counter[str] = Counter()
    for path, count in counts.items():
        if layer < len(path):
            totals[path[layer]] += count
    return sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))


def in_words(counts: Mapping[Path, int]) -> str:
    """“14 messages: 12 to Inbox, 2 to Junk folder; 2 were clicked.”"""
    total = sum(counts.values())
    where = _listed(layer_totals(counts, DESTINATION))
    followed = sum(count for _, count in layer_totals(counts, CLICK))
    said = f"; links in {followed:,} of them were clicked" if followed else "; no link was clicked"
    return f"{total:,} message{'' if total == 1 else 's'}: {where}{said}." if total else "No message in this time."


def _listed(pairs: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count:,} in {name}" for name, count in _first(pairs))


def _first(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return list(pairs)[:MOST_NODES]
