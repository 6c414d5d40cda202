"""What other slices add to the email page: shown to whom it may concern, in its place, silent when it has nothing."""

import pytest
from django.utils.html import format_html

from watchfloor.access.contracts import Permission
from watchfloor.kernel.clock import utc_now
from watchfloor.mail import panels
from watchfloor.mail.contracts import EmailLink, Source, TimelineEvent
from watchfloor.mail.services import register_links, register_panel


class Remediations:
    """A panel as response would bring it."""

    key = "test"
    title = "Remediations"
    tab = "timeline"

    def __init__(self, *, permission=Permission.ACTION_CENTER_READ, empty=False):
        self.permission = permission
        self.empty = empty

    def render(self, *, entity, actor):
        return "" if self.empty else format_html("<p>purged for {} by {}</p>", entity.recipient, actor.name)

    def events(self, *, entity, actor):
        return [TimelineEvent(utc_now(), Source.ADMIN, "Proposed", f"purge of {entity.subject}")]


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(panels, "_panels", {})
    monkeypatch.setattr(panels, "_links", {})


def page(client, key, tab="timeline"):
    return client.get(f"/email/{key}?tab={tab}").content.decode()


def test_a_panel_stands_under_its_tab_with_what_it_says(as_ada, received):
    register_panel(Remediations())
    key = received()
    assert "<p>purged for ann@corp.example by Ada</p>" in page(as_ada, key)
    assert "purged for" not in page(as_ada, key, tab="urls")


def test_a_panels_events_stand_in_the_timeline(as_ada, received):
    register_panel(Remediations())
    assert "purge of Mailbox full" in page(as_ada, received())


def test_a_panel_is_hidden_from_people_without_its_right(as_ada, received):
    register_panel(Remediations(permission=Permission.PEOPLE_MANAGE))
    shown = page(as_ada, received())
    assert "Remediations" not in shown
    assert "purge of" not in shown


def test_a_panel_with_nothing_to_show_leaves_no_empty_box(as_ada, received):
    register_panel(Remediations(empty=True))
    assert "<h2>Remediations</h2>" not in page(as_ada, received())


def test_the_same_key_again_replaces_the_panel(as_ada, received):
    register_panel(Remediations())
    register_panel(Remediations(empty=True))
    assert "purged for" not in page(as_ada, received())


class Elsewhere:
    """Buttons as another slice would bring them."""

    key = "test"

    def __init__(self, permission):
        self.permission = permission

    def links(self, *, entity, actor):
        return [EmailLink("Go elsewhere", f"/elsewhere/{entity.id}", "link")]


def test_a_button_of_another_slice_stands_among_the_actions_for_whom_it_concerns(as_ada, received):
    register_links(Elsewhere(Permission.EMAIL_METADATA_READ))
    key = received()
    assert f'href="/elsewhere/{key}"' in page(as_ada, key)
    register_links(Elsewhere(Permission.PEOPLE_MANAGE))
    assert "Go elsewhere" not in page(as_ada, key)
