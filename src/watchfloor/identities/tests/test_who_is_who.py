"""Saying who is who, from the fly-out."""

from datetime import UTC, datetime

import pytest

from watchfloor.connectors.contracts import Account as Said
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.services import observe
from watchfloor.identities.directory_reading import read_directory
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.identities.selectors import accounts_of, merged_into, person_of_name, suggestions_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN = Said(key="a1", provider="ActiveDirectory", mail="ann@corp.example", display_name="Ann Lee", sid="S-1")
ADMIN = Said(key="a2", provider="ActiveDirectory", mail="adm@corp.example", display_name="Ann (admin)", sid="S-9")
CLOUD = Said(key="e1", provider="EntraID", mail="ann@corp.example", sid="S-9", display_name="Ann Lee")


@pytest.fixture
def ann(db):
    for source, said in (("ad", (ANN, ADMIN)), ("entra", (CLOUD,))):
        observe(kind=ObservedKind.ACCOUNTS, source=source, items=[one.as_json() for one in said], at=NOW)
    read_directory(now=NOW)
    return person_of_name("ann@corp.example")


def test_what_a_rule_would_not_join_is_suggested_with_its_reason(as_max, ann):
    (hint,) = suggestions_of(ann)
    assert (hint.address, hint.words) == (
        "adm@corp.example", "Same security identifier s-9 in the directory on premises",
    )  # fmt: skip
    page = as_max.get(f"/identities/{ann}/who").content.decode()
    assert "May be the same person" in page
    assert "Same mail address ann@corp.example" in page


def test_a_suggestion_is_taken_and_taken_back(as_max, ann):
    other = person_of_name("adm@corp.example")
    as_max.post(f"/identities/{ann}/who", {"do": "merge", "other": other, "reason": "her admin account"})
    assert len(accounts_of(ann)) == 3
    assert suggestions_of(ann) == ()
    assert [one[:2] for one in merged_into(ann)] == [(other, "Ann (admin)")]
    as_max.post(f"/identities/{ann}/who", {"do": "unmerge", "other": other, "reason": "a mistake"})
    assert len(accounts_of(ann)) == 2


def test_a_person_is_merged_by_any_name_and_an_unknown_name_is_said(as_max, ann):
    as_max.post(f"/identities/{ann}/who", {"do": "merge", "other": "S-9x", "reason": "x"})
    assert len(accounts_of(ann)) == 2
    as_max.post(f"/identities/{ann}/who", {"do": "merge", "other": "ADM@corp.example", "reason": "x"})
    assert len(accounts_of(ann)) == 3


def test_an_account_is_split_off(as_max, ann):
    as_max.post(
        f"/identities/{ann}/who", {"do": "split", "account": Account.objects.get(key="e1").pk, "reason": "a namesake"}
    )
    assert [line.provider for line in accounts_of(ann)] == ["ActiveDirectory"]


def test_tags_are_given_and_taken(as_max, ann):
    as_max.post(f"/identities/{ann}/who", {"do": "tag", "tag_name": "VIP"})
    assert DirectoryPerson.objects.get(pk=ann).tags == ["VIP"]
    as_max.post(f"/identities/{ann}/who", {"do": "untag", "tag_name": "VIP"})
    assert DirectoryPerson.objects.get(pk=ann).tags == []


@pytest.mark.parametrize("asked", [{"do": "dance"}, {"do": "split", "account": "x"}, {"do": "merge", "other": ""}])
def test_nonsense_changes_nothing_and_leads_back(as_max, ann, asked):
    assert as_max.post(f"/identities/{ann}/who", asked).status_code == 302
    assert len(accounts_of(ann)) == 2


def test_only_who_may_manage_people_gets_the_form(as_eve, as_max, ann):
    assert as_eve.get(f"/identities/{ann}/who").status_code == 403
    assert as_max.get("/identities/99999/who").status_code == 404
