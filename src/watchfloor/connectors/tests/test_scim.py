"""SCIM over HTTP, as Entra ID, Okta and others speak it: what they send is kept, observed, and answered when asked."""

import json
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchfloor.access.models import AuditEntry
from watchfloor.access.services import verify_chain
from watchfloor.connectors.models import Connection, ScimResource
from watchfloor.connectors.scim import door, finding
from watchfloor.connectors.systems.scim import SYSTEM
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import seal

from .directories import Seen

pytestmark = pytest.mark.django_db
TOKEN = "t" * 20 + "-0123456789"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
ADA = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "e-1",
    "userName": "Ada@corp.example",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "title": "Analyst",
    "userType": "Employee",
    "active": True,
    "password": "never to be kept",
    "emails": [
        {"value": "a.l@corp.example", "type": "home"},
        {"value": "Ada@Corp.Example", "type": "work", "primary": True},
    ],
    "phoneNumbers": [{"value": "+44 1", "type": "work"}, {"value": "+44 2", "type": "mobile"}],
    "addresses": [{"type": "work", "locality": "London", "country": "GB"}],
    "roles": [{"value": "Analyst"}],
    ENTERPRISE: {
        "employeeNumber": "1815",
        "department": "Engines",
        "organization": "Corp",
        "manager": {"value": "m-1"},
    },
}


@pytest.fixture(autouse=True)
def fresh():
    door.wrong_tokens.forget()
    door.requests.forget()


def connect(name="hr", token=TOKEN, **more):
    now = utc_now()
    stored = {"token": seal(token), "megabytes": "1", "per_minute": "3000", **more}
    return Connection.objects.create(name=name, kind="scim", settings=stored, created_at=now, changed_at=now)


class Peer:
    """The other side, through Django's client: JSON in, JSON out."""

    def __init__(self, client, token=TOKEN):
        self.client, self.headers = client, {"Authorization": f"Bearer {token}"}

    def __call__(self, method, path, body=None, **headers):
        given = {"data": json.dumps(body), "content_type": "application/scim+json"} if body is not None else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = getattr(self.client, method)(f"/scim/v2/{path}", headers=self.headers | named, **given)
        return answer.status_code, json.loads(answer.content) if answer.content else None

    def patch(self, path, *operations, **headers):
        return self("patch", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)


@pytest.fixture
def peer(client):
    connect()
    return Peer(client)


def made(peer, body=ADA):
    status, said = peer("post", "Users" if USER in body["schemas"] else "Groups", body)
    assert status == 201, said
    return said


def group(peer, name, *members):
    return made(peer, {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members]})


def test_a_created_person_is_answered_kept_and_observed(peer):
    seen = Seen()
    said = made(peer)
    assert said["meta"]["resourceType"] == "User"
    assert said["meta"]["location"].endswith(f"/scim/v2/Users/{said['id']}")
    assert "password" not in said
    ((ada,), _, _) = seen.news()
    assert (ada.key, ada.provider, ada.name, ada.upn) == (said["id"], "SCIM", "Ada@corp.example", "ada@corp.example")
    assert (ada.mail, ada.other_mails) == ("ada@corp.example", ("a.l@corp.example",))
    assert (ada.display_name, ada.given_name, ada.surname) == ("Ada Lovelace", "Ada", "Lovelace")
    assert (ada.department, ada.company, ada.employee_id, ada.manager) == ("Engines", "Corp", "1815", "m-1")
    assert (ada.title, ada.phone, ada.mobile, ada.city, ada.country) == ("Analyst", "+44 1", "+44 2", "London", "GB")
    assert (ada.enabled, ada.guest, ada.roles) == (True, False, ("Analyst",))
    assert ada.facts["externalId"] == "e-1"
    assert peer("get", f"Users/{said['id']}") == (200, said)


