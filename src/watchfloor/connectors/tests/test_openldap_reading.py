"""People and groups of a real slapd: read once, then followed through changes, renames and deletions."""

from datetime import timedelta

import pytest
from ldap3 import MODIFY_ADD, MODIFY_DELETE, MODIFY_REPLACE

from labs.openldap import SUFFIX, OpenLdap, person
from watchfloor.connectors.contracts import AccountFlag
from watchfloor.connectors.systems.openldap import SYSTEM
from watchfloor.connectors.systems.openldap.attributes import attributes_of
from watchfloor.connectors.systems.openldap.following import Pass
from watchfloor.connectors.systems.openldap.names import domain_of, spelt
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotConfigured

from .directories import Seen, follower, usual

pytestmark = pytest.mark.django_db
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
NOBODY = f"cn=nobody,{SUFFIX}"


def of_names(name, members, kind="groupOfNames", attribute="member"):
    return f"cn={name},{GROUPS}", {"objectClass": [kind], "cn": [name], attribute: members}


def posix(name, number, uids=()):
    members = {"memberUid": list(uids)} if uids else {}
    return f"cn={name},{GROUPS}", {"objectClass": ["posixGroup"], "cn": [name], "gidNumber": [number], **members}


@pytest.fixture
def slapd():
    with OpenLdap() as server:
        yield server


@pytest.fixture
def root(slapd):
    connection = slapd.administrator()
    yield connection
    connection.unbind()


def test_a_person_comes_with_everything_the_directory_says(slapd, root):
    root.modify(
        slapd.dn("ada"),
        {
            "mail": [(MODIFY_REPLACE, ["Ada@Corp.Example", "a.lovelace@corp.example"])],
            "givenName": [(MODIFY_ADD, ["Ada"])],
            "sn": [(MODIFY_REPLACE, ["Lovelace"])],
            "displayName": [(MODIFY_ADD, ["Ada Lovelace"])],
            "departmentNumber": [(MODIFY_ADD, ["Engines"])],
            "title": [(MODIFY_ADD, ["Analyst"])],
            "o": [(MODIFY_ADD, ["Corp"])],
            "employeeNumber": [(MODIFY_ADD, ["1815"])],
            "telephoneNumber": [(MODIFY_ADD, ["+44 1"])],
            "mobile": [(MODIFY_ADD, ["+44 2"])],
            "roomNumber": [(MODIFY_ADD, ["12"])],
            "l": [(MODIFY_ADD, ["London"])],
            "manager": [(MODIFY_ADD, [slapd.dn("max")])],
        },
    )
    seen = Seen()
    assert follower(slapd).look(now=utc_now()) == Pass(people=3)
    people = {one.name: one for one in seen.news()[0]}
    ada = people["ada"]
    assert (ada.mail, ada.other_mails) == ("ada@corp.example", ("a.lovelace@corp.example",))
    assert (ada.display_name, ada.given_name, ada.surname) == ("Ada Lovelace", "Ada", "Lovelace")
    assert (ada.department, ada.title, ada.company, ada.employee_id) == ("Engines", "Analyst", "Corp", "1815")
    assert (ada.phone, ada.mobile, ada.office, ada.city) == ("+44 1", "+44 2", "12", "London")
    assert ada.manager == people["max"].key
    assert (ada.dn, ada.domain, ada.provider) == (slapd.dn("ada"), "corp.example", "OpenLDAP")
    assert ada.enabled
    assert not ada.service
    assert utc_now() - ada.created_at < timedelta(minutes=1)


def test_an_idle_look_hands_on_nothing_and_writes_nothing(slapd, django_assert_num_queries):
    follows = follower(slapd)
    follows.look(now=utc_now())
    seen = Seen()
    with django_assert_num_queries(0):
        assert follows.look(now=utc_now()) == Pass()
    assert seen.news() == ([], [], [])


