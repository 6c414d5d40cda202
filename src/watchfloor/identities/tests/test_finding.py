"""From any name to a person and back."""

from datetime import UTC, datetime

import pytest

from benchmarks.users_parts.people import build_people
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson
from watchfloor.identities.selectors import (
    account_refs,
    accounts_of,
    names_of,
    people_of_names,
    person_by_id,
    person_of_name,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def people(db):
    return build_people(120)


@pytest.mark.parametrize(
    "name",
    [
        "p3@corp.example",
        "P3@Corp.Example",
        "CORP\\p3",
        "corp.example\\P3",
        "S-1-5-21-1-2-3-1003",
        "00000000-0000-4000-8000-000000000003",
        "p3",
        "CN=p3,OU=People,DC=corp,DC=example",
    ],
)
def test_a_person_is_found_by_every_name_that_events_use(people, name):
    assert person_of_name(name) == people[3]


def test_many_names_are_looked_up_in_one_query(people, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = people_of_names(["p1@corp.example", "corp\\p2", "nobody@corp.example", ""])
    assert found == {"p1@corp.example": people[1], "corp\\p2": people[2]}


def test_a_login_name_that_two_people_bear_finds_neither(people):
    other = Account.objects.get(person=people[5])
    AccountAlias.objects.create(account=other, kind="name", value="p3")
    assert person_of_name("p3") is None
    assert person_of_name("p3@corp.example") == people[3]


def test_a_living_account_bears_a_name_before_a_deleted_one(people):
    Account.objects.filter(person=people[3]).update(deleted_at=NOW)
    AccountAlias.objects.create(account=Account.objects.get(person=people[5]), kind="name", value="p3")
    assert person_of_name("p3") == people[5]


def test_no_name_asks_the_database_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert people_of_names(["", "  "]) == {}


def test_a_person_tells_every_name_once_and_in_lower_case(people):
    names = names_of(people[3])
    assert names.mails == names.upns == names.addresses == ("p3@corp.example",)
    assert names.sids == ("s-1-5-21-1-2-3-1003",)
    assert names.account_names == ("p3",)
    assert names.logins == ("corp.example\\p3", "corp\\p3")
    assert names.object_ids == ("00000000-0000-4000-8000-000000000003",)


def test_an_account_says_why_it_belongs_to_the_person_and_that_it_leads(people):
    (line,) = accounts_of(people[3])
    assert (line.joined_by, line.leading, line.status) == ("first", True, "active")
    assert line.joined_words == "The first account that was seen of this person"
    (ref,) = account_refs(people[3])
    assert (ref.source, ref.key, ref.sid) == ("corp", line.key, "S-1-5-21-1-2-3-1003")


def test_the_number_of_a_merged_person_leads_to_the_one_who_was_kept(people):
    DirectoryPerson.objects.filter(pk=people[4]).update(merged_into=people[3])
    found = person_by_id(people[4])
    assert found is not None
    assert (found.pk, found.merged_from) == (people[3], people[4])
    assert person_by_id(0) is None


def test_a_person_says_on_whose_word_their_name_rests(people):
    found = person_by_id(people[3])
    assert found is not None
    assert found.leading == "Name, department and contact as ActiveDirectory “corp” has them"
    assert (found.affiliation, found.href) == ("Internal", f"/identities/{people[3]}")
