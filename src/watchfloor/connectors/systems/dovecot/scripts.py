"""The Sieve scripts of a mailbox, read and switched through doveadm."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchfloor.connectors.contracts import AccountOutcome
from watchfloor.connectors.protocols.doveadm import Doveadm
from watchfloor.connectors.systems.dovecot import sieve_script
from watchfloor.kernel.errors import BadInput

MARK = " without forwarding"
UNREADABLE = "the active script cannot be understood ({}); switch off inbox rules instead"


@dataclass(frozen=True, slots=True)
class Scripts:
    """Scripts of one mailbox; `user` as the server writes it."""

    doveadm: Doveadm
    user: str

    def active(self) -> str:
        """The active script's name, "" when none is."""
        return next((name for name, active in self.all().items() if active), "")

    def all(self) -> dict[str, bool]:
        rows = self.doveadm.call("sieveList", user=self.user)
        return {row["script"]: row["active"] == "ACTIVE" for row in rows}

    def text(self, name: str) -> str:
        rows = self.doveadm.call("sieveGet", user=self.user, scriptname=name)
        return str(rows[0]["sieve script"]) if rows else ""

    def told(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(where it forwards, what else it does), in sentences about the active script."""
        name = self.active()
        if not name:
            return (), ()
        try:
            said = sieve_script.sentences(self.text(name))
        except BadInput as error:
            return (), (f"the script “{name}” is active; {UNREADABLE.format(error)}",)
        forwards = tuple(f"{one} (script “{name}”)" for one in said if one.startswith("forwards"))
        return forwards, tuple(f"{one} (script “{name}”)" for one in said if not one.startswith("forwards"))

    # --- switching off --------------------------------------------------------------------------------------------

    def stop_rules(self, before: Mapping[str, Any]) -> AccountOutcome:
        name = self.active()
        if not name:
            return AccountOutcome("already", before, verified=True, words=("no script is active",))
        self.doveadm.call("sieveDeactivate", user=self.user)
        words = (f"the script “{name}” is kept, but no longer active",)
        return AccountOutcome("done", before, verified=not self.active(), words=words)

    def stop_forwarding(self, before: Mapping[str, Any]) -> AccountOutcome:
        """Activate a copy that forwards nothing; the person's own script stays as it is."""
        name = self.active()
        if not name:
            return AccountOutcome("already", before, verified=True, words=("no script is active",))
        text = self.text(name)
        try:
            gone = sieve_script.forwards(text)
            hidden = sieve_script.includes(text)
        except BadInput as error:
            return AccountOutcome("failed", before, why=UNREADABLE.format(error))
        warnings = tuple(f"the script includes “{one}”, which was not looked into" for one in hidden)
        if not gone:
            words = (f"the script “{name}” forwards nothing",)
            return AccountOutcome("already", before, verified=True, words=words, warnings=warnings)
        copy = f"{name}{MARK}"
        quiet = sieve_script.without_forwarding(text)
        self.doveadm.call("sievePut", user=self.user, scriptname=copy, file=quiet, activate=True)
        verified = self.active() == copy and not sieve_script.forwards(self.text(copy))
        words = (f"the copy “{copy}” is active instead of “{name}”; it no longer forwards to {', '.join(gone)}",)
        return AccountOutcome("done", before, verified=verified, words=words, warnings=warnings)

    # --- and on again ---------------------------------------------------------------------------------------------

    def restore(self, before: Mapping[str, Any]) -> AccountOutcome:
        """Make the script active that was, put back from what was kept when it is gone; our copy goes."""
        name = str(before.get("active") or "")
        now = self.all()
        active = next((one for one, on in now.items() if on), "")
        if active == name:
            return AccountOutcome("already", before, verified=True)
        if not name:
            return AccountOutcome("already", before, verified=True, words=("no script was active before",))
        if name not in now:
            self.doveadm.call("sievePut", user=self.user, scriptname=name, file=str(before.get("script") or ""))
        self.doveadm.call("sieveActivate", user=self.user, scriptname=name)
        copy = f"{name}{MARK}"
        if copy in now:
            self.doveadm.call("sieveDelete", user=self.user, scriptname=[copy])
        return AccountOutcome(
            "done", before, verified=self.active() == name, words=(f"the script “{name}” is active again",)
        )