def test_only_what_changed_is_handed_on_also_after_a_restart(slapd, root):
    follower(slapd).look(now=utc_now())
    root.modify(slapd.dn("ada"), {"title": [(MODIFY_ADD, ["Countess"])]})
    seen = Seen()
    assert follower(slapd).look(now=utc_now()) == Pass(people=1)
    assert [(one.name, one.title) for one in seen.news()[0]] == [("ada", "Countess")]
    assert follower(slapd).look(now=utc_now()) == Pass()


def test_a_renamed_person_keeps_the_key_and_the_groups_follow(slapd, root):
    root.add(*_added(of_names("staff", [slapd.dn("ada"), slapd.dn("max")])))
    follows, seen = follower(slapd), Seen()
    follows.look(now=utc_now())
    people, (group,), _ = seen.news()
    key = next(one.key for one in people if one.name == "ada")
    root.modify_dn(slapd.dn("ada"), "uid=countess")
    follows.look(now=utc_now())
    (renamed,), groups, _ = seen.news()
    assert (renamed.key, renamed.name, renamed.dn) == (key, "countess", f"uid=countess,{PEOPLE}")
    # The refint overlay rewrote the member without touching the group's entryCSN.
    assert [set(one.members) for one in groups] == [set(group.members)]


def test_a_manager_that_refint_takes_away_is_seen(slapd, root):
    root.modify(slapd.dn("ada"), {"manager": [(MODIFY_ADD, [slapd.dn("max")])]})
    follows, seen = follower(slapd), Seen()
    follows.look(now=utc_now())
    seen.news()
    root.delete(slapd.dn("max"))
    follows.look(now=utc_now())
    people = {one.key: one for one in seen.news()[0]}
    assert sorted(one.deleted for one in people.values()) == [False, True]
    assert next(one for one in people.values() if not one.deleted).manager == ""


def test_a_deleted_person_and_a_deleted_group_are_told(slapd, root):
    root.add(*_added(of_names("staff", [slapd.dn("ada")])))
    follows, seen = follower(slapd), Seen()
    follows.look(now=utc_now())
    people, (group,), _ = seen.news()
    eve = next(one.key for one in people if one.name == "eve")
    root.delete(slapd.dn("eve"))
    root.delete(f"cn=staff,{GROUPS}")
    assert follower(slapd).look(now=utc_now()) == Pass(deleted=2)
    (gone,), (dissolved,), _ = seen.news()
    assert (gone.key, gone.deleted, gone.enabled) == (eve, True, False)
    assert (dissolved.key, dissolved.deleted) == (group.key, True)


def test_somebody_who_no_longer_matches_the_filter_is_gone(slapd, root):
    follows = follower(slapd, people="(&(objectClass=inetOrgPerson)(!(employeeType=left)))")
    follows.look(now=utc_now())
    root.modify(slapd.dn("eve"), {"employeeType": [(MODIFY_ADD, ["left"])]})
    assert follows.look(now=utc_now()) == Pass(deleted=1)


def test_groups_nest_and_come_in_all_three_kinds(root, slapd):
    root.add(*_added((f"uid=ken,{PEOPLE}", _unix("ken", "500"))))
    root.add(*_added(of_names("inner", [slapd.dn("ada")])))
    root.add(*_added(of_names("outer", [f"cn=inner,{GROUPS}", slapd.dn("max").upper().replace(",", " , ")])))
    unique = [slapd.dn("eve"), f"{slapd.dn('max')}#'0101'B"]
    root.add(*_added(of_names("unique", unique, "groupOfUniqueNames", "uniqueMember")))
    root.add(*_added(posix("wheel", "500", ("ada", "nobody-known"))))
    seen = Seen()
    follower(slapd).look(now=utc_now())
    accounts, groups, _ = seen.news()
    people = {one.name: one.key for one in accounts}
    named = {one.name: one for one in groups}
    assert named["inner"].members == (people["ada"],)
    assert set(named["outer"].members) == {named["inner"].key, people["max"]}
    assert set(named["unique"].members) == {people["eve"], people["max"]}
    assert named["wheel"].members == (people["ada"], "nobody-known")
    assert (named["wheel"].sensitive, "wheel" in named["wheel"].why_sensitive) == (True, True)
    assert not named["inner"].sensitive
    # Who has it as primary group is told at the account.
    assert next(one for one in accounts if one.name == "ken").groups == (named["wheel"].key,)


