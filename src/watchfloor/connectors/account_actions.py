"""What a connected system can do to an account, in words and in types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable


class AccountVerb(StrEnum):
    """One thing done to an account; the value stands in records."""

    SUSPEND = "suspend"
    ENABLE = "enable"
    END_SESSIONS = "end-sessions"
    RESET_PASSWORD = "reset-password"  # noqa: S105  it is no password
    STOP_FORWARDING = "stop-forwarding"
    STOP_RULES = "stop-rules"
    STOP_DELEGATION = "stop-delegation"
    CONFIRM_COMPROMISED = "confirm-compromised"
    DISMISS_RISK = "dismiss-risk"


@dataclass(frozen=True, slots=True)
class AccountRef:
    """Which account: `source` is the connection's name, `key` the account's within it; the names are as last read from there.

    A system that keeps no accounts of its own (a mail server) recognises one by `mail`, `upn` or `name`.
    """

    source: str
    key: str
    provider: str = ""
    name: str = ""
    upn: str = ""
    mail: str = ""
    dn: str = ""
    sid: str = ""


@dataclass(frozen=True, slots=True)
class AccountState:
    """How the account stands at its source now. None means that this system does not know it.

    `sessions` counts open sessions; `forwarding`, `rules` and `delegates` are sentences, one for each.
    """

    enabled: bool | None = None
    locked: bool | None = None
    must_change_password: bool | None = None
    sessions: int | None = None
    forwarding: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    delegates: tuple[str, ...] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountOutcome:
    """What happened to one account, checked at the source afterwards.

    `status` is done, already (it stood so before), missing (no such account) or failed; `why` only for failed. `before` is plain
    JSON and all that `undo` needs; `words` say what was changed, as "userAccountControl 512 became 514"; `warnings` what the
    person should know, as a grace period of the old password. `secret` is a new temporary password, shown once and stored sealed.
    """

    status: str
    before: Mapping[str, Any] = field(default_factory=dict)
    verified: bool = False
    words: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    why: str = ""
    secret: str = field(default="", repr=False)


class AccountActions(Protocol):
    """A system whose accounts we may change.

    What `before` gives is kept durably ahead of `do`, so that a crash between the two can be undone.
    Raises Unreachable or NotConfigured when the system as a whole cannot be asked; one account's trouble is an outcome.
    `can` lists the verbs; `serves` says whether the account is one of this system's; `console` is the address of the
    directory's own page on it, "" when there is none.
    """

    @property
    def can(self) -> frozenset[AccountVerb]: ...

    def serves(self, account: AccountRef) -> bool: ...

    def state(self, account: AccountRef) -> AccountState | None: ...

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        """Dry run: what `do` would change, in sentences, and what it cannot; changes nothing."""
        ...

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        """What `undo` needs, read from the source; kept durably before `do` is called."""
        ...

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        """Do it and look again. Doing it twice is harmless: the second time says already."""
        ...

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome: ...

    def console(self, account: AccountRef) -> str: ...


@runtime_checkable
class AccountSystem(Protocol):
    """A system with ACT_ON_ACCOUNTS among its capabilities."""

    def accounts(self, settings: dict[str, str], *, name: str) -> AccountActions | None: ...
