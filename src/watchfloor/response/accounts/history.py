"""What was done to a person's accounts, newest first: a panel of their page (US-67)."""

from django.template.loader import render_to_string

from watchfloor.access.contracts import Actor, Permission
from watchfloor.response.accounts.rendering import AccountRow
from watchfloor.response.models import AccountLine

MOST = 10


class ActionsOnAPerson:
    """The last steps of actions on this person, each with the way to its ledger."""

    key = "actions"
    title = "Actions taken"
    tab = "overview"
    permission = Permission.ACTION_CENTER_READ

    def render(self, person_pk: int, actor: Actor, /) -> str:
        """A table, nothing while nothing was done; one query."""
        taken = actions_on(person_pk)
        if not taken:
            return ""
        rows = [(AccountRow.of(line), line.remediation) for line in taken]
        return render_to_string("response/people/history.html", {"rows": rows})


def actions_on(person_pk: int, *, limit: int = MOST) -> list[AccountLine]:
    """The newest ledger lines of a person, with their remediations."""
    lines = AccountLine.objects.filter(owner=f"person:{person_pk}").select_related("remediation")
    return list(lines.order_by("-pk")[:limit])
