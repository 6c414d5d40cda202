"""Ways from the accounts of an incident to sensitive groups and people, as the page of a person shows them (IN-23)."""

from collections.abc import Sequence
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.contracts import Hop, SensitivePath
from watchfloor.identities.finding import people_of_names
from watchfloor.identities.reach import paths_to_sensitive
from watchfloor.incidents.contracts import AttackPath


class PathsOfAnIncident:
    """The shortest way from each person behind these accounts to each sensitive target."""

    permission = Permission.IDENTITY_READ

    def paths(self, values: Sequence[str], actor: Actor, now: datetime, /) -> Sequence[AttackPath]:
        people = dict.fromkeys(people_of_names(values).values())
        return [_path(one) for pk in people for one in paths_to_sensitive(pk, actor=actor, now=now) if one.edges]


def _path(one: SensitivePath) -> AttackPath:
    first = one.edges[0]
    return AttackPath(
        entry=(first.from_kind, first.from_name, first.from_href),
        target=(one.target_kind, one.target, one.href),
        criticality=one.why,
        edges=tuple(map(_edge, one.edges)),
        certain=one.certain,
    )


def _edge(hop: Hop) -> tuple[tuple[str, str, str], tuple[str, str, str], str]:
    return (hop.from_kind, hop.from_name, hop.from_href), (hop.to_kind, hop.to_name, hop.to_href), hop.words
