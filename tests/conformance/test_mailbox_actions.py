"""What every system that acts on mail must do, shown on a real Dovecot (with and without doveadm) and on a tree of Maildirs."""

import os
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from labs.dovecot import Dovecot
from tests.conformance.conftest import USERS, dovecot_settings
from watchfloor.connectors.contracts import Folder, Located, Target
from watchfloor.connectors.protocols import doveadm_mail
from watchfloor.connectors.protocols.maildir_names import named
from watchfloor.connectors.registry import systems

ADA, MAX, EVE = USERS
LONG_AGO = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def mail(message_id: str, subject: str = "Invoice") -> bytes:
    date = format_datetime(LONG_AGO)
    return (
        f"From: x@evil.example\r\nTo: {ADA}\r\nDate: {date}\r\nMessage-ID: {message_id}\r\nSubject: {subject}\r\n\r\nPay.\r\n"
    ).encode()


class DovecotWorld:
    """A Dovecot, seen as its users see it."""

    def __init__(self, server: Dovecot, **settings: str) -> None:
        self.server = server
        self.actions = systems()["dovecot"].actions(dovecot_settings(server, **settings))

    def put(self, mailbox: str, message_id: str, *, folder: str = "INBOX", flags: tuple[str, ...] = ()) -> None:
        client = self.server.admin(mailbox)
        if folder != "INBOX" and not client.folder_exists(folder):
            client.create_folder(folder)
        client.append(folder, mail(message_id), flags=flags, msg_time=LONG_AGO)
        client.logout()

    def seen_by(self, mailbox: str, message_id: str) -> list[str]:
        """Folders in which the owner sees the mail."""
        client = self.server.login(mailbox)
        found = []
        for _, _, path in client.list_folders():
            client.select_folder(path, readonly=True)
            found += [path] * len(client.search(["HEADER", "Message-ID", message_id]))
        client.logout()
        return found

    def move_behind_our_back(self, mailbox: str, message_id: str, to: str) -> None:
        client = self.server.login(mailbox)
        client.select_folder("INBOX")
        client.move(client.search(["HEADER", "Message-ID", message_id]), to)
        client.logout()

    hides = True


class MaildirWorld:
    """A tree of Maildirs."""

    hides = False

    def __init__(self, root: Path) -> None:
        self.root = root
        for user in USERS:
            for part in ("cur", "new", "tmp"):
                (root / user / "Maildir" / part).mkdir(parents=True)
        self.actions = systems()["maildir_store"].actions({"root": str(root)})
        self.number = 0

    def put(self, mailbox: str, message_id: str, *, folder: str = "INBOX", flags: tuple[str, ...] = ()) -> None:
        self.number += 1
        home = self.root / mailbox / "Maildir" / ("" if folder == "INBOX" else f".{folder}") / "cur"
        home.mkdir(parents=True, exist_ok=True)
        file = home / named(f"{int(LONG_AGO.timestamp())}.M{self.number}P1.host", flags)
        file.write_bytes(mail(message_id))
        os.utime(file, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))

    def seen_by(self, mailbox: str, message_id: str) -> list[str]:
        box = self.root / mailbox / "Maildir"
        files = (file for part in ("cur", "new") for file in box.rglob(f"{part}/*"))
        folders = [file.parent.parent for file in files if message_id.encode() in file.read_bytes()]
        return [folder.name.lstrip(".") if folder != box else "INBOX" for folder in folders]

    def move_behind_our_back(self, mailbox: str, message_id: str, to: str) -> None:
        (file,) = (file for file in (self.root / mailbox / "Maildir/cur").iterdir() if message_id in file.read_text())
        aim = self.root / mailbox / "Maildir" / f".{to}" / "cur"
        aim.mkdir(parents=True, exist_ok=True)
        file.rename(aim / file.name)


@pytest.fixture(
    params=["dovecot with doveadm", "dovecot with doveadm for the fewest", "dovecot by IMAP alone", "maildir store"]
)
def world(request, tmp_path, monkeypatch):
    if request.param == "maildir store":
        return MaildirWorld(tmp_path)
    if "fewest" in request.param:
        monkeypatch.setattr(doveadm_mail, "FEW_MAILBOXES", 1)
    doveadm = {} if "doveadm" in request.param else {"doveadm_url": ""}
    return DovecotWorld(request.getfixturevalue("dovecot"), **doveadm)


