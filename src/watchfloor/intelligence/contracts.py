"""The words of intelligence: entries, labels, the verdict policy, a back-test."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What an entry is about (TB-01). The value stands before the colon of an entry's name."""

    SENDER = "sender"
    DOMAIN = "domain"
    URL = "url"
    FILE = "sha256"
    IP = "ip"
    SPOOF = "spoof"

    @property
    def label(self) -> str:
        return {
            "sender": "Sender address",
            "domain": "Domain",
            "url": "URL",
            "sha256": "File",
            "ip": "IP address",
            "spoof": "Spoofed sender",
        }[self]


class Effect(StrEnum):
    """What meeting an entry does: block and allow decide, an indicator adds its points, who is trusted impersonates nobody."""

    BLOCK = "block"
    ALLOW = "allow"
    INDICATOR = "indicator"
    TRUST = "trust"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class Life(StrEnum):
    """How long an entry lasts (TB-04, TB-06)."""

    DAYS_1 = "1"
    DAYS_7 = "7"
    DAYS_30 = "30"
    DAYS_90 = "90"
    UNUSED_45 = "unused-45"
    NEVER = "never"

    @property
    def label(self) -> str:
        days = "day" if self is Life.DAYS_1 else "days"
        return {"unused-45": "45 days after its last use", "never": "Never ends"}.get(self, f"{self.value} {days}")


class LabelKind(StrEnum):
    """What a person says about a verdict."""

    FALSE_POSITIVE = "false_positive"
    FALSE_NEGATIVE = "false_negative"
    MALWARE = "malware"
    SPAM = "should_be_spam"

    @property
    def label(self) -> str:
        return {
            "false_positive": "False positive: harmless",
            "false_negative": "False negative: phish",
            "malware": "False negative: malware",
            "should_be_spam": "Should be spam",
        }[self]

    @property
    def short(self) -> str:
        """The label without what it means, for tables."""
        return {"false_positive": "False positive", "false_negative": "False negative", "malware": "Malware"}.get(
            self, self.label
        )

    @property
    def threat_types(self) -> tuple[str, ...]:
        """What the mail is, by this label, in Defender's words."""
        return {
            "false_positive": (),
            "false_negative": ("Phish",),
            "malware": ("Malware",),
            "should_be_spam": ("Spam",),
        }[self]


class PeopleSource(Protocol):
    """Who belongs to the organisation. `version` changes when the people do, and costs little to ask."""

    def version(self) -> object: ...

    def people(self) -> tuple[tuple[str, str], ...]:
        """(display name, address) of everybody known."""
        ...


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry as pages and exports show it. `expires_at` None never ends; `explorer` lists the mails that met it.

    `review_at` is when somebody is to look whether it is still needed; `days` are the mails of each of the last 30 days.
    """

    id: int
    kind: Kind
    effect: Effect
    value: str
    note: str
    source: str
    confidence: str
    added_by: str
    added_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    uses: int
    explorer: str = ""
    review_at: datetime | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str = ""
    days: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.effect} {self.kind}:{self.value}"


class NewsKind(StrEnum):
    """What happens to an entry that somebody should hear of (TB-07)."""

    ENDING = "ending"
    REMOVED = "removed"
    LEARNED = "learned"
    FOUND_BAD = "found bad"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class EntryNews:
    """One such happening, told once by its `key`. `mail` is the harmful mail that met the entry, "" when there is none."""

    key: str
    kind: NewsKind
    entry: str
    at: datetime
    words: str
    mail: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of a list did. `refused` holds (line number, text, why)."""

    added: int
    known: int
    refused: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SilencedReason:
    """A signal that counts nothing here, and who said so."""

    signal: str
    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class ShownReason:
    """One reason of a verdict as the email page shows it. `silenced` is its silencing in force now, None when it counts.

    `counted` is False for a reason that added nothing when the mail was judged because it was silenced then.
    """

    signal: str
    points: str
    words: str
    method: str
    counted: bool = True
    silenced: SilencedReason | None = None
    may_silence: bool = False


@dataclass(frozen=True, slots=True)
class LabelLine:
    """What somebody said about a verdict. `said` is the verdict as it stood: threats, or "No threat"."""

    id: int
    network_message_id: str
    kind: LabelKind
    by: str
    at: datetime
    note: str
    subject: str
    sender: str
    said: str
    score: float


@dataclass(frozen=True, slots=True)
class VerdictPolicy:
    """`threshold` in force, `shipped` the product's own; `silenced` by signal."""

    threshold: float
    shipped: float
    silenced: tuple[SilencedReason, ...] = ()
    changed_by: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a back-test tries: another threshold, other silenced signals, the last `days` days."""

    threshold: float
    silenced: frozenset[str] = frozenset()
    days: int = 30


@dataclass(frozen=True, slots=True)
class BackTest:
    """What a proposal would have done to stored mail. Counts are of different mails; `by_label` maps a label kind ("" none).

    `bins` are (lower bound, harmless then, threats then) of scores under the proposal, one bin per half point; `examples` are
    rows of EmailEvents with `After` ("threat" or "harmless") and `Score` added.
    """

    mails: int = 0
    unscored: int = 0
    gained: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    bins: tuple[tuple[float, int, int], ...] = ()
    examples: tuple[dict[str, object], ...] = ()

    @property
    def gained_total(self) -> int:
        return sum(self.gained.values())

    @property
    def lost_total(self) -> int:
        return sum(self.lost.values())
