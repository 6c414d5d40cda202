"""People and groups of a domain come in whole, and then as they change. Against a real Samba domain controller."""

from datetime import UTC, datetime, timedelta

import ldap3
import pytest

from labs.openldap import OpenLdap
from labs.samba import BASE, STAFF, Samba
from labs.tls import certificate
from watchfloor.connectors.contracts import Account, AccountFlag, DirectoryGroup, ObservedKind
from watchfloor.connectors.observing import observed_after, recall, remember
from watchfloor.connectors.protocols.ldap_settings import server_of
from watchfloor.connectors.systems.active_directory import SYSTEM, following
from watchfloor.connectors.systems.active_directory.directory import Look, controller
from watchfloor.connectors.systems.active_directory.following import look_once
from watchfloor.kernel.errors import NotConfigured, Unreachable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANY = 1600
CROWD = "".join(f"dn: CN=crowd {n},{STAFF}\nobjectClass: contact\n\n" for n in range(MANY)) + (
    f"dn: CN=crowd,{STAFF}\nobjectClass: group\nsAMAccountName: crowd\n"
    + "".join(f"member: CN=crowd {n},{STAFF}\n" for n in range(MANY))
    + "\n"
)

pytestmark = [pytest.mark.lab, pytest.mark.django_db]


@pytest.fixture(scope="module")
def domain():
    with Samba(ldif=CROWD) as running:
        yield running


@pytest.fixture
def server(domain):
    return server_of(settings_for(domain))


def settings_for(domain, **more):
    return {
        "host": domain.address,
        "port": "636",
        "security": "tls",
        "ca_file": str(domain.ca_file),
        "bind_dn": domain.admin_user,
        "password": domain.admin_password,
        "base_dn": BASE,
    } | more


def seen(after=0):
    """The accounts and groups handed on after that position, by name or key."""
    people, groups = {}, {}
    for batch in observed_after(after, kinds=(ObservedKind.ACCOUNTS, ObservedKind.GROUPS), limit=1000):
        shape, into = (Account, people) if batch.kind is ObservedKind.ACCOUNTS else (DirectoryGroup, groups)
        for one in map(shape.from_json, batch.items):
            into[one.name or one.key] = one
    return people, groups


def position():
    batches = observed_after(0, kinds=ObservedKind, limit=10_000)
    return batches[-1].position if batches else 0


def changes(server, now=NOW):
    """What one more look brings."""
    before = position()
    look_once(server, name="ad", now=now)
    return seen(before)


def test_a_person_comes_with_all_that_the_directory_says(domain, server):
    boss = domain.add_person("grace", givenName="Grace", sn="Hopper", displayName="Grace Hopper")
    domain.add_person(
        "ada",
        givenName="Ada",
        sn="Byron",
        displayName="Ada Byron",
        department="Research",
        title="Analyst",
        company="Corp",
        telephoneNumber="+44 20 7946 0018",
        mobile="+44 7700 900077",
        physicalDeliveryOfficeName="Room 4",
        l="London",
        co="United Kingdom",
        employeeID="1815",
        manager=boss,
        proxyAddresses=["SMTP:ada@corp.example", "smtp:Countess@corp.example", "x500:/o=corp"],
    )
    passed = look_once(server, name="ad", now=NOW)
    people, _ = seen()
    ada, grace = people["ada"], people["grace"]
    assert passed.full
    assert (ada.upn, ada.mail, ada.other_mails) == ("ada@corp.example", "ada@corp.example", ("countess@corp.example",))
    assert (ada.display_name, ada.given_name, ada.surname) == ("Ada Byron", "Ada", "Byron")
    assert (ada.department, ada.title, ada.company, ada.employee_id) == ("Research", "Analyst", "Corp", "1815")
    assert (ada.phone, ada.mobile, ada.office) == ("+44 20 7946 0018", "+44 7700 900077", "Room 4")
    assert (ada.city, ada.country, ada.domain) == ("London", "United Kingdom", "CORP")
    assert ada.manager == grace.key
    assert ada.dn == f"CN=ada,{STAFF}"
    assert ada.sid.startswith("S-1-5-21-")
    assert ada.enabled
    assert not ada.service
    assert ada.provider == "ActiveDirectory"
    assert ada.created_at
    assert ada.password_set_at
    assert ada.expires_at is None
    assert abs(datetime.now(UTC) - ada.password_set_at) < timedelta(minutes=2)
    assert ada.flags == ()
    assert not people["Guest"].enabled
    assert "DC1$" not in people


