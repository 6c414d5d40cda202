"""Files of a Nextcloud account come in with owner and shares; only what changed is asked for again.

Against our own server in Nextcloud's shapes (labs/nextcloud).
"""

from datetime import UTC, datetime

import pytest

from labs.nextcloud import PASSWORD, WHEN, Nextcloud
from labs.tls import certificate
from watchfloor.connectors.contracts import ObservedKind, OwnedFile, Share
from watchfloor.connectors.models import DeadLetter
from watchfloor.connectors.observing import observed_after
from watchfloor.connectors.systems.nextcloud import SYSTEM
from watchfloor.connectors.systems.nextcloud.answers import given, nodes
from watchfloor.connectors.systems.nextcloud.cloud import Basic, Cloud
from watchfloor.connectors.systems.nextcloud.following import Follower
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable


@pytest.fixture
def server():
    with Nextcloud(prefix="/cloud") as running:
        running.put("ada", "plans/budget.ods", size=1234, sha256="ab" * 32)
        running.put("ada", "plans/old/2019.ods")
        running.put("ada", "notes.txt")
        running.asked.clear()
        yield running


def cloud_of(server, **more):
    return Cloud(server.url, Basic("ada", server.password), pause=lambda seconds: None, **more)


def looked(server, *, most=500_000, stop=lambda: False):
    """(the look, what it handed on by path)."""
    before = position()
    with cloud_of(server) as cloud:
        done = Follower(cloud, "cloud", "corp.example", most, stop).run()
    found = {}
    for batch in observed_after(before, kinds=(ObservedKind.FILES,), limit=1000):
        found |= {file.path: file for file in map(OwnedFile.from_json, batch.items)}
    return done, found


def position():
    batches = observed_after(0, kinds=(ObservedKind.FILES,), limit=10_000)
    return batches[-1].position if batches else 0


def listings(server):
    """Which folders were listed since the last time."""
    said = [one.removeprefix("PROPFIND /cloud/remote.php/dav/files/ada/") for one in server.asked if "PROPFIND" in one]
    server.asked.clear()
    return said


@pytest.mark.django_db
def test_a_file_comes_with_owner_size_time_and_hash(server):
    _, found = looked(server)
    file = found["/plans/budget.ods"]
    assert (file.name, file.owner, file.size, file.provider) == ("budget.ods", "ada@corp.example", 1234, "Nextcloud")
    assert (file.sha256, file.changed_at, file.created_at) == ("ab" * 32, WHEN, WHEN)
    assert file.url == f"{server.url}/index.php/f/{file.key}"
    assert found["/plans"].folder
    assert set(found) == {"/plans", "/plans/budget.ods", "/plans/old", "/plans/old/2019.ods", "/notes.txt"}


@pytest.mark.django_db
def test_shares_tell_whom_how_and_until_when(server):
    server.share("ada", "plans", "max", permissions=31)
    server.share("ada", "plans", "staff", kind=1)
    server.share("ada", "notes.txt", kind=3, until="2026-12-01 00:00:00")
    server.share("ada", "notes.txt", "bea@supplier.example", kind=4)
    _, found = looked(server)
    assert set(found["/plans"].shares) == {Share("max@corp.example", "write"), Share("staff", group=True)}
    assert set(found["/notes.txt"].shares) == {
        Share("anyone", link=True, expires_at=datetime(2026, 12, 1, tzinfo=UTC)),
        Share("bea@supplier.example", link=True),
    }


@pytest.mark.django_db
def test_what_others_gave_keeps_its_owner(server):
    server.put("max", "report.odt")
    server.share("max", "report.odt", "ada", permissions=3)
    _, found = looked(server)
    assert found["/report.odt"].owner == "max@corp.example"
    assert found["/report.odt"].shares == (Share("ada@corp.example", "write"),)


