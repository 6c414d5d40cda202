"""Events posted over HTTP: the real Dovecot's, and anybody's who knows the secret; 200 only when they are on disk."""

import gzip
import json
import threading
from contextlib import contextmanager

import httpx
import pytest
from django.db import connections
from imapclient.exceptions import LoginError

from labs import answers, free_ports, wait_until
from labs.dovecot import Dovecot
from watchfloor.connectors import event_intake
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.models import DeadLetter
from watchfloor.connectors.selectors import observed_after
from watchfloor.connectors.systems.event_exporter import SYSTEM

SECRET = "a-secret-long-enough"
pytestmark = pytest.mark.django_db(transaction=True)
OKTA = {
    "eventType": "user.session.start",
    "published": "2026-11-22T12:00:00Z",
    "actor": {"alternateId": "ada@corp.example"},
}


@contextmanager
def listening(**settings):
    """The listener in a thread, as the worker runs it; gives its address."""
    (port,) = free_ports(1)
    given = {"address": f"127.0.0.1:{port}", "secret": SECRET} | settings
    stopping, troubles = threading.Event(), []

    def run():
        try:
            SYSTEM.run(given, name="mail server", stop=stopping.is_set)
        except Exception as error:
            troubles.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_until(lambda: answers(port) or troubles, what="the listener")
        yield f"http://127.0.0.1:{port}"
    finally:
        stopping.set()
        thread.join(timeout=10)
    assert not thread.is_alive()
    assert not troubles


def observed():
    return [
        (batch.table, item)
        for batch in observed_after(0, kinds=[ObservedKind.EVENTS], limit=1000)
        for item in batch.items
    ]


def bearer(secret=SECRET):
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.lab
def test_sign_ins_at_a_real_dovecot_come_in_with_their_outcome():
    with listening() as url, Dovecot(exporter_url=f"{url}/{SECRET}") as server:
        server.login("ada@corp.example").logout()
        with pytest.raises(LoginError):
            server.login("ada@corp.example", "wrong")
        server.admin("ada@corp.example").logout()
        wait_until(lambda: len(observed()) >= 3, what="three sign-ins")
        rows = [row for _, row in observed()]
    assert {table for table, _ in observed()} == {"IdentityLogonEvents"}
    assert [(row["ActionType"], row["AccountName"]) for row in rows] == [
        ("LogonSuccess", "ada@corp.example"),
        ("LogonFailed", "ada@corp.example"),
        ("LogonSuccess", "wfadmin"),
    ]
    assert {row["Protocol"] for row in rows} == {"IMAP"}
    assert rows[2]["TargetAccountDisplayName"] == "ada@corp.example"
    assert not DeadLetter.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(OKTA),
        json.dumps([OKTA]),
        json.dumps({"events": [OKTA]}),
        json.dumps(OKTA) + "\n\n" + json.dumps(OKTA | {"uuid": "2"}) + "\n",
    ],
    ids=["one", "a list", "a list inside", "lines"],
)
def test_json_is_taken_however_it_is_wrapped(body):
    with listening() as url:
        assert httpx.post(url, content=body, headers=bearer()).status_code == 200
        assert {table for table, _ in observed()} == {"CloudAppEvents", "IdentityLogonEvents"}


def test_a_gzipped_body_is_unpacked_and_a_bomb_is_refused():
    packed = bearer() | {"Content-Encoding": "gzip"}
    with listening(megabytes="1") as url:
        assert httpx.post(url, content=gzip.compress(json.dumps(OKTA).encode()), headers=packed).status_code == 200
        assert httpx.post(url, content=gzip.compress(b"[" * 2_000_000), headers=packed).status_code == 413
        assert httpx.post(url, content=b"no gzip", headers=packed).status_code == 400
        assert httpx.post(url, content=b"[" * 2_000_000, headers=bearer()).status_code == 413
        assert httpx.post(url, content=b"{}", headers=bearer() | {"Content-Encoding": "br"}).status_code == 415
    assert len(observed()) == 2


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/", bearer("wrong")),
        ("/wrong", {}),
        (f"/{SECRET}x", {}),
        ("/", {"Authorization": f"Basic {SECRET}"}),
    ],
)
def test_without_the_secret_nothing_is_taken(path, headers):
    with listening() as url:
        answer = httpx.post(url + path, json=OKTA, headers=headers)
    assert answer.status_code == 401
    assert not observed()


def test_the_secret_may_stand_at_the_end_of_the_path_and_only_posts_are_taken():
    with listening() as url:
        assert httpx.post(f"{url}/dovecot/{SECRET}/", json=OKTA).status_code == 200
        assert httpx.get(f"{url}/{SECRET}").status_code == 405


@pytest.mark.parametrize(
    "body", ["{", "[1]", "3", "[" * 100_000, '{"a": 1}\nnonsense'], ids=["torn", "list", "number", "deep", "line"]
)
def test_what_is_no_json_object_is_refused_with_words(body):
    with listening() as url:
        answer = httpx.post(url, content=body, headers=bearer())
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_a_record_that_cannot_be_read_goes_to_the_dead_letters_and_the_post_is_taken():
    with listening(records="okta") as url:
        assert httpx.post(url, json=[OKTA, {"eventType": "x"}], headers=bearer()).status_code == 200
    (letter,) = DeadLetter.objects.all()
    assert letter.source == "mail server"
    assert "record 2" in letter.place
    assert "no time" in letter.reason
    assert len(observed()) == 2


def test_a_source_that_keeps_sending_what_cannot_be_read_fills_no_page_of_dead_letters():
    hostile = {"eventType": "x", "actor": {"alternateId": "a"}, "published": "\ud800\x00 soon"}
    with listening(records="okta") as url:
        for _ in range(5):
            assert httpx.post(url, content=json.dumps(hostile), headers=bearer()).status_code == 200
    (letter,) = DeadLetter.objects.all()
    assert letter.attempts == 5


def test_when_it_cannot_be_stored_the_sender_is_asked_to_come_again(monkeypatch):
    with listening() as url:
        with monkeypatch.context() as broken:
            broken.setattr(event_intake, "observe", lambda **given: 1 / 0)
            answer = httpx.post(url, json=OKTA, headers=bearer())
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert httpx.post(url, json=OKTA, headers=bearer()).status_code == 200
    assert len(observed()) == 2


def test_many_at_once_share_the_disk_and_all_are_kept():
    def post(url, number):
        with httpx.Client(headers=bearer()) as client:
            for turn in range(20):
                assert client.post(url, json=OKTA | {"uuid": f"{number}-{turn}"}).status_code == 200

    with listening() as url:
        threads = [threading.Thread(target=post, args=(url, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({row["ReportId"] for _, row in observed()}) == 160


def test_its_settings_are_tested_with_words():
    (port,) = free_ports(1)
    tested = SYSTEM.test({"address": f"127.0.0.1:{port}", "secret": "short", "records": "mapping"})
    assert [ok for ok, _ in tested.lines] == [True, False, False, True]
    assert "the mapping names no table" in tested.lines[2][1]
    good = {"address": f"127.0.0.1:{port}", "secret": SECRET, "records": "dovecot"}
    assert SYSTEM.test(good).ok
