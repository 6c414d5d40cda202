"""A verdict as columns of EmailEvents: its points for the back-test, and which of the organisation's entries decided. Pure."""

import json
from typing import Any

from watchfloor.inspection.contracts import Verdict

SOURCES = {
    "block sender": "Tenant Allow/Block List sender address block",
    "block domain": "Tenant Allow/Block List sender address block",
    "block url": "Tenant Allow/Block List URL block",
    "block sha256": "Tenant Allow/Block List file block",
    "block ip": "Connection policy",
    "block spoof": "Tenant Allow/Block List spoof block",
    "allow sender": "Sender address list (Admin override)",
    "allow domain": "Sender domain list (Admin override)",
    "allow url": "Tenant Allow/Block List URL allow",
    "allow sha256": "Tenant Allow/Block List file allow",
    "allow ip": "Connection policy",
    "allow spoof": "Tenant Allow/Block List spoof allow",
    "allow mailbox": "SecOps mailbox",
}
"""What TE-052 calls the list an entry stands in, by what the entry does and its kind."""
WORDS = {
    "block": ("Blocked by organization policy", "Block"),
    "allow": ("Allowed by organization policy", "Allow"),
}


def judgement_columns(verdict: Verdict) -> dict[str, Any]:
    """Score, reasons and entries of a verdict; overrides only when an entry met the mail (TE-051..053)."""
    entries = entries_of(verdict)
    points: dict[str, float] = {}
    for reason in verdict.reasons:
        points[reason.signal] = round(points.get(reason.signal, 0.0) + reason.points, 2)
    columns = {"VerdictScore": verdict.score, "VerdictReasons": json.dumps(points), "TenantEntries": list(entries)}
    return columns | _overrides(entries)


def entries_of(verdict: Verdict) -> tuple[str, ...]:
    """The entries a mail met, as "block sender:bo@x.example"; those that block first, since they decide (TB-02)."""
    found = [reason.entry for reason in verdict.reasons if reason.entry]
    found += [f"allow {verdict.allowed}"] if verdict.allowed else []
    return tuple(sorted(dict.fromkeys(found), key=lambda entry: not entry.startswith("block")))


def _overrides(entries: tuple[str, ...]) -> dict[str, Any]:
    met = [(entry, SOURCES[kind]) for entry in entries if (kind := entry.partition(":")[0]) in SOURCES]
    if not met:
        return {}
    entry, source = met[0]
    words, action = WORDS[entry.partition(" ")[0]]
    return {
        "OrgLevelAction": action,
        "OrgLevelPolicy": f"Tenant Allow/Block List: {entry.partition(' ')[2]}",
        "PrimaryOverride": words,
        "PrimaryOverrideSource": source,
        "OverrideSources": list(dict.fromkeys(one for _, one in met)),
    }
