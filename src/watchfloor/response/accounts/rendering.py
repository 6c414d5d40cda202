"""Ledger lines of accounts as the pages and the export show them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response.accounts.action import VERB_LABELS
from watchfloor.response.accounts.risk import OWN, OWN_NAME
from watchfloor.response.contracts import DONE, LineStatus
from watchfloor.response.models import AccountLine

SENTENCES = {
    LineStatus.PENDING: "Not yet done",
    LineStatus.CHANGED: "Changed",
    LineStatus.ALREADY: "It stood so before",
    LineStatus.MISSING: "The account is no longer there",
}
TONES = {
    LineStatus.CHANGED: "success",
    LineStatus.ALREADY: "neutral",
    LineStatus.MISSING: "warning",
    LineStatus.FAILED: "danger",
    LineStatus.SKIPPED: "neutral",
    LineStatus.PENDING: "info",
}
LABELS = {
    LineStatus.CHANGED: "Done",
    LineStatus.ALREADY: "Already so",
    LineStatus.MISSING: "Not found",
    LineStatus.FAILED: "Failed",
    LineStatus.SKIPPED: "Not touched",
    LineStatus.PENDING: "Pending",
}
EXPORTED = ("Person", "Account", "System", "Step", "Status", "What changed", "Warnings", "Verified", "Why", "At")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of the table."""

    owner: str
    href: str
    name: str
    system: str
    step: str
    label: str
    tone: str
    words: tuple[str, ...]
    warnings: tuple[str, ...]
    why: str
    checked: bool
    at: datetime | None

    @classmethod
    def of(cls, line: AccountLine) -> "AccountRow":
        status = LineStatus(line.status)
        kind, _, key = line.owner.partition(":")
        return cls(
            owner=line.owner_name,
            href=f"/identities/{key}" if kind == "person" else "",
            name=line.name,
            system=system_of(line),
            step=step_of(line),
            label=LABELS[status],
            tone=TONES[status],
            words=tuple(line.words),
            warnings=tuple(line.warnings),
            why=line.why,
            checked=line.verified and status in DONE,
            at=line.at,
        )


def system_of(line: AccountLine) -> str:
    """The connection that acts; our own risk level has none, nor has an account nobody may act on."""
    if line.system != OWN:
        return line.system
    return str(line.account.get("source") or ("" if line.status == LineStatus.SKIPPED else OWN_NAME))


def step_of(line: AccountLine) -> str:
    label = VERB_LABELS[AccountVerb(line.verb)]
    return f"Undo: {label[0].lower()}{label[1:]}" if line.undoing else label


def account_lines_csv(lines: Iterable[AccountLine]) -> tuple[tuple[str, ...], Iterator[list[Any]]]:
    """Header and rows of the export."""
    return EXPORTED, (_exported(AccountRow.of(line)) for line in lines)


def _exported(row: AccountRow) -> list[Any]:
    return [
        row.owner, row.name, row.system, row.step, row.label, "; ".join(row.words), "; ".join(row.warnings),
        "yes" if row.checked else "no", row.why, row.at,
    ]  # fmt: skip