def test_the_state_of_an_account_is_told_in_flags(domain, server):
    dn = domain.add_person("flagged")
    with domain.admin() as admin:
        bits = 0x200 | 0x10000 | 0x40000 | 0x80000 | 0x400000 | 0x20 | 0x80
        admin.modify(dn, {"userAccountControl": [(ldap3.MODIFY_REPLACE, [str(bits)])]})
        admin.modify(dn, {"accountExpires": [(ldap3.MODIFY_REPLACE, ["131000000000000000"])]})
        admin.modify(dn, {"servicePrincipalName": [(ldap3.MODIFY_REPLACE, ["HTTP/intranet.corp.example"])]})
        other = domain.add_person("newcomer")
        admin.modify(other, {"pwdLastSet": [(ldap3.MODIFY_REPLACE, ["0"])]})
    look_once(server, name="ad", now=NOW)
    people, _ = seen()
    assert set(people["flagged"].flags) == {
        AccountFlag.EXPIRED,
        AccountFlag.PASSWORD_NEVER_EXPIRES,
        AccountFlag.SMART_CARD_REQUIRED,
        AccountFlag.TRUSTED_FOR_DELEGATION,
        AccountFlag.NO_PREAUTHENTICATION,
        AccountFlag.PASSWORD_NOT_REQUIRED,
        AccountFlag.REVERSIBLE_PASSWORD,
    }
    assert people["flagged"].service
    assert people["flagged"].facts["servicePrincipalName"] == "HTTP/intranet.corp.example"
    assert people["newcomer"].flags == (AccountFlag.MUST_CHANGE_PASSWORD,)


def test_too_many_wrong_passwords_show_as_a_lock(domain, server):
    with domain.admin() as admin:
        admin.modify(BASE, {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, ["3"])]})
    try:
        domain.add_person("clumsy")
        for _ in range(4):
            domain.bound("clumsy@corp.example", "wrong")
        people, _ = changes(server)
    finally:
        with domain.admin() as admin:
            admin.modify(BASE, {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, ["0"])]})
    assert people["clumsy"].flags == (AccountFlag.LOCKED,)
    assert people["clumsy"].enabled


def test_groups_name_members_by_key_and_groups_within_groups(domain, server):
    joan = domain.add_person("joan")
    inner = domain.add_group("inner", members=(joan,))
    domain.add_group("outer", members=(inner,))
    look_once(server, name="ad", now=NOW)
    people, groups = seen()
    assert groups["inner"].members == (people["joan"].key,)
    assert groups["outer"].members == (groups["inner"].key,)
    assert groups["inner"].sid.startswith("S-1-5-21-")


def test_a_group_with_more_members_than_come_at_once_is_whole(domain, server):
    look_once(server, name="ad", now=NOW)
    _, groups = seen()
    assert len(set(groups["crowd"].members)) == MANY
    with server.open() as session, server.open() as aside:
        look = Look(session, aside, controller(session), now=NOW, members_at_once=7)
        (crowd,) = [group for group in look.groups() if group.name == "crowd"]
    assert set(crowd.members) == set(groups["crowd"].members)


def test_groups_that_rule_over_others_are_known_by_their_numbers(domain, server):
    look_once(server, name="ad", now=NOW)
    _, groups = seen()
    sensitive = {name for name, group in groups.items() if group.sensitive}
    assert {"Domain Admins", "Enterprise Admins", "Schema Admins", "Administrators", "Account Operators"} <= sensitive
    assert {"Backup Operators", "Group Policy Creator Owners", "Server Operators", "Print Operators"} <= sensitive
    assert {"Domain Users", "crowd", "Guests", "Users"}.isdisjoint(sensitive)
    assert groups["Domain Admins"].why_sensitive == (
        "Domain Admins: its members administer every computer and account of the domain (identifier 512)"
    )


