"""Words and shapes that all of the account actions share."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from watchfloor.connectors.contracts import AccountOutcome, AccountRef
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.kernel.errors import BadInput, Conflict, NotConfigured, NotFound

Before = Mapping[str, Any]


class Deed(Protocol):
    """One verb. `plan` says what it would change, `before` reads what undo needs, `do` and `undo` look again afterwards."""

    def plan(self, graph: Rest, account: AccountRef) -> list[str]: ...

    def before(self, graph: Rest, account: AccountRef) -> Before: ...

    def do(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome: ...

    def undo(self, graph: Rest, account: AccountRef, before: Before) -> AccountOutcome: ...


def told(deed: Callable[[], AccountOutcome], before: Before) -> AccountOutcome:
    """The outcome; one account's trouble is one too, while Unreachable goes through."""
    try:
        return deed()
    except NotFound:
        return AccountOutcome("missing", before)
    except (BadInput, Conflict, NotConfigured) as error:
        return AccountOutcome("failed", before, why=str(error))


def impossible(before: Before, why: str) -> AccountOutcome:
    return AccountOutcome("failed", before, why=why)


def user_of(graph: Rest, account: AccountRef, fields: str) -> Mapping[str, Any]:
    """The account as Graph tells it now. Raises NotFound."""
    return graph.get(f"/v1.0/users/{account.key}", **{"$select": fields}).object
