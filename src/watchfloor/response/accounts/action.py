"""What every action on people's accounts is: a class that says which steps it takes, in which order."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from watchfloor.access.contracts import Permission
from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.action import Action

V = AccountVerb

PHASES: dict[AccountVerb, int] = {
    V.CONFIRM_COMPROMISED: 1,
    V.DISMISS_RISK: 1,
    V.SUSPEND: 2,
    V.ENABLE: 2,
    V.RESET_PASSWORD: 3,
    V.STOP_FORWARDING: 4,
    V.STOP_RULES: 4,
    V.STOP_DELEGATION: 4,
    V.END_SESSIONS: 5,
}
"""Sessions end last: whoever is thrown out before the lock signs in again."""

VERB_LABELS: dict[AccountVerb, str] = {
    V.CONFIRM_COMPROMISED: "Confirm compromised",
    V.DISMISS_RISK: "Dismiss the risk",
    V.SUSPEND: "Suspend",
    V.ENABLE: "Enable",
    V.RESET_PASSWORD: "Reset the password",
    V.STOP_FORWARDING: "Stop forwarding",
    V.STOP_RULES: "Switch off inbox rules",
    V.STOP_DELEGATION: "Remove delegates",
    V.END_SESSIONS: "End sessions",
}

CANNOT_UNDO: dict[AccountVerb, str] = {
    V.END_SESSIONS: "an ended session does not come back; the person signs in again",
    V.RESET_PASSWORD: "the old password is gone; set a new one instead",
}


@dataclass(frozen=True, slots=True)
class Option:
    """A further step a person may tick; `permission` is needed beside the action's own."""

    key: str
    label: str
    verbs: tuple[AccountVerb, ...]
    help: str = ""
    permission: Permission = Permission.IDENTITY_ACTION_MANAGE


class AccountAction(Action):
    """One action. Subclasses are one file each in `response/accounts/actions/`; adding a file is all it takes.

    `steps` are what it does at every account whose system can; `options` what may be ticked beside. `on_risk` says that it
    also changes the person's risk level here. An action that is not `offered` stands in no list (the undo).
    """

    steps: ClassVar[tuple[AccountVerb, ...]]
    options: ClassVar[tuple[Option, ...]] = ()
    permission: ClassVar[Permission] = Permission.IDENTITY_ACTION_MANAGE
    propose_permission: ClassVar[Permission] = Permission.IDENTITY_ACTION_PROPOSE
    on_risk: ClassVar[bool] = False
    offered: ClassVar[bool] = True

    def chosen(self, options: Collection[str]) -> tuple[Option, ...]:
        return tuple(option for option in self.options if option.key in options)

    def verbs(self, options: Collection[str] = ()) -> tuple[AccountVerb, ...]:
        """Every step with these options ticked, in the order they are done."""
        ticked = [verb for option in self.chosen(options) for verb in option.verbs]
        return tuple(sorted({*self.steps, *ticked}, key=lambda verb: (PHASES[verb], verb.value)))

    def rights(self, options: Collection[str] = ()) -> frozenset[Permission]:
        """What whoever starts or approves it needs."""
        return frozenset({self.permission, *(option.permission for option in self.chosen(options))})
