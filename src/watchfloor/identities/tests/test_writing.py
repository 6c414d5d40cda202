from datetime import UTC, datetime

import pytest
from django.db import IntegrityError

from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson
from watchfloor.identities.writing import write_models, write_rows

AT = datetime(2026, 11, 22, 12, 30, 1, 250_000, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def an_account(**more: object) -> Account:
    return Account(source="corp", key="1", provider="OpenLDAP", first_seen_at=AT, seen_at=AT, **more)


def test_what_is_written_reads_as_it_was_given():
    given = an_account(name="ada", flags=["Locked"], facts={"ö": "“%s”", "n": None}, enabled=False, created_at=AT)
    write_models([given])
    found = Account.objects.get()
    for one in Account._meta.concrete_fields:
        assert one.primary_key or getattr(found, one.attname) == getattr(given, one.attname), one.name


def test_a_person_that_an_account_belongs_to_is_kept():
    person = DirectoryPerson.objects.create(address="ada@corp.example", name="Ada", source="corp", imported_at=AT)
    write_models([an_account(person=person)])
    assert Account.objects.get().person == person


def test_of_a_row_that_is_there_only_the_named_fields_are_overwritten():
    write_models([an_account(name="ada", pinned=True)])
    number = Account.objects.get().pk
    again = an_account(name="eve", mail="eve@corp.example", pinned=False)
    write_models([again], unique=("source", "key"), update=("mail", "facts"))
    found = Account.objects.get()
    assert (found.pk, found.name, found.mail, found.pinned) == (number, "ada", "eve@corp.example", True)


def test_rows_of_some_columns_are_written_in_any_number():
    account = an_account()
    account.save()
    write_rows(AccountAlias, ("account", "kind", "value"), ((account.pk, "mail", f"a{n}") for n in range(5000)))
    assert AccountAlias.objects.filter(account=account, kind="mail").count() == 5000


def test_a_row_that_is_there_already_is_refused_where_nothing_says_what_to_do():
    write_models([an_account()])
    with pytest.raises(IntegrityError):
        write_models([an_account()])


def test_nothing_to_write_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        write_models([])
        write_rows(AccountAlias, ("account", "kind", "value"), [])
