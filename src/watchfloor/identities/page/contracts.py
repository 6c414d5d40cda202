"""What others put on the page of a person: panels and actions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from watchfloor.access.contracts import Actor, Permission

PLACES = ("overview", "incidents", "observed", "timeline", "files", "mail", "risk", "header", "flyout")
"""Where a panel can stand: under a tab, or as the risk card on top right, beside the name, or in the fly-out's threat part."""


class PersonPanel(Protocol):
    """What another module shows of a person; `tab` is one of PLACES, `permission` what seeing it needs.

    `render` gets the person's number and who looks, and gives safe HTML (from your own template), "" for nothing to show.
    A panel under a tab is framed as a card with `title`; in the places risk, header and flyout it stands as it is.
    """

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def tab(self) -> str: ...

    @property
    def permission(self) -> Permission: ...

    def render(self, person_pk: int, actor: Actor, /) -> str: ...


@dataclass(frozen=True, slots=True)
class PersonAction:
    """Something that can be done to a person, as a button of the page and the fly-out.

    `href` gives the address of a fly-out form for a person's number ("" when it does not apply to them); `dangerous` ones look
    so; `icon` is one of the sprite. People without `permission` do not get the button.
    """

    key: str
    label: str
    icon: str
    permission: Permission
    href: Callable[[int], str]
    dangerous: bool = False
