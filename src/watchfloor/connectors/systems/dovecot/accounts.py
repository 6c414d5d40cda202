"""What can be done to a mailbox's owner at the mail server: sessions, the deny file, Sieve scripts, delegates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.connectors.protocols.doveadm import CannotDo, Doveadm
from watchfloor.connectors.protocols.imap_wire import Refused
from watchfloor.connectors.systems.dovecot.delegations import Delegations
from watchfloor.connectors.systems.dovecot.deny_file import DenyFile
from watchfloor.connectors.systems.dovecot.scripts import Scripts
from watchfloor.connectors.systems.dovecot.sessions import Sessions
from watchfloor.kernel.errors import NotConfigured

V = AccountVerb
BY_DOVEADM = frozenset({V.END_SESSIONS, V.STOP_RULES, V.STOP_FORWARDING})
BY_FILE = frozenset({V.SUSPEND, V.ENABLE})
BY_IMAP = frozenset({V.STOP_DELEGATION})
NO_SIEVE = "doveadm refuses: is the Sieve plugin loaded for doveadm?"


@dataclass(frozen=True, slots=True)
class MailAccounts:
    """The mailboxes of one server, found by address; with `domains`, only those of these domains."""

    domains: frozenset[str] = frozenset()
    doveadm: Doveadm | None = None
    deny: DenyFile | None = None
    page: str = ""
    delegations: Delegations | None = None

    @property
    def can(self) -> frozenset[AccountVerb]:
        sets = ((BY_DOVEADM, self.doveadm), (BY_FILE, self.deny), (BY_IMAP, self.delegations))
        return frozenset().union(*(verbs for verbs, means in sets if means))

    def serves(self, account: AccountRef) -> bool:
        return bool(self._user(account))

    def _user(self, account: AccountRef) -> str:
        """The mailbox as the server writes it: by the account's address, sign-in name or login name; "" for none."""
        names = (name.lower() for name in (account.mail, account.upn, account.name) if name)
        ours = [name for name in names if not self.domains or name.rpartition("@")[2] in self.domains]
        if self.doveadm is None:
            return next((name for name in ours if "@" in name), "")
        return next((found for name in ours if (found := self.doveadm.name_of(name))), "")

    def state(self, account: AccountRef) -> AccountState | None:
        if not (user := self._user(account)):
            return None
        enabled = not self.deny.holds(user) if self.deny else None
        delegates = self.delegations.told(user) if self.delegations else None
        if self.doveadm is None:
            return AccountState(enabled=enabled, delegates=delegates)
        sessions = Sessions(self.doveadm).count(user)
        try:
            forwarding, rules = Scripts(self.doveadm, user).told()
        except CannotDo:
            return AccountState(enabled=enabled, sessions=sessions, delegates=delegates)
        return AccountState(enabled=enabled, sessions=sessions, forwarding=forwarding, rules=rules, delegates=delegates)

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        state = self.state(account)
        if state is None:
            return ("The mail server has no such mailbox.",)
        if verb == V.END_SESSIONS:
            return (f"{state.sessions or 'No'} open session{'' if state.sessions == 1 else 's'} would end.",)
        if verb == V.SUSPEND:
            return ("It is in the deny file already." if state.enabled is False else "It is put into the deny file.",)
        if verb == V.ENABLE:
            return ("It is taken out of the deny file." if state.enabled is False else "It is not in the deny file.",)
        if verb == V.STOP_DELEGATION:
            return tuple(f"No longer: {one}." for one in state.delegates or ()) or ("Nobody else is let in.",)
        if verb == V.STOP_FORWARDING:
            return state.forwarding or ("The active script forwards nothing.",)
        return (*(state.forwarding or ()), *(state.rules or ())) or ("No script is active.",)

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        if not (user := self._user(account)):
            return {}
        if verb in BY_FILE and self.deny is not None:
            return {"denied": self.deny.holds(user)}
        if verb == V.END_SESSIONS and self.doveadm is not None:
            return {"sessions": Sessions(self.doveadm).count(user)}
        if verb in BY_IMAP and self.delegations is not None:
            try:
                return self.delegations.before(user)
            except Refused:
                return {}
        try:
            scripts = Scripts(self._asked(), user)
            active = scripts.active()
            return {"active": active, "script": scripts.text(active) if active else ""}
        except CannotDo:
            return {}

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        if not (user := self._user(account)):
            return AccountOutcome("missing", before, why="the mail server has no such mailbox")
        try:
            return self._done(verb, user, before)
        except Refused as error:
            return AccountOutcome("failed", before, why=f"the mail server keeps the master user out: {error.message}")
        except CannotDo as error:
            why = NO_SIEVE if verb in {V.STOP_RULES, V.STOP_FORWARDING} else error.message
            return AccountOutcome("failed", before, why=why)

    def _done(self, verb: AccountVerb, user: str, before: Mapping[str, Any]) -> AccountOutcome:
        if verb in BY_FILE:
            return self._switch(user, before, deny=verb == V.SUSPEND)
        if verb == V.END_SESSIONS:
            return self._end(user, before)
        if verb in BY_IMAP:
            return self._shared().stop(user, before)
        scripts = Scripts(self._asked(), user)
        if verb == V.STOP_FORWARDING:
            return scripts.stop_forwarding(before)
        if verb == V.STOP_RULES:
            return scripts.stop_rules(before)
        return AccountOutcome("failed", before, why=f"Dovecot cannot “{verb.value}”")

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        if not (user := self._user(account)):
            return AccountOutcome("missing", before, why="the mail server has no such mailbox")
        if verb in BY_FILE:
            return self._switch(user, before, deny=bool(before.get("denied")))
        if verb == V.END_SESSIONS:
            return AccountOutcome("failed", before, why="an ended session does not come back")
        try:
            if verb in BY_IMAP:
                return self._shared().restore(user, before)
            return Scripts(self._asked(), user).restore(before)
        except (CannotDo, Refused) as error:
            return AccountOutcome("failed", before, why=error.message)

    def _end(self, user: str, before: Mapping[str, Any]) -> AccountOutcome:
        sessions = Sessions(self._asked())
        open_ones = sessions.count(user)
        ended = sessions.end(user)
        if not open_ones and ended:
            return AccountOutcome("already", before, verified=True, words=("no session was open",))
        words = (f"{open_ones} session{'' if open_ones == 1 else 's'} ended",) if ended else ()
        why = "" if ended else "sessions are still open, or begin anew: lock the account first"
        return AccountOutcome("done" if ended else "failed", before, verified=ended, words=words, why=why)

    def _switch(self, user: str, before: Mapping[str, Any], *, deny: bool) -> AccountOutcome:
        if self.deny is None:
            raise NotConfigured("this connection has no deny file", place="deny_file")
        if self.deny.holds(user) == deny:
            return AccountOutcome("already", before, verified=True)
        (self.deny.add if deny else self.deny.remove)(user)
        if self.doveadm is not None:
            Sessions(self.doveadm).forget(user)
        words = (f"“{user}” was {'put into' if deny else 'taken out of'} the deny file",)
        return AccountOutcome("done", before, verified=self.deny.holds(user) == deny, words=words)

    def _asked(self) -> Doveadm:
        if self.doveadm is None:
            raise NotConfigured("this connection has no doveadm address", place="doveadm_url")
        return self.doveadm

    def _shared(self) -> Delegations:
        if self.delegations is None:
            raise NotConfigured("this connection may not change who else opens mailboxes", place="delegation")
        return self.delegations

    def console(self, account: AccountRef) -> str:
        return self.page.replace("{mail}", quote(account.mail or account.upn, safe="")) if self.page else ""
