"""The words of zero-hour purge: for which late verdicts something happens to delivered mail, and what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from watchfloor.lake.contracts import LateVerdict
from watchfloor.response.contracts import Row

WINDOW = timedelta(hours=48)
"""ZP-01: mail delivered longer ago is left alone."""


class Threat(StrEnum):
    """What the policy tells apart (ZP-02), worst first."""

    MALWARE = "Malware"
    SURE_PHISH = "High confidence phish"
    PHISH = "Phish"
    SPAM = "Spam"

    @property
    def event_type(self) -> str:
        """EmailPostDeliveryEvents.ActionType of what is done for it."""
        return "Phish ZAP" if self is Threat.SURE_PHISH else f"{self.value} ZAP"


class What(StrEnum):
    """What a late verdict leads to."""

    OFF = "off"
    PROPOSE = "propose"
    ACT = "act"

    @property
    def label(self) -> str:
        return {"off": "Nothing", "propose": "Propose it for approval", "act": "Act at once"}[self.value]


ACTIONS = ("soft-delete", "move-to-junk", "quarantine")
"""Keys of the actions there are to choose from."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to mail of one threat; `action` is a key of ACTIONS."""

    what: What = What.OFF
    action: str = ACTIONS[0]


DEFAULTS: Mapping[Threat, Rule] = {
    threat: Rule(action="move-to-junk" if threat is Threat.SPAM else "soft-delete") for threat in Threat
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule for every threat; mailboxes of `untouched` (those of the security team) are never touched."""

    rules: Mapping[Threat, Rule] = field(default_factory=lambda: DEFAULTS)
    untouched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What one late verdict means: `aimed` are the copies to act on, with their Message-ID, `left` those left alone and why.

    `why` is set when no mailbox was looked at, because of the mail as a whole.
    """

    verdict: LateVerdict
    threat: Threat
    rule: Rule
    aimed: Mapping[Row, str] = field(default_factory=dict)
    left: tuple[tuple[str, str], ...] = ()
    why: str = ""


def threat_of(verdict: LateVerdict) -> Threat | None:
    """The worst threat a verdict names; None when it found the mail harmless."""
    if "Malware" in verdict.threat_types:
        return Threat.MALWARE
    if "Phish" in verdict.threat_types:
        return Threat.SURE_PHISH if verdict.confidence == "High" else Threat.PHISH
    return Threat.SPAM if "Spam" in verdict.threat_types else None
