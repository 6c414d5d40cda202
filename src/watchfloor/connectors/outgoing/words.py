"""What is sent, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class MailState(StrEnum):
    """Where an outgoing mail is; the value is stored."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a mail; `media_type` as application/pdf. `inline` is the Content-ID by which the HTML shows it (logo@corp.example)."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    inline: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who we are in From, as a connection's settings say; `largest` is the greatest mail in bytes it may be given."""

    address: str
    name: str = ""
    largest: int = 25 << 20


@dataclass(frozen=True, slots=True)
class Handover:
    """What a server said of one mail: who it took it for, whom it refused for good or for now, each with its words.

    `unsure` when the line broke after the last byte and before the answer: the mail may be on its way.
    """

    accepted: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    deferred: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""
    unsure: bool = False


class SendingSession(Protocol):
    """An open conversation with a mail server. Raises Unreachable when the line is gone before anything was handed over."""

    def send(self, raw: bytes, *, mail_from: str, to: Sequence[str]) -> Handover: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One outgoing mail as people see it. `sentence` says what became of it, in words."""

    id: int
    message_id: str
    to: tuple[str, ...]
    subject: str
    state: MailState
    sentence: str
    attempts: int
    size: int
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    connection: str

    @property
    def tone(self) -> str:
        """The tone of its state's badge."""
        return {MailState.SENT: "success", MailState.FAILED: "danger"}.get(self.state, "info")

    @property
    def label(self) -> str:
        return {MailState.FAILED: "Not sent"}.get(self.state, self.state.value.capitalize())


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver of webhooks said: HTTP's status, the first words of its body, and how long it asks us to wait (seconds)."""

    status: int
    words: str = ""
    wait: float = 0.0


class Poster(Protocol):
    """Where one connection posts to. `post` raises Unreachable when nobody answered, BadInput where it must not go."""

    @property
    def largest(self) -> int: ...

    def post(self, body: bytes, *, delivery: str, event: str, at: datetime) -> Answered: ...


@dataclass(frozen=True, slots=True)
class OutgoingPost:
    """One webhook delivery as people see it. `sentence` says what became of it, in words; `body` is the JSON while it is kept."""

    id: int
    delivery: str
    event: str
    subject: str
    state: MailState
    sentence: str
    attempts: int
    size: int
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    connection: str
    body: str = ""

    @property
    def tone(self) -> str:
        """The tone of its state's badge."""
        return {MailState.SENT: "success", MailState.FAILED: "danger"}.get(self.state, "info")

    @property
    def label(self) -> str:
        words = {MailState.FAILED: "Not delivered", MailState.SENT: "Delivered"}
        return words.get(self.state, self.state.value.capitalize())
