"""The words of quarantine: why a mail is held, how it stands, who may do what with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum

from watchfloor.connectors.contracts import Disposition


class HeldReason(StrEnum):
    """Why a mail is held (QU-03), in Defender's words."""

    MALWARE = "Malware"
    SURE_PHISH = "High confidence phishing"
    PHISH = "Phishing"
    SPAM = "Spam"
    BULK = "Bulk"
    FILE_TYPE = "Admin action - file type block"
    ADMIN = "Admin action"


class HeldBy(StrEnum):
    """What took it."""

    BORDER = "border"
    ACTION = "action"

    @property
    def label(self) -> str:
        return "Before delivery" if self is HeldBy.BORDER else "Taken out of the mailbox"


class CopyStatus(StrEnum):
    """How one recipient's copy stands (QU-04)."""

    NEEDS_REVIEW = "Needs review"
    REQUESTED = "Release requested"
    APPROVED = "Approved"
    DENIED = "Denied"
    RELEASED = "Released"
    DELETED = "Deleted"
    EXPIRED = "Expired"


HELD = frozenset({CopyStatus.NEEDS_REVIEW, CopyStatus.REQUESTED, CopyStatus.APPROVED, CopyStatus.DENIED})
"""We still hold the copy; a denied one can be released after all."""
STATUS_ORDER = (
    CopyStatus.REQUESTED,
    CopyStatus.APPROVED,
    CopyStatus.NEEDS_REVIEW,
    CopyStatus.DENIED,
    CopyStatus.RELEASED,
    CopyStatus.EXPIRED,
    CopyStatus.DELETED,
)
"""A mail stands as that of its copies which most wants somebody's attention."""


class PolicyType(StrEnum):
    """Which kind of policy held it (QU-05)."""

    MALWARE = "Anti-malware"
    PHISH = "Anti-phishing"
    SPAM = "Anti-spam"
    FILES = "Safe Attachments"
    RULE = "Transport rule"
    ACTION = "Admin action"


class UserMay(IntFlag):
    """What a recipient may do with an own quarantined mail; the numbers are Defender's (QU-30)."""

    NOTHING = 0
    DELETE = 1
    PREVIEW = 2
    RELEASE = 4
    REQUEST_RELEASE = 8
    BLOCK_SENDER = 16
    ALLOW_SENDER = 32
    DOWNLOAD = 64
    VIEW_HEADER = 128

    @property
    def words(self) -> tuple[str, ...]:
        """Each permission in words, smallest first."""
        return tuple(USER_MAY_WORDS[one] for one in UserMay if one & self)


USER_MAY_WORDS: dict[UserMay, str] = {
    UserMay.DELETE: "delete it",
    UserMay.PREVIEW: "preview it",
    UserMay.RELEASE: "release it",
    UserMay.REQUEST_RELEASE: "request its release",
    UserMay.BLOCK_SENDER: "block its sender",
    UserMay.ALLOW_SENDER: "allow its sender",
    UserMay.DOWNLOAD: "download it",
    UserMay.VIEW_HEADER: "see its headers",
}


class Preset(StrEnum):
    """Ready-made sets of what recipients may do."""

    NO_ACCESS = "No access"
    LIMITED = "Limited access"
    FULL = "Full access"

    @property
    def may(self) -> UserMay:
        return UserMay({Preset.NO_ACCESS: 0, Preset.LIMITED: 43, Preset.FULL: 39}[self])


class BorderThreat(StrEnum):
    """What the border policy tells apart, worst first; ADMIN is what an action took although no threat is known of it."""

    MALWARE = "Malware"
    FILE_TYPE = "Blocked file type"
    SURE_PHISH = "High confidence phish"
    USER = "User impersonation"
    DOMAIN = "Domain impersonation"
    MAILBOX = "Mailbox intelligence impersonation"
    SPOOF = "Spoof"
    PHISH = "Phish"
    SURE_SPAM = "High confidence spam"
    SPAM = "Spam"
    BULK = "Bulk"
    ADMIN = "Admin action"


PART_OF: Mapping[BorderThreat, BorderThreat] = {
    BorderThreat.USER: BorderThreat.PHISH,
    BorderThreat.DOMAIN: BorderThreat.PHISH,
    BorderThreat.MAILBOX: BorderThreat.PHISH,
    BorderThreat.SPOOF: BorderThreat.PHISH,
    BorderThreat.SURE_SPAM: BorderThreat.SPAM,
}
"""Kinds that a policy saved before they were told apart treats as the whole they are part of."""
COMMON_TYPES = frozenset(
    [
        "ace",
        "ani",
        "apk",
        "app",
        "appx",
        "arj",
        "bat",
        "cab",
        "cmd",
        "com",
        "deb",
        "dex",
        "dll",
        "docm",
        "elf",
        "exe",
        "hta",
        "img",
        "iso",
        "jar",
        "jnlp",
        "kext",
        "lha",
        "lib",
        "lnk",
        "lzh",
        "macho",
        "msc",
        "msi",
        "msix",
        "msp",
        "mst",
        "pif",
        "ppa",
        "ppam",
        "reg",
        "rev",
        "scf",
        "scr",
        "sct",
        "sys",
        "uif",
        "vb",
        "vbe",
        "vbs",
        "vxd",
        "wsc",
        "wsf",
        "wsh",
        "xll",
        "xz",
        "z",
    ]
)
"""What is seldom sent and runs code, or hides it from those who look inside (Defender's common attachments filter)."""


