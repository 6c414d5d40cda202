"""Importing files: what is mail comes in whole, what is not is refused with its place and reason."""

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from watchfloor.connectors.contracts import NewMail, Refused
from watchfloor.connectors.models import DeadLetter
from watchfloor.connectors.selectors import accepted_after, raw_mail
from watchfloor.connectors.services import import_paths
from watchfloor.connectors.systems.files import mbox, reading
from watchfloor.connectors.systems.files.reading import read_paths
from watchfloor.connectors.systems.files.watching import take_in_new

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MAIL = b"Date: Mon, 2 Mar 2026 10:00:00 +0100\nFrom: a@b.example\nSubject: x\n\nbody\n"


def found(*paths: Path) -> list[NewMail | Refused]:
    return list(read_paths(paths, now=NOW))


def test_an_eml_keeps_its_bytes_and_takes_its_time_from_its_headers(tmp_path):
    (tmp_path / "a.eml").write_bytes(MAIL)
    (mail,) = found(tmp_path / "a.eml")
    assert mail.raw == MAIL
    assert mail.received_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert mail.place.endswith("a.eml")


def test_the_last_hop_decides_when_a_mail_was_received(tmp_path):
    received = b"Received: from x by y;\n Tue, 3 Mar 2026 08:00:00 +0000\nReceived: from q by x; nonsense\n"
    (tmp_path / "a.eml").write_bytes(received + MAIL)
    (mail,) = found(tmp_path)
    assert mail.received_at == datetime(2026, 3, 3, 8, tzinfo=UTC)


@pytest.mark.parametrize("date", [b"Fri, 31 Dec 9999 23:59:59 -1200", b"Mon, 1 Jan 1601 00:00:00 +0000", b"\xff", b""])
def test_a_senseless_date_gives_way_to_the_files_own(tmp_path, date):
    file = tmp_path / "a.eml"
    file.write_bytes(b"Date: " + date + b"\nSubject: x\n\n")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    (mail,) = found(file)
    assert mail.received_at == datetime.fromtimestamp(1_700_000_000, UTC)


def test_an_mbox_is_taken_apart_and_its_quoting_undone(tmp_path):
    box = (
        b"From a@b.example Sat Jan  3 01:05:34 1996\nSubject: one\n\n>From the start\n>>From twice\nFrom here 12:30 it is text\n\n"
        b"From MAILER-DAEMON Sun Mar  1 10:00:00 2026\nSubject: two\n\nlast\n"
    )
    (tmp_path / "box").write_bytes(box)
    one, two = found(tmp_path)
    assert one.raw == b"Subject: one\n\nFrom the start\n>From twice\nFrom here 12:30 it is text\n"
    assert (one.mail_from, one.received_at) == ("a@b.example", datetime(1996, 1, 3, 1, 5, 34, tzinfo=UTC))
    assert (two.raw, two.mail_from) == (b"Subject: two\n\nlast\n", "")
    assert two.place.endswith(f"box:{box.index(b'From MAILER')}")


def test_a_mail_beyond_the_limit_is_refused_and_the_mbox_read_on(monkeypatch):
    monkeypatch.setattr(mbox, "MAX_BYTES", 200)
    monkeypatch.setattr("watchfloor.connectors.protocols.mail_bytes.MAX_BYTES", 200)
    separator = b"From a@b.example Sat Jan  3 01:05:34 1996\n"
    file = io.BytesIO(separator + b"Subject: big\n\n" + b"x" * 80 * 5 + b"\n\n" + separator + b"Subject: small\n\n")
    big, small = mbox.read_mbox(file, place="box", source="s", now=NOW)
    assert (big.place, "larger than" in big.reason) == ("box:0", True)
    assert small.raw == b"Subject: small\n"  # the blank line before the end belongs to the mbox


def test_a_maildir_tells_folder_flags_and_delivery(tmp_path):
    for folder in ("", ".Junk"):
        for part in ("cur", "new", "tmp"):
            (tmp_path / folder / part).mkdir(parents=True)
    (tmp_path / "cur" / "1700000000.M1P1.host:2,FS").write_bytes(MAIL)
    (tmp_path / ".Junk" / "new" / "1700000001.M2P1.host").write_bytes(MAIL)
    inbox, junk = found(tmp_path)
    assert inbox.facts == {"path": "INBOX", "flags": ["\\Flagged", "\\Seen"]}
    assert (inbox.folder, junk.folder) == ("Inbox/folder", "Junk folder")
    assert inbox.received_at == datetime.fromtimestamp(1_700_000_000, UTC)


def test_an_emlx_loses_its_count_and_its_list(tmp_path):
    (tmp_path / "1.emlx").write_bytes(b"%-10d\n" % len(MAIL) + MAIL + b"<?xml version='1.0'?><plist/>")
    (mail,) = found(tmp_path)
    assert mail.raw == MAIL


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b" \r\n", "empty"), (b"\x89PNG\r\n\x1a\n\0\0", "binary"), (b"just words\n", "no header line")],
)
def test_what_is_no_mail_is_refused_with_a_reason(tmp_path, content, reason):
    (tmp_path / "x").write_bytes(content)
    (refused,) = found(tmp_path)
    assert reason in refused.reason


def test_missing_links_and_devices_are_refused(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "in" / "pipe")
    (tmp_path / "in" / "dangling").symlink_to(tmp_path / "nowhere")
    reasons = {Path(one.place).name: one.reason for one in found(tmp_path / "in", tmp_path / "none")}
    assert set(reasons) == {"loop", "pipe", "dangling", "none"}
    assert "does not exist" in reasons["none"]


@pytest.mark.django_db
def test_an_import_sums_up_what_came_in_and_what_did_not(tmp_path, monkeypatch):
    monkeypatch.setattr("watchfloor.connectors.importing.BATCH_MAILS", 3)
    for number in range(7):
        (tmp_path / f"{number}.eml").write_bytes(MAIL + b"%d" % number)
    (tmp_path / "8.eml").write_bytes(b"")
    steps: list[int] = []
    summary = import_paths([tmp_path], source="import", progress=steps.append)
    assert (summary.accepted, len(summary.refused), sum(steps)) == (7, 1, 8)
    assert [raw_mail(mail.sha256)[-1:] for mail in accepted_after(0, limit=9)] == [b"%d" % n for n in range(7)]
    assert DeadLetter.objects.get().place.endswith("8.eml")


@pytest.mark.django_db
def test_a_drop_folder_takes_in_each_file_once(tmp_path):
    for name in ("a.eml", "b.eml"):
        (tmp_path / name).write_bytes(MAIL)
        os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
    assert take_in_new(tmp_path, name="drop") == 2
    assert take_in_new(tmp_path, name="drop") == 0
    (tmp_path / "c.eml").write_bytes(MAIL)
    assert take_in_new(tmp_path, name="drop") == 0  # it may still be being written
    os.utime(tmp_path / "c.eml", (1_700_000_100, 1_700_000_100))
    assert take_in_new(tmp_path, name="drop") == 1


def test_a_folder_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    def forbidden(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reading.os, "scandir", forbidden)
    (refused,) = found(tmp_path)
    assert "Permission denied" in refused.reason
