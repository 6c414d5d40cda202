"""The words of investigations: what is looked into, how far it is, what was found, what is recommended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What set an investigation off (AI-61)."""

    MANUAL = "Manual investigation"
    REPORTED = "User-reported messages"
    ZAPPED_FILE = "Zapped file"
    ZAPPED_URL = "Zapped URL"
    ZAPPED_CAMPAIGN = "Zapped campaign"
    ZAPPED_MAIL = "Zapped mail"
    NOT_REMOVED = "Not removed after delivery"
    CLICK = "URL verdict change"
    COMPROMISED = "User compromised"
    ACTION = "Administrator's action"


class Status(StrEnum):
    """AI-62. Nothing here is ever ended by the product for want of time or room: what waits, waits."""

    QUEUED = "Queued"
    RUNNING = "Running"
    NO_THREATS = "No threats found"
    PENDING = "Pending action"
    PARTIALLY_INVESTIGATED = "Partially investigated"
    REMEDIATED = "Remediated"
    PARTIALLY_REMEDIATED = "Partially remediated"
    FAILED = "Failed"
    STOPPED = "Terminated by user"


OPEN = frozenset({Status.QUEUED, Status.RUNNING, Status.PENDING})
"""An alert of the same cause joins an investigation that is still one of these."""


class Verdict(StrEnum):
    MALICIOUS = "Malicious"
    SUSPICIOUS = "Suspicious"
    CLEAN = "No threats found"
    UNKNOWN = "Unknown"

    @property
    def rank(self) -> int:
        return {"Malicious": 3, "Suspicious": 2, "No threats found": 1}.get(self.value, 0)


def gravest(verdicts: "list[Verdict]") -> Verdict:
    return max(verdicts, key=lambda one: one.rank, default=Verdict.UNKNOWN)


class Level(StrEnum):
    """The ladder of trust: how much of what is recommended happens by itself."""

    OFF = "off"
    PASSIVE = "passive"
    APPROVE = "approve"
    AUTOMATIC = "automatic"

    @property
    def label(self) -> str:
        return {
            "off": "Off: alerts start nothing",
            "passive": "Passive: say what would be done",
            "approve": "Approve: propose, people decide",
            "automatic": "Automatic: act within the policy",
        }[self]


class ClusterKind(StrEnum):
    """By what mails of a cluster are alike (AI-40, AI-41)."""

    LIKENESS_IP = "likeness-ip"
    LIKENESS_DOMAIN = "likeness-domain"
    SUBJECT_IP = "subject-ip"
    SUBJECT_DOMAIN = "subject-domain"
    URL = "url"
    FILE = "file"
    SENT = "sent"
    SENDER = "sender"

    @property
    def label(self) -> str:
        return {
            "likeness-ip": "Same body, same sender IP",
            "likeness-domain": "Same body, same sender domain",
            "subject-ip": "Same subject, same sender IP",
            "subject-domain": "Same subject, same sender domain",
            "url": "Carries the URL",
            "file": "Carries the file",
            "sent": "Sent by the mailbox",
            "sender": "Sent from the address",
        }[self]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A cluster is malicious (or suspicious) from `hits` such copies on, if they are at least `share` percent of it (LM-10)."""

    hits: int
    share: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The two of one kind of cluster."""

    malicious: Threshold
    suspicious: Threshold