def test_endless_values_are_cut_and_endless_names_refused(peer):
    seen = Seen()
    made(peer, {"schemas": [USER], "userName": "long", "displayName": "x" * 5000, "title": "y" * 5000})
    ((told,), _, _) = seen.news()
    assert (len(told.display_name), len(told.title)) == (300, 300)
    status, said = peer("post", "Users", {"schemas": [USER], "userName": "x" * 301})
    assert (status, said["scimType"]) == (400, "invalidValue")
    assert peer("post", "Groups", {"schemas": [GROUP], "displayName": "x" * 301})[0] == 400


def test_a_password_is_never_kept(peer):
    said = made(peer)
    peer.patch(f"Users/{said['id']}", {"op": "replace", "path": "password", "value": "another one"})
    row = ScimResource.objects.get()
    assert "password" not in json.dumps(row.document)
    assert "never to be kept" not in json.dumps(list(AuditEntry.objects.values("before", "after")))


def test_a_user_name_is_taken_once_in_any_case(peer):
    made(peer)
    status, said = peer("post", "Users", {"schemas": [USER], "userName": "ADA@CORP.EXAMPLE"})
    assert (status, said["scimType"], said["schemas"]) == (409, "uniqueness", [ERROR])


def test_each_change_is_observed_and_audited(peer):
    seen = Seen()
    key = made(peer)["id"]
    assert peer.patch(f"Users/{key}", {"op": "replace", "path": "active", "value": False})[0] == 200
    assert (
        peer("put", f"Users/{key}", {"schemas": [USER], "userName": "ada@corp.example", "title": "Countess"})[0] == 200
    )
    assert peer("delete", f"Users/{key}") == (204, None)
    accounts = seen.news()[0]
    assert [(one.enabled, one.title, one.deleted) for one in accounts] == [
        (True, "Analyst", False),
        (False, "Analyst", False),
        (True, "Countess", False),
        (False, "", True),
    ]
    assert peer("get", f"Users/{key}")[0] == 404
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", "actor_name", "outcome"))
    assert [verb for verb, *_ in verbs] == ["scim.create", "scim.change", "scim.change", "scim.delete"]
    assert {(name, outcome) for _, name, outcome in verbs} == {("hr", "success")}
    assert verify_chain().intact


