"""No mail, however strange its characters, stops those behind it from being taken in."""

from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import OperationalError

from watchfloor.connectors.models import DeadLetter
from watchfloor.inspection.contracts import Evidence
from watchfloor.lake import judging, selectors
from watchfloor.lake.contracts import Query

from .test_ingest import AtOnce, events, ingest, raw_of, take

HEADERS = (
    "From",
    "To",
    "Cc",
    "Subject",
    "Message-ID",
    "Reply-To",
    "Return-Path",
    "Delivered-To",
    "Received",
    "List-Unsubscribe",
    "Authentication-Results",
    "Content-Language",
)
WORDS = {
    "surrogate by escape": "=?unicode_escape?Q?=5Cud800?=",
    "surrogate by utf-7": "=?utf-7?Q?+2AA-?=",
    "NUL": "=?utf-8?Q?=00?=",
    "raw NUL": "\0",
    "raw bytes": "\xff\xfe\x80",
    "noncharacter": "=?utf-8?B?77+/?=",
    "surrogate by utf-16": "=?utf-16-le?B?ANg=?=",
    "very long": "x" * 70_000,
}


def strange(word: str) -> bytes:
    lines = [f"{name}: {word} <{word}@{word}.example>" for name in HEADERS]
    lines += [
        "Date: Fri, 31 Dec 9999 23:59:59 -2359",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        f"Content-Type: text/html; charset={word}",
        "",
        f"<a href='https://{word}.example/{word}'>{word}</a> \\ud800 +2AA-",
    ]
    for charset in ("unicode_escape", "utf-7"):
        lines += [
            "--b",
            f"Content-Type: text/plain; charset={charset}",
            "",
            "https://a.example/\\ud800 +2AA- \\x00",
            "--b",
            f"Content-Type: text/html; charset={charset}",
            "",
            "<a href='https://b.example/\\ud800+2AA-\\x00'>x</a>",
        ]
    lines += [
        "--b",
        f'Content-Type: application/zip; name="{word}.zip"',
        f'Content-Disposition: attachment; filename="{word}.exe"',
        "",
        "x",
        "--b--",
    ]
    return "\r\n".join(lines).encode("latin-1")


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("recipients", [(), ("ann@corp.example",)])
def test_a_poisonous_mail_lets_the_next_one_pass(lake, word, recipients):
    take(strange(word), *recipients)
    take(raw_of(), "ann@corp.example")
    assert ingest() == 2
    found = Query("EmailEvents", datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
    rows = selectors.rows(found, limit=100)
    assert "Offer 1" in {row["Subject"] for row in rows}
    assert len({row["NetworkMessageId"] for row in rows}) + DeadLetter.objects.count() == 2
    for row in rows:
        assert selectors.email(row["NetworkMessageId"])


class Unstorable(AtOnce):
    """Gives a mail with `broken` in it a recipient that no database stores, as a fault in the inspection would."""

    def submit(self, raw, envelope, now):
        whole = AtOnce().submit(raw, envelope, now)
        if self.broken not in raw:
            return whole
        poisoned: Future = Future()
        poisoned.set_result(replace(whole.result(), recipients=("\ud800@corp.example",)))
        return poisoned


@pytest.mark.parametrize("position", [0, 1, 2])
def test_what_no_table_can_hold_is_buried_alone(lake, position):
    for number in range(3):
        take(raw_of(number, body="the broken one" if number == position else "fine"))
    pool = Unstorable()
    pool.broken = b"the broken one"
    assert ingest(pool) == 3
    assert len(events()) == 2
    assert "UnicodeEncodeError" in DeadLetter.objects.get().reason
    assert ingest(pool) == 0


# --- sources of evidence that fail -------------------------------------------------------------------------------


def failing(*, at: str = "", error: Exception):
    """A source that fails for the batches that hold a mail with this subject, "" for all."""

    def source(mails, *, facts):
        if any(at in inspection.subject for _, inspection in mails):
            raise error
        return [[] for _ in mails]

    return source


def three_mails():
    for number in range(3):
        take(raw_of(number, subject=f"Number {number}"))


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), RuntimeError("x"), RecursionError("x")])
def test_a_source_of_evidence_that_fails_for_one_mail_costs_only_that_mail_its_evidence(lake, monkeypatch, error):
    monkeypatch.setattr(judging, "SOURCES", (failing(at="Number 1", error=error), *judging.SOURCES))
    three_mails()
    assert ingest(AtOnce()) == 3
    said = {
        row["Subject"]: selectors.inspection_of(row["NetworkMessageId"])["facts"].get("unanswered") for row in events()
    }
    assert said["Number 0"] is None
    assert said["Number 2"] is None
    assert "failed here" in said["Number 1"][0]
    assert not DeadLetter.objects.exists()


def test_a_database_in_trouble_is_waited_for_and_nothing_is_stored_half_judged(lake, monkeypatch):
    monkeypatch.setattr(judging, "SOURCES", (failing(error=OperationalError("locked")),))
    three_mails()
    with pytest.raises(OperationalError):
        ingest(AtOnce())
    assert not events()


def test_a_mail_that_cannot_be_judged_is_buried_and_those_behind_it_come_in(lake, monkeypatch):
    def odd(mails, *, facts):
        return [[Evidence("no_such_signal", "x")] if "Number 0" in found.subject else [] for _, found in mails]

    monkeypatch.setattr(judging, "SOURCES", (odd,))
    three_mails()
    assert ingest(AtOnce()) == 3
    assert {row["Subject"] for row in events()} == {"Number 1", "Number 2"}
    assert DeadLetter.objects.count() == 1
