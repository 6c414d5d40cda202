"""The SHA-256 of somebody's file, read when an analyst asks: by whom, of which files, and what is said when it fails."""

import hashlib

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.connectors.models import Connection
from watchfloor.connectors.selectors import can_hash
from watchfloor.identities.models import DirectoryPerson, FileShare, StoredFile
from watchfloor.kernel.clock import utc_now

pytestmark = pytest.mark.django_db
ANN, BEN = "ann@corp.example", "ben@corp.example"


def person(address):
    return DirectoryPerson.objects.create(
        address=address, name=address, source="corp", imported_at=utc_now(), status="active"
    )


@pytest.fixture
def note(tmp_path):
    """Ann's file on a connected disk."""
    (tmp_path / "note").write_text("the words")
    now = utc_now()
    Connection.objects.create(
        name="disk", kind="file_shares", settings={"folder": str(tmp_path)}, created_at=now, changed_at=now
    )
    return StoredFile.objects.create(source="disk", key="note", name="note", path="/note", owner=ANN, seen_at=now)


def asked(client, who, file):
    return client.post(f"/identities/{who.pk}/files/{file.pk}/sha256")


def test_the_owner_s_page_offers_to_read_it_and_then_shows_it(as_ada, note):
    who = person(ANN)
    assert f"/files/{note.pk}/sha256" in as_ada.get(f"/identities/{who.pk}/files").content.decode()
    digits = hashlib.sha256(b"the words").hexdigest()
    assert digits in asked(as_ada, who, note).content.decode()
    assert digits in as_ada.get(f"/identities/{who.pk}/files").content.decode()
    entry = AuditEntry.objects.filter(verb="file.hash", outcome="success").get()
    assert entry.target == "disk: note"


def test_whom_it_is_shared_with_may_be_the_way_to_it_and_nobody_else(as_ada, note):
    who = person(BEN)
    assert asked(as_ada, who, note).status_code == 200
    assert "has no file" in asked(as_ada, who, note).content.decode()
    FileShare.objects.create(file=note, whom=BEN)
    assert hashlib.sha256(b"the words").hexdigest() in asked(as_ada, who, note).content.decode()


def test_a_file_that_went_says_so_and_can_be_asked_again(as_ada, note, tmp_path):
    (tmp_path / "note").unlink()
    page = asked(as_ada, person(ANN), note).content.decode()
    assert "not there any more" in page
    assert "hx-post" in page
    assert AuditEntry.objects.filter(verb="file.hash", outcome="failure").exists()


def test_a_connection_that_is_off_or_cannot_read_files_offers_nothing(as_ada, note):
    who = person(ANN)
    Connection.objects.update(enabled=False)
    assert can_hash() == frozenset()
    assert "/sha256" not in as_ada.get(f"/identities/{who.pk}/files").content.decode()
    assert "no enabled connection can read this file" in asked(as_ada, who, note).content.decode()


def test_nobody_without_the_right_has_a_file_read(as_eve, note):
    assert asked(as_eve, person(ANN), note).status_code == 403


def test_looking_at_the_address_reads_nothing(as_ada, note):
    assert as_ada.get(f"/identities/{person(ANN).pk}/files/{note.pk}/sha256").status_code == 405
