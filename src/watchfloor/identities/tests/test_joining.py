"""By which keys accounts join: in a stated order, with a sentence, never by the display name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.connectors.contracts import Account as Said
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.services import observe
from watchfloor.identities.directory_reading import read_directory
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.identities.tags import tags_of
from watchfloor.inspection.contracts import TenantFacts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN = Said(
    key="a1", provider="ActiveDirectory", name="ann", upn="ann@ad.corp.example", mail="ann@corp.example",
    other_mails=("ann.lee@corp.example",), display_name="Ann Lee", employee_id="17", company="Corp",
    sid="S-1-5-21-9-1", domain="ad.corp.example",
)  # fmt: skip


@pytest.fixture(autouse=True)
def own(monkeypatch):
    facts = TenantFacts(own_domains=frozenset({"corp.example"}))
    monkeypatch.setattr("watchfloor.identities.directory_reading.tenant_facts", lambda: facts)


def take(*accounts: Said, source: str, at: datetime = NOW) -> None:
    observe(kind=ObservedKind.ACCOUNTS, source=source, items=[one.as_json() for one in accounts], at=at)
    read_directory(now=at)


def people() -> int:
    return DirectoryPerson.objects.filter(merged_into__isnull=True).count()


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        ("mail", Said(key="o1", provider="Okta", mail="Ann@Corp.example")),
        ("alias", Said(key="o1", provider="Okta", mail="ann.lee@corp.example")),
        ("alias", Said(key="o1", provider="Okta", mail="x@other.example", other_mails=("ann@corp.example",))),
        ("upn", Said(key="o1", provider="Okta", upn="ANN@ad.corp.example")),
        ("employee", Said(key="o1", provider="SCIM", name="al", employee_id="17", company="corp")),
        ("sid", Said(key="o1", provider="EntraID", facts={"onPremisesSecurityIdentifier": "S-1-5-21-9-1"})),
        ("login", Said(key="o1", provider="Dovecot", name="ann")),
    ],
)
@pytest.mark.parametrize("first", ["directory", "other"])
def test_each_rule_joins_whichever_account_comes_first(db, rule, other, first):
    steps = [(ANN, "ad"), (other, "cloud")]
    for said, source in steps if first == "directory" else reversed(steps):
        take(said, source=source)
    assert people() == 1
    joined = next(row.joined for row in Account.objects.all() if row.joined["by"] != "first")
    assert joined["by"] in (rule, "alias", "upn")
    assert joined["words"]


def test_the_same_display_name_joins_nobody(db):
    take(ANN, source="ad")
    take(Said(key="o1", provider="Okta", name="other", mail="ann2@corp.example", display_name="Ann Lee"), source="okta")
    assert people() == 2


def test_a_login_name_that_every_system_has_joins_nobody(db):
    take(replace(ANN, name="admin", mail="admin@corp.example"), source="ad")
    take(Said(key="o1", provider="Dovecot", name="admin"), source="mail")
    assert people() == 2


def test_an_account_that_fits_two_people_by_one_rule_is_not_joined_and_says_so(db):
    take(ANN, source="ad")
    take(replace(ANN, key="a2", name="ann2", upn="", mail="two@corp.example", other_mails=(), sid=""), source="ad2")
    DirectoryPerson.objects.create(address="x", name="X", source="", imported_at=NOW)
    Account.objects.filter(key="a2").update(person=DirectoryPerson.objects.get(address="x"), pinned=True)
    take(Said(key="h1", provider="SCIM", name="hr", employee_id="17", company="Corp"), source="hr")
    joined = Account.objects.get(key="h1").joined
    assert joined["by"] == "conflict"
    assert "2 people have it" in joined["words"]
    assert len(joined["suggested"]) == 2


def test_an_account_that_links_two_people_makes_them_one(db):
    take(replace(ANN, mail="", other_mails=(), name=""), source="ad")
    take(Said(key="c1", provider="CSV", mail="ann@corp.example"), source="hr")
    assert people() == 2
    take(Said(key="e1", provider="EntraID", mail="ann@corp.example", sid="S-1-5-21-9-1"), source="entra")
    assert people() == 1
    assert Account.objects.values("person").distinct().count() == 1


def test_two_accounts_of_one_directory_are_not_made_one_by_a_third(db):
    take(
        ANN,
        replace(
            ANN,
            key="a2",
            name="adm-ann",
            upn="adm-ann@ad.corp.example",
            mail="",
            other_mails=(),
            sid="S-9",
            employee_id="",
        ),
        source="ad",
    )
    take(Said(key="e1", provider="EntraID", mail="ann@corp.example", sid="S-9"), source="entra")
    assert people() == 2
    assert Account.objects.get(key="e1").joined["suggested"]


def test_a_deleted_account_gives_its_address_to_the_account_that_follows_it(db):
    take(ANN, source="old")
    take(replace(ANN, deleted=True), source="old")
    take(
        Said(key="n1", provider="OpenLDAP", mail="ann@corp.example", display_name="Ann L."),
        source="new",
        at=NOW + timedelta(1),
    )
    assert people() == 1
    assert DirectoryPerson.objects.get().name == "Ann L."


def test_the_directory_leads_and_others_fill_the_gaps(db):
    take(
        Said(key="c1", provider="CSV", mail="ann@corp.example", display_name="A. Lee", title="Controller"), source="hr"
    )
    take(ANN, source="ad")
    person = DirectoryPerson.objects.get()
    assert (person.name, person.title, person.leading) == ("Ann Lee", "Controller", "ActiveDirectory ad a1")


def test_a_stranger_in_a_file_store_is_external_and_a_colleague_is_not(db):
    take(Said(key="s", provider="Nextcloud", mail="eve@elsewhere.example"), source="cloud")
    take(Said(key="t", provider="Nextcloud", mail="bo@sub.corp.example"), source="cloud")
    assert [row.external for row in DirectoryPerson.objects.order_by("pk")] == [True, False]


def test_tags_say_what_the_accounts_say_each_with_a_sentence(db):
    take(replace(ANN, flags=("Locked",), roles=("Global Administrator",), created_at=NOW - timedelta(3)), source="ad")
    take(Said(key="o1", provider="Okta", mail="ann@corp.example", enabled=False), source="okta")
    found = {tag.name: tag.words for tag in tags_of(DirectoryPerson.objects.get().pk, now=NOW)}
    assert found == {
        "Enabled": "At least one account may sign in; disabled at Okta “okta”",
        "New": "The first account was made 3 days ago",
        "Locked": "Locked at ActiveDirectory “ad”",
        "Sensitive": "Holds the role Global Administrator in ActiveDirectory",
    }


def test_a_person_nobody_told_of_is_unresolved(db):
    row = DirectoryPerson.objects.create(address="x@corp.example", name="X", source="", imported_at=NOW)
    assert [tag.name for tag in tags_of(row.pk, now=NOW)] == ["Unresolved"]
