"""FETCH answers: the usual wording is read by one expression, every other by the full parser, both to the same facts."""

import pytest

from watchfloor.connectors.contracts import Folder
from watchfloor.connectors.protocols import imap_wire
from watchfloor.connectors.protocols.imap_mailbox import is_me, located

HEADER = b"Message-ID: <a@b.example>\r\n\r\n"
ITEM = b"BODY[HEADER.FIELDS (MESSAGE-ID)] {%d}" % len(HEADER)
USUAL = b'(UID 9 FLAGS (\\Seen $Important) INTERNALDATE "22-Nov-2026 08:00:00 +0100" ' + ITEM


def answer(*words: bytes) -> imap_wire.Answer:
    found = imap_wire.Answer(b"UID FETCH")
    found.untagged = [(b"FETCH", [(b"%d %s" % (number, one), HEADER), b")"]) for number, one in enumerate(words, 1)]
    return found


def facts(found: imap_wire.Answer):
    return {
        uid: (
            located("ada@corp.example", "INBOX", uid, 1, "<a@b.example>", data, Folder.INBOX),
            is_me(data, "<a@b.example>"),
        )
        for uid, data in found.fetched().items()
    }


@pytest.mark.parametrize("flags", [b"", b"\\Seen", b"\\Seen $Important NonJunk", b"\\Recent"])
@pytest.mark.parametrize("date", [b"22-Nov-2026 08:00:00 +0100", b" 2-Feb-2026 23:59:59 -1200"])
def test_the_short_way_reads_what_the_full_parser_reads(monkeypatch, flags, date):
    one = b"(UID 9 FLAGS (" + flags + b') INTERNALDATE "' + date + b'" ' + ITEM
    other = one.replace(b"UID 9", b"UID 4294967295")
    short = facts(answer(one, other))
    monkeypatch.setattr(imap_wire, "_usual_fetch", lambda _: None)
    assert facts(answer(one, other)) == short
    assert short.keys() == {9, 4294967295}
    assert all(mine for _, mine in short.values())


def test_other_orders_of_the_same_facts_are_read_too():
    other = b'(FLAGS (\\Seen) UID 9 INTERNALDATE "22-Nov-2026 08:00:00 +0100" ' + ITEM
    copy, mine = facts(answer(USUAL, other))[9]
    assert (copy.uid, copy.flags, mine) == (9, ("\\Seen",), True)


def test_a_date_that_is_none_is_left_to_the_full_parser():
    assert imap_wire._usual_fetch([(b"1 " + USUAL.replace(b"22-Nov", b"99-Nov"), HEADER), b")"]) is None


def test_a_line_without_a_literal_is_left_to_the_full_parser():
    assert imap_wire._usual_fetch([b"1 (UID 9 FLAGS ())"]) is None
    assert answer().fetched() == {}
