"""The words of submissions: what somebody says a mail is, where a report came from, and what became of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from watchfloor.intelligence.contracts import Effect, Kind, LabelKind, Life


class Said(StrEnum):
    """What the person who submits says (EA-20, SU-02)."""

    CLEAN = "clean"
    APPEARS_CLEAN = "appears-clean"
    SUSPICIOUS = "suspicious"
    PHISH = "phish"
    MALWARE = "malware"
    SPAM = "spam"

    @property
    def label(self) -> str:
        return {
            "clean": "I've confirmed it's clean",
            "appears-clean": "It appears clean",
            "suspicious": "It appears suspicious",
            "phish": "I've confirmed it's a threat: phish",
            "malware": "I've confirmed it's a threat: malware",
            "spam": "I've confirmed it's a threat: spam",
        }[self]

    @property
    def threat(self) -> bool:
        """Whether it is a confirmed threat."""
        return self in {Said.PHISH, Said.MALWARE, Said.SPAM}

    @property
    def label_kind(self) -> LabelKind | None:
        """What is written down about the verdict; None when the person is not sure."""
        return {
            Said.CLEAN: LabelKind.FALSE_POSITIVE,
            Said.PHISH: LabelKind.FALSE_NEGATIVE,
            Said.MALWARE: LabelKind.MALWARE,
            Said.SPAM: LabelKind.SPAM,
        }.get(self)


class Reason(StrEnum):
    """What a reporter says a mail is (SU-12); malware is reported as phish by every button there is."""

    PHISH = "Phish"
    SPAM = "Spam"
    CLEAN = "No threats"

    @property
    def action(self) -> str:
        """EmailPostDeliveryEvents.Action of such a report."""
        return {"Phish": "Reported as phish", "Spam": "Reported as junk", "No threats": "Reported as not junk"}[self]


class Mark(StrEnum):
    """What an analyst marks a reported mail as (SU-14)."""

    PHISH = "Phishing"
    MALWARE = "Malware"
    SPAM = "Spam"
    CLEAN = "No threats found"

    @property
    def said(self) -> Said:
        return {
            Mark.PHISH: Said.PHISH,
            Mark.MALWARE: Said.MALWARE,
            Mark.SPAM: Said.SPAM,
            Mark.CLEAN: Said.CLEAN,
        }[self]

    @property
    def tone(self) -> str:
        return {Mark.PHISH: "danger", Mark.MALWARE: "danger", Mark.SPAM: "warning", Mark.CLEAN: "success"}[self]


class Via(StrEnum):
    """How a report reached us."""

    MAILBOX = "Report mailbox"
    FOLDER = "Report folder"
    QUARANTINE = "Quarantine"


class ReportState(StrEnum):
    """How far a report is; the value is stored."""

    WAITING = "Waiting for inspection"
    MATCHED = "Matched"
    UNKNOWN = "Not found"
    """Nothing in the mail says which other mail is meant, or it could not be taken apart."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One entry that is to be made with a submission; without `life`, the default of its kind; a date is its last day."""

    kind: Kind
    value: str
    life: Life | date | None = None


@dataclass(frozen=True, slots=True)
class AlsoEntry:
    """The entry that goes with a submission: of each URL or file itself, or of the mail's sender or domain (`about`)."""

    effect: Effect
    about: str = ""
    life: Life | date | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a result: `state` is good, bad, info or none; `words` say what was found, `details` the parts."""

    name: str
    state: str
    words: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a submission found: `result` in a few words (SU-13), `explanation` in a sentence, and the checks behind it."""

    result: str
    explanation: str
    checks: tuple[Check, ...] = ()
    threats: tuple[str, ...] = ()
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What `submit_mail` did: `ids` of the submissions, how many verdicts were corrected, names of the entries made, and
    (what, why) of each part that could not be done."""

    ids: tuple[int, ...] = ()
    labelled: int = 0
    entries: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """One mail that a report is about, as far as the report tells. `raw` are its bytes, b"" when nothing but words is known.

    `form` is attached, inline, folder, or outlook (a .msg file, `raw` the mail it was); `sent_at` what its Date says. Hashes are "" where there are no bytes of its own.
    """

    form: str
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    sender_ip: str = ""
    internet_message_id: str = ""
    sent_at: datetime | None = None
    fingerprint: str = ""
    sha256: str = ""
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reporting mail read: who reports, with which button, as what, and the mails it is about.

    `trouble` says why there are none; `automatic` that a machine sent it, `language` what the reporter's program speaks;
    `fingerprint` is the reporting mail's own.
    """

    reporter: str
    reporter_name: str
    reason: Reason
    reported_from: str
    comment: str = ""
    originals: tuple[Original, ...] = ()
    trouble: str = ""
    automatic: bool = False
    language: str = ""
    fingerprint: str = ""
