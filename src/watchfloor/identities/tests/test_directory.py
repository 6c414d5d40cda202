"""The directory: who is imported, how often, by whom, and how they are found again."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of, system_actor
from watchfloor.identities.contracts import PRIORITY, DirectoryEntry
from watchfloor.identities.models import DirectoryPerson
from watchfloor.identities.selectors import addresses_tagged, everyone, people_by_address, person
from watchfloor.identities.services import import_csv, import_people, people_in_csv
from watchfloor.kernel.errors import BadInput, Forbidden

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DIRECTOR = system_actor("demo", Permission.CONNECTION_MANAGE)
ANN = DirectoryEntry(
    "ann@corp.example", "Ann Lee", "Finance", "Controller", "bo@corp.example", ("Payroll",), (PRIORITY,)
)
BO = DirectoryEntry("bo@corp.example", "Bo Diaz")


def bring(*entries: DirectoryEntry):
    return import_people(by=DIRECTOR, entries=entries, source="test", now=NOW)


def test_people_are_found_by_address_in_any_case_in_one_query(db, django_assert_num_queries):
    bring(ANN, BO)
    with django_assert_num_queries(1):
        found = people_by_address(["ANN@corp.example", "bo@corp.example", "nobody@corp.example"])
    assert found == {"ann@corp.example": ANN, "bo@corp.example": BO}
    assert person("Ann@Corp.Example") == ANN
    assert person("nobody@corp.example") is None


def test_asking_for_no_address_asks_the_database_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert people_by_address(["", ""]) == {}


def test_an_import_says_how_many_people_it_added_changed_and_left(db):
    assert bring(ANN, BO).sentence == "2 added, 0 changed, 0 as before"
    moved = DirectoryEntry("bo@corp.example", "Bo Diaz", department="Sales")
    assert bring(ANN, moved).sentence == "0 added, 1 changed, 1 as before"
    assert person("bo@corp.example") == moved


def test_an_import_leaves_people_whom_it_does_not_name(db):
    bring(ANN, BO)
    bring(ANN)
    assert {entry.address for entry in everyone()} == {"ann@corp.example", "bo@corp.example"}


def test_four_hundred_people_come_in_with_a_few_queries(db, django_assert_max_num_queries):
    crowd = [DirectoryEntry(f"p{number}@corp.example", f"P {number}") for number in range(400)]
    with django_assert_max_num_queries(80):
        bring(*crowd)
    assert DirectoryPerson.objects.count() == 400


def test_priority_accounts_are_known_by_their_tag(db):
    bring(ANN, BO)
    assert addresses_tagged(PRIORITY) == ("ann@corp.example",)
    assert ANN.priority
    assert not BO.priority


def test_an_entry_without_an_address_is_refused(db):
    with pytest.raises(BadInput, match="no mail address"):
        bring(DirectoryEntry("not an address", "X"))
    assert not DirectoryPerson.objects.exists()


def test_the_analyst_may_not_change_the_directory(ada):
    with pytest.raises(Forbidden):
        import_people(by=actor_of(ada), entries=[ANN], source="test", now=NOW)
    assert AuditEntry.objects.get().outcome == "refused"


def test_an_import_stands_in_the_audit_log_with_its_numbers(db):
    bring(ANN)
    entry = AuditEntry.objects.filter(outcome="success").get()
    assert (entry.verb, entry.target, entry.after["added"]) == ("directory.import", "test", 1)


def test_a_csv_with_semicolons_gives_groups_and_tags(db):
    text = "\ufeffName,Address,Groups,Tags,Manager\nAnn Lee,ANN@corp.example,Payroll; Board,Priority account,Bo@corp.example\n"
    import_csv(by=DIRECTOR, text=text, source="people.csv", now=NOW)
    ann = person("ann@corp.example")
    assert ann is not None
    assert ann.groups == ("Payroll", "Board")
    assert ann.manager == "bo@corp.example"
    assert ann.priority


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the header lacks address and name"),
        ("address\nann@corp.example", "line 1: the header lacks name"),
        ("address,name,shoe size\nann@corp.example,Ann,38", "unknown column “shoe size”"),
        ("address,name\nann@corp.example,Ann\nnobody,Bo", "line 3: “nobody” is no mail address"),
    ],
)
def test_a_wrong_csv_is_refused_with_the_line_that_is_wrong(text, words):
    with pytest.raises(BadInput, match=words):
        people_in_csv(text)


def test_a_short_csv_line_leaves_the_missing_cells_empty():
    assert people_in_csv("address,name,title\nann@corp.example,Ann\n") == (DirectoryEntry("ann@corp.example", "Ann"),)


def test_a_stranger_in_an_imported_list_is_there_on_purpose_and_a_guest_or_merged_one_is_not(db):
    bring(ANN, BO, DirectoryEntry("pat@partner.example", "Pat Roy"))
    DirectoryPerson.objects.filter(address="pat@partner.example").update(external=True)
    assert {entry.name for entry in everyone()} == {"Ann Lee", "Bo Diaz", "Pat Roy"}
    DirectoryPerson.objects.filter(address="pat@partner.example").update(leading="EntraID cloud x")
    DirectoryPerson.objects.filter(address="bo@corp.example").update(
        merged_into=DirectoryPerson.objects.get(address="ann@corp.example")
    )
    assert {entry.name for entry in everyone()} == {"Ann Lee"}
