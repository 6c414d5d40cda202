"""A directory that lies, floods or drips ends its own reading, and nothing else."""

import itertools
import socket
import threading
from contextlib import contextmanager

import pytest

from labs.openldap import OpenLdap, person
from watchfloor.connectors.protocols import ldap_server
from watchfloor.connectors.protocols.ldap_server import LdapServer
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotConfigured, Unreachable

from .directories import Seen, follower
from .test_ldap_wire import done, entry, tlv

BIND, SEARCH = 0x60, 0x63


def to(number, answer):
    """The same answer under the number that was asked with."""
    inside = answer[2:] if answer[1] < 128 else answer[2 + (answer[1] & 127) :]
    return tlv(0x30, tlv(0x02, number), inside[3:])


def bound(code=0):
    return tlv(0x30, tlv(0x02, b"\x07"), tlv(0x61, tlv(0x0A, bytes([code])), tlv(0x04), tlv(0x04)))


@contextmanager
def directory(answers):
    """A server on 127.0.0.1 that accepts every password and answers each search with `answers()`, an iterable of messages."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, answers), daemon=True)
        thread.start()
        port = listening.getsockname()[1]
        yield LdapServer("127.0.0.1", port, "cn=x", ("dc=x",), "pw", security="none", plain_password=True, seconds=2)
    thread.join(timeout=5)


def _serve(listening, answers):
    try:
        client, _ = listening.accept()
        with client:
            while request := client.recv(65_536):
                at = 2 if request[1] < 128 else 2 + (request[1] & 127)
                number, kind = request[at + 2 : at + 2 + request[at + 1]], request[at + 2 + request[at + 1]]
                for answer in answers() if kind == SEARCH else [bound()] if kind == BIND else []:
                    client.sendall(to(number, answer))
    except OSError:
        return  # the reader has had enough


def read(server):
    with server.open() as session:
        return list(session.search("(uid=*)", ("uid",)))


def test_an_honest_one_is_read():
    with directory(lambda: [entry("uid=ada,dc=x", {"uid": [b"ada"]}), done()]) as server:
        assert [one.text("uid") for one in read(server)] == ["ada"]


def test_entries_without_end_are_cut_off(monkeypatch):
    monkeypatch.setattr(ldap_server, "MOST_ENTRIES", 500)
    flood = itertools.repeat(entry("uid=ada,dc=x", {}))
    with directory(lambda: flood) as server, pytest.raises(Unreachable, match="entry after entry"):
        read(server)


def test_pages_without_end_are_cut_off(monkeypatch):
    monkeypatch.setattr(ldap_server, "MOST_PAGES", 20)
    with directory(lambda: [done(cookie=b"more")]) as server, pytest.raises(Unreachable, match="page after page"):
        read(server)


def test_a_length_beyond_all_measure_is_refused_before_it_is_waited_for():
    with directory(lambda: [done()]) as server:
        session = server.open()
        session.connection.socket.close()
        ours, theirs = socket.socketpair()
        session.connection.socket = ours
        theirs.sendall(b"\x30\x84\x7f\xff\xff\xff\x02\x01\x07")
        with pytest.raises(Unreachable, match="no LDAP"):
            list(session.search("(uid=*)", ("uid",)))
        theirs.close()
        session.close()


def test_silence_is_not_waited_for_long():
    with directory(list) as server, pytest.raises(Unreachable):
        read(server)


def test_a_referral_to_another_server_is_not_followed():
    away = tlv(0x30, tlv(0x02, b"\x07"), tlv(0x73, tlv(0x04, b"ldap://127.0.0.1:1/dc=evil")))
    with directory(lambda: [away, done()]) as server:
        assert read(server) == []


def test_a_search_that_ends_in_an_error_brings_nothing_half():
    half = [entry("uid=ada,dc=x", {}), done(50, "no")]
    with directory(lambda: half) as server, pytest.raises(NotConfigured, match="refuses the search: no"):
        read(server)


@pytest.mark.django_db
def test_endless_values_are_cut_to_what_is_kept():
    long = person(
        "long", cn=["x" * 20_000], title=["y" * 20_000], mail=[f"{'m' * 500}@corp.example", "short@corp.example"]
    )
    with OpenLdap(people=(), entries=[("uid=long,ou=people,dc=corp,dc=example", long)]) as slapd:
        seen = Seen()
        follower(slapd).look(now=utc_now())
    (told,), _, _ = seen.news()
    assert (len(told.display_name), len(told.title)) == (300, 300)
    assert (told.mail, told.other_mails) == ("short@corp.example", ())
