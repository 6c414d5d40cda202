"""What people may say about a verdict on the email page: silence a reason, mark the verdict wrong, block or allow what came with it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from watchfloor.access.contracts import Actor, Permission
from watchfloor.intelligence.contracts import LabelKind, LabelLine
from watchfloor.intelligence.selectors import labels_of, shown_reasons
from watchfloor.kernel.text import visible
from watchfloor.mail import page
from watchfloor.mail.contracts import EmailEntity
from watchfloor.mail.selectors import why_not

ADD = "/settings/allow-block-list/add"
MOST_LINKS = 3
Link = tuple[str, str, str]


def judgement(found: EmailEntity, *, actor: Actor) -> dict[str, Any]:
    """The verdict with its reasons as they count now, the labels, and the links to entries prefilled from this mail."""
    said = found.summary.get("verdict") or {}
    labels = labels_of(found.id)
    tunes = actor.may(Permission.DETECTION_TUNE)
    return {
        "verdict": page.verdict(said) | {"reasons": shown_reasons(said, actor=actor)},
        "labels": labels,
        "label_kinds": [(kind.value, kind.label) for kind in LabelKind],
        "why_no_label": "" if actor.may(Permission.EMAIL_ACTION_PROPOSE) else why_not(Permission.EMAIL_ACTION_PROPOSE),
        "entry_links": list(entry_links(found, labels)) if tunes else [],
    }


def entry_links(found: EmailEntity, labels: tuple[LabelLine, ...]) -> Iterator[Link]:
    """(label, address, icon) of entries that this mail suggests; allowing needs its verdict marked as a false positive."""
    wrong = bool(labels) and labels[0].kind is LabelKind.FALSE_POSITIVE
    effect, word, icon = ("allow", "Allow", "check") if wrong else ("block", "Block", "ban")
    sender, domain = (str(found.row[name] or "") for name in ("SenderFromAddress", "SenderFromDomain"))
    named = [("sender", "sender", sender), ("domain", "domain", domain)]
    hosts = dict.fromkeys(str(one["UrlDomain"]) for one in found.record.urls if one["UrlDomain"])
    named += [("url", f"URLs of {host}", host) for host in list(hosts)[:MOST_LINKS]]
    files = found.record.attachments[:MOST_LINKS]
    named += [("sha256", f"file {str(one['FileName'])[:40]}", str(one["SHA256"])) for one in files]
    for kind, what, value in named:
        if value:
            yield f"{word} {visible(what)}", entry_address(found, kind, value, effect=effect), icon


def entry_address(found: EmailEntity, kind: str, value: str, *, effect: str = "block") -> str:
    """The form of a new entry, filled in from this mail."""
    return f"{ADD}?{urlencode({'kind': kind, 'value': value, 'effect': effect, 'email': found.id})}"


def block_sender(found: EmailEntity, *, actor: Actor) -> str:
    """Where the sender is blocked; "" for whoever may not, or when there is no sender."""
    sender = str(found.row["SenderFromAddress"] or "")
    return entry_address(found, "sender", sender) if sender and actor.may(Permission.DETECTION_TUNE) else ""
