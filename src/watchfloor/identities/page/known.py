"""What every part of the page asks first: the person, all their names, and how much names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.contracts import AccountLine, PersonDetail, PersonNames, PersonTag
from watchfloor.identities.page.registry import actions_of, panels_of
from watchfloor.identities.scoring.contracts import RiskSummary
from watchfloor.identities.scoring.selectors import risk_of
from watchfloor.identities.selectors import accounts_of, names_of, person_by_id
from watchfloor.identities.tags import tags_of
from watchfloor.incidents.contracts import NamedIn
from watchfloor.incidents.selectors import named_in
from watchfloor.kernel.errors import NotFound
from watchfloor.lake.selectors import hunt

HALF_YEAR = timedelta(days=180)
TABS = (
    ("overview", "Overview", ""),
    ("incidents", "Incidents and alerts", "/incidents"),
    ("observed", "Observed in organisation", "/observed"),
    ("timeline", "Timeline", "/timeline"),
    ("files", "Files", "/files"),
    ("mail", "Mail", "/mail"),
)
NOTHING = NamedIn(0, {}, 0, 0)


@dataclass(frozen=True)
class Known:
    """One person as one actor sees them now; each part is read when it is first asked for."""

    person: PersonDetail
    actor: Actor
    now: datetime

    @cached_property
    def names(self) -> PersonNames:
        return names_of(self.person.pk)

    @cached_property
    def accounts(self) -> tuple[AccountLine, ...]:
        return accounts_of(self.person.pk)

    @cached_property
    def risk(self) -> RiskSummary | None:
        return risk_of(self.person.pk)

    @cached_property
    def tags(self) -> tuple[PersonTag, ...]:
        """Those given by hand and those that follow from the accounts, each with its reason."""
        return tags_of(self.person.pk, now=self.now)

    @cached_property
    def every_name(self) -> tuple[str, ...]:
        """All names under which alerts may speak of the person."""
        names = self.names
        return tuple(
            dict.fromkeys((*names.addresses, *names.logins, *names.sids, *names.object_ids, *names.account_names))
        )

    @cached_property
    def threat(self) -> NamedIn:
        """Alerts and incidents of half a year."""
        if not self.actor.may(Permission.INCIDENT_READ):
            return NOTHING
        return named_in(self.every_name, since=self.now - HALF_YEAR)

    def asked(self, query: str, *, limit: int = 1000) -> list[dict[str, Any]]:
        """The rows of a KQL query of ours, by column."""
        answer = hunt(query, now=self.now, limit=limit, timeout=20)
        names = [name for name, _ in answer.columns]
        return [dict(zip(names, values, strict=True)) for values in answer.rows]

    def frame(self, tab: str) -> Mapping[str, Any]:
        """What the frame of every tab shows."""
        person, threat = self.person, self.threat
        counts = {"incidents": threat.incidents or None}
        return {
            "person": person,
            "tags": self.tags,
            "tab": tab,
            "tabs": [(key, label, f"{person.href}{path}", counts.get(key)) for key, label, path in TABS],
            "risk": self.risk,
            "threat": threat,
            "actions": actions_of(person.pk, actor=self.actor),
            "header_panels": panels_of(person.pk, actor=self.actor, place="header"),
            "panels": panels_of(person.pk, actor=self.actor, place=tab),
        }


def known(pk: int, *, actor: Actor, now: datetime) -> Known:
    """The person of this number. Raises NotFound."""
    person = person_by_id(pk) if pk < 2**31 else None
    if person is None:
        raise NotFound(f"there is no person {pk}")
    return Known(person, actor, now)
