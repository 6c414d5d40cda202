"""Who sees which alerts (AP-05): a category of alert policies may be kept for some roles.

Alerts of a restricted category correlate only among themselves, so that an incident is either seen as a whole or not at all;
they are not written into the lake, where everybody who hunts would read them.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import actor_of, person_of, roles_holding
from watchfloor.access.services import audit_verb, audited
from watchfloor.detection.contracts import POLICY_CATEGORIES
from watchfloor.detection.selectors import rule as rule_of
from watchfloor.incidents.models import Alert, CategoryReaders, Incident
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound

audit_verb("alert_category.readers", "{actor} changed who sees alerts of the category {target}")

USUAL = "Threat management"
"""The category of alerts whose rule names none: custom detections, Sigma rules, what other slices report."""
View = Callable[..., HttpResponseBase]


def readers() -> dict[str, frozenset[int]]:
    """The roles of each restricted category. One query."""
    return {one.category: frozenset(one.roles) for one in CategoryReaders.objects.all()}


def hidden_from(actor: Actor) -> tuple[str, ...]:
    """Restricted categories that this person may not see; the product itself sees all. One query, or two."""
    restricted = readers()
    person = person_of(actor) if restricted else None
    if person is None:
        return ()
    held = set(person.roles.values_list("pk", flat=True))
    return tuple(category for category, roles in restricted.items() if not held & roles)


def seen_by(hidden: Iterable[str] | None, before: str = "") -> Q:
    """The condition on incidents (`before` leads to them) for somebody from whom these are hidden; None: nobody in particular."""
    if hidden is None:
        return Q(**{f"{before}restricted": ""}) if CategoryReaders.objects.exists() else Q()
    gone = list(hidden)
    return ~Q(**{f"{before}restricted__in": gone}) if gone else Q()


def category_of(rule_id: str) -> str:
    """The category of alert policies that a rule's alerts are of."""
    rule = rule_of(rule_id)
    return rule.policy_category if rule else USUAL


def rules_hidden_from(actor: Actor, rules: Iterable[str]) -> list[str]:
    """Those of the rules whose alerts this person may not see."""
    hidden = hidden_from(actor)
    return [one for one in rules if category_of(one) in hidden] if hidden else []


def restriction_of(rule_id: str) -> str:
    """The restricted category of a rule's alerts, empty when all who read incidents see them."""
    restricted = readers()
    category = category_of(rule_id) if restricted else ""
    return category if category in restricted else ""


def incidents_hidden_from(actor: Actor) -> tuple[int, ...]:
    """The incidents this person may not see, for what hangs on them elsewhere. Usually none: one query."""
    hidden = hidden_from(actor)
    return tuple(Incident.objects.filter(restricted__in=hidden).values_list("pk", flat=True)) if hidden else ()


def must_see(incident: Incident, by: Actor) -> None:
    """Raises NotFound, as for one that is not there."""
    if incident.restricted and incident.restricted in hidden_from(by):
        raise NotFound(f"there is no incident {incident.pk}")


def only_seen(view: View) -> View:
    """Let nobody open the pages of an incident or alert that is hidden from them; goes around a view that `requires` guards."""

    @wraps(view)
    def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        kept = _restriction(kwargs)
        if kept and not isinstance(request.user, AnonymousUser) and kept in hidden_from(actor_of(request.user)):
            raise NotFound("there is no such incident or alert")
        return view(request, *args, **kwargs)

    return gate


def _restriction(kwargs: Mapping[str, Any]) -> str:
    if (number := kwargs.get("incident")) is not None:
        found = Incident.objects.filter(pk=number) if number < 2**31 else Incident.objects.none()
        return found.values_list("restricted", flat=True).first() or ""
    named = Alert.objects.filter(alert_id=kwargs.get("alert", ""))
    return named.values_list("incident__restricted", flat=True).first() or ""


def set_readers(*, category: str, roles: Iterable[int], by: Actor) -> int:
    """Keep a category for these roles, or with none give it to all; returns how many incidents that hides or shows.

    Incidents that hold alerts of other categories too stay as they are: they were joined while everybody saw them.
    Raises Forbidden, BadInput.
    """
    with audited(
        by=by,
        permission=Permission.PEOPLE_MANAGE,
        verb="alert_category.readers",
        target_type="category",
        target=category,
    ) as result:
        if category not in POLICY_CATEGORIES:
            raise BadInput(f"there is no category “{category}”", place="category")
        wanted = sorted(set(roles))
        if not set(wanted) <= {number for number, _ in roles_holding(Permission.INCIDENT_READ)}:
            raise BadInput("only roles that may read incidents can be chosen", place="role")
        with transaction.atomic():
            if wanted:
                values = {"roles": wanted, "changed_by": by.name, "changed_at": utc_now()}
                CategoryReaders.objects.update_or_create(category=category, defaults=values)
                changed = _restrict(category)
            else:
                CategoryReaders.objects.filter(category=category).delete()
                changed = Incident.objects.filter(restricted=category).update(restricted="")
        result["after"] = {"roles": wanted, "incidents": changed}
    return changed


def _restrict(category: str) -> int:
    rules = set(Alert.objects.order_by().values_list("rule_id", flat=True).distinct())
    others = [one for one in rules if category_of(one) != category]
    mine = [one for one in rules if category_of(one) == category]
    whole = Incident.objects.filter(restricted="", alerts__rule_id__in=mine).exclude(alerts__rule_id__in=others)
    numbers = list(whole.values_list("pk", flat=True).distinct())
    return Incident.objects.filter(pk__in=numbers).update(restricted=category)