def test_entra_speaks_its_own_dialect_and_is_understood(peer):
    key = made(peer)["id"]
    status, said = peer.patch(
        f"Users/{key}",
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": 'phoneNumbers[type eq "fax"].value', "value": "+44 3"},
        {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": "m-2"},
        {"op": "replace", "value": {"displayName": "Ada L", "name.familyName": "King", "shoeSize": 7}},
    )
    assert status == 200
    assert said["active"] is False
    assert {"value": "+44 3", "type": "fax"} in said["phoneNumbers"]
    assert said[ENTERPRISE]["manager"] == {"value": "m-2"}
    assert (said["displayName"], said["name"]["familyName"]) == ("Ada L", "King")


def test_a_change_that_changes_nothing_is_no_news(peer):
    said = made(peer)
    seen = Seen()
    status, after = peer.patch(f"Users/{said['id']}", {"op": "replace", "path": "title", "value": "Analyst"})
    assert (status, after["meta"]["version"]) == (200, said["meta"]["version"])
    assert seen.news() == ([], [], [])


def test_operations_are_done_together_or_not_at_all(peer):
    key = made(peer)["id"]
    seen = Seen()
    wrong = {"op": "replace", "path": "emails", "value": [{"value": "no address"}]}
    status, said = peer.patch(f"Users/{key}", {"op": "replace", "path": "title", "value": "Queen"}, wrong)
    assert (status, said["scimType"]) == (400, "invalidValue")
    assert peer("get", f"Users/{key}")[1]["title"] == "Analyst"
    assert seen.news() == ([], [], [])


def test_groups_nest_and_members_come_and_go(peer):
    ada = made(peer)["id"]
    max_ = made(peer, {"schemas": [USER], "userName": "max@corp.example"})["id"]
    inner = group(peer, "inner", ada)["id"]
    seen = Seen()
    outer = group(peer, "Outer", inner)["id"]
    peer.patch(f"Groups/{outer}", {"op": "add", "path": "members", "value": [{"value": max_}, {"value": ada}]})
    peer.patch(f"Groups/{outer}", {"op": "remove", "path": f'members[value eq "{ada}"]'})
    peer.patch(f"Groups/{outer}", {"op": "Remove", "path": "members", "value": [{"value": inner}]})
    peer.patch(f"Groups/{outer}", {"op": "replace", "value": {"id": outer, "displayName": "Renamed"}})
    peer("delete", f"Groups/{outer}")
    told = [(one.name, one.members, one.deleted) for one in seen.news()[1]]
    assert told == [
        ("Outer", (inner,), False),
        ("Outer", (inner, max_, ada), False),
        ("Outer", (inner, max_), False),
        ("Outer", (max_,), False),
        ("Renamed", (max_,), False),
        ("renamed", (), True),
    ]


def test_a_group_of_ten_thousand_is_taken_whole(peer):
    members = [f"{n:08}-0000-4000-8000-000000000000" for n in range(10_000)]
    seen = Seen()
    said = group(peer, "all", *members)
    assert len(seen.news()[1][0].members) == 10_000
    assert AuditEntry.objects.get().after["members"] == "10000 members"
    status, short = peer("get", f"Groups/{said['id']}?excludedAttributes=members")
    assert (status, short["displayName"]) == (200, "all")
    assert "members" not in short


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ('userName eq "ADA@corp.example"', 1),
        (f'{USER}:userName eq "ada@corp.example"', 1),
        ('externalId eq "e-1"', 1),
        ('externalId eq "E-1"', 0),
        ('emails eq "a.l@corp.example"', 1),
        ('emails.value eq "ADA@corp.example"', 1),
        ('emails[value eq "a.l@corp.example"]', 1),
        ('emails[type eq "work" and value eq "a.l@corp.example"]', 0),
        ('userName eq "ada@corp.example" and externalId eq "e-1"', 1),
        ('userName eq "x" or externalId eq "e-1"', 1),
        ('userName eq "ada@corp.example" and active eq true', 1),
        ('userName sw "ada"', 1),
        ('title eq "analyst"', 1),
        ("not (title pr)", 1),
        ('userName eq "%"', 0),
        ('emails.value eq "%@corp.example"', 0),
    ],
)
def test_people_are_found_by_filters(peer, asked, count):
    made(peer)
    made(peer, {"schemas": [USER], "userName": "max@corp.example"})
    status, said = peer("get", f"Users?filter={asked.replace('%', '%25').replace(' ', '+')}")
    assert (status, said["totalResults"]) == (200, count), said


def test_groups_are_found_by_name_and_not_by_names_of_people(peer):
    made(peer)
    group(peer, "Staff")
    assert peer("get", 'Groups?filter=displayName eq "staff"')[1]["totalResults"] == 1
    assert peer("get", 'Groups?filter=displayName eq "ada@corp.example"')[1]["totalResults"] == 0


@pytest.mark.parametrize("wrong", ["userName", "userName xx 1", 'shoe eq "9', "((((", 'emails[value eq "no address"]'])
def test_a_filter_that_is_none_says_so(peer, wrong):
    status, said = peer("get", f"Users?filter={wrong}")
    assert (status, said["scimType"]) == (400, "invalidFilter")


def test_what_no_index_answers_is_refused_where_there_are_many(peer, monkeypatch):
    monkeypatch.setattr(finding, "LOOKED_AT", 0)
    made(peer)
    status, said = peer("get", 'Users?filter=title co "ana"')
    assert (status, said["scimType"]) == (400, "tooMany")
    assert peer("get", 'Users?filter=userName eq "ada@corp.example"')[1]["totalResults"] == 1