def test_an_account_in_a_group_by_number_only_is_in_it(domain, server):
    mole = domain.add_person("mole")
    with domain.admin() as admin:
        admin.modify(f"CN=Domain Admins,CN=Users,{BASE}", {"member": [(ldap3.MODIFY_ADD, [mole])]})
        admin.modify(mole, {"primaryGroupID": [(ldap3.MODIFY_REPLACE, ["512"])]})
    look_once(server, name="ad", now=NOW)
    people, groups = seen()
    assert people["mole"].key not in groups["Domain Admins"].members
    assert people["mole"].groups == (groups["Domain Admins"].key,)


def test_only_what_changed_is_read_again(domain, server):
    dn = domain.add_person("lin")
    domain.add_person("other")
    look_once(server, name="ad", now=NOW)
    assert changes(server) == ({}, {})
    with domain.admin() as admin:
        admin.modify(dn, {"title": [(ldap3.MODIFY_REPLACE, ["Chief"])]})
    people, groups = changes(server)
    assert {name: one.title for name, one in people.items()} == {"lin": "Chief"}
    assert groups == {}
    team = domain.add_group("team")
    changes(server)
    with domain.admin() as admin:
        admin.modify(team, {"member": [(ldap3.MODIFY_ADD, [dn])]})
    _, groups = changes(server)
    assert {name: len(group.members) for name, group in groups.items()} == {"team": 1}


def test_a_rename_and_a_move_keep_the_person(domain, server):
    dn = domain.add_person("maiden")
    other = f"OU=Elsewhere,{BASE}"
    look_once(server, name="ad", now=NOW)
    before, _ = seen()
    with domain.admin() as admin:
        admin.add(other, "organizationalUnit")
        admin.modify_dn(dn, "CN=married", new_superior=other)
        admin.modify(f"CN=married,{other}", {"sAMAccountName": [(ldap3.MODIFY_REPLACE, ["married"])]})
    people, _ = changes(server)
    assert set(people) == {"married"}
    assert people["married"].key == before["maiden"].key
    assert people["married"].dn == f"CN=married,{other}"


def test_a_moved_folder_brings_everybody_below_it(domain, server):
    unit = f"OU=Team A,{STAFF}"
    with domain.admin() as admin:
        admin.add(unit, "organizationalUnit")
    domain.add_person("inside", where=unit)
    look_once(server, name="ad", now=NOW)
    with domain.admin() as admin:
        admin.modify_dn(unit, "OU=Team B")
    people, _ = changes(server)
    assert people["inside"].dn == f"CN=inside,OU=Team B,{STAFF}"


def test_a_deletion_is_seen_with_the_next_look(domain, server):
    dn, team = domain.add_person("leaver"), domain.add_group("leavers")
    look_once(server, name="ad", now=NOW)
    before = seen()
    with domain.admin() as admin:
        admin.delete(dn)
        admin.delete(team)
    people, groups = changes(server)
    assert people["leaver"].deleted
    assert people["leaver"].key == before[0]["leaver"].key
    assert not people["leaver"].enabled
    assert groups["leavers"].deleted
    assert groups["leavers"].key == before[1]["leavers"].key


def test_a_deletion_nobody_shows_us_is_found_when_everything_is_read(domain):
    reader = domain.add_person("reader")
    server = server_of(settings_for(domain, bind_dn=reader, password="Pa55-Word!x"))
    dn = domain.add_person("vanishing")
    look_once(server, name="ad", now=NOW)
    key = seen()[0]["vanishing"].key
    with domain.admin() as admin:
        admin.delete(dn)
    assert changes(server) == ({}, {})
    people, _ = changes(server, now=NOW + timedelta(days=1))
    assert [(one.key, one.deleted) for one in people.values() if one.deleted] == [(key, True)]


