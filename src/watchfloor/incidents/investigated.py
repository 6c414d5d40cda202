"""The state of automated investigations as a filter of both queues (IN-05, AL-02): a slice above says which alerts it looked into."""

from collections.abc import Sequence
from typing import Any, Protocol

from django.db.models import Q

from watchfloor.incidents.models import Alert


class InvestigationKnowledge(Protocol):
    """What a slice above knows of investigations: their `states` as (value, label), and the ids of the alerts they looked into.

    `alert_ids` is asked for those in some states, or with None for all, and answers with what a database condition takes: a
    query of one column.
    """

    @property
    def states(self) -> Sequence[tuple[str, str]]: ...

    def alert_ids(self, states: Sequence[str] | None, /) -> Any: ...


NONE = "none"
"""What no investigation looked into."""
_knowledge: list[InvestigationKnowledge] = []


def register_investigations(one: InvestigationKnowledge) -> InvestigationKnowledge:
    """Tell what your slice knows; the last one told counts."""
    _knowledge[:] = [one]
    return one


def states_known() -> tuple[tuple[str, str], ...]:
    """(value, label) of every state that can be asked for; nothing where nobody investigates."""
    return (*_knowledge[0].states, (NONE, "No investigation")) if _knowledge else ()


def state_words(value: str) -> str:
    return dict(states_known()).get(value, value)


def read_states(values: Sequence[str]) -> tuple[str, ...]:
    """Those that there are."""
    known = dict(states_known())
    return tuple(dict.fromkeys(one for one in values if one in known))


def alerts_in(states: Sequence[str]) -> Q:
    """Alerts that an investigation in one of these states looked into."""
    if not states or not _knowledge:
        return Q()
    found = Q(alert_id__in=_knowledge[0].alert_ids([one for one in states if one != NONE]))
    return found | ~Q(alert_id__in=_knowledge[0].alert_ids(None)) if NONE in states else found


def incidents_in(states: Sequence[str]) -> Q:
    """Incidents with such an alert; of those without an investigation, none of whose alerts was looked into."""
    if not states or not _knowledge:
        return Q()
    found = Q(pk__in=Alert.objects.filter(alerts_in([one for one in states if one != NONE])).values("incident"))
    if NONE not in states:
        return found
    looked_into = Alert.objects.filter(alert_id__in=_knowledge[0].alert_ids(None))
    none = ~Q(pk__in=looked_into.values("incident"))
    return none if len(states) == 1 else none | found
