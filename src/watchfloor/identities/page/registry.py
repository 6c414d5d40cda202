"""The panels and actions of a person's page, as others registered them."""

from dataclasses import dataclass

from watchfloor.access.contracts import Actor
from watchfloor.identities.page.contracts import PLACES, PersonAction, PersonPanel
from watchfloor.kernel.errors import BadInput

FIRST = ("confirm-compromised", "require-sign-in", "suspend")
"""Actions that stand as buttons of their own (US-07); the others are under “More actions”."""
_panels: dict[str, PersonPanel] = {}
_actions: dict[str, PersonAction] = {}


@dataclass(frozen=True, slots=True)
class Button:
    """An action as it stands on the page of one person."""

    key: str
    label: str
    icon: str
    href: str
    dangerous: bool


def register_person_panel(panel: PersonPanel) -> PersonPanel:
    """Add a panel to the page of a person; call it from your slice's `panels` module. The same `key` again replaces it."""
    if panel.tab not in PLACES:
        raise BadInput(f"there is no place “{panel.tab}”; places are {', '.join(PLACES)}", place=panel.key)
    _panels[panel.key] = panel
    return panel


def register_person_action(action: PersonAction) -> PersonAction:
    """Add a button to the page and the fly-out of a person. The same `key` again replaces it."""
    _actions[action.key] = action
    return action


def panels_of(person_pk: int, *, actor: Actor, place: str) -> tuple[tuple[str, str], ...]:
    """(title, safe HTML) of each panel in `place` that this actor may see and that has something to show."""
    mine = [one for one in _panels.values() if one.tab == place and actor.may(one.permission)]
    rendered = ((one.title, one.render(person_pk, actor)) for one in mine)
    return tuple((title, html) for title, html in rendered if html)


def actions_of(person_pk: int, *, actor: Actor) -> tuple[Button, ...]:
    """The buttons this actor gets for this person: those asked for most first, then as registered, dangerous ones last."""
    mine = [one for one in _actions.values() if actor.may(one.permission)]
    found = [Button(one.key, one.label, one.icon, one.href(person_pk), one.dangerous) for one in mine]
    return tuple(sorted((one for one in found if one.href), key=lambda one: (_place(one.key), one.dangerous)))


def _place(key: str) -> int:
    return FIRST.index(key) if key in FIRST else len(FIRST)
