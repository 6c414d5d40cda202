"""From a real slapd to people: read, joined, renamed, locked and gone, as the worker does it."""

from datetime import UTC, datetime

import pytest
from ldap3 import MODIFY_ADD

from labs.openldap import SUFFIX, OpenLdap
from watchfloor.connectors.contracts import AccountRef, AccountVerb
from watchfloor.connectors.selectors import account_actions
from watchfloor.connectors.services import add_connection
from watchfloor.connectors.systems.openldap import SYSTEM
from watchfloor.identities.jobs import read_directory
from watchfloor.identities.models import Account, DirectoryPerson, Group, Membership
from watchfloor.identities.selectors import people_of_names

pytestmark = pytest.mark.django_db
STAFF, ALL = (f"cn={name},ou=groups,{SUFFIX}" for name in ("staff", "all"))


@pytest.fixture
def slapd():
    groups = [
        (STAFF, {"objectClass": ["groupOfNames"], "cn": ["staff"], "member": [f"uid=ada,ou=people,{SUFFIX}"]}),
        (ALL, {"objectClass": ["groupOfNames"], "cn": ["all"], "member": [STAFF]}),
    ]
    with OpenLdap(entries=groups) as server:
        yield server


@pytest.fixture
def settings(slapd):
    return {one.name: one.default for one in SYSTEM.settings} | slapd.settings(every="1")


def work(settings):
    """One look of the connection, as its thread takes it, and the ticks that follow."""
    asked = iter([False, True, True])
    SYSTEM.run(settings, name="corp", stop=lambda: next(asked, True))
    while read_directory(now=datetime.now(UTC)):
        pass


def test_people_groups_and_managers_arrive_and_follow_the_directory(slapd, settings):
    root = slapd.administrator()
    root.modify(slapd.dn("ada"), {"manager": [(MODIFY_ADD, [slapd.dn("max")])]})
    work(settings)
    found = people_of_names(["ada@corp.example", "max@corp.example"])
    ada = DirectoryPerson.objects.get(pk=found["ada@corp.example"])
    account = Account.objects.get(person=ada)
    assert account.manager_key == Account.objects.get(name="max").key
    staff = Group.objects.get(name="staff")
    assert Membership.objects.filter(group=staff, account=account).exists()
    assert Membership.objects.filter(group__name="all", member_group=staff).exists()

    root.modify_dn(slapd.dn("ada"), "uid=countess")
    root.delete(slapd.dn("eve"))
    root.unbind()
    work(settings)
    account.refresh_from_db()
    assert (account.name, account.person_id) == ("countess", ada.pk)
    assert Membership.objects.filter(group=staff, account=account).exists()
    assert Account.objects.get(name="eve").deleted_at is not None


def test_a_connection_added_by_hand_locks_the_account_it_read(slapd, settings, max):
    from watchfloor.access.selectors import actor_of

    add_connection(by=actor_of(max), name="corp", kind="openldap", settings=settings)
    work(settings)
    row = Account.objects.get(name="ada")
    ref = AccountRef(row.source, row.key, row.provider, row.name, mail=row.mail, dn=row.dn)
    actions = account_actions()["corp"]
    assert actions.serves(ref)
    done = actions.do(AccountVerb.SUSPEND, ref, before=actions.before(AccountVerb.SUSPEND, ref))
    assert (done.status, done.verified) == ("done", True)
    work(settings)
    row.refresh_from_db()
    assert (row.enabled, row.flags) == (False, ["Locked"])