@pytest.mark.django_db
def test_only_folders_in_which_something_changed_are_listed_again(server):
    looked(server)
    assert listings(server) == ["", "plans", "plans/old"]
    done, found = looked(server)
    assert (listings(server), done.changed, found) == ([""], 0, {})
    server.put("ada", "plans/old/2019.ods", size=99)
    _, found = looked(server)
    assert set(found) == {"/plans/old/2019.ods"}
    server.put("ada", "notes.txt", size=3)
    listings(server)
    _, found = looked(server)
    assert set(found) == {"/notes.txt"}
    assert listings(server) == [""]


@pytest.mark.django_db
def test_a_share_is_seen_although_the_file_did_not_change(server):
    looked(server)
    listings(server)
    server.share("ada", "plans/old/2019.ods", kind=3)
    _, found = looked(server)
    assert found["/plans/old/2019.ods"].shares == (Share("anyone", link=True),)
    assert listings(server) == ["", "plans/old/2019.ods"]
    server.shares.clear()
    _, found = looked(server)
    assert found["/plans/old/2019.ods"].shares == ()
    assert looked(server)[1] == {}


@pytest.mark.django_db
def test_what_is_gone_is_said_to_be_gone(server):
    looked(server)
    server.remove("ada", "plans")
    done, found = looked(server)
    assert {path for path, file in found.items() if file.deleted} == {
        "/plans",
        "/plans/budget.ods",
        "/plans/old",
        "/plans/old/2019.ods",
    }
    assert done.gone == 4
    assert looked(server)[1] == {}


@pytest.mark.django_db
def test_what_was_moved_is_not_gone(server):
    looked(server)
    server.move("ada", "plans/old", "archive")
    _, found = looked(server)
    assert set(found) == {"/archive", "/archive/2019.ods"}
    assert not any(file.deleted for file in found.values())
    server.put("ada", "archive/2020.ods")
    assert set(looked(server)[1]) == {"/archive/2020.ods"}
    server.remove("ada", "archive/2019.ods")
    assert [file.deleted for file in looked(server)[1].values()] == [True]


@pytest.mark.django_db
def test_a_folder_that_cannot_be_listed_is_a_dead_letter_and_is_tried_again(server):
    server.broken["plans/old"] = 403
    _, found = looked(server)
    assert "/plans/old/2019.ods" not in found
    assert DeadLetter.objects.get().place == "/plans/old"
    server.broken.clear()
    assert set(looked(server)[1]) == {"/plans/old/2019.ods"}


@pytest.mark.django_db
def test_a_look_that_broke_off_is_taken_up_and_repeats_nothing(server):
    server.broken["plans/old"] = 503
    with pytest.raises(Unreachable):
        looked(server)
    server.broken.clear()
    _, found = looked(server)
    assert "/plans/old/2019.ods" in found
    assert looked(server)[1] == {}


@pytest.mark.django_db
def test_a_look_that_is_stopped_loses_nothing(server):
    answers = iter([False, True])
    done, _ = looked(server, stop=lambda: next(answers))
    assert not done.whole
    assert "/plans/old/2019.ods" in looked(server)[1]


@pytest.mark.django_db
def test_a_limit_is_kept_and_said(server):
    done, _ = looked(server, most=2)
    assert not done.whole
    assert "more than 2 files" in DeadLetter.objects.get().reason


@pytest.mark.django_db
def test_a_server_that_asks_for_patience_gets_it(server):
    waits = []
    server.faults = [(429, {"Retry-After": "7"}), (503, {})]
    with Cloud(server.url, Basic("ada", PASSWORD), pause=waits.append) as cloud:
        assert cloud.user_id == "ada"
    assert waits[0] == 7
    assert len(waits) == 2


@pytest.mark.django_db
def test_the_connection_runs_until_it_is_stopped(server):
    stops = iter([False] * 6 + [True] * 20)
    settings = {"url": server.url, "user": "ada", "password": PASSWORD, "domain": "corp.example"}
    SYSTEM.run(settings, name="cloud", stop=lambda: next(stops))
    assert position() > 0