def test_lists_come_in_pages(peer):
    names = [f"u{n}@corp.example" for n in range(5)]
    for name in names:
        made(peer, {"schemas": [USER], "userName": name})
    status, said = peer("get", "Users?startIndex=2&count=2&attributes=userName")
    assert (status, said["totalResults"], said["startIndex"], said["itemsPerPage"]) == (200, 5, 2, 2)
    assert [one["userName"] for one in said["Resources"]] == names[1:3]
    assert "meta" not in said["Resources"][0]
    assert peer("get", "Users?count=0")[1]["totalResults"] == 5
    assert peer("get", "Users?startIndex=-3&count=nonsense")[1]["startIndex"] == 1


def test_etags_keep_a_late_writer_from_undoing_an_earlier_one(peer):
    said = made(peer)
    key, version = said["id"], said["meta"]["version"]
    change = {"op": "replace", "path": "title", "value": "Countess"}
    assert peer("get", f"Users/{key}", If_None_Match=version)[0] == 304
    assert peer.patch(f"Users/{key}", change, If_Match=version)[0] == 200
    assert peer.patch(f"Users/{key}", {**change, "value": "x"}, If_Match=version)[0] == 412
    assert peer("delete", f"Users/{key}", If_Match=version)[0] == 412
    assert peer("delete", f"Users/{key}", If_Match="*")[0] == 204


@pytest.mark.parametrize(
    "path", ["Users", "Groups", "ServiceProviderConfig", "Schemas", "ResourceTypes", "Users/x", "Bulk"]
)
@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ü" * 30])
def test_nobody_comes_in_without_the_token(client, path, token):
    connect()
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")} if token else {}
    answer = client.get(f"/scim/v2/{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert json.loads(answer.content)["schemas"] == [ERROR]


def test_a_short_or_switched_off_token_opens_nothing(client):
    connect("short", token="abc")
    off = connect("off")
    Connection.objects.filter(pk=off.pk).update(enabled=False)
    assert Peer(client, "abc")("get", "Users")[0] == 401
    assert Peer(client, "")("get", "Users")[0] == 401
    assert Peer(client)("get", "Users")[0] == 401


def test_somebody_who_is_signed_in_needs_the_token_too(as_max):
    connect()
    assert as_max.get("/scim/v2/Users").status_code == 401


def test_who_guesses_tokens_is_kept_waiting(client):
    connect()
    answers = [Peer(client, f"guess {n}")("get", "Users")[0] for n in range(door.GUESSES_A_MINUTE + 3)]
    assert answers.count(401) == door.GUESSES_A_MINUTE
    assert answers[-1] == 429
    assert client.get("/scim/v2/Users").headers["Retry-After"] == "60"
    assert Peer(client)("get", "Users")[0] == 200  # whoever has the token is not kept out by others


def test_too_many_requests_and_too_large_ones_are_refused(client):
    connect(per_minute="3")
    peer = Peer(client)
    assert [peer("get", "Users")[0] for _ in range(4)] == [200, 200, 200, 429]
    door.requests.forget()
    status, said = peer("post", "Users", {"schemas": [USER], "userName": "x" * (1 << 20)})
    assert (status, said["status"]) == (413, "413")


def test_two_connections_do_not_see_one_another(client):
    connect()
    connect("other", token="o" * 30)
    key = made(Peer(client))["id"]
    other = Peer(client, "o" * 30)
    assert other("get", "Users")[1]["totalResults"] == 0
    assert other("get", f"Users/{key}")[0] == other("delete", f"Users/{key}")[0] == 404
    assert other("post", "Users", ADA)[0] == 201  # the same name is free over there


def test_a_removed_connection_takes_its_resources_along(peer):
    made(peer)
    Connection.objects.all().delete()
    assert not ScimResource.objects.exists()


def test_the_endpoint_describes_itself(peer):
    config = peer("get", "ServiceProviderConfig")[1]
    assert (config["patch"]["supported"], config["bulk"]["supported"], config["etag"]["supported"]) == (
        True,
        False,
        True,
    )
    types = peer("get", "ResourceTypes")[1]
    assert {one["endpoint"] for one in types["Resources"]} == {"/Users", "/Groups"}
    schemas = peer("get", "Schemas")[1]
    assert {one["id"] for one in schemas["Resources"]} == {USER, GROUP, ENTERPRISE}
    assert peer("get", f"Schemas/{USER}")[1]["name"] == "User"
    assert peer("get", "ResourceTypes/User")[1]["schema"] == USER
    assert peer("get", "ResourceTypes/Ship")[0] == 404


@pytest.mark.parametrize(
    ("method", "path"), [("post", "Bulk"), ("get", "Me"), ("post", ".search"), ("get", "Users/a/b")]
)
def test_what_is_not_offered_is_not_found_in_scims_words(peer, method, path):
    status, said = peer(method, path, {} if method == "post" else None)
    assert (status, said["schemas"]) == (404, [ERROR])


def test_a_wrong_method_says_which_are_right(client):
    connect()
    answer = client.put("/scim/v2/Users", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "invalidSyntax"),
        (b"{", "invalidSyntax"),
        (b"[" * 100_000, "invalidSyntax"),
        (b"[]", "invalidSyntax"),
        (b"\xff\xfe", "invalidSyntax"),
        (b"{}", "invalidValue"),
        (json.dumps({"schemas": [USER], "userName": ["x"]}).encode(), "invalidValue"),
        (
            json.dumps({"schemas": [USER], "userName": "x", "emails": {"value": "a@corp.example"}}).encode(),
            "invalidValue",
        ),
        (json.dumps({"schemas": [USER], "userName": "x", "active": "perhaps"}).encode(), "invalidValue"),
    ],
)
def test_what_is_no_resource_is_refused_with_its_reason(client, body, kind):
    connect()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = client.post("/scim/v2/Users", data=body, content_type="application/scim+json", headers=headers)
    said = json.loads(answer.content)
    assert (answer.status_code, said["scimType"], said["schemas"]) == (400, kind, [ERROR])
    assert not ScimResource.objects.exists()


