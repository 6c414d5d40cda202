"""Sessions and tokens of any provider, through addresses of its own that the administrator names.

RFC 7009 revokes a token that one has, so a provider must either tell a person's tokens or end a person's sessions by itself;
most have an address for the latter, each its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.systems.oidc.provider import Provider
from watchfloor.kernel.errors import BadInput, Conflict, NotConfigured, NotFound

METHODS = frozenset({"POST", "DELETE", "PUT"})
NAMES = frozenset({"mail", "upn", "name", "key"})
_HOLE = re.compile(r"\{(\w+)\}")
UNSEEN = "the provider lists neither sessions nor tokens of a person, so their end could not be looked at"
FOREIGN = "the provider still takes some tokens: was another client given them, or did the person sign in again?"
LISTS = ("tokens", "sessions", "items", "value", "data")


@dataclass(frozen=True, slots=True)
class Address:
    """One request, as “POST /users/{mail}/logout”; `{mail}`, `{upn}`, `{name}` and `{key}` are the account's."""

    method: str
    path: str

    def of(self, account: AccountRef) -> str:
        """The path for this account; "" when it has no name that the path asks for."""
        given = {name: getattr(account, name) for name in NAMES}
        if any(not given[name] for name in _HOLE.findall(self.path)):
            return ""
        return _HOLE.sub(lambda hole: quote(given[hole[1]], safe=""), self.path)


def addresses_in(text: str, *, setting: str, method: str = "") -> tuple[Address, ...]:
    """One request a line; `method` is what a line without one means. Raises BadInput naming the line that is wrong."""
    return tuple(_address(line.split(), setting, method) for line in text.splitlines() if line.strip())


def _address(words: list[str], setting: str, method: str) -> Address:
    found = words if len(words) == 2 else [method, *words]
    if len(found) != 2 or found[0].upper() not in METHODS | {method}:
        raise BadInput(f"“{' '.join(words)[:80]}” is no request such as “POST /users/{{mail}}/logout”", place=setting)
    holes = _HOLE.findall(found[1])
    if not holes or set(holes) - NAMES:
        raise BadInput(f"“{found[1][:80]}” names the account by {{mail}}, {{upn}}, {{name}} or {{key}}", place=setting)
    return Address(found[0].upper(), found[1])


@dataclass(frozen=True, slots=True)
class AddressedAccounts:
    """`end` are the requests that end a person's sessions, `listed` those that tell a person's tokens or sessions."""

    rest: Rest
    provider: Provider
    end: tuple[Address, ...] = ()
    listed: tuple[Address, ...] = ()
    domains: frozenset[str] = frozenset()

    @property
    def can(self) -> frozenset[AccountVerb]:
        return frozenset({AccountVerb.END_SESSIONS})

    def serves(self, account: AccountRef) -> bool:
        """By domain and by having the names that the addresses ask for; where sessions are listed, the provider is asked."""
        mail = (account.mail or account.upn).rpartition("@")[2].lower()
        if (self.domains and mail not in self.domains) or not all(one.of(account) for one in (*self.end, *self.listed)):
            return False
        try:
            return not self.listed or self._held(account) is not None
        except NotFound:
            return False

    def state(self, account: AccountRef) -> AccountState | None:
        try:
            held = self._held(account)
        except NotFound:
            return None
        return AccountState(sessions=None if held is None else len(held))

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        try:
            held = self._held(account)
        except NotFound:
            return ("nothing: the provider has no such account",)
        if held is None:
            return ("the provider is told to end the account's sessions", UNSEEN)
        return (f"{len(held) or 'no'} open session{'' if len(held) == 1 else 's'} would end",)

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        try:
            held = self._held(account)
        except NotFound:
            return {}
        return {} if held is None else {"sessions": len(held)}

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        if verb is not AccountVerb.END_SESSIONS:
            return AccountOutcome("failed", before, why=f"this provider cannot “{verb.value}”")
        try:
            return self._end(account, before)
        except NotFound:
            return AccountOutcome("missing", before, why="the provider has no such account")
        except (BadInput, Conflict, NotConfigured) as error:
            return AccountOutcome("failed", before, why=str(error))

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        return AccountOutcome("failed", before, why="an ended session does not come back")

    def console(self, account: AccountRef) -> str:
        return ""

    def _end(self, account: AccountRef, before: Mapping[str, Any]) -> AccountOutcome:
        held = self._held(account)
        if held is not None and not held:
            return AccountOutcome("already", before, verified=True, words=("no session was open",))
        tokens = list(_tokens(held or ()))
        for one in self.end:
            self.rest.ask(one.method, one.of(account))
        for token in tokens:
            self.provider.revoke(token)
        if held is None:
            told = ("the provider was told to end the account's sessions",)
            return AccountOutcome("done", before, verified=False, words=told, warnings=(UNSEEN,))
        open_ones = len(self._held(account) or ()) + sum(self.provider.active(token) for token in tokens)
        words: tuple[str, ...] = (f"{len(held)} session{'' if len(held) == 1 else 's'} ended",)
        if tokens:
            words += (f"{len(tokens)} tokens were revoked; the provider says they are no longer active",)
        if open_ones:
            why = FOREIGN if tokens else "some are still open, or begin anew: suspend the account first"
            return AccountOutcome("failed", before, why=why)
        return AccountOutcome("done", before, verified=True, words=words)

    def _held(self, account: AccountRef) -> list[Any] | None:
        """What is listed of the account, None where nothing is listed. Raises NotFound, BadInput for an answer that is no list."""
        if not self.listed:
            return None
        found: list[Any] = []
        for one in self.listed:
            said = self.rest.get(one.of(account)).body
            if isinstance(said, dict):
                said = next((said[name] for name in LISTS if isinstance(said.get(name), list)), None)
            if not isinstance(said, list):
                raise BadInput("the answer holds no list of sessions or tokens", place=one.path)
            found += said
        return found


def _tokens(held: Sequence[Any]) -> Iterator[str]:
    """The tokens among what is listed: a text, or the member “token”, “refresh_token” or “access_token” of an object."""
    for one in held:
        for name in ("token", "refresh_token", "access_token"):
            if isinstance(one, dict) and isinstance(one.get(name), str):
                yield one[name]
        if isinstance(one, str):
            yield one
