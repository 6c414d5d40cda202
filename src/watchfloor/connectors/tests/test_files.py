"""Importing files: what is mail comes in whole, what is not is refused with its place and reason."""

import io
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from watchfloor.connectors.contracts import NewMail, Refused
from watchfloor.connectors.models import DeadLetter
from watchfloor.connectors.selectors import accepted_after, raw_mail
from watchfloor.connectors.services import import_paths
from watchfloor.connectors.systems.files import mbox, opening, reading
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


def reasons_of(*paths: Path) -> dict[str, str]:
    everything = found(*paths)
    assert all(isinstance(one, Refused) for one in everything), "nothing is read"
    return {Path(one.place).name: one.reason for one in everything if isinstance(one, Refused)}


def test_links_pipes_sockets_and_devices_are_refused_each_with_its_reason(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.eml").write_bytes(MAIL)
    (folder / "loop").symlink_to(tmp_path)
    (folder / "outside").symlink_to(tmp_path / "secret.eml")
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        told = reasons_of(folder, tmp_path / "none", Path("/dev/zero"))
    link = "a link; name what it points to"
    assert told == {
        "loop": link,
        "outside": link,
        "dangling": link,
        "pipe": "a named pipe, not a file",
        "socket": "a socket, not a file",
        "zero": "a device, not a file",
        "none": "does not exist",
    }


def test_links_inside_a_maildir_are_refused_too_and_what_they_hide_is_not_listed(tmp_path):
    secrets = tmp_path / "secrets"
    for part in ("cur", "new"):
        (secrets / part).mkdir(parents=True)
    (secrets / "cur" / "1700000000.M1P1.host").write_bytes(MAIL)
    box = tmp_path / "box"
    (box / "new").mkdir(parents=True)
    (box / "cur").symlink_to(secrets / "cur")
    (box / ".Stolen").symlink_to(secrets)
    (box / "new" / "one").symlink_to(secrets / "cur" / "1700000000.M1P1.host")
    os.mkfifo(box / "new" / "pipe")
    assert set(reasons_of(box)) == {"cur", ".Stolen", "one", "pipe"}


def test_a_folder_that_turns_into_a_link_while_it_is_read_gives_nothing_away(tmp_path, monkeypatch):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a.eml").write_bytes(MAIL)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.eml").write_bytes(MAIL)
    really = os.open

    def swap_first(path, flags, *more, **named):
        if str(path).endswith("a.eml"):
            (tmp_path / "in" / "sub").rename(tmp_path / "gone")
            (tmp_path / "in" / "sub").symlink_to(tmp_path / "elsewhere")
        return really(path, flags, *more, **named)

    monkeypatch.setattr(opening.os, "open", swap_first)
    assert reasons_of(tmp_path / "in") == {"a.eml": "it lies outside the folder that is read"}


def test_a_file_that_turns_into_a_pipe_before_it_is_opened_holds_nobody_up(tmp_path, monkeypatch):
    file = tmp_path / "a.eml"
    file.write_bytes(MAIL)
    really = os.open

    def swap_first(path, flags, *more, **named):
        file.unlink()
        os.mkfifo(file)
        return really(path, flags, *more, **named)

    monkeypatch.setattr(opening.os, "open", swap_first)
    assert reasons_of(file) == {"a.eml": "a named pipe, not a file"}


def test_folders_without_end_are_refused_somewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "DEEPEST", 3)
    deep = tmp_path / "1" / "2" / "3" / "4" / "5"
    deep.mkdir(parents=True)
    (deep / "a.eml").write_bytes(MAIL)
    (tmp_path / "1" / "2" / "b.eml").write_bytes(MAIL)
    mail, refused = sorted(found(tmp_path), key=lambda one: isinstance(one, Refused))
    assert isinstance(mail, NewMail)
    assert "more than 3 folders deep" in refused.reason


@pytest.mark.django_db
def test_a_refused_link_is_not_read_when_it_is_tried_again(as_max, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.eml").write_bytes(MAIL)
    (tmp_path / "in" / "link.eml").symlink_to(tmp_path / "secret.eml")
    import_paths([tmp_path / "in"])
    as_max.post(f"/settings/dead-letters/{DeadLetter.objects.get().pk}/retry")
    assert not accepted_after(0, limit=5)
    assert DeadLetter.objects.get().attempts == 2


@pytest.mark.django_db
def test_a_link_dropped_into_a_drop_folder_is_refused_once_and_the_rest_comes_in(tmp_path):
    box = tmp_path / "drop"
    box.mkdir()
    (box / "a.eml").write_bytes(MAIL)
    (box / "dangling").symlink_to(tmp_path / "nowhere")
    (box / "folder").symlink_to(tmp_path)
    os.mkfifo(box / "pipe")
    for name in ("a.eml", "dangling", "folder", "pipe"):
        os.utime(box / name, (1_700_000_000, 1_700_000_000), follow_symlinks=False)
    assert take_in_new(box, name="drop") == 1
    assert {Path(letter.place).name for letter in DeadLetter.objects.all()} == {"dangling", "folder", "pipe"}
    assert take_in_new(box, name="drop") == 0
    assert set(DeadLetter.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db
def test_a_link_that_somebody_names_on_the_command_line_is_meant(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.eml").write_bytes(MAIL)
    (tmp_path / "mail").symlink_to(tmp_path / "real")
    assert import_paths([(tmp_path / "mail").resolve()]).accepted == 1


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
