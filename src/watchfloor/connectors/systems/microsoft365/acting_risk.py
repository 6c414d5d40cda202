"""Telling Entra ID Protection that an account is compromised, or that its risk is dismissed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from watchfloor.connectors.contracts import AccountOutcome, AccountRef
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.systems.microsoft365.outcomes import Before, impossible, user_of
from watchfloor.kernel.errors import NotFound

CONFIRMED, DISMISSED, NONE = "confirmedCompromised", "dismissed", "none"
LOOKS = 5
"""The service takes a moment: it is looked at so often."""


def state_of(graph: Rest, account: AccountRef) -> str:
    """riskState; an account that was never at risk is not listed."""
    try:
        return str(graph.get(f"/v1.0/identityProtection/riskyUsers/{account.key}").object.get("riskState", NONE))
    except NotFound:
        return NONE


@dataclass(frozen=True, slots=True)
class SetRisk:
    """`verb` is the path's last word, `goal` the state it leads to; `pause` waits between looks."""

    verb: str
    goal: str
    pause: Callable[[float], None] = time.sleep

    def plan(self, graph: Rest, account: AccountRef) -> list[str]:
        user_of(graph, account, "id")
        stands = state_of(graph, account)
        if stands == self.goal:
            return [f"nothing: the risk state is {self.goal} already"]
        what = "high, confirmed compromised" if self.goal == CONFIRMED else "dismissed"
        policies = (
            ["conditional access policies on risk apply to the account at once"] if self.goal == CONFIRMED else []
        )
        return [f"the account's risk at Entra ID Protection becomes {what} (it is {stands})", *policies]

    def before(self, graph: Rest, account: AccountRef) -> Before:
        user_of(graph, account, "id")
        return {"riskState": state_of(graph, account)}

    def do(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        return self._set(graph, account, before, self.verb, self.goal)

    def undo(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        """Entra knows no way back to “at risk”; a confirmation is undone by dismissing, a dismissal of a confirmed one by confirming."""
        was = before.get("riskState", NONE)
        if self.goal == CONFIRMED:
            return self._set(graph, account, before, "dismiss", DISMISSED)
        if was == CONFIRMED:
            return self._set(graph, account, before, "confirmCompromised", CONFIRMED)
        return impossible(before, f"Entra cannot set the risk state back to {was}")

    def _set(self, graph: Rest, account: AccountRef, before: Before, verb: str, goal: str) -> AccountOutcome:
        was = state_of(graph, account)
        if was == goal:
            return AccountOutcome("already", before, verified=True)
        graph.post(f"/v1.0/identityProtection/riskyUsers/{verb}", {"userIds": [account.key]})
        words = (f"riskState {was} became {goal}",)
        for look in range(LOOKS):
            if state_of(graph, account) == goal:
                return AccountOutcome("done", before, verified=True, words=words)
            self.pause(0.5 * (look + 1))
        waits = ("Entra accepted it and still tells the old state; look again in some minutes",)
        return AccountOutcome("done", before, words=words, warnings=waits)
