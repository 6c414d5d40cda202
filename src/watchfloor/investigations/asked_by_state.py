"""What the queues of incidents and alerts are told of investigations: in which state which alerts are being looked into (IN-05, AL-02)."""

from collections.abc import Sequence
from typing import Any

from watchfloor.incidents.services import register_investigations
from watchfloor.investigations.contracts import Status
from watchfloor.investigations.models import InvestigationAlert


class StatesOfInvestigations:
    """Every state there is, by its words."""

    states = tuple((one.value, one.value) for one in Status)

    def alert_ids(self, states: Sequence[str] | None, /) -> Any:
        """A query of the ids; None asks for all."""
        found = InvestigationAlert.objects.order_by()
        if states is not None:
            found = found.filter(investigation__status__in=list(states))
        return found.values("alert_id")


register_investigations(StatesOfInvestigations())