@pytest.fixture
def message_id(request) -> str:
    return f"<{abs(hash(request.node.name))}.{time.monotonic_ns()}@evil.example>"


def found(world, *targets: Target) -> dict[Target, tuple[Located, ...]]:
    return dict(world.actions.find(targets))


def moved(world, to: Folder, *targets: Target):
    return dict(world.actions.move(list(found(world, *targets).items()), to=to))


def test_every_copy_is_found_with_its_flags_and_date(world, message_id):
    world.put(ADA, message_id, flags=("\\Seen", "\\Flagged"))
    world.put(ADA, message_id, folder="Projects")
    world.put(MAX, message_id, folder="Junk")
    copies = found(world, Target(ADA, message_id), Target(MAX, message_id), Target(EVE, message_id))
    by_path = {copy.path: copy for copy in copies[Target(ADA, message_id)]}
    assert set(by_path) == {"INBOX", "Projects"}
    assert by_path["INBOX"].flags == ("\\Flagged", "\\Seen")
    assert by_path["INBOX"].internal_date == LONG_AGO
    assert [copy.folder for copy in copies[Target(MAX, message_id)]] == [Folder.JUNK]
    assert copies[Target(EVE, message_id)] == ()


def test_an_empty_or_broken_message_id_never_finds_anything(world):
    world.put(ADA, "<innocent@corp.example>")
    for nothing in ("", "<>", "  ", "<a\r\nb>", "<innocent"):
        assert found(world, Target(ADA, nothing)) == {Target(ADA, nothing): ()}


def test_a_soft_delete_is_checked_and_out_of_the_owners_sight(world, message_id):
    world.put(ADA, message_id)
    target = Target(ADA, message_id)
    outcome = moved(world, Folder.RECOVERABLE, target)[target]
    assert (outcome.status, outcome.verified, outcome.why) == ("moved", True, "")
    assert (outcome.before.path, outcome.after.path, outcome.after.folder) == (
        "INBOX",
        "Recoverable",
        Folder.RECOVERABLE,
    )
    assert world.seen_by(ADA, message_id) == ([] if world.hides else ["Recoverable"])


def test_a_restore_brings_back_folder_flags_and_date(world, message_id):
    world.put(ADA, message_id, folder="Projects", flags=("\\Seen", "\\Answered"))
    target = Target(ADA, message_id)
    before = moved(world, Folder.RECOVERABLE, target)[target].before
    outcome = dict(world.actions.restore([(target, before)]))[target]
    assert (outcome.status, outcome.verified) == ("moved", True)
    (copy,) = found(world, target)[target]
    assert (copy.path, copy.flags, copy.internal_date) == ("Projects", ("\\Answered", "\\Seen"), LONG_AGO)
    assert world.seen_by(ADA, message_id) == ["Projects"]


def test_a_restore_takes_back_flags_changed_meanwhile(world, message_id):
    world.put(ADA, message_id, flags=("\\Flagged",))
    target = Target(ADA, message_id)
    outcome = moved(world, Folder.JUNK, target)[target]
    before = outcome.before
    back = Located(**{name: getattr(before, name) for name in before.__slots__} | {"flags": ("\\Seen",)})
    outcome = dict(world.actions.restore([(target, back)]))[target]
    assert outcome.verified
    assert outcome.after.flags == ("\\Seen",)


def test_a_second_restore_says_already(world, message_id):
    world.put(ADA, message_id)
    target = Target(ADA, message_id)
    before = moved(world, Folder.RECOVERABLE, target)[target].before
    dict(world.actions.restore([(target, before)]))
    assert dict(world.actions.restore([(target, before)]))[target].status == "already"


@pytest.mark.parametrize("to", [Folder.JUNK, Folder.DELETED, Folder.INBOX, Folder.RECOVERABLE])
def test_mail_moves_to_each_special_folder_and_a_second_time_is_already_there(world, message_id, to):
    world.put(ADA, message_id, folder="Projects")
    target = Target(ADA, message_id)
    assert moved(world, to, target)[target].verified
    again = moved(world, to, target)[target]
    assert (again.status, again.verified) == ("already", True)


