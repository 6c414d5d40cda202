"""What the directory and the score know of an incident's users and mailboxes."""

from collections.abc import Mapping, Sequence

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.contracts import PRIORITY, PersonDetail
from watchfloor.identities.scoring.contracts import LEVEL_TONES, RiskSummary
from watchfloor.identities.scoring.selectors import risks_of
from watchfloor.identities.selectors import people_by_id, people_of_names
from watchfloor.incidents.contracts import AssetFacts


class UsersOfAnIncident:
    """Risk level, exposure and place in the organisation beside each account that is somebody's."""

    kind = "users"
    heads = ("Risk level", "Exposure", "Department")
    permission = Permission.IDENTITY_READ

    def tell(self, values: Sequence[str], actor: Actor, /) -> Mapping[str, AssetFacts]:
        numbers = people_of_names(values)
        people = people_by_id(sorted(set(numbers.values())))
        risks = risks_of(people)
        return {
            value: facts_of(people[number], risks.get(number)) for value, number in numbers.items() if number in people
        }


def facts_of(person: PersonDetail, risk: RiskSummary | None) -> AssetFacts:
    """One person as the list shows them."""
    level = risk.level if risk else "none"
    shown = ("None known", "neutral") if level == "none" else (level.capitalize(), LEVEL_TONES.get(level, "neutral"))
    return AssetFacts(
        key=f"person:{person.pk}",
        name=person.name,
        href=person.href,
        summary=f"{person.href}/summary",
        cells=(shown, standing(person), (person.department, "plain")),
        critical=standing(person)[1] in ("danger", "warning"),
    )


def standing(person: PersonDetail) -> tuple[str, str]:
    """What makes a takeover costly, in a word or two, without reading the accounts."""
    if person.privileged:
        return "Privileged", "danger"
    if PRIORITY in person.tags or "VIP" in person.tags:
        return "Priority account", "warning"
    if person.status != "active":
        return person.status.capitalize(), "neutral"
    return ("External", "neutral") if person.external else ("", "plain")
