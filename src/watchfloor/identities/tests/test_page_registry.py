"""What others put on the page of a person: in its place, for whom it may concern, silent when it has nothing."""

import pytest
from django.utils.html import format_html

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.page import registry
from watchfloor.identities.page.contracts import PersonAction
from watchfloor.identities.services import register_person_action, register_person_panel
from watchfloor.kernel.errors import BadInput

ANYBODY = Actor("ada", "Ada", frozenset({Permission.IDENTITY_READ}))


class Says:
    """A panel as another slice would bring it."""

    title = "Risk"
    permission = Permission.IDENTITY_READ

    def __init__(self, key="says", tab="overview", words="seven points", permission=Permission.IDENTITY_READ):
        self.key, self.tab, self.words, self.permission = key, tab, words, permission

    def render(self, person_pk, actor):
        return format_html("<p>{}: {}</p>", person_pk, self.words) if self.words else ""


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_panels", {})
    monkeypatch.setattr(registry, "_actions", {})


def shown(place="overview"):
    return registry.panels_of(7, actor=ANYBODY, place=place)


def test_a_panel_stands_in_its_place_only():
    register_person_panel(Says())
    assert shown() == (("Risk", "<p>7: seven points</p>"),)
    assert shown("risk") == ()


def test_a_panel_with_nothing_to_show_and_one_without_the_right_leave_no_trace():
    register_person_panel(Says(key="empty", words=""))
    register_person_panel(Says(key="other", permission=Permission.AUDIT_READ))
    assert shown() == ()


def test_the_same_key_again_replaces_a_panel():
    register_person_panel(Says(words="old"))
    register_person_panel(Says(words="new"))
    assert shown() == (("Risk", "<p>7: new</p>"),)


def test_a_panel_for_a_place_that_does_not_exist_is_refused_with_the_places():
    with pytest.raises(BadInput, match="places are overview"):
        register_person_panel(Says(tab="attic"))


def action(key, **given):
    wanted = {"permission": Permission.IDENTITY_READ, "href": lambda pk: f"/act/{key}/{pk}", **given}
    return register_person_action(PersonAction(key, key.capitalize(), "lock", **wanted))


def buttons():
    return [(one.key, one.href) for one in registry.actions_of(7, actor=ANYBODY)]


def test_those_asked_for_most_stand_first_and_other_dangerous_ones_last():
    action("erase", dangerous=True)
    action("reset")
    action("confirm-compromised", dangerous=True)
    assert [key for key, _ in buttons()] == ["confirm-compromised", "reset", "erase"]
    assert buttons()[1] == ("reset", "/act/reset/7")


def test_an_action_that_does_not_apply_or_is_not_allowed_is_no_button():
    action("enable", href=lambda pk: "")
    action("reset", permission=Permission.IDENTITY_ACTION_MANAGE)
    assert buttons() == []
