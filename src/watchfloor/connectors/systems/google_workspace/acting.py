"""The accounts of one Workspace as `AccountActions`: suspend, enable, sign out, reset the password."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.connectors.protocols.passwords import new_password
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.systems.google_workspace.reading import DIRECTORY
from watchfloor.connectors.systems.google_workspace.shapes import PROVIDER
from watchfloor.kernel.errors import BadInput, Conflict, NotConfigured, NotFound

_PLANS = {
    AccountVerb.SUSPEND: "the account is suspended: nobody can sign in with it, its sessions end, its mail bounces",
    AccountVerb.ENABLE: "the account is no longer suspended",
    AccountVerb.END_SESSIONS: "every web and device session is signed out, and sign-in cookies are reset",
    AccountVerb.RESET_PASSWORD: "a random password is set, shown once, and must be changed at the next sign-in",
}
NOT_SEEN = "Google does not tell whether sessions are open, so their end could not be looked at"


@dataclass(frozen=True, slots=True)
class WorkspaceAccounts:
    """The accounts of the connection `source`."""

    source: str
    rest: Rest

    @property
    def can(self) -> frozenset[AccountVerb]:
        return frozenset(_PLANS)

    def serves(self, account: AccountRef) -> bool:
        return account.source == self.source and account.provider in {"", PROVIDER} and account.key.isalnum()

    def state(self, account: AccountRef) -> AccountState | None:
        try:
            user = self._user(account)
        except NotFound:
            return None
        return AccountState(
            enabled=not user.get("suspended"), must_change_password=bool(user.get("changePasswordAtNextLogin"))
        )

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        try:
            user = self._user(account)
        except NotFound:
            return ["nothing: Google has no such account"]
        if self._stands(verb, user):
            return [f"nothing: the account is {'suspended' if user.get('suspended') else 'active'} already"]
        return [_PLANS[verb]]

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        try:
            return {"suspended": bool(self._user(account).get("suspended"))}
        except NotFound:
            return {}

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        return self._told(lambda: self._do(verb, account, before), before)

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        """Suspending and enabling undo each other; ended sessions and an old password do not come back."""
        if verb not in (AccountVerb.SUSPEND, AccountVerb.ENABLE):
            return AccountOutcome("failed", before, why="Google has no way back from this")
        back = AccountVerb.SUSPEND if before.get("suspended") else AccountVerb.ENABLE
        return self._told(lambda: self._do(back, account, before), before)

    def console(self, account: AccountRef) -> str:
        return f"https://admin.google.com/ac/users/{quote(account.key, safe='')}"

    def _do(self, verb: AccountVerb, account: AccountRef, before: Mapping[str, Any]) -> AccountOutcome:
        user = self._user(account)
        if self._stands(verb, user):
            return AccountOutcome("already", before, verified=True)
        if verb is AccountVerb.END_SESSIONS:
            self.rest.post(f"{self._path(account)}/signOut")
            return AccountOutcome("done", before, words=("every session was signed out",), warnings=(NOT_SEEN,))
        if verb is AccountVerb.RESET_PASSWORD:
            return self._reset(account, before)
        suspended = verb is AccountVerb.SUSPEND
        self.rest.ask("PATCH", self._path(account), body={"suspended": suspended})
        words = (f"suspended {str(not suspended).lower()} became {str(suspended).lower()}",)
        return AccountOutcome("done", before, self._stands(verb, self._user(account)), words)

    def _reset(self, account: AccountRef, before: Mapping[str, Any]) -> AccountOutcome:
        password = new_password()
        self.rest.ask("PATCH", self._path(account), body={"password": password, "changePasswordAtNextLogin": True})
        verified = bool(self._user(account).get("changePasswordAtNextLogin"))
        return AccountOutcome("done", before, verified, ("a random password was set",), secret=password)

    @staticmethod
    def _stands(verb: AccountVerb, user: Mapping[str, Any]) -> bool:
        suspended = bool(user.get("suspended"))
        return (verb is AccountVerb.SUSPEND and suspended) or (verb is AccountVerb.ENABLE and not suspended)

    def _told(self, deed: Callable[[], AccountOutcome], before: Mapping[str, Any]) -> AccountOutcome:
        try:
            return deed()
        except NotFound:
            return AccountOutcome("missing", before)
        except (BadInput, Conflict, NotConfigured) as error:
            return AccountOutcome("failed", before, why=str(error))

    def _user(self, account: AccountRef) -> Mapping[str, Any]:
        return self.rest.get(self._path(account)).object

    def _path(self, account: AccountRef) -> str:
        return f"{DIRECTORY}/users/{quote(account.key, safe='')}"
