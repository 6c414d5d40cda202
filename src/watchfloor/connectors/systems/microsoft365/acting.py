"""The accounts of one Entra tenant as `AccountActions`: every verb plans, keeps what undo needs, acts, and looks again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.systems.microsoft365.acting_account import EndSessions, ResetPassword, Switch
from watchfloor.connectors.systems.microsoft365.acting_risk import CONFIRMED, DISMISSED, SetRisk, state_of
from watchfloor.connectors.systems.microsoft365.acting_rules import FORWARDING, HIDING, StopRules, in_words, rules_of
from watchfloor.connectors.systems.microsoft365.outcomes import Deed, told, user_of
from watchfloor.connectors.systems.microsoft365.shapes import PROVIDER
from watchfloor.kernel.errors import NotConfigured, NotFound

DEEDS: Mapping[AccountVerb, Deed] = {
    AccountVerb.SUSPEND: Switch(on=False),
    AccountVerb.ENABLE: Switch(on=True),
    AccountVerb.END_SESSIONS: EndSessions(),
    AccountVerb.RESET_PASSWORD: ResetPassword(),
    AccountVerb.CONFIRM_COMPROMISED: SetRisk("confirmCompromised", CONFIRMED),
    AccountVerb.DISMISS_RISK: SetRisk("dismiss", DISMISSED),
    AccountVerb.STOP_RULES: StopRules((*FORWARDING, *HIDING)),
    AccountVerb.STOP_FORWARDING: StopRules(FORWARDING),
}
STATE = "id,accountEnabled,userPrincipalName,onPremisesSyncEnabled,lastPasswordChangeDateTime,signInSessionsValidFromDateTime"


@dataclass(frozen=True, slots=True)
class EntraAccounts:
    """The accounts of the connection `source`; `tenant` only for the address of the admin centre."""

    source: str
    graph: Rest
    tenant: str = ""

    @property
    def can(self) -> frozenset[AccountVerb]:
        return frozenset(DEEDS)

    def serves(self, account: AccountRef) -> bool:
        key = account.key.replace("-", "")
        return account.source == self.source and account.provider in {"", PROVIDER} and key.isalnum() and key.isascii()

    def state(self, account: AccountRef) -> AccountState | None:
        """None when there is no such account; what a permission is lacking for stays unknown."""
        try:
            user = user_of(self.graph, account, STATE)
        except NotFound:
            return None
        rules = self._rules(account)
        return AccountState(
            enabled=bool(user.get("accountEnabled")),
            forwarding=None if rules is None else tuple(words for does, words in rules if does),
            rules=None if rules is None else tuple(words for _, words in rules),
            facts=self._facts(user, account),
        )

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        try:
            return DEEDS[verb].plan(self.graph, account)
        except NotFound:
            return ["nothing: Entra has no such account"]

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        try:
            return DEEDS[verb].before(self.graph, account)
        except NotFound:
            return {}

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        return told(lambda: DEEDS[verb].do(self.graph, account, before), before)

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        return told(lambda: DEEDS[verb].undo(self.graph, account, before), before)

    def console(self, account: AccountRef) -> str:
        tenant = f"{quote(self.tenant, safe='')}/" if self.tenant else ""
        page = "#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId"
        return f"https://entra.microsoft.com/{tenant}{page}/{quote(account.key, safe='')}"

    def _rules(self, account: AccountRef) -> list[tuple[bool, str]] | None:
        """(whether it forwards, words) of each enabled rule; None without a mailbox or without the permission."""
        try:
            found = [rule for rule in rules_of(self.graph, account) if rule.get("isEnabled")]
        except (NotFound, NotConfigured):
            return None
        return [(any(rule.get("actions", {}).get(name) for name in FORWARDING), in_words(rule)) for rule in found]

    def _facts(self, user: Mapping[str, Any], account: AccountRef) -> dict[str, str]:
        facts = {
            "Password changed": str(user.get("lastPasswordChangeDateTime") or ""),
            "Sessions count from": str(user.get("signInSessionsValidFromDateTime") or ""),
            "Synchronised from Active Directory": "yes" if user.get("onPremisesSyncEnabled") else "",
        }
        try:
            facts["Risk state at Entra"] = state_of(self.graph, account)
        except NotConfigured:
            facts["Risk state at Entra"] = "not readable: IdentityRiskyUser.Read.All is not granted"
        return {name: value for name, value in facts.items() if value}
