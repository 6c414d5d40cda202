"""Answers of a directory are read as RFC 4511 writes them; what is no LDAP ends the conversation and nothing else."""

import socket
import threading
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.protocols.ldap_wire import Done, answers_of
from watchfloor.kernel.errors import Unreachable


def tlv(tag: int, *parts: bytes) -> bytes:
    """One value of BER with its length in the shortest form."""
    inside = b"".join(parts)
    if len(inside) < 128:
        return bytes([tag, len(inside)]) + inside
    length = len(inside).to_bytes((len(inside).bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(length)]) + length + inside


def entry(dn: str, attributes: dict[str, list[bytes]], *, number: int = 7) -> bytes:
    listed = [
        tlv(0x30, tlv(0x04, name.encode()), tlv(0x31, *[tlv(0x04, value) for value in values]))
        for name, values in attributes.items()
    ]
    return tlv(0x30, tlv(0x02, bytes([number])), tlv(0x64, tlv(0x04, dn.encode()), tlv(0x30, *listed)))


def done(code: int = 0, message: str = "", cookie: bytes = b"") -> bytes:
    value = tlv(0x30, tlv(0x02, b"\0"), tlv(0x04, cookie))
    control = tlv(0x30, tlv(0x04, b"1.2.840.113556.1.4.319"), tlv(0x01, b"\xff"), tlv(0x04, value))
    result = tlv(0x65, tlv(0x0A, bytes([code])), tlv(0x04, b"dc=x"), tlv(0x04, message.encode()))
    return tlv(0x30, tlv(0x02, b"\x07"), result, tlv(0xA0, control) if cookie else b"")


@contextmanager
def saying(data: bytes, *, piece: int = 1 << 20):
    """A socket whose other side says `data` in pieces, and then ends."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)

    def say() -> None:
        with theirs:
            try:
                for at in range(0, len(data), piece):
                    theirs.sendall(data[at : at + piece])
            except OSError:
                pass  # the reader has heard enough

    speaker = threading.Thread(target=say)
    speaker.start()
    try:
        yield ours
    finally:
        ours.close()
        speaker.join()


def read(data: bytes, *, piece: int = 1 << 20) -> list[Entry | Done]:
    with saying(data, piece=piece) as sock:
        return list(answers_of(sock, 7, seconds=5))


@given(
    st.dictionaries(
        st.text("abcdefgh;-", min_size=1, max_size=9),
        st.lists(st.binary(max_size=300), min_size=1, max_size=4),
        max_size=6,
    ),
    st.text(max_size=200),
    st.sampled_from([1, 2, 3, 5, 64, 1 << 20]),
)
def test_entries_come_back_as_they_were_sent_in_whatever_pieces(attributes, dn, piece):
    dn = dn.encode("utf-8", "replace").decode()
    data = entry(dn, attributes) + entry("dc=2", {}) + done(cookie=b"next\0page")
    assert read(data, piece=piece) == [Entry(dn, attributes), Entry("dc=2", {}), Done(0, "", b"next\0page")]


def test_a_group_of_a_hundred_thousand_members_is_one_entry():
    members = [f"uid=u{n},ou=people,dc=corp,dc=example".encode() for n in range(100_000)]
    (found, _) = read(entry("cn=all", {"member": members}) + done(), piece=60_000)
    assert found.attributes["member"] == members


def test_the_end_says_how_it_went():
    assert read(done(4, "sizelimit")) == [Done(4, "sizelimit", b"")]


def test_answers_to_other_questions_are_left_out():
    assert read(entry("dc=late", {}, number=6) + done()) == [Done(0, "", b"")]


def test_a_server_that_says_goodbye_is_unreachable():
    notice = tlv(0x30, tlv(0x02, b"\0"), tlv(0x78, tlv(0x0A, b"\x34"), tlv(0x04), tlv(0x04)))
    with pytest.raises(Unreachable, match="goodbye"):
        read(notice)


def test_a_server_that_ends_in_the_middle_is_unreachable():
    with pytest.raises(Unreachable, match="ended the connection"):
        read(entry("dc=x", {"a": [b"1"]})[:-2])


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x85\xff\xff\xff\xff\xff\x02", b"\x30\x84\x7f\xff\xff\xff\x02\x01"],
)
def test_what_is_no_ldap_is_refused_at_its_first_bytes(data):
    with pytest.raises(Unreachable, match="no LDAP"):
        read(data)


@given(st.binary(max_size=400))
def test_no_bytes_of_a_stranger_do_harm(data):
    with pytest.raises(Unreachable):
        read(tlv(0x30, tlv(0x02, b"\x07"), data))


@given(st.binary(min_size=1, max_size=200), st.integers(0, 200))
def test_a_damaged_answer_is_read_or_refused(damage, at):
    whole = entry("uid=ada,dc=corp", {"uid": [b"ada"], "mail": [b"ada@corp.example"]}) + done(cookie=b"c")
    try:
        read(whole[:at] + damage + whole[at + len(damage) :])
    except Unreachable:
        return


def test_drops_that_never_end_are_cut_off():
    with (
        saying(entry("dc=x", {"a": [b"1" * 100]}) * 50, piece=10) as sock,
        pytest.raises(Unreachable, match="too long"),
    ):
        list(answers_of(sock, 7, seconds=-1))
