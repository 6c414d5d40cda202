"""Files that a group was given are shared with each of its members, nested groups included; the page says through which."""

import pytest

from watchfloor.identities.models import Account, DirectoryPerson, FileShare, Group, Membership, StoredFile
from watchfloor.intelligence.selectors import tenant_facts as intelligence_facts
from watchfloor.kernel.clock import utc_now

pytestmark = pytest.mark.django_db
ANN = "ann@corp.example"


def group(name, *, source="ldap", **more):
    return Group.objects.create(source=source, key=f"cn={name}", name=name, seen_at=utc_now(), **more)


def file(name, *whom, source="disk", as_group=True):
    made = StoredFile.objects.create(
        source=source, key=name, name=name, path=f"/{name}", owner="max@corp.example", seen_at=utc_now()
    )
    FileShare.objects.bulk_create([FileShare(file=made, whom=one, group=as_group) for one in whom])
    return made


@pytest.fixture
def ann():
    """Ann sits in North, which is nested in Sales; nobody put her in Board."""
    now = utc_now()
    who = DirectoryPerson.objects.create(address=ANN, name="Ann", source="ldap", imported_at=now)
    account = Account.objects.create(
        person=who, source="ldap", key="1", provider="LDAP", name="ann", mail=ANN, first_seen_at=now, seen_at=now
    )
    north, sales = group("North"), group("Sales", mail="sales@corp.example")
    group("Board")
    Membership.objects.create(group=north, account=account)
    Membership.objects.create(group=sales, member_group=north)
    return who


def shared(client, who):
    return client.get(f"/identities/{who.pk}/files?view=shared").content.decode()


def test_a_file_given_to_a_group_counts_and_says_through_which(as_ada, ann):
    file("plan.odt", "north")
    file("secret.odt", "board")
    page = shared(as_ada, ann)
    assert "plan.odt" in page
    assert "Through the group North<" in page
    assert "secret.odt" not in page


def test_nested_groups_count_and_the_way_is_told(as_ada, ann):
    file("plan.odt", "sales")
    file("mailed.odt", "sales@corp.example")
    page = shared(as_ada, ann)
    assert page.count("Through the group Sales, by way of North") >= 2
    assert "mailed.odt" in page


def test_what_is_shared_by_name_too_is_not_said_to_come_through_a_group(as_ada, ann):
    both = file("both.odt", "north")
    FileShare.objects.create(file=both, whom=ANN)
    page = shared(as_ada, ann)
    assert page.count("/both.odt") >= 1
    assert "Through the group" not in page


def test_a_store_with_groups_of_its_own_means_those(as_ada, ann):
    group("North", source="cloud")
    file("cloud.odt", "north", source="cloud")
    assert "cloud.odt" not in shared(as_ada, ann)


def test_a_person_named_like_a_group_is_not_taken_for_it(as_ada, ann):
    file("other.odt", "sales", as_group=False)
    assert "other.odt" not in shared(as_ada, ann)


def test_the_number_of_queries_does_not_grow_with_files(as_ada, ann, django_assert_max_num_queries, monkeypatch):
    # As in the running product, where it costs queries to know what domains are one's own.
    monkeypatch.setattr("watchfloor.lake.facts._provider", [intelligence_facts])
    for number in range(30):
        file(f"f{number}.odt", "north", "sales")
    shared(as_ada, ann)
    with django_assert_max_num_queries(60):
        assert shared(as_ada, ann).count("Through the group North") >= 30


def test_whom_a_group_leads_to_may_have_the_sha256_read(as_ada, ann):
    note = file("note.odt", "sales")
    page = as_ada.post(f"/identities/{ann.pk}/files/{note.pk}/sha256").content.decode()
    assert "has no file" not in page
    hidden = file("hidden.odt", "board")
    assert "has no file" in as_ada.post(f"/identities/{ann.pk}/files/{hidden.pk}/sha256").content.decode()