def test_a_hard_delete_leaves_nothing(world, message_id):
    world.put(ADA, message_id)
    world.put(ADA, message_id, folder="Projects")
    target = Target(ADA, message_id)
    outcomes = [outcome for _, outcome in world.actions.erase(list(found(world, target).items()))]
    assert [(outcome.status, outcome.verified) for outcome in outcomes] == [("deleted", True)] * 2
    assert found(world, target)[target] == ()


def test_what_is_not_there_is_missing(world, message_id):
    target = Target(ADA, message_id)
    assert moved(world, Folder.RECOVERABLE, target)[target].status == "missing"
    gone = Located(ADA, "INBOX", 999, 0, message_id)
    assert [o.status for _, o in world.actions.erase([(target, (gone,))])] == ["missing"]
    assert [o.status for _, o in world.actions.restore([(target, gone)])] == ["missing"]


def test_a_copy_moved_by_its_owner_since_the_search_is_still_caught(world, message_id):
    world.put(ADA, message_id)
    target = Target(ADA, message_id)
    copies = found(world, target)
    world.move_behind_our_back(ADA, message_id, "Junk")
    ((_, outcome),) = world.actions.move(list(copies.items()), to=Folder.RECOVERABLE)
    assert (outcome.status, outcome.verified, outcome.before.path) == ("moved", True, "Junk")


def test_only_the_message_asked_for_is_touched(world, message_id):
    world.put(ADA, message_id)
    other = message_id.replace("<", "<not-")
    world.put(ADA, other)
    target = Target(ADA, message_id)
    moved(world, Folder.RECOVERABLE, target)
    assert world.seen_by(ADA, other) == ["INBOX"]


def test_many_mailboxes_at_once_each_give_their_outcome(world, message_id):
    for user in USERS:
        world.put(user, message_id)
    targets = [Target(user, message_id) for user in USERS]
    outcomes = moved(world, Folder.RECOVERABLE, *targets)
    assert {target.mailbox for target, outcome in outcomes.items() if outcome.verified} == set(USERS)


def test_a_mailbox_that_fails_is_an_outcome_and_the_others_go_on(dovecot, message_id):
    world = DovecotWorld(dovecot, doveadm_url="")
    world.put(ADA, message_id)
    targets = [Target("nobody@corp.example", message_id), Target(ADA, message_id)]
    copies = found(world, *targets)
    assert copies[targets[0]][0].why
    outcomes = dict(world.actions.move(list(copies.items()), to=Folder.RECOVERABLE))
    assert outcomes[targets[0]].status == "failed"
    assert outcomes[targets[0]].why
    assert outcomes[targets[1]].verified


@pytest.mark.parametrize("kind", ["dovecot", "maildir_store"])
def test_a_connection_test_says_in_words_what_it_may_do(kind, dovecot, tmp_path):
    if kind == "maildir_store":
        MaildirWorld(tmp_path)
        settings = {"root": str(tmp_path)}
    else:
        settings = dovecot_settings(dovecot)
    report = systems()[kind].test(settings)
    assert report.ok, report.lines
    assert any("can" in sentence for _, sentence in report.lines)


def test_a_connection_test_names_each_trouble(dovecot, tmp_path):
    system = systems()["dovecot"]
    wrong_key = system.test(dovecot_settings(dovecot, doveadm_key="wrong"))
    assert any("key is refused" in sentence for ok, sentence in wrong_key.lines if not ok)
    wrong_password = system.test(dovecot_settings(dovecot, master_password="wrong"))
    assert any("cannot sign in" in sentence for ok, sentence in wrong_password.lines if not ok)
    nobody = system.test(dovecot_settings(dovecot, port="1"))
    assert any("cannot reach" in sentence for ok, sentence in nobody.lines if not ok)
    assert not systems()["maildir_store"].test({"root": str(tmp_path / "none")}).ok


def test_tls_is_verified_against_the_ca_given(dovecot):
    system = systems()["dovecot"]
    tls = {"port": str(dovecot.imaps_port), "security": "tls"}
    assert system.test(dovecot_settings(dovecot, **tls, ca_file=str(dovecot.ca_file))).ok
    untrusted = system.test(dovecot_settings(dovecot, **tls))
    assert any("certificate" in sentence.lower() for ok, sentence in untrusted.lines if not ok)
    starttls = {"port": str(dovecot.imap_port), "security": "starttls"}
    assert system.test(dovecot_settings(dovecot, **starttls, ca_file=str(dovecot.ca_file))).ok


