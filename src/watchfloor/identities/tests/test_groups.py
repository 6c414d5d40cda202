"""Groups: all members, however nested, with how each got in."""

import itertools
import time

import pytest

from benchmarks.users_parts.people import NOW, build_people
from watchfloor.identities.groups import group_by_id, member_page, members_of, tree_of
from watchfloor.identities.models import Account, Group, Membership


@pytest.fixture
def people(db):
    return build_people(1200, risks=False)


def group(name: str) -> Group:
    return Group.objects.get(name=name)


def test_a_group_counts_members_of_nested_groups_each_once(people):
    found = group_by_id(group("Everyone").pk)
    assert found is not None
    assert (found.direct, found.members, found.nested) == (0, 1200, 24)
    Membership.objects.create(group=group("Everyone"), account=Account.objects.get(person=people[3]))
    again = group_by_id(group("Everyone").pk)
    assert again is not None
    assert (again.direct, again.members) == (1, 1200)
    assert group_by_id(0) is None


def test_a_member_says_through_which_group_and_direct_counts_first(people):
    Membership.objects.create(group=group("Everyone"), account=Account.objects.get(name="p3"))
    every = {one.label: one.through for n in range(1, 13) for one in member_page(group("Everyone").pk, page=n)}
    assert len(every) == 1200
    assert every["p3@corp.example"] == ""
    assert every["p60@corp.example"] == "Team 1"


def test_a_circle_of_groups_ends_where_it_closes(people):
    Membership.objects.create(group=group("Team 1"), member_group=group("Everyone"))
    tree = tree_of(group("Everyone").pk)
    assert tree is not None
    team = next(one for one in tree.branches if one.name == "Team 1")
    assert [(one.name, one.circle, one.branches) for one in team.branches] == [("Everyone", True, ())]
    assert members_of(group("Team 1").pk).count() == 1200


def test_the_page_shows_members_page_by_page_and_finds_one_by_name(as_ada, people):
    everyone = group("Everyone").pk
    page = as_ada.get(f"/identities/groups/{everyone}?page=12").content.decode()
    assert "1,101–1,200 of 1,200" in page
    assert "through Team" in page
    assert "of 1 " in as_ada.get(f"/identities/groups/{everyone}?q=%201199").content.decode().replace("</span>", " ")


def test_the_fly_out_says_when_the_group_was_made_and_who_is_in_it(as_ada, people):
    Group.objects.filter(name="Team 1").update(created_at=NOW, description="All of team one")
    page = as_ada.get(f"/identities/groups/{group('Team 1').pk}/summary").content.decode()
    assert "2026-11-22 12:00 UTC" in page
    assert "All of team one" in page
    assert "All 50 members" in page


def test_the_export_holds_every_member(as_ada, people):
    answer = as_ada.get(f"/identities/groups/{group('Everyone').pk}/members.csv")
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 1201


def test_a_sensitive_group_says_why(as_ada, people):
    assert "RID 512" in as_ada.get(f"/identities/groups/{group('Domain Admins').pk}").content.decode()


def test_a_group_that_is_not_there_is_not_found_and_eve_may_not_look(as_ada, as_eve, db):
    assert as_ada.get("/identities/groups/999").status_code == 404
    assert as_eve.get("/identities/groups/999").status_code == 403


def test_a_page_of_a_large_group_asks_few_questions(as_ada, people, django_assert_max_num_queries):
    with django_assert_max_num_queries(24):
        as_ada.get(f"/identities/groups/{group('Everyone').pk}")


def test_two_thousand_groups_nest_fast(db):
    rows = Group.objects.bulk_create(
        [Group(source="corp", key=str(n), name=f"G{n}", seen_at=NOW) for n in range(2000)], 500
    )
    pairs = itertools.pairwise(rows)
    Membership.objects.bulk_create([Membership(group=one, member_group=other) for one, other in pairs], 500)
    started = time.process_time()
    assert group_by_id(rows[0].pk) is not None
    assert time.process_time() - started < 1


def test_groups_that_share_groups_over_many_layers_are_drawn_once(db):
    rows = Group.objects.bulk_create(
        [Group(source="corp", key=str(n), name=f"G{n}", seen_at=NOW) for n in range(36)], 500
    )
    layers = [rows[n : n + 2] for n in range(0, 36, 2)]
    Membership.objects.bulk_create(
        [Membership(group=one, member_group=two) for a, b in itertools.pairwise(layers) for one in a for two in b], 500
    )
    tree = tree_of(rows[0].pk)
    assert tree is not None

    def size(branch):
        return 1 + sum(map(size, branch.branches))

    assert size(tree) < 80
