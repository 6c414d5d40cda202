"""Account settings (US-66): how each account of a person stands at its source now, with the way to its own console."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import audited, requires
from watchfloor.connectors.contracts import AccountState
from watchfloor.identities import selectors as identities
from watchfloor.kernel.errors import NotFound, WatchfloorError
from watchfloor.response.accounts.asking import ask_all
from watchfloor.response.accounts.places import Place, Systems, owners_of, places_of
from watchfloor.response.accounts.systems import account_actions
from watchfloor.response.catalogue import account_actions as every_action
from watchfloor.response.contracts import People
from watchfloor.ui.services import render_page

GONE = "the source has no such account any more"


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One account as its source says; `verbs` are (label, icon, href) of what can be done to it alone."""

    name: str
    system: str
    facts: tuple[tuple[Any, ...], ...]
    trouble: str
    console: str
    verbs: tuple[tuple[str, str, str], ...]


@requires(Permission.IDENTITY_READ)
@require_GET
def account_settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask every source now; one that is too slow is told so. What was looked at stands in the audit log."""
    actor = request.actor  # type: ignore[attr-defined]
    person = identities.person_by_id(pk)
    if person is None:
        raise NotFound("there is no such person", place=str(pk))
    right = Permission.IDENTITY_READ
    with audited(
        by=actor, permission=right, verb="account.look", target_type="person", target=person.address
    ) as result:
        cards = cards_of(person.pk, account_actions())
        result["after"] = {"accounts": [f"{card.name} at {card.system}" for card in cards]}
    flyout = bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]
    context = {"person": person, "cards": cards, "layout": "ui/flyout.html" if flyout else "ui/page.html"}
    return render_page(request, "response/people/account_settings.html", context)


def cards_of(pk: int, systems: Systems) -> tuple[AccountCard, ...]:
    """A card for each account, in the order of their systems."""
    (owner,) = owners_of(People((pk,)))
    places = places_of(owner, systems)
    asked = [place for place in places if place.system]
    states = iter(
        ask_all(asked, lambda place: systems[place.system].state(place.ref), system_of=lambda one: one.system)
    )
    return tuple(_card(pk, place, systems, next(states) if place.system else None) for place in places)


def _card(pk: int, place: Place, systems: Systems, state: AccountState | WatchfloorError | None) -> AccountCard:
    trouble = state.message if isinstance(state, WatchfloorError) else place.why
    if state is None and place.system:
        trouble = GONE
    return AccountCard(
        name=place.name,
        system=place.system or place.ref.source,
        facts=_facts(state) if isinstance(state, AccountState) else (),
        trouble=trouble,
        console=_web(systems[place.system].console(place.ref)) if place.system else "",
        verbs=_verbs(pk, place, systems),
    )


def _web(address: str) -> str:
    """The address where it is a page; whoever sets a connection up must not run a script in the browser of who looks."""
    return address if address.startswith(("https://", "http://", "/")) else ""


def _facts(state: AccountState) -> tuple[tuple[Any, ...], ...]:
    """What the source knows; what it does not know is left out."""
    said = (
        ("Sign-in", _either(state.enabled, "enabled", "suspended")),
        ("Locked", _either(state.locked, "yes", "no")),
        ("Must change the password", _either(state.must_change_password, "yes", "no")),
        ("Open sessions", None if state.sessions is None else f"{state.sessions:,}"),
        ("Forwarding", _listed(state.forwarding)),
        ("Inbox rules", _listed(state.rules)),
        ("Delegates", _listed(state.delegates)),
        *state.facts.items(),
    )
    return tuple(fact for fact in said if fact[1] is not None)


def _either(value: bool | None, yes: str, no: str) -> str | None:
    return None if value is None else yes if value else no


def _listed(sentences: tuple[str, ...] | None) -> str | None:
    return None if sentences is None else "; ".join(sentences) or "none"


def _verbs(pk: int, place: Place, systems: Systems) -> tuple[tuple[str, str, str], ...]:
    if not place.system:
        return ()
    can = systems[place.system].can
    return tuple(
        (
            action.label,
            action.icon,
            f"/actions/people/new?{urlencode({'action': action.key, 'person': pk, 'account': place.key})}",
        )
        for action in every_action().values()
        if action.offered and not action.on_risk and action.steps[0] in can
    )