def test_hostile_names_are_kept_without_what_no_database_takes(peer):
    seen = Seen()
    said = made(peer, {"schemas": [USER], "userName": "nul\0l\u202e@corp.example", "displayName": "🦊\ud800<b>"})
    assert seen.news()[0][0].key == said["id"]
    assert ScimResource.objects.get().name == "null\u202e@corp.example"
    assert peer("get", f"Users/{said['id']}")[0] == 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["schemas", "userName", "emails", "value", "Operations", "op", "path", "x"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_body_brings_the_endpoint_down(peer, body):
    for method, path in (("post", "Users"), ("post", "Groups"), ("patch", "Users/x"), ("put", "Groups/x")):
        assert peer(method, path, body)[0] in {201, 400, 404, 409}


def test_the_connection_says_whether_its_token_is_long_enough():
    assert SYSTEM.test({"token": TOKEN}).ok
    report = SYSTEM.test({"token": "short"})
    assert not report.ok
    assert "fewer than 24" in report.lines[0][1]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *said):
        pass


@pytest.mark.django_db(transaction=True)
def test_a_real_client_provisions_over_a_real_socket():
    connect()
    with WSGIServer(("127.0.0.1", 0), _Quiet) as server:
        server.set_app(get_wsgi_application())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            root = f"http://127.0.0.1:{server.server_port}/scim/v2"
            with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as http:
                answer = http.post(f"{root}/Users", json=ADA)
                assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/scim+json")
                assert answer.headers["Location"] == f"{root}/Users/{answer.json()['id']}"
                assert http.get(answer.headers["Location"]).json() == answer.json()
                assert http.delete(answer.headers["Location"]).status_code == 204
        finally:
            server.shutdown()
            thread.join()