def test_a_group_that_holds_only_itself_is_empty(slapd, root):
    root.add(*_added(of_names("empty", [f"cn=empty,{GROUPS}"])))
    seen = Seen()
    follower(slapd).look(now=utc_now())
    assert seen.news()[1][0].members == ()


def test_groups_can_be_left_out(slapd, root):
    root.add(*_added(of_names("staff", [slapd.dn("ada")])))
    assert follower(slapd, groups="none").look(now=utc_now()) == Pass(people=3)


def test_a_member_added_or_taken_is_seen(slapd, root):
    dn = f"cn=staff,{GROUPS}"
    root.add(*_added(of_names("staff", [slapd.dn("ada")])))
    follows, seen = follower(slapd), Seen()
    follows.look(now=utc_now())
    seen.news()
    root.modify(dn, {"member": [(MODIFY_ADD, [slapd.dn("max")])]})
    follows.look(now=utc_now())
    assert len(seen.news()[1][0].members) == 2
    root.modify(dn, {"member": [(MODIFY_DELETE, [slapd.dn("ada")])]})
    follows.look(now=utc_now())
    assert len(seen.news()[1][0].members) == 1


def test_a_program_is_no_person(slapd, root):
    program = {"objectClass": ["account", "simpleSecurityObject"], "uid": ["backup"], "userPassword": ["x"]}
    root.add(*_added((f"uid=backup,{PEOPLE}", program)))
    seen = Seen()
    follower(slapd, people="(uid=*)").look(now=utc_now())
    assert {one.name for one in seen.news()[0] if one.service} == {"backup"}


def test_locks_resets_and_expiry_are_flags(slapd, root):
    policy = f"cn=default,ou=policies,{SUFFIX}"
    with slapd_as(slapd) as session:
        session.modify(slapd.dn("ada"), {"pwdAccountLockedTime": [("replace", ["000001010000Z"])]})
        session.modify(slapd.dn("eve"), {"pwdReset": [("replace", ["TRUE"])]})
    for _ in range(5):
        slapd.bind(slapd.dn("max"), "wrong")
    follows, seen = follower(slapd), Seen()
    follows.look(now=utc_now())
    people = {one.name: one for one in seen.news()[0]}
    assert (people["ada"].enabled, people["ada"].flags) == (False, (AccountFlag.LOCKED.value,))
    assert (people["max"].enabled, people["max"].flags) == (True, (AccountFlag.LOCKED.value,))
    assert people["max"].facts["failed sign-ins since the last good one"] == "5"
    assert people["eve"].flags == (AccountFlag.MUST_CHANGE_PASSWORD.value,)
    # Time and a changed policy alone make a difference, too: the lock of ten minutes ends.
    root.modify(policy, {"pwdLockoutDuration": [(MODIFY_REPLACE, ["600"])]})
    follows.look(now=utc_now())
    assert {one.name: one for one in seen.news()[0]}["max"].flags == (AccountFlag.LOCKED.value,)
    follows.look(now=utc_now() + timedelta(minutes=11))
    assert [(one.name, one.flags) for one in seen.news()[0]] == [("max", ())]


