"""Our own risk level as one more system: it confirms and dismisses like a directory that keeps a risk state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.identities import selectors as identities
from watchfloor.identities import services as scores

OWN = ""
"""The `system` of a ledger line that changes our own risk level."""
OWN_NAME = "Watchfloor"
_STATES = {AccountVerb.CONFIRM_COMPROMISED: "confirmedCompromised", AccountVerb.DISMISS_RISK: "dismissed"}


@dataclass(frozen=True, slots=True)
class OwnRisk:
    """The risk of people, changed in the name of whoever decided the action."""

    by: Actor
    reason: str
    clock: Callable[[], datetime]

    @property
    def can(self) -> frozenset[AccountVerb]:
        return frozenset(_STATES)

    def serves(self, account: AccountRef) -> bool:
        return account.source == OWN

    def state(self, account: AccountRef) -> AccountState | None:
        return AccountState(facts=self.before(AccountVerb.CONFIRM_COMPROMISED, account))

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        now = self.before(verb, account)
        level = "High" if verb == AccountVerb.CONFIRM_COMPROMISED else "none"
        if now["state"] == _STATES[verb]:
            return (f"the risk stays {level}: it was {_words(verb)} already",)
        return (f"the risk becomes {level}; it is {now['level']} now",)

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        risk = identities.risk_of(int(account.key))
        return {"level": risk.level if risk else "none", "state": risk.state if risk else "none"}

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        was = self.before(verb, account)
        if was["state"] == _STATES[verb]:
            return AccountOutcome("already", before, verified=True, words=(f"it was {_words(verb)} already",))
        change = scores.confirm_compromised if verb == AccountVerb.CONFIRM_COMPROMISED else scores.dismiss_risk
        change(
            person=int(account.key), by=self.by, reason=self.reason or "undone in the action center", now=self.clock()
        )
        now = self.before(verb, account)
        return AccountOutcome(
            "done",
            before,
            verified=now["state"] == _STATES[verb],
            words=(f"risk {was['level']} became {now['level']}",),
        )

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        """What confirmed is dismissed: the score itself goes on by its own rules."""
        if verb != AccountVerb.CONFIRM_COMPROMISED:
            return AccountOutcome("failed", before, why="a dismissed risk comes back with new findings only")
        return self.do(AccountVerb.DISMISS_RISK, account, before=before)

    def console(self, account: AccountRef) -> str:
        return f"/identities/{account.key}"


def _words(verb: AccountVerb) -> str:
    return "confirmed" if verb == AccountVerb.CONFIRM_COMPROMISED else "dismissed"
