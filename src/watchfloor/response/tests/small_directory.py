"""A directory in memory that obeys the contract of account actions, and can be told to fail. Not a test."""

from dataclasses import dataclass, field

from watchfloor.connectors.contracts import AccountOutcome, AccountState, AccountVerb
from watchfloor.kernel.errors import Unreachable

V = AccountVerb
EVERYTHING = frozenset(AccountVerb) - {V.CONFIRM_COMPROMISED, V.DISMISS_RISK}


@dataclass
class SmallDirectory:
    """Accounts by key: {"locked", "sessions", "forwarding"}. `log` is what was asked, in order; `die_after` kills there."""

    name: str
    accounts: dict[str, dict] = field(default_factory=dict)
    can: frozenset[AccountVerb] = EVERYTHING
    by_mail: bool = False
    down: bool = False
    blind: bool = False
    log: list[tuple[str, str, str]] = field(default_factory=list)
    die_after: str = ""

    def key(self, ref):
        return ref.mail if self.by_mail else ref.key

    def serves(self, ref):
        return self.key(ref) in self.accounts and (self.by_mail or ref.source == self.name)

    def _asked(self, what, verb, ref):
        if self.down:
            raise Unreachable(f"{self.name} does not answer")
        self.log.append((what, verb.value, self.key(ref)))
        return self.accounts.get(self.key(ref))

    def _died(self, what):
        if self.die_after == what:
            self.die_after = ""
            raise KeyboardInterrupt(what)

    def state(self, ref):
        known = self._asked("state", V.SUSPEND, ref)
        return AccountState(enabled=not known["locked"], sessions=known["sessions"]) if known else None

    def plan(self, verb, ref):
        known = self._asked("plan", verb, ref)
        return (f"{verb.value} would change {known}",)

    def before(self, verb, ref):
        known = self._asked("before", verb, ref)
        self._died("before")
        return dict(known or {})

    def do(self, verb, ref, *, before):
        known = self._asked("do", verb, ref)
        if known is None:
            return AccountOutcome("missing", before)
        wanted = {
            V.SUSPEND: {"locked": True},
            V.ENABLE: {"locked": False},
            V.END_SESSIONS: {"sessions": 0},
            V.STOP_FORWARDING: {"forwarding": ""},
        }.get(verb, {"password": len(self.log)})
        if verb == V.RESET_PASSWORD and known.get("password") != before.get("password"):
            return AccountOutcome("already", before, verified=True)  # reset since then; its password was shown, or lost
        if all(known.get(name) == value for name, value in wanted.items()):
            return AccountOutcome("already", before, verified=True)
        known.update(wanted)
        self._died("do")
        secret = f"Temp-{self.log.count(('do', verb.value, self.key(ref)))}234" if verb == V.RESET_PASSWORD else ""
        return AccountOutcome("done", before, verified=not self.blind, words=(f"{wanted}",), secret=secret)

    def undo(self, verb, ref, *, before):
        known = self._asked("undo", verb, ref)
        if known == before:
            return AccountOutcome("already", before, verified=True)
        known.update(before)
        self._died("undo")
        return AccountOutcome("done", before, verified=True)

    def console(self, ref):
        return f"https://{self.name}.example/{self.key(ref)}"


def account(**facts):
    return {"locked": False, "sessions": 2, "forwarding": "out@elsewhere.example", **facts}