def test_a_password_grows_old_while_nothing_changes(root, slapd):
    root.modify(f"cn=default,ou=policies,{SUFFIX}", {"pwdMaxAge": [(MODIFY_REPLACE, ["86400"])]})
    root.extend.standard.modify_password(user=slapd.dn("ada"), new_password="another-one")
    follows, seen = follower(slapd), Seen()
    follows.look(now=utc_now())
    ada = next(one for one in seen.news()[0] if one.name == "ada")
    assert AccountFlag.PASSWORD_EXPIRED.value not in ada.flags
    assert utc_now() - ada.password_set_at < timedelta(minutes=1)
    follows.look(now=utc_now() + timedelta(days=2))
    assert [one.flags for one in seen.news()[0]] == [
        (AccountFlag.MUST_CHANGE_PASSWORD.value, AccountFlag.PASSWORD_EXPIRED.value)
    ]


def test_sign_ins_become_events_good_ones_and_failed_ones(slapd):
    follows, seen = follower(slapd), Seen()
    slapd.bind(slapd.dn("eve"), "pw")
    follows.look(now=utc_now())
    assert seen.news()[2] == []  # what was before us is no news
    slapd.bind(slapd.dn("ada"), "pw")
    slapd.bind(slapd.dn("max"), "wrong")
    slapd.bind(slapd.dn("max"), "wrong again")
    assert follows.look(now=utc_now()) == Pass(people=2, events=3)
    people, _, events = seen.news()
    told = sorted((one["AccountName"], one["ActionType"], one["FailureReason"]) for one in events)
    failed = ("max", "LogonFailed", "Wrong password")
    assert told == [("ada", "LogonSuccess", ""), failed, failed]
    assert len({one["ReportId"] for one in events}) == 3
    assert {one["AccountUpn"] for one in events} == {"ada@corp.example", "max@corp.example"}
    assert next(one for one in people if one.name == "ada").last_sign_in_at is not None
    slapd.bind(slapd.dn("max"), "wrong a third time")
    assert follower(slapd).look(now=utc_now()).events == 1
    assert follower(slapd).look(now=utc_now()).events == 0


def test_sign_ins_are_left_to_slapds_log_where_asked(slapd):
    follows = follower(slapd, sign_ins="no")
    follows.look(now=utc_now())
    slapd.bind(slapd.dn("ada"), "pw")
    assert follows.look(now=utc_now()) == Pass(people=1, events=0)


def test_the_rows_fit_the_table_of_sign_ins(slapd):
    from watchfloor.lake.catalogue import table
    from watchfloor.lake.observing import Fit

    follows, seen = follower(slapd), Seen()
    follows.look(now=utc_now())
    slapd.bind(slapd.dn("ada"), "pw")
    follows.look(now=utc_now())
    from watchfloor.connectors.contracts import Observation, ObservedKind

    (event,) = seen.news()[2]
    batch = Observation(1, ObservedKind.EVENTS, "corp", utc_now(), (event,), "IdentityLogonEvents")
    row, key = Fit(table("IdentityLogonEvents"), utc_now()).row(event, batch, 0)
    assert row["AccountName"] == "ada"
    assert key is not None


def test_hostile_names_come_through_whole():
    names = {
        "comma": 'Babbage, Charles; "the" <engine>+1',
        "rtl": "ada\u202e gpj.exe",
        "hash": "#lead",
        "back": "back\\slash",
        "emoji": "🦊 " * 20,
        "null": "nul\u0000l",
    }
    entries = [
        (f"cn={_escape(name)},{PEOPLE}", person(uid, cn=[name], mail=[f"{uid}@corp.example"]))
        for uid, name in names.items()
    ]
    everybody = (
        f"cn=odd,{GROUPS}",
        {"objectClass": ["groupOfNames"], "cn": ["odd"], "member": [dn for dn, _ in entries]},
    )
    with OpenLdap(people=(), entries=[*entries, everybody]) as slapd:
        follows, seen = follower(slapd), Seen()
        follows.look(now=utc_now())
        people, (group,), _ = seen.news()
        assert {one.name: one.display_name for one in people} == names | {"null": "null"}
        assert set(group.members) == {one.key for one in people}
        assert follows.look(now=utc_now()) == Pass()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"cn=A\2C b,dc=X", r"CN=a\, b , dc=x"),
        (r"cn=\e2\82\ac,dc=x", "cn=€,dc=x"),
        (r"cn=\23lead,dc=x", r"cn=\#lead,dc=x"),
        (r"cn=a\5c,dc=x", r"cn=a\\,dc=x"),
    ],
)
def test_one_name_in_two_spellings_is_one_name(one, other):
    assert spelt(one) == spelt(other)


