"""What people say about who is who counts, is audited, and can be taken back."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.contracts import Account as Said
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.services import observe
from watchfloor.identities.directory_reading import read_directory
from watchfloor.identities.models import Account, DirectoryPerson, PersonRisk, RiskPoint
from watchfloor.identities.selectors import accounts_of, person_by_id, person_of_name
from watchfloor.identities.services import (
    join_accounts,
    merge_people,
    split_account,
    tag_person,
    unmerge_people,
    untag_person,
)
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN = Said(key="a1", provider="ActiveDirectory", name="ann", mail="ann@corp.example", display_name="Ann Lee")
BO = Said(key="b1", provider="Okta", name="bo", mail="bo@corp.example", display_name="Bo Diaz")


def take(said: Said, source: str) -> None:
    observe(kind=ObservedKind.ACCOUNTS, source=source, items=[said.as_json()], at=NOW)
    read_directory(now=NOW)


@pytest.fixture
def two(db):
    take(ANN, "ad")
    take(BO, "okta")
    return person_of_name("ann@corp.example"), person_of_name("bo@corp.example")


def account(key: str) -> int:
    return Account.objects.get(key=key).pk


def test_two_people_become_one_with_all_accounts_points_and_tags(two, max):
    ann, bo = two
    RiskPoint.objects.create(person_id=bo, key="x", kind="alert", what="x", at=NOW, points=5, words="x")
    PersonRisk.objects.create(person_id=bo, score=5, level="low", state="confirmedCompromised", scored_at=NOW)
    tag_person(person=bo, tag="VIP", by=actor_of(max))
    merge_people(kept=ann, other=bo, by=actor_of(max), reason="same person", now=NOW)
    assert {line.provider for line in accounts_of(ann)} == {"ActiveDirectory", "Okta"}
    assert person_of_name("bo@corp.example") == ann
    assert RiskPoint.objects.get().person_id == ann
    assert PersonRisk.objects.get().state == "confirmedCompromised"
    found = person_by_id(bo)
    assert found is not None
    assert (found.pk, found.tags) == (ann, ("VIP",))
    assert "Merged by" in next(line.joined_words for line in accounts_of(ann) if line.provider == "Okta")


def test_a_merge_can_be_taken_back(two, max):
    ann, bo = two
    merge_people(kept=ann, other=bo, by=actor_of(max), reason="same person", now=NOW)
    unmerge_people(other=bo, by=actor_of(max), reason="they are not", now=NOW)
    assert [line.provider for line in accounts_of(bo)] == ["Okta"]
    assert [line.provider for line in accounts_of(ann)] == ["ActiveDirectory"]
    assert person_of_name("bo@corp.example") == bo


def test_a_split_account_becomes_a_person_of_its_own_and_no_rule_brings_it_back(db, max):
    take(ANN, "ad")
    take(Said(key="a2", provider="Okta", mail="ann@corp.example", display_name="Ann L"), "okta")
    ann = person_of_name("ann@corp.example")
    assert ann is not None
    assert len(accounts_of(ann)) == 2
    other = split_account(account=account("a2"), by=actor_of(max), reason="a namesake", now=NOW)
    assert len(accounts_of(ann)) == len(accounts_of(other)) == 1
    take(Said(key="a2", provider="Okta", mail="ann@corp.example", display_name="Ann Lorde"), "okta")
    assert accounts_of(other)[0].display_name == "Ann Lorde"
    assert accounts_of(other)[0].pinned


def test_joining_the_only_account_of_a_person_leaves_a_pointer_to_the_new_one(two, max):
    ann, bo = two
    join_accounts(account=account("b1"), person=ann, by=actor_of(max), reason="asked him", now=NOW)
    assert DirectoryPerson.objects.get(pk=bo).merged_into_id == ann
    assert person_of_name("bo@corp.example") == ann


def test_every_word_is_in_the_audit_log_with_its_reason(two, max):
    merge_people(kept=two[0], other=two[1], by=actor_of(max), reason="asked him", now=NOW)
    entry = AuditEntry.objects.filter(verb="person.merge", outcome="success").get()
    assert (entry.reason, entry.target) == ("asked him", "bo@corp.example")


def test_tags_are_given_and_taken(two, max):
    tag_person(person=two[0], tag="  Board   member ", by=actor_of(max))
    tag_person(person=two[0], tag="Board member", by=actor_of(max))
    assert DirectoryPerson.objects.get(pk=two[0]).tags == ["Board member"]
    untag_person(person=two[0], tag="Board member", by=actor_of(max))
    assert DirectoryPerson.objects.get(pk=two[0]).tags == []


def test_what_cannot_be_is_refused_with_its_reason(two, max, eve):
    with pytest.raises(BadInput, match="say why"):
        merge_people(kept=two[0], other=two[1], by=actor_of(max), reason=" ")
    with pytest.raises(BadInput, match="same person"):
        merge_people(kept=two[0], other=two[0], by=actor_of(max), reason="x")
    with pytest.raises(Conflict, match="only account"):
        split_account(account=account("a1"), by=actor_of(max), reason="x")
    with pytest.raises(Conflict, match="already"):
        join_accounts(account=account("a1"), person=two[0], by=actor_of(max), reason="x")
    with pytest.raises(Conflict, match="not merged"):
        unmerge_people(other=two[0], by=actor_of(max), reason="x")
    with pytest.raises(NotFound):
        join_accounts(account=0, person=two[0], by=actor_of(max), reason="x")
    with pytest.raises(BadInput, match="characters"):
        tag_person(person=two[0], tag="x" * 51, by=actor_of(max))
    with pytest.raises(Forbidden):
        tag_person(person=two[0], tag="VIP", by=actor_of(eve))
