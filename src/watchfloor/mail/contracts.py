"""The words of the email page: the email as one recipient has it, its timeline, and the panels other slices add."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.contracts import DirectoryEntry
from watchfloor.lake.contracts import EmailRecord

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EmailEntity:
    """One email as `recipient` has it. `row` is their row of EmailEvents; `people` are the recipients the directory knows."""

    record: EmailRecord
    recipient: str
    row: Row
    recipients: tuple[str, ...]
    people: Mapping[str, DirectoryEntry]

    @property
    def id(self) -> str:
        return self.record.network_message_id

    @property
    def subject(self) -> str:
        return str(self.row.get("Subject") or "") or "(no subject)"

    @property
    def summary(self) -> dict[str, Any]:
        """The inspection as plain values."""
        return self.record.summary

    @property
    def events(self) -> tuple[Row, ...]:
        """What happened to this recipient's copy after delivery, oldest first."""
        return tuple(one for one in self.record.events if one["RecipientEmailAddress"] in ("", self.recipient))


class Source:
    """Who made an event of the timeline happen (EE-10)."""

    SYSTEM = "System"
    ADMIN = "Admin"
    USER = "User"


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line of the timeline (EE-10): `href` leads to what it came from; `tells` is the ReportId of the lake's row it stands for."""

    at: datetime
    source: str
    event: str
    result: str = ""
    threats: tuple[str, ...] = ()
    details: str = ""
    href: str = ""
    tells: str = ""


class EmailPanel(Protocol):
    """What another slice shows on the email page; register an object of this shape with `mail.services.register_panel`.

    It stands under the tab `tab` (timeline, analysis, attachments, urls, similar) for people with `permission`.
    `render` gives safe HTML (from your own template), or "" for nothing to show; `events` adds lines to the timeline.
    """

    key: str
    title: str
    tab: str
    permission: Permission

    def render(self, *, entity: EmailEntity, actor: Actor) -> str: ...

    def events(self, *, entity: EmailEntity, actor: Actor) -> Sequence[TimelineEvent]: ...


@dataclass(frozen=True, slots=True)
class EmailLink:
    """A button that leads from the email page to another slice's page about the same mail."""

    label: str
    href: str
    icon: str


class EmailLinks(Protocol):
    """Buttons another slice adds to the email page, for people with `permission`; register with `mail.services.register_links`."""

    key: str
    permission: Permission

    def links(self, *, entity: EmailEntity, actor: Actor) -> Sequence[EmailLink]: ...


@dataclass(frozen=True, slots=True)
class PreviewBody:
    """The content of a mail, made inert. `html` is safe to serve; `notes` say what was taken out or could not be shown."""

    html: str
    notes: tuple[str, ...]
    attachments: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a person may not do something, in words: the right, the roles that hold it, who gives roles."""

    sentence: str