REASONS: Mapping[BorderThreat, HeldReason] = {
    BorderThreat.MALWARE: HeldReason.MALWARE,
    BorderThreat.FILE_TYPE: HeldReason.FILE_TYPE,
    BorderThreat.SURE_PHISH: HeldReason.SURE_PHISH,
    BorderThreat.PHISH: HeldReason.PHISH,
    BorderThreat.USER: HeldReason.PHISH,
    BorderThreat.DOMAIN: HeldReason.PHISH,
    BorderThreat.MAILBOX: HeldReason.PHISH,
    BorderThreat.SPOOF: HeldReason.PHISH,
    BorderThreat.SPAM: HeldReason.SPAM,
    BorderThreat.SURE_SPAM: HeldReason.SPAM,
    BorderThreat.BULK: HeldReason.BULK,
    BorderThreat.ADMIN: HeldReason.ADMIN,
}
"""Of several threats with one reason the first stands for mail of which no more is known."""
POLICY_TYPES: Mapping[HeldReason, PolicyType] = {
    HeldReason.MALWARE: PolicyType.MALWARE,
    HeldReason.SURE_PHISH: PolicyType.PHISH,
    HeldReason.PHISH: PolicyType.PHISH,
    HeldReason.SPAM: PolicyType.SPAM,
    HeldReason.BULK: PolicyType.SPAM,
    HeldReason.FILE_TYPE: PolicyType.MALWARE,
    HeldReason.ADMIN: PolicyType.ACTION,
}
NEVER_BY_USERS = frozenset({HeldReason.MALWARE, HeldReason.SURE_PHISH, HeldReason.FILE_TYPE})
"""QU-31: of these, recipients can at most request the release."""
LONGEST_DAYS = 3650
USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class BorderRule:
    """What the border does with mail of one threat, what its recipients may do with it, and how many days it is kept."""

    what: Disposition = Disposition.TAG
    may: UserMay = Preset.LIMITED.may
    days: int = USUAL_DAYS
    notify: bool = True


BORDER_DEFAULTS: Mapping[BorderThreat, BorderRule] = {
    BorderThreat.MALWARE: BorderRule(Disposition.HOLD, Preset.NO_ACCESS.may, notify=False),
    BorderThreat.FILE_TYPE: BorderRule(Disposition.HOLD, Preset.NO_ACCESS.may, notify=False),
    BorderThreat.SURE_PHISH: BorderRule(Disposition.HOLD, Preset.NO_ACCESS.may, notify=False),
    BorderThreat.USER: BorderRule(),
    BorderThreat.DOMAIN: BorderRule(),
    BorderThreat.MAILBOX: BorderRule(),
    BorderThreat.SPOOF: BorderRule(),
    BorderThreat.PHISH: BorderRule(),
    BorderThreat.SURE_SPAM: BorderRule(may=Preset.FULL.may),
    BorderThreat.SPAM: BorderRule(may=Preset.FULL.may),
    BorderThreat.BULK: BorderRule(may=Preset.FULL.may),
    BorderThreat.ADMIN: BorderRule(Disposition.HOLD, Preset.NO_ACCESS.may, notify=False),
}


@dataclass(frozen=True, slots=True)
class BorderPolicy:
    """A rule per threat; mail to `exempt` mailboxes (those of the security team) is delivered whatever it is.

    `file_types` are extensions without their dot; which mail carries one falls under the rule of blocked file types.
    """

    rules: Mapping[BorderThreat, BorderRule] = field(default_factory=lambda: BORDER_DEFAULTS)
    exempt: frozenset[str] = frozenset()
    file_types: frozenset[str] = COMMON_TYPES

    def rule(self, threat: BorderThreat) -> BorderRule:
        return self.rules.get(threat, BORDER_DEFAULTS[threat])

    def may(self, reason: str, *, threat: str = "") -> UserMay:
        """What a recipient may do with a copy held for this reason and, where it is known, threat; QU-31 is seen to here."""
        may = self.rule(threat_behind(reason, threat)).may
        if reason in NEVER_BY_USERS and may & UserMay.RELEASE:
            may = may & ~UserMay.RELEASE | UserMay.REQUEST_RELEASE
        return may

    def told(self) -> frozenset[BorderThreat]:
        """The threats of which recipients are told, and may do something with what is held."""
        return frozenset(
            threat
            for threat in BorderThreat
            if self.rule(threat).notify and self.may(REASONS[threat], threat=threat) != UserMay.NOTHING
        )


def threat_behind(reason: str, threat: str = "") -> BorderThreat:
    """The threat that was noted, or the one that a reason stands for where none was."""
    if threat in set(map(str, BorderThreat)):
        return BorderThreat(threat)
    return next((one for one, held in REASONS.items() if held == reason), BorderThreat.ADMIN)


@dataclass(frozen=True, slots=True)
class ReleaseOptions:
    """How a release is done: `copy_to` get the mail too (or, with `only_copy`, instead of its recipients).

    `false_positive` says it was no threat: the lake's verdict is corrected.
    """

    copy_to: tuple[str, ...] = ()
    only_copy: bool = False
    false_positive: bool = False
