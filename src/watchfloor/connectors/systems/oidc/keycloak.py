"""Accounts of a Keycloak realm through its Admin REST API: sessions, the switch, and a temporary password.

Paths and representations as Keycloak documents them; an account is read whole and sent back whole, as Keycloak takes what is
missing for empty. Needs the roles view-users and manage-users of realm-management on the client's service account.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.connectors.protocols.passwords import new_password
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.kernel.errors import BadInput, Conflict, NotConfigured, NotFound

V = AccountVerb
MUST_CHANGE = "UPDATE_PASSWORD"
SHORT = "access tokens that applications check by themselves stay good until they end, mostly after some minutes"
NO_SUCH = "the provider has no such account"


@dataclass(frozen=True, slots=True)
class KeycloakAccounts:
    """`rest` is the realm below /admin/realms; `by_login` that login names count as well as addresses."""

    rest: Rest
    by_login: bool = False
    make_password: Callable[[], str] = new_password

    @property
    def can(self) -> frozenset[AccountVerb]:
        return frozenset({V.END_SESSIONS, V.SUSPEND, V.ENABLE, V.RESET_PASSWORD})

    def serves(self, account: AccountRef) -> bool:
        return self._find(account) is not None

    def state(self, account: AccountRef) -> AccountState | None:
        user = self._find(account)
        if user is None:
            return None
        return AccountState(
            enabled=user.get("enabled") is not False,
            must_change_password=MUST_CHANGE in (user.get("requiredActions") or ()),
            sessions=self._sessions(user["id"]),
            facts={"Account at the provider": str(user.get("username", ""))},
        )

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        user = self._find(account)
        if user is None:
            return (f"nothing: {NO_SUCH}",)
        enabled = user.get("enabled") is not False
        if verb == V.END_SESSIONS:
            count, offline = self._sessions(user["id"]), len(self._offline(user["id"]))
            ends = f"{count or 'no'} open session{'' if count == 1 else 's'} would end"
            more = f", and the offline tokens of {offline} application{'' if offline == 1 else 's'}" if offline else ""
            return (ends + more, SHORT)
        if verb == V.RESET_PASSWORD:
            return ("a temporary password is set, shown once, and must be changed at sign-in",)
        if enabled is (verb == V.ENABLE):
            return (f"nothing: the account is {'enabled' if enabled else 'disabled'} already",)
        return (f"the account is {'enabled' if verb == V.ENABLE else 'disabled'} at the provider",)

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        user = self._find(account)
        if user is None:
            return {}
        kept = {"id": user["id"], "enabled": user.get("enabled") is not False}
        return {**kept, "sessions": self._sessions(user["id"])} if verb == V.END_SESSIONS else kept

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        return self._told(lambda: self._do(verb, account, before), before)

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        if verb not in {V.SUSPEND, V.ENABLE} or "enabled" not in before:
            return AccountOutcome("failed", before, why="ended sessions and an old password do not come back")
        return self._told(lambda: self._switch(self._user(account), before, to=bool(before["enabled"])), before)

    def console(self, account: AccountRef) -> str:
        """The admin console's page of the account; "" when it is not known or the provider cannot be asked."""
        host, _, realm = self.rest.base.rpartition("/realms/")
        try:
            user = self._find(account)
        except (BadInput, NotConfigured, NotFound, Conflict):
            return ""
        return f"{host}/{realm}/console/#/{realm}/users/{quote(user['id'], safe='')}/settings" if user else ""

    def _do(self, verb: AccountVerb, account: AccountRef, before: Mapping[str, Any]) -> AccountOutcome:
        user = self._user(account)
        if verb == V.END_SESSIONS:
            return self._end(user["id"], before)
        if verb == V.RESET_PASSWORD:
            return self._reset(account, user["id"], before)
        return self._switch(user, before, to=verb == V.ENABLE)

    def _end(self, user: str, before: Mapping[str, Any]) -> AccountOutcome:
        count, offline = self._sessions(user), self._offline(user)
        if not count and not offline:
            return AccountOutcome("already", before, verified=True, words=("no session was open",))
        self.rest.post(f"{_path(user)}/logout")
        for client in offline:
            self.rest.ask("DELETE", f"{_path(user)}/consents/{quote(client, safe='')}")
        left = self._sessions(user), self._offline(user)
        words = [f"{count} session{'' if count == 1 else 's'} ended"] if count else []
        words += [f"the offline tokens of {client} are revoked" for client in offline]
        why = "" if not any(left) else "sessions are still open, or begin anew: suspend the account first"
        status = "failed" if why else "done"
        return AccountOutcome(status, before, not why, tuple(words), (SHORT,), why)

    def _switch(self, user: Mapping[str, Any], before: Mapping[str, Any], *, to: bool) -> AccountOutcome:
        if (user.get("enabled") is not False) is to:
            return AccountOutcome("already", before, verified=True)
        self.rest.ask("PUT", _path(user["id"]), body={**user, "enabled": to})
        now = self.rest.get(_path(user["id"])).object.get("enabled") is not False
        words = (f"the account is {'enabled' if now else 'disabled'} at the provider",)
        return AccountOutcome("done", before, now is to, words, () if to else (SHORT,))

    def _reset(self, account: AccountRef, user: str, before: Mapping[str, Any]) -> AccountOutcome:
        secret = self.make_password()
        body = {"type": "password", "value": secret, "temporary": True}
        self.rest.ask("PUT", f"{_path(user)}/reset-password", body=body)
        must = MUST_CHANGE in (self._user(account).get("requiredActions") or ())
        words = ("a temporary password is set; it must be changed at sign-in",)
        return AccountOutcome("done", before, must, words, secret=secret)

    def _told(self, deed: Callable[[], AccountOutcome], before: Mapping[str, Any]) -> AccountOutcome:
        try:
            return deed()
        except NotFound:
            return AccountOutcome("missing", before, why=NO_SUCH)
        except (BadInput, Conflict, NotConfigured) as error:
            return AccountOutcome("failed", before, why=str(error))

    def _user(self, account: AccountRef) -> Mapping[str, Any]:
        """The account as the provider tells it now, whole. Raises NotFound."""
        found = self._find(account)
        if found is None:
            raise NotFound(NO_SUCH)
        return self.rest.get(_path(found["id"])).object

    def _find(self, account: AccountRef) -> Mapping[str, Any] | None:
        """The one account that bears one of the names; an address counts before a login name."""
        asked = [("email", one) for one in (account.mail, account.upn) if "@" in one]
        asked += [("username", one) for one in (account.upn, account.name) if one and (self.by_login or "@" in one)]
        for by, name in dict.fromkeys((by, name.lower()) for by, name in asked):
            said = self.rest.get("/users", **{by: name, "exact": "true", "max": "2"}).body
            same = [one for one in _objects(said) if str(one.get(by, "")).lower() == name and _id(one)]
            if len(same) == 1:
                return same[0]
        return None

    def _sessions(self, user: str) -> int:
        return len(_objects(self.rest.get(f"{_path(user)}/sessions").body))

    def _offline(self, user: str) -> list[str]:
        """The applications that hold offline tokens, which outlive sessions."""
        said = _objects(self.rest.get(f"{_path(user)}/consents").body)
        return [str(one["clientId"]) for one in said if one.get("additionalGrants") and one.get("clientId")]


def _objects(said: Any) -> list[Mapping[str, Any]]:
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _id(user: Mapping[str, Any]) -> bool:
    key = user.get("id")
    return isinstance(key, str) and 0 < len(key) <= 100


def _path(user: str) -> str:
    return f"/users/{quote(user, safe='')}"
