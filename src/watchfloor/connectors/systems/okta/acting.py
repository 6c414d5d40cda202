"""The accounts of one Okta organisation as `AccountActions`: the state is looked at before and after every step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.systems.okta.shapes import PROVIDER, SHUT
from watchfloor.kernel.errors import BadInput, Conflict, NotConfigured, NotFound

SUSPENDED = "SUSPENDED"
_PLANS = {
    AccountVerb.SUSPEND: "the account becomes SUSPENDED (it is {}); nobody can sign in with it and its sessions end",
    AccountVerb.ENABLE: "the account becomes ACTIVE again (it is {})",
    AccountVerb.END_SESSIONS: "every session at Okta ends, and the OAuth tokens it issued are revoked",
    AccountVerb.RESET_PASSWORD: "the password expires; a temporary one is set, shown once, and must be changed at sign-in",
}
APPLICATIONS = "applications that were signed in to through Okta keep their own sessions until these end"


@dataclass(frozen=True, slots=True)
class OktaAccounts:
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
            status = self._status(account)
        except NotFound:
            return None
        return AccountState(
            enabled=status not in SHUT,
            locked=status == "LOCKED_OUT",
            must_change_password=status == "PASSWORD_EXPIRED",
            facts={"Status at Okta": status},
        )

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        try:
            status = self._status(account)
        except NotFound:
            return ["nothing: Okta has no such account"]
        if self._stands(verb, status):
            return [f"nothing: the account is {status} already"]
        refused = (
            [f"Okta suspends only accounts that are ACTIVE; this one is {status}"]
            if self._refuses(verb, status)
            else []
        )
        return [_PLANS[verb].format(status), *refused, *([APPLICATIONS] if verb is not AccountVerb.ENABLE else [])]

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        try:
            return {"status": self._status(account)}
        except NotFound:
            return {}

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        return self._told(lambda: self._do(verb, account, before), before)

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        """Suspending and unsuspending undo each other; ended sessions and an old password do not come back."""
        back = {AccountVerb.SUSPEND: AccountVerb.ENABLE, AccountVerb.ENABLE: AccountVerb.SUSPEND}.get(verb)
        if back is None:
            return AccountOutcome("failed", before, why="Okta has no way back from this")
        if (before.get("status") == SUSPENDED) is (verb is AccountVerb.SUSPEND):
            return AccountOutcome("already", before, verified=True)
        return self._told(lambda: self._do(back, account, before), before)

    def console(self, account: AccountRef) -> str:
        parts = urlsplit(self.rest.base)
        name, _, domain = (parts.hostname or "").partition(".")
        return f"https://{name}-admin.{domain}/admin/user/profile/view/{quote(account.key, safe='')}" if domain else ""

    def _do(self, verb: AccountVerb, account: AccountRef, before: Mapping[str, Any]) -> AccountOutcome:
        status = self._status(account)
        if self._stands(verb, status):
            return AccountOutcome("already", before, verified=True)
        secret = ""
        if verb is AccountVerb.END_SESSIONS:
            self.rest.ask("DELETE", f"{self._path(account)}/sessions", query={"oauthTokens": "true"})
            words: tuple[str, ...] = ("its sessions were ended and its tokens revoked",)
            return AccountOutcome("done", before, verified=False, words=words, warnings=(NOT_SEEN, APPLICATIONS))
        if verb is AccountVerb.RESET_PASSWORD:
            said = self.rest.post(
                f"{self._path(account)}/lifecycle/expire_password_with_temp_password", revokeSessions="true"
            )
            secret = str(said.object.get("tempPassword", ""))
        else:
            self.rest.post(
                f"{self._path(account)}/lifecycle/{'suspend' if verb is AccountVerb.SUSPEND else 'unsuspend'}"
            )
        now = self._status(account)
        verified = now == "PASSWORD_EXPIRED" if verb is AccountVerb.RESET_PASSWORD else self._stands(verb, now)
        warnings = () if verb is AccountVerb.ENABLE else (APPLICATIONS,)
        return AccountOutcome("done", before, verified, (f"status {status} became {now}",), warnings, secret=secret)

    @staticmethod
    def _stands(verb: AccountVerb, status: str) -> bool:
        if verb is AccountVerb.SUSPEND:
            return status in {SUSPENDED, "DEPROVISIONED"}
        return verb is AccountVerb.ENABLE and status not in SHUT

    @staticmethod
    def _refuses(verb: AccountVerb, status: str) -> bool:
        return verb is AccountVerb.SUSPEND and status != "ACTIVE"

    def _told(self, deed: Callable[[], AccountOutcome], before: Mapping[str, Any]) -> AccountOutcome:
        try:
            return deed()
        except NotFound:
            return AccountOutcome("missing", before)
        except (BadInput, Conflict, NotConfigured) as error:
            return AccountOutcome("failed", before, why=str(error))

    def _status(self, account: AccountRef) -> str:
        return str(self.rest.get(self._path(account)).object.get("status", ""))

    def _path(self, account: AccountRef) -> str:
        return f"/api/v1/users/{quote(account.key, safe='')}"


NOT_SEEN = "Okta does not tell whether sessions are open, so their end could not be looked at"
