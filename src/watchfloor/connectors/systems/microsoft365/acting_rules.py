"""Stopping inbox rules that forward, delete or hide mail: disabled, never deleted, so that an undo brings back exactly these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import AccountOutcome, AccountRef
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.systems.microsoft365.outcomes import Before, user_of

FORWARDING = ("forwardTo", "forwardAsAttachmentTo", "redirectTo")
HIDING = ("delete", "permanentDelete", "moveToFolder")
NOT_SHOWN = (
    "forwarding of the whole mailbox (Set-Mailbox -ForwardingSmtpAddress), delegation and hidden rules are not in Graph: look at them "
    "in the Exchange admin centre"
)
_WORDS = {
    "forwardTo": "forwards to",
    "forwardAsAttachmentTo": "forwards as attachment to",
    "redirectTo": "redirects to",
    "delete": "deletes",
    "permanentDelete": "deletes for good",
    "moveToFolder": "moves to another folder",
}


def rules_of(graph: Rest, account: AccountRef) -> list[Mapping[str, Any]]:
    """The inbox rules of the account's mailbox."""
    found: list[Mapping[str, Any]] = []
    for answer in graph.pages(_path(account)):
        said = answer.object.get("value")
        found += [one for one in said if isinstance(one, Mapping)] if isinstance(said, list) else []
    return found


def _path(account: AccountRef) -> str:
    return f"/v1.0/users/{account.key}/mailFolders/inbox/messageRules"


def in_words(rule: Mapping[str, Any]) -> str:
    """As “Invoices: forwards to x@evil.example”."""
    actions = Fields(rule).part("actions")
    effects = [
        " ".join(filter(None, (_WORDS[name], _recipients(actions, name)))) for name in _WORDS if _does(rule, name)
    ]
    name = Fields(rule).text("displayName") or "a rule without name"
    off = "" if rule.get("isEnabled") else " (disabled)"
    return f"{name}: {', '.join(effects) or 'something else'}{off}"


def _recipients(actions: Fields, name: str) -> str:
    return ", ".join(one.part("emailAddress").text("address") for one in actions.parts(name))


def _does(rule: Mapping[str, Any], name: str) -> bool:
    actions = rule.get("actions")
    return bool(actions.get(name)) if isinstance(actions, Mapping) else False


@dataclass(frozen=True, slots=True)
class StopRules:
    """Disables enabled rules that have one of the effects `which`."""

    which: tuple[str, ...]

    def _meant(self, graph: Rest, account: AccountRef) -> list[Mapping[str, Any]]:
        user_of(graph, account, "id")
        found = [rule for rule in rules_of(graph, account) if rule.get("isEnabled")]
        return [rule for rule in found if any(_does(rule, name) for name in self.which)]

    def plan(self, graph: Rest, account: AccountRef) -> list[str]:
        meant = self._meant(graph, account)
        said = [f"disables the inbox rule “{in_words(rule)}”" for rule in meant if not rule.get("isReadOnly")]
        said += [f"cannot change the read-only rule “{in_words(rule)}”" for rule in meant if rule.get("isReadOnly")]
        return [*(said or ["nothing: no enabled inbox rule does that"]), NOT_SHOWN]

    def before(self, graph: Rest, account: AccountRef) -> Before:
        return {"rules": {str(rule["id"]): in_words(rule) for rule in self._meant(graph, account) if "id" in rule}}

    def do(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        meant = self._meant(graph, account)
        if not meant:
            return AccountOutcome("already", before, verified=True, warnings=(NOT_SHOWN,))
        fixed = tuple(f"the rule “{in_words(rule)}” is read-only" for rule in meant if rule.get("isReadOnly"))
        words = tuple(self._switch(graph, account, rule, on=False) for rule in meant if not rule.get("isReadOnly"))
        left = [rule for rule in self._meant(graph, account) if not rule.get("isReadOnly")]
        warnings = (*fixed, NOT_SHOWN)
        if left or not words:
            why = f"“{in_words((left or meant)[0])}” is still enabled"
            return AccountOutcome("failed", before, words=words, warnings=warnings, why=why)
        return AccountOutcome("done", before, verified=True, words=words, warnings=warnings)

    def undo(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome:
        """Enables exactly those that were enabled and are there still."""
        meant = set(before.get("rules", {}))
        off = [rule for rule in rules_of(graph, account) if str(rule.get("id")) in meant and not rule.get("isEnabled")]
        words = tuple(self._switch(graph, account, rule, on=True) for rule in off)
        stands = {str(rule.get("id")) for rule in rules_of(graph, account) if rule.get("isEnabled")}
        gone = tuple(f"the rule “{before['rules'][key]}” is no longer there" for key in sorted(meant - stands))
        return AccountOutcome("done" if words else "already", before, verified=not gone, words=words, warnings=gone)

    def _switch(self, graph: Rest, account: AccountRef, rule: Mapping[str, Any], *, on: bool) -> str:
        graph.ask("PATCH", f"{_path(account)}/{quote(str(rule.get('id')), safe='')}", body={"isEnabled": on})
        return f"the inbox rule “{Fields(rule).text('displayName')}” was {'enabled' if on else 'disabled'}"