def taken_out(world, target: Target) -> dict[str, tuple[Located, bytes]]:
    """Every copy read and then erased: (copy, bytes) by folder."""
    copies = found(world, target)
    ((_, fetched),) = list(world.actions.fetch(list(copies.items())))
    assert all(outcome.verified for _, outcome in world.actions.erase(list(copies.items())))
    return {one.copy.path: (one.copy, one.raw) for one in fetched}


def put_back(world, target: Target, *kept: tuple[Located, bytes]):
    raw = {copy.path: data for copy, data in kept}
    items = [(target, copy) for copy, _ in kept]
    return [outcome for _, outcome in world.actions.put_back(items, read=lambda copy: raw[copy.path])]


def test_reading_a_mail_changes_nothing_in_the_mailbox(world, message_id):
    world.put(ADA, message_id)
    world.put(ADA, message_id, folder="Projects", flags=("\\Flagged",))
    target = Target(ADA, message_id)
    before = found(world, target)
    ((_, fetched),) = list(world.actions.fetch(list(before.items())))
    assert {one.copy.path: one.raw.replace(b"\r\n", b"\n") for one in fetched} == dict.fromkeys(
        ("INBOX", "Projects"), mail(message_id).replace(b"\r\n", b"\n")
    )
    assert found(world, target) == before


def test_a_mail_that_was_taken_out_comes_back_with_folder_flags_and_date(world, message_id):
    world.put(ADA, message_id, folder="Projects", flags=("\\Answered", "\\Seen"))
    target = Target(ADA, message_id)
    kept = taken_out(world, target)
    assert world.seen_by(ADA, message_id) == []
    (outcome,) = put_back(world, target, *kept.values())
    assert (outcome.status, outcome.verified, outcome.after.path) == ("moved", True, "Projects")
    (copy,) = found(world, target)[target]
    assert (copy.path, copy.flags, copy.internal_date) == ("Projects", ("\\Answered", "\\Seen"), LONG_AGO)


def test_a_mail_that_lies_in_the_mailbox_gets_no_second_copy(world, message_id):
    world.put(ADA, message_id)
    target = Target(ADA, message_id)
    kept = taken_out(world, target)
    assert put_back(world, target, *kept.values())[0].status == "moved"
    world.move_behind_our_back(ADA, message_id, "Junk")
    assert put_back(world, target, *kept.values())[0].status == "already"
    assert world.seen_by(ADA, message_id) == ["Junk"]


def test_each_of_several_copies_comes_back_to_its_own_folder(world, message_id):
    world.put(ADA, message_id)
    world.put(ADA, message_id, folder="Projects")
    target = Target(ADA, message_id)
    kept = taken_out(world, target)
    assert [one.status for one in put_back(world, target, *kept.values())] == ["moved", "moved"]
    assert sorted(world.seen_by(ADA, message_id)) == ["INBOX", "Projects"]


def test_what_a_soft_delete_hides_does_not_stand_for_a_mail_that_is_given_back(world, message_id):
    world.put(ADA, message_id)
    target = Target(ADA, message_id)
    kept = taken_out(world, target)
    world.put(ADA, message_id, folder="Recoverable")
    assert put_back(world, target, *kept.values())[0].status == "moved"
    assert "INBOX" in world.seen_by(ADA, message_id)


def test_a_mail_moved_since_it_was_found_is_read_there_or_left_for_the_next_try(world, message_id):
    world.put(ADA, message_id)
    target = Target(ADA, message_id)
    copies = found(world, target)
    world.move_behind_our_back(ADA, message_id, "Junk")
    ((_, (one,)),) = list(world.actions.fetch(list(copies.items())))
    if world.hides:
        assert one.copy.path == "Junk"
        assert message_id.encode() in one.raw
    else:
        assert one.why.endswith("retry")  # a Maildir is read where the mail was found; the next try finds it anew


def test_a_mailbox_nobody_has_says_so(world, message_id):
    gone = Target("nobody@corp.example", message_id)
    before = Located(gone.mailbox, "INBOX", 1, 1, message_id)
    (outcome,) = put_back(world, gone, (before, mail(message_id)))
    assert outcome.status == "failed"
    assert outcome.why
