"""Downloads of many held mails are whole or not at all, and what looks into held mail is on record."""

import io
import os
import time
import tracemalloc
from collections import namedtuple
from pathlib import Path

import pytest
from pyzipper import AESZipFile

from watchfloor.access.models import AuditEntry
from watchfloor.connectors.services import accept
from watchfloor.kernel.errors import BadInput
from watchfloor.response.quarantine import acting, looking, packing
from watchfloor.response.quarantine.holding import PATIENCE, hold_pending
from watchfloor.response.quarantine.models import QuarantinedMail
from watchfloor.response.quarantine.page_models import BulkState, QuarantineBulk
from watchfloor.response.tests.quarantined import ANN, NOW, days, hold
from watchfloor.runtime.services import seal

PASSWORD = "a password for a zip"
MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def alone(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(acting, "enqueue", lambda *arguments, id: None)
    looking.searches.forget()


def held(*sizes: int, said: int | None = None) -> list[int]:
    """Mails of these bytes; `said` is what the border told of each."""
    for number, size in enumerate(sizes):
        raw = f"Subject: Mail {number}\r\n\r\n".encode() + os.urandom(size)
        facts = {"reason": "Spam", "size": size if said is None else said, "subject": f"Mail {number}"}
        accept(raw, source="mx", received_at=NOW, recipients=[ANN], facts={"held": [ANN], "quarantine": facts})
    hold_pending(now=NOW + PATIENCE)
    return list(QuarantinedMail.objects.order_by("pk").values_list("pk", flat=True))


def asked(mails: list[int], person: str = "person:1") -> QuarantineBulk:
    return QuarantineBulk.objects.create(
        verb="download",
        reason="case 7",
        mails=mails,
        total=len(mails),
        secret=seal(PASSWORD),
        created_at=NOW,
        created_by=person,
        created_by_name="Max",
    )


def test_more_than_one_download_takes_is_refused_with_its_figures(as_max, db, monkeypatch):
    monkeypatch.setattr(packing, "MOST_BYTES", 2 * MEGABYTE)
    held(MEGABYTE, MEGABYTE, MEGABYTE)
    whole = {"pick": "query", "query": "received=any"}
    form = as_max.post("/quarantine/ask/download", whole).content.decode()
    assert "3 mails with 3.0" in form
    refused = as_max.post("/quarantine/do/download", whole | {"reason": "case", "password": PASSWORD}).content.decode()
    assert "one download takes 65,000 mails and 2.0" in refused.replace("\xa0", " ")
    assert "The first 2 of them would fit" in refused
    assert not QuarantineBulk.objects.exists()


def test_no_download_takes_the_disk_that_new_mail_needs(db, monkeypatch):
    mails = held(MEGABYTE)
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(packing.shutil, "disk_usage", lambda where: usage(packing.SPARE + MEGABYTE // 2))
    with pytest.raises(BadInput, match="to spare for downloads"):
        packing.check_weight(mails)


def test_what_turns_out_too_heavy_or_cannot_be_written_leaves_no_half_archive(max, db, monkeypatch):
    job = asked(held(MEGABYTE, MEGABYTE, said=10), person=f"person:{max.pk}")
    monkeypatch.setattr(packing, "MOST_BYTES", MEGABYTE + 1000)
    assert not acting.step(job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.file) == (BulkState.FAILED, "")
    assert "more than" in job.words[-1]
    assert list(packing.folder().iterdir()) == []

    full = asked(job.mails, person=f"person:{max.pk}")
    monkeypatch.setattr(packing, "write_encrypted_zip", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space")))
    monkeypatch.setattr(packing, "MOST_BYTES", 10 * MEGABYTE)
    assert not acting.step(full.pk, now=NOW)
    full.refresh_from_db()
    assert "could not be written: No space" in full.words[-1]
    assert list(packing.folder().iterdir()) == []
    assert not AuditEntry.objects.filter(verb="quarantine.download", outcome="success").exists()


def test_a_download_takes_as_much_memory_as_its_largest_mail(max, db):
    job = asked(held(*[2 * MEGABYTE] * 12), person=f"person:{max.pk}")
    tracemalloc.start()
    try:
        assert not acting.step(job.pk, now=NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    job.refresh_from_db()
    path = packing.folder() / job.file
    assert path.stat().st_size > 24 * MEGABYTE
    assert peak < 14 * MEGABYTE
    with AESZipFile(io.BytesIO(path.read_bytes())) as archive:
        archive.setpassword(PASSWORD.encode())
        assert len(archive.namelist()) == 12
        assert archive.testzip() is None


def test_what_killed_processes_left_is_tidied_away(db):
    packing.folder().mkdir(parents=True, exist_ok=True)
    old, new = (Path(packing.folder() / f"{name}.part") for name in ("old", "new"))
    for one in (old, new):
        one.touch()
    os.utime(old, (time.time() - 200_000,) * 2)
    assert packing.tidy(now=NOW.fromtimestamp(time.time(), NOW.tzinfo), keep=days(1).total_seconds()) == 1
    assert (old.exists(), new.exists()) == (False, True)
    new.unlink()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("q=text:salary", ["“salary” in the text"]),
        ("q=salary", ["“salary”"]),
        ("q=subject:invoice", []),
        ("sender=evil", []),
        ("q=from:evil+salary", ["“salary”"]),
    ],
)
def test_a_search_that_reaches_the_text_is_on_record_once(as_max, db, query, words):
    hold(ANN)
    for page in ("", "/chart", "/export.csv"):
        assert as_max.get(f"/quarantine{page}?received=any&{query}").status_code == 200
    as_max.post("/quarantine/ask/delete", {"pick": "query", "query": query})
    assert list(AuditEntry.objects.filter(verb="quarantine.search").values_list("target", flat=True)) == words


def test_a_search_whose_record_failed_is_recorded_when_it_is_asked_again(max, db, monkeypatch):
    from watchfloor.access.selectors import actor_of
    from watchfloor.response.quarantine.searching import parse

    def broken(**arguments):
        raise RuntimeError("the chain is held")

    with monkeypatch.context() as patched:
        patched.setattr(looking, "record", broken)
        with pytest.raises(RuntimeError):
            looking.note_search(by=actor_of(max), terms=parse("salary"))
    looking.note_search(by=actor_of(max), terms=parse("salary"))
    assert AuditEntry.objects.filter(verb="quarantine.search").count() == 1