def test_a_comma_inside_a_name_separates_nothing():
    assert spelt(r"cn=a\,b,dc=x") != spelt("cn=a,b,dc=x")
    assert domain_of(r"cn=x\,dc=evil,dc=corp,dc=example") == "corp.example"


def test_a_group_of_ten_thousand_is_read_whole():
    with OpenLdap(people=(), many=10_000, entries=[of_names("all", [_nth(n) for n in range(10_000)])]) as slapd:
        seen = Seen()
        assert follower(slapd).look(now=utc_now()).people == 10_000
        people, groups, _ = seen.news()
        members = next(one for one in groups if one.name == "all").members
        assert set(members) == {one.key for one in people}


def test_when_nearly_everybody_vanishes_nobody_is_taken_as_deleted():
    with OpenLdap(people=("ada",), many=50) as slapd:
        follows, seen = follower(slapd), Seen()
        follows.look(now=utc_now())
        seen.news()
        narrow = follower(slapd, people="(uid=ada)")
        with pytest.raises(NotConfigured, match="of 51 people the directory shows only 1"):
            narrow.look(now=utc_now())
        assert seen.news() == ([], [], [])


def test_a_directory_that_hides_entry_uuids_is_refused_in_words():
    hiding = """
access to attrs=userPassword by anonymous auth
access to attrs=entryUUID by * none
access to * by users read
"""
    with OpenLdap(access=hiding) as slapd, pytest.raises(NotConfigured, match="entryUUID"):
        follower(slapd).look(now=utc_now())


def test_it_runs_until_it_is_stopped(slapd):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 3

    seen = Seen()
    SYSTEM.run(usual(slapd, every="1"), name="corp", stop=stop)
    assert len(seen.news()[0]) == 3


def test_fields_come_from_the_attributes_that_the_settings_name(slapd, root):
    root.modify(slapd.dn("ada"), {"description": [(MODIFY_ADD, ["Engines"])], "ou": [(MODIFY_ADD, ["Mills"])]})
    seen = Seen()
    follower(slapd, attributes="department=description|ou title=").look(now=utc_now())
    assert next(one for one in seen.news()[0] if one.name == "ada").department == "Engines"


@pytest.mark.parametrize("wrong", ["shoe_size=9", "mail", "mail=ma)il", "mail=1st"])
def test_a_mapping_that_cannot_be_right_names_the_setting(wrong):
    with pytest.raises(BadInput) as refused:
        attributes_of(wrong)
    assert refused.value.place == "attributes"


@pytest.mark.parametrize("wrong", ["(uid=*", "((uid=*)"])
def test_a_filter_with_a_bracket_missing_names_the_setting(slapd, wrong):
    with pytest.raises(BadInput):
        follower(slapd, people=wrong)


def slapd_as(slapd):
    from watchfloor.connectors.protocols.ldap_settings import server_of

    return server_of(slapd.settings()).open()


def _added(entry):
    dn, attributes = entry
    rest = {name: values for name, values in attributes.items() if name != "objectClass"}
    return dn, list(attributes["objectClass"]), rest


def _unix(uid, number):
    base = {"objectClass": ["account", "posixAccount"], "uid": [uid], "cn": [uid], "homeDirectory": ["/"]}
    return base | {"uidNumber": ["1000"], "gidNumber": [number]}


def _nth(n):
    return f"uid=u{n:06},{PEOPLE}"


def _escape(name):
    return "".join(f"\\{byte:02x}" for byte in name.encode())
