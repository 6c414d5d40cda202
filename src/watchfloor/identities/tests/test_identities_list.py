"""The list of people: narrowed, sorted, exported whole, and acted on."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.users_parts.people import NOW, build_people
from watchfloor.access.models import AuditEntry
from watchfloor.identities.listing.filters import chips_of, found_by, read_filter
from watchfloor.identities.models import Account, DirectoryPerson, Group, Membership
from watchfloor.identities.services import people_in_csv, would_import


@pytest.fixture
def people(db):
    return build_people(120)


def names(**parameters: str) -> set[str]:
    return set(found_by(read_filter(parameters), now=NOW).values_list("address", flat=True))


def test_the_list_shows_people_with_their_risk_and_tags(as_ada, people):
    page = as_ada.get("/identities").content.decode()
    assert "p0@corp.example" in page
    assert "Investigation priority score" in page
    assert "1–50 of 120" in page


def test_who_may_not_read_people_is_told_so(as_eve, people):
    assert as_eve.get("/identities").status_code == 403


def test_the_list_asks_as_many_questions_for_fifty_people_as_for_five(as_ada, people, django_assert_max_num_queries):
    with django_assert_max_num_queries(22):
        as_ada.get("/identities")


def test_without_a_directory_the_page_says_how_to_connect_one(as_max, db):
    page = as_max.get("/identities").content.decode()
    assert "Connect a directory" in page


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({}, 120),
        ({"q": "p119@"}, 1),
        ({"q": "CORP\\p7"}, 1),
        ({"q": "S-1-5-21-1-2-3-1007"}, 1),
        ({"admins": "1"}, 1),
        ({"provider": "ActiveDirectory"}, 120),
        ({"provider": "Okta"}, 0),
        ({"instance": "corp"}, 120),
        ({"instance": "elsewhere"}, 0),
        ({"domain": "CORP.example"}, 120),
        ({"affiliation": "external"}, 0),
        ({"type": "account"}, 0),
        ({"seen": "never"}, 0),
        ({"manager": "p1@corp.example"}, 8),
        ({"status": "nonsense"}, 120),
    ],
)
def test_each_filter_leaves_whom_it_says(people, parameters, count):
    assert len(names(**parameters)) == count


def test_a_group_filter_finds_members_of_nested_groups_too(people):
    everyone = Group.objects.get(name="Everyone")
    team = Group.objects.get(name="Team 1")
    assert len(names(group=str(everyone.pk))) == 120
    assert len(names(group=str(team.pk))) == 50
    Membership.objects.create(group=team, member_group=everyone)
    assert len(names(group=str(team.pk))) == 120


def test_deleted_people_are_left_out_until_they_are_asked_for(people):
    DirectoryPerson.objects.filter(pk=people[3]).update(status="deleted", deleted_at=NOW)
    assert "p3@corp.example" not in names()
    assert names(status="deleted") == {"p3@corp.example"}
    assert len(names(status="any")) == 120


def test_a_tag_is_found_as_a_whole_and_in_any_script(people):
    DirectoryPerson.objects.filter(pk=people[3]).update(tags=["Prüfung"])
    DirectoryPerson.objects.filter(pk=people[4]).update(tags=["Prüfung 2"])
    assert names(tag="Prüfung") == {"p3@corp.example"}


def test_filters_say_themselves_in_words_and_can_be_taken_off(people):
    chosen = read_filter({"risk": "high", "seen": "not90", "admins": "1"})
    chips = chips_of(chosen, path="/identities")
    assert {chip.words for chip in chips} == {"Last seen: Not for 90 days", "Risk level: High", "Admins only"}
    assert "risk=" not in next(chip.remove for chip in chips if chip.words == "Risk level: High")


def test_the_list_sorts_by_risk_with_the_riskiest_first(people):
    order = list(found_by(read_filter({"sort": "-risk"}), now=NOW).values_list("risk__score", flat=True)[:12])
    assert order == sorted(order, reverse=True)
    assert None not in order


def test_the_export_holds_everybody_and_no_formula(as_ada, people):
    DirectoryPerson.objects.filter(pk=people[3]).update(name="=cmd()")
    text = b"".join(as_ada.get("/identities/export.csv").streaming_content).decode()
    assert len(text.splitlines()) == 121
    assert '"\'=cmd()"' in text
    rows = [
        json.loads(line)
        for line in b"".join(as_ada.get("/identities/export.json?q=p7@").streaming_content).splitlines()
    ]
    assert [row["Address"] for row in rows] == ["p7@corp.example"]


def test_selected_people_are_tagged_and_it_is_audited(as_max, people):
    as_max.post("/identities/tag", {"row": people[:3], "tag_name": "VIP", "off": "0", "return": "q=x"})
    assert names(tag="VIP") == {"p0@corp.example", "p1@corp.example", "p2@corp.example"}
    entry = AuditEntry.objects.filter(verb="person.tag", outcome="success").get()
    assert entry.after["changed"] == 3
    as_max.post("/identities/tag", {"row": people[:1], "tag_name": "VIP", "off": "1"})
    assert len(names(tag="VIP")) == 2


def test_selected_people_go_on_to_the_form_of_an_action_together(as_max, people):
    page = as_max.get("/identities").content.decode()
    assert "/identities/selected?do=" in page
    key = page.split("/identities/selected?do=", 1)[1].split('"', 1)[0]
    answer = as_max.get(f"/identities/selected?do={key}&row={people[0]}&row={people[1]}")
    assert answer.status_code == 302
    assert f"person={people[0]}" in answer["Location"]
    assert f"person={people[1]}" in answer["Location"]


def test_a_csv_is_shown_before_it_is_imported(as_max, db):
    text = "address,name\nann@corp.example,Ann Lee\n"
    page = as_max.post("/identities/import", {"text": text}).content.decode()
    assert "1 added, 0 changed, 0 as before" in page
    assert not DirectoryPerson.objects.exists()
    as_max.post("/identities/import", {"text": text, "step": "import", "file_name": "people.csv"})
    assert Account.objects.get().provider == "CSV"
    assert would_import(people_in_csv(text)).sentence == "0 added, 0 changed, 1 as before"


def test_a_wrong_csv_is_said_on_the_page(as_max, db):
    page = as_max.post("/identities/import", {"text": "name\nAnn\n"}).content.decode()
    assert "the header lacks address" in page


def test_last_seen_narrows_by_days(people):
    DirectoryPerson.objects.update(last_seen_at=NOW - timedelta(days=40))
    DirectoryPerson.objects.filter(pk=people[3]).update(last_seen_at=datetime(2026, 11, 22, 11, tzinfo=UTC))
    assert names(seen="1") == {"p3@corp.example"}
    assert len(names(seen="not30")) == 119
