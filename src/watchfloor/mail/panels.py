"""The panels of the email page: a registry that other slices fill, and our own."""

from collections.abc import Sequence

from watchfloor.access.contracts import Actor
from watchfloor.mail.campaign import CampaignPanel
from watchfloor.mail.contracts import EmailEntity, EmailLink, EmailLinks, EmailPanel, TimelineEvent

_panels: dict[str, EmailPanel] = {}
_links: dict[str, EmailLinks] = {}


def register_panel(panel: EmailPanel) -> EmailPanel:
    """Add a panel to the email page; call it from your slice's `panels` module. The same `key` again replaces it."""
    _panels[panel.key] = panel
    return panel


def register_links(links: EmailLinks) -> EmailLinks:
    """Add buttons to the email page; call it from your slice's `panels` module. The same `key` again replaces them."""
    _links[links.key] = links
    return links


def shown_links(*, entity: EmailEntity, actor: Actor) -> tuple[EmailLink, ...]:
    """The buttons of other slices that this person may follow."""
    mine = [one for one in _links.values() if actor.may(one.permission)]
    return tuple(link for one in mine for link in one.links(entity=entity, actor=actor))


def shown_panels(*, entity: EmailEntity, actor: Actor, tab: str) -> tuple[tuple[str, str], ...]:
    """(title, safe HTML) of each panel under `tab` that this person may see and that has something to show."""
    mine = [one for one in _panels.values() if one.tab == tab and actor.may(one.permission)]
    rendered = ((one.title, one.render(entity=entity, actor=actor)) for one in mine)
    return tuple((title, html) for title, html in rendered if html)


def panel_events(*, entity: EmailEntity, actor: Actor) -> Sequence[TimelineEvent]:
    """What the panels add to the timeline for this person."""
    mine = [one for one in _panels.values() if actor.may(one.permission)]
    return [event for panel in mine for event in panel.events(entity=entity, actor=actor)]


register_panel(CampaignPanel())