DEFAULT_THRESHOLDS: dict[ClusterKind, Thresholds] = {
    ClusterKind.LIKENESS_IP: Thresholds(Threshold(1, 10), Threshold(1, 10)),
    ClusterKind.LIKENESS_DOMAIN: Thresholds(Threshold(1, 10), Threshold(1, 10)),
    ClusterKind.SUBJECT_IP: Thresholds(Threshold(1, 25), Threshold(1, 25)),
    ClusterKind.SUBJECT_DOMAIN: Thresholds(Threshold(1, 25), Threshold(1, 25)),
    ClusterKind.URL: Thresholds(Threshold(1, 50), Threshold(1, 50)),
    ClusterKind.FILE: Thresholds(Threshold(1, 10), Threshold(1, 10)),
    ClusterKind.SENT: Thresholds(Threshold(1, 1), Threshold(3, 10)),
    ClusterKind.SENDER: Thresholds(Threshold(1, 50), Threshold(1, 50)),
}
"""What looks alike in body and origin is condemned by a handful; a subject or a link that strangers share needs more."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Copies (a mail in a mailbox) of a cluster (AI-46). `mailbox` counts Inbox and Junk; `late` those a later verdict condemned,
    `cleared` those a later verdict found harmless; both are counted in `malicious` already.
    """

    copies: int = 0
    mails: int = 0
    recipients: int = 0
    malware: int = 0
    phish: int = 0
    sure_phish: int = 0
    spam: int = 0
    delivered: int = 0
    junked: int = 0
    replaced: int = 0
    blocked: int = 0
    mailbox: int = 0
    elsewhere: int = 0
    external: int = 0
    malicious: int = 0
    suspicious: int = 0
    late: int = 0
    cleared: int = 0
    last_day: int = 0
    usual_day: float = 0

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Counters":
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})

    @property
    def kept(self) -> dict[str, Any]:
        return asdict(self)

    def share(self, number: int) -> float:
        """Percent of all copies."""
        return 100 * number / self.copies if self.copies else 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the lake: KQL as it can be run again, what came back (at most a few rows), how long it took."""

    text: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    count: int = 0
    seconds: float = 0.0
    explorer: str = ""

    @property
    def kept(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FoundCluster:
    """Mails that belong together; `parameters` are Explorer's, `text` the KQL that finds the same. `members` are digests of the copies
    still in mailboxes, one of all for a larger cluster: what lies inside another cluster need not be asked for twice."""

    kind: ClusterKind
    value: str
    title: str
    parameters: str
    text: str
    counters: Counters
    verdict: Verdict
    why: str
    anomaly: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """One thing met on the way; `type` is analyzedMessage, url, file, ip, sender, device, mailbox or user."""

    type: str
    value: str
    label: str = ""
    verdict: Verdict = Verdict.UNKNOWN
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class WishKind(StrEnum):
    """How a recommendation is carried out."""

    MAIL = "mail"
    ACCOUNTS = "accounts"
    BLOCK = "block"
    GUIDANCE = "guidance"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a step recommends. `key` names it once for all within the investigation.

    `query` and `rows` aim an action on mail, `names` one on accounts, `value` is the URL or, with the action block-sender, the address to block; `members` as in FoundCluster.
    `done` is a remediation that somebody began by hand already: nobody needs to be asked.
    """

    key: str
    kind: WishKind
    title: str
    why: str
    action: str = ""
    query: str = ""
    rows: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    value: str = ""
    copies: int = 0
    share: float = 0.0
    members: tuple[str, ...] = ()
    done: str = ""

    @property
    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Wish":
        lists = {name: tuple(kept.get(name, ())) for name in ("rows", "names", "members")}
        return cls(**{**kept, **lists, "kind": WishKind(kept["kind"])})


@dataclass(frozen=True, slots=True)
class Found:
    """What one step found: `answer` is the sentence people read."""

    answer: str
    verdict: Verdict = Verdict.UNKNOWN
    asked: tuple[Asked, ...] = ()
    clusters: tuple[FoundCluster, ...] = ()
    entities: tuple[FoundEntity, ...] = ()
    wishes: tuple[Wish, ...] = ()


class RecommendationStatus(StrEnum):
    """`would` is the passive level's: nobody is asked to act, only whether they agree."""

    WOULD = "Would be done"
    PENDING = "Pending approval"
    RUNNING = "In progress"
    DONE = "Completed"
    REJECTED = "Rejected"
    GONE = "No longer needed"
    FAILED = "Failed"
    ADVICE = "Guidance"


WAITING = frozenset({RecommendationStatus.PENDING, RecommendationStatus.RUNNING})


@dataclass(frozen=True, slots=True)
class Seeds:
    """What an investigation begins with; all lower-case but URLs."""

    messages: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Seeds":
        return cls(**{one.name: tuple(kept.get(one.name, ())) for one in fields(cls)})

    @property
    def kept(self) -> dict[str, list[str]]:
        return {one.name: list(getattr(self, one.name)) for one in fields(self)}

    def __or__(self, other: "Seeds") -> "Seeds":
        both = {
            one.name: tuple(dict.fromkeys((*getattr(self, one.name), *getattr(other, one.name))))
            for one in fields(self)
        }
        return Seeds(**both)

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an investigation begins; the same `key` within the window joins the one that is under way.

    `joins` is an investigation that knows of it already: the alert is noted there, and nothing is looked at again.
    """

    playbook: str
    key: str
    name: str
    seeds: Seeds
    alert_id: str = ""
    alert_title: str = ""
    incident_id: str = ""
    joins: int = 0