def test_the_test_says_what_the_account_sees(server):
    server.share("ada", "notes.txt", kind=3)
    report = SYSTEM.test({"url": server.url, "user": "ada@corp.example", "password": PASSWORD})
    assert report.ok
    assert [words for _, words in report.lines] == [
        "signed in as ada",
        "can list this account's files; the first folder holds 2",
        "can read 1 shares given and received, 1 of them links",
        "sees nothing that this account neither owns nor was given",
    ]


def test_a_wrong_password_is_said(server):
    with pytest.raises(NotConfigured):
        SYSTEM.test({"url": server.url, "user": "ada", "password": "wrong"})


def test_a_password_is_never_sent_in_clear_to_another_machine():
    with pytest.raises(NotConfigured, match="https"):
        SYSTEM.test({"url": "http://cloud.corp.example", "user": "ada", "password": PASSWORD})


def test_a_ca_file_that_is_none_is_said(server, tmp_path):
    settings = {"url": server.url, "user": "ada", "password": PASSWORD}
    with pytest.raises(NotConfigured, match="not there"):
        SYSTEM.test(settings | {"ca_file": str(tmp_path / "none.pem")})
    (tmp_path / "words.pem").write_text("words")
    with pytest.raises(NotConfigured, match="PEM"):
        SYSTEM.test(settings | {"ca_file": str(tmp_path / "words.pem")})
    good, _ = certificate(tmp_path)
    assert SYSTEM.test(settings | {"ca_file": str(good)}).ok


def test_something_else_at_the_address_is_told_apart(server):
    server.faults = [(200, {})] * 3
    with pytest.raises(NotConfigured, match="as Nextcloud does"):
        SYSTEM.test({"url": server.url, "user": "ada", "password": PASSWORD})


@pytest.mark.parametrize("body", [b"<a", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_an_answer_that_is_no_listing_is_refused(server, body):
    server.body_instead = body
    with cloud_of(server) as cloud, pytest.raises(BadInput):
        cloud.listed("")


def test_names_with_signs_and_other_people_s_folders_are_told_apart():
    one = (
        '<d:response xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:href>{}</d:href><d:propstat><d:prop>'
        "<oc:fileid>{}</oc:fileid></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )
    hrefs = ["/dav/ada/50%25%20%C3%A4%23.txt", "/dav/adam/secret", "https://other.example/dav/ada/x", "/dav/ada/no-id"]
    body = "".join(one.format(href, number if "no-id" not in href else "") for number, href in enumerate(hrefs))
    found = list(nodes(f"<r>{body}</r>".encode(), prefix="/dav/ada"))
    assert [node.path for node in found] == ["50% ä#.txt", "x"]
    assert found[0].name == "50% ä#.txt"
    assert found[0].changed_at is None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"share_type": 6, "share_with": "bea@other.example"}, Share("bea@other.example")),
        ({"share_type": 7, "share_with": "x1", "share_with_displayname": "Board"}, Share("Board", group=True)),
        ({"share_type": 10, "share_with": "room"}, Share("room", group=True)),
        ({"share_type": 3, "share_with": "***", "permissions": 15}, Share("anyone", "write", link=True)),
        ({"share_type": "0", "share_with": "max", "permissions": "17"}, Share("max")),
        ({"share_type": 0, "share_with": "max", "expiration": "soon"}, Share("max")),
    ],
)
def test_every_kind_of_share_is_read(record, said):
    found = given({"item_source": 7, "path": "/a"} | record, own=True)
    assert (found.key, found.path, found.share) == ("7", "a", said)


@pytest.mark.parametrize("record", [{}, {"item_source": 7}, {"item_source": 7, "path": "/a", "share_type": 0}])
def test_what_is_no_share_is_left_out(record):
    assert given(record, own=True) is None
