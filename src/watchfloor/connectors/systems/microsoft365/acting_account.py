"""Suspending, enabling, ending sessions and resetting the password of an account at Entra ID."""

from dataclasses import dataclass

from watchfloor.connectors.contracts import AccountOutcome, AccountRef
from watchfloor.connectors.protocols.passwords import new_password
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.records.fields import moment_of
from watchfloor.connectors.systems.microsoft365.outcomes import Before, impossible, user_of

SYNCED = "the account is synchronised from Active Directory: {} there too, or the next synchronisation takes this back"
TOKENS_LAST = (
    "access tokens already issued stay good for up to an hour, where the application does not check continuously"
)


def synced(graph: Rest, account: AccountRef, what: str) -> list[str]:
    user = user_of(graph, account, "id,onPremisesSyncEnabled")
    return [SYNCED.format(what)] if user.get("onPremisesSyncEnabled") else []


@dataclass(frozen=True, slots=True)
class Switch:
    """accountEnabled: off for SUSPEND, on for ENABLE."""

    on: bool

    def plan(self, graph: Rest, account: AccountRef) -> list[str]:
        stands = user_of(graph, account, "id,accountEnabled,onPremisesSyncEnabled")
        warnings = [SYNCED.format(self._verb)] if stands.get("onPremisesSyncEnabled") else []
        if bool(stands.get("accountEnabled")) is self.on:
            return [f"nothing: sign-in is {'allowed' if self.on else 'blocked'} already", *warnings]
        lasting = [] if self.on else [f"{TOKENS_LAST}: end the sessions too"]
        return [
            f"accountEnabled becomes {str(self.on).lower()}: sign-in is {'allowed' if self.on else 'blocked'}",
            *lasting,
            *warnings,
        ]

    @property
    def _verb(self) -> str:
        return "enable it" if self.on else "suspend it"

    def before(self, graph: Rest, account: AccountRef) -> Before:
        return {"accountEnabled": bool(user_of(graph, account, "id,accountEnabled").get("accountEnabled"))}

    def do(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        return self._set(graph, account, before, self.on)

    def undo(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        return self._set(graph, account, before, bool(before.get("accountEnabled", not self.on)))

    def _set(self, graph: Rest, account: AccountRef, before: Before, on: bool) -> AccountOutcome:
        user = user_of(graph, account, "id,accountEnabled,onPremisesSyncEnabled")
        was = bool(user.get("accountEnabled"))
        warnings = (SYNCED.format("enable it" if on else "suspend it"),) if user.get("onPremisesSyncEnabled") else ()
        if was is on:
            return AccountOutcome("already", before, verified=True, warnings=warnings)
        graph.ask("PATCH", f"/v1.0/users/{account.key}", body={"accountEnabled": on})
        stands = bool(user_of(graph, account, "id,accountEnabled").get("accountEnabled"))
        words = (f"accountEnabled {str(was).lower()} became {str(on).lower()}",)
        if stands is not on:
            return AccountOutcome(
                "failed", before, words=words, warnings=warnings, why="Entra still tells the old value"
            )
        return AccountOutcome("done", before, verified=True, words=words, warnings=warnings)


@dataclass(frozen=True, slots=True)
class EndSessions:
    """revokeSignInSessions: refresh tokens and browser sessions from before now are refused."""

    def plan(self, graph: Rest, account: AccountRef) -> list[str]:
        user_of(graph, account, "id")
        return ["every refresh token and browser session is ended; the person signs in again", TOKENS_LAST]

    def before(self, graph: Rest, account: AccountRef) -> Before:
        said = user_of(graph, account, "id,signInSessionsValidFromDateTime")
        return {"signInSessionsValidFromDateTime": said.get("signInSessionsValidFromDateTime")}

    def do(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        graph.post(f"/v1.0/users/{account.key}/revokeSignInSessions")
        said = user_of(graph, account, "id,signInSessionsValidFromDateTime").get("signInSessionsValidFromDateTime")
        valid, was = moment_of(said), moment_of(before.get("signInSessionsValidFromDateTime"))
        moved = valid is not None and (was is None or valid >= was)
        words = (f"sessions count from {said}",)
        return AccountOutcome("done", before, verified=moved, words=words, warnings=(TOKENS_LAST,))

    def undo(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        return impossible(before, "ended sessions cannot be brought back; the person signs in again")


@dataclass(frozen=True, slots=True)
class ResetPassword:
    """A random password that must be changed at the next sign-in."""

    def plan(self, graph: Rest, account: AccountRef) -> list[str]:
        warnings = synced(graph, account, "reset the password")
        return ["a random password is set, shown once, and must be changed at the next sign-in", *warnings]

    def before(self, graph: Rest, account: AccountRef) -> Before:
        said = user_of(graph, account, "id,lastPasswordChangeDateTime")
        return {"lastPasswordChangeDateTime": said.get("lastPasswordChangeDateTime")}

    def do(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        warnings = tuple(synced(graph, account, "reset the password"))
        password = new_password()
        profile = {"password": password, "forceChangePasswordNextSignIn": True}
        graph.ask("PATCH", f"/v1.0/users/{account.key}", body={"passwordProfile": profile})
        said = user_of(graph, account, "id,lastPasswordChangeDateTime").get("lastPasswordChangeDateTime")
        changed = said is not None and said != before.get("lastPasswordChangeDateTime")
        words = ("a random password was set; it must be changed at the next sign-in",)
        return AccountOutcome("done", before, verified=changed, words=words, warnings=warnings, secret=password)

    def undo(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        return impossible(before, "the old password is not known and cannot be brought back")