def test_somebody_who_is_moved_out_of_what_we_read_is_gone_at_once(domain):
    server = server_of(settings_for(domain, base_dn=STAFF))
    dn = domain.add_person("promoted")
    domain.add_person("stays")
    look_once(server, name="ad", now=NOW)
    key = seen()[0]["promoted"].key
    domain.add_person("stranger", where=f"CN=Users,{BASE}")
    with domain.admin() as admin:
        admin.modify_dn(dn, "CN=promoted", new_superior=f"CN=Users,{BASE}")
    people, _ = changes(server)
    assert [(one.key, one.deleted) for one in people.values()] == [(key, True)]
    assert changes(server) == ({}, {})


def test_a_directory_that_is_no_active_directory_is_said_to_be_none(domain):
    with OpenLdap() as other:
        settings = {"host": "127.0.0.1", "port": str(other.tls_port), "ca_file": str(other.ca_file)}
        settings |= {"bind_dn": other.service, "password": other.service_password, "base_dn": "dc=corp,dc=example"}
        with pytest.raises(NotConfigured, match="no Active Directory"):
            look_once(server_of(settings), name="ad", now=NOW)


def test_an_organisation_that_is_gone_at_once_is_doubted_once(domain, server):
    look_once(server, name="ad", now=NOW)
    ghosts = {"accounts": [f"ghost {n}" for n in range(500)], "groups": []}
    remember("ad", following.KNOWN, ghosts)
    people, _ = changes(server, now=NOW + timedelta(days=1))
    assert not any(one.deleted for one in people.values())
    people, _ = changes(server, now=NOW + timedelta(days=2))
    assert sum(one.deleted for one in people.values()) == 500


@pytest.mark.parametrize("other", [{"controllers": {"another": 7}}, {"controllers": None}, {"bases": ["DC=other"]}])
def test_another_controller_or_one_put_back_in_time_is_read_whole(domain, server, other):
    look_once(server, name="ad", now=NOW)
    kept = recall("ad", following.PART)
    ahead = {"controllers": dict.fromkeys(kept["controllers"], 10**12)}
    remember("ad", following.PART, kept | (other if other != {"controllers": None} else ahead))
    assert look_once(server, name="ad", now=NOW).full
    assert not look_once(server, name="ad", now=NOW).full


def test_controllers_that_take_turns_are_each_followed(domain, server):
    look_once(server, name="ad", now=NOW)
    kept = recall("ad", following.PART)
    remember("ad", following.PART, kept | {"controllers": {"another": 7} | kept["controllers"]})
    domain.add_person("turning")
    people, _ = changes(server)
    assert set(people) == {"turning"}
    assert recall("ad", following.PART)["controllers"]["another"] == 7


def test_what_is_handed_on_and_the_position_move_together(domain, server, monkeypatch):
    look_once(server, name="ad", now=NOW)
    domain.add_person("twice")

    def broken(*_, **__):
        raise OSError("the disk is full")

    with monkeypatch.context() as trouble:
        trouble.setattr(following, "remember", broken)
        with pytest.raises(OSError, match="disk"):
            look_once(server, name="ad", now=NOW)
    people, _ = changes(server)
    assert "twice" in people


def test_the_connection_runs_until_it_is_stopped(domain):
    looks = iter([False, False, True, True, True])
    SYSTEM.run(settings_for(domain, every="1"), name="ad", stop=lambda: next(looks))
    assert "Administrator" in seen()[0]


def test_a_certificate_of_somebody_else_is_refused(domain, tmp_path):
    wrong, _ = certificate(tmp_path)
    with pytest.raises(NotConfigured, match="certificate is not trusted"):
        look_once(server_of(settings_for(domain, ca_file=str(wrong))), name="ad", now=NOW)


def test_starttls_works_as_well(domain):
    server = server_of(settings_for(domain, security="starttls", port="389"))
    assert look_once(server, name="ad", now=NOW).full


def test_a_controller_that_is_away_can_be_asked_later(domain):
    with pytest.raises(Unreachable):
        look_once(server_of(settings_for(domain, port="1")), name="ad", now=NOW)
