"""Whose addresses are ours."""

import dataclasses
from datetime import UTC, datetime

import pytest

from watchfloor.identities.models import DirectoryPerson
from watchfloor.identities.selectors import is_ours, is_own_domain, ours_among

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ASKED = ("Ann@Corp.example", "bob@sub.corp.example", "eve@notcorp.example", "dan@home.example", "no address")


@pytest.fixture
def corp(settings):
    settings.WATCHFLOOR = dataclasses.replace(settings.WATCHFLOOR, own_domains="corp.example")


def person(address: str, **facts: object) -> None:
    DirectoryPerson.objects.create(address=address, name="Dan", source="test", imported_at=NOW, **facts)


def test_an_address_is_ours_at_or_below_a_domain_of_ours(db, corp):
    assert ours_among(ASKED, if_unset=False) == {"ann@corp.example", "bob@sub.corp.example"}


def test_the_directorys_own_people_are_ours_at_any_domain(db, corp):
    person("dan@home.example")
    assert is_ours("Dan@Home.example", if_unset=False)


@pytest.mark.parametrize("facts", [{"external": True, "leading": "Nextcloud|x|y"}, {"deleted_at": NOW}])
def test_guests_of_connected_systems_and_who_has_left_are_not_ours(db, corp, facts):
    person("dan@home.example", **facts)
    assert not is_ours("dan@home.example", if_unset=True)


def test_while_no_domain_is_set_the_caller_says_what_counts(db, settings):
    settings.WATCHFLOOR = dataclasses.replace(settings.WATCHFLOOR, own_domains="")
    person("dan@home.example")
    assert len(ours_among(ASKED, if_unset=True)) == 4
    assert ours_among(ASKED, if_unset=False) == {"dan@home.example"}


def test_own_domains_are_known_without_the_database(db, corp, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert ours_among(ASKED[:2], if_unset=False) == {"ann@corp.example", "bob@sub.corp.example"}
    assert is_own_domain("SUB.corp.example", own={"corp.example"})
    assert not is_own_domain("", own={""})
