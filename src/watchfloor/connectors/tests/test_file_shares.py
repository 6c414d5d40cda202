"""Files of a disk or share come in with owner and rights; what changed is told again, what is gone is said to be gone."""

import grp
import hashlib
import os
import pwd
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import lacking, need, need_root
from watchfloor.connectors.contracts import ObservedKind, OwnedFile, Share
from watchfloor.connectors.models import DeadLetter, SourceState
from watchfloor.connectors.observing import observed_after
from watchfloor.connectors.systems.file_shares import SYSTEM
from watchfloor.connectors.systems.file_shares.access import Gate, Grant, grants
from watchfloor.connectors.systems.file_shares.places import below_of, escaped, key_of, place_of, unescaped
from watchfloor.connectors.systems.file_shares.scanning import Scanner
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound, Unreachable

OWNER, READER = "mail", "www-data"
"""Two accounts every Debian has."""


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "srv"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    return folder


def made(path: Path, text: str = "words", *, owner: str = "", mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    if owner:
        need_root("files are given to others")
        os.chown(path, pwd.getpwnam(owner).pw_uid, grp.getgrnam(owner).gr_gid)
    return path


def allow(path: Path, rights: str) -> None:
    done = subprocess.run(
        [need("/usr/bin/setfacl"), "-m", rights, str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lacking(f"this file system has no access lists: {done.stderr}")


def scanned(root, **settings):
    """(the scan, what it handed on, by path below the root)."""
    before = position()
    done = Scanner(place_of({"folder": str(root)} | settings), "files").run()
    found = {}
    for batch in observed_after(before, kinds=(ObservedKind.FILES,), limit=1000):
        for file in map(OwnedFile.from_json, batch.items):
            found[file.key] = file
    return done, found


def position():
    batches = observed_after(0, kinds=(ObservedKind.FILES,), limit=10_000)
    return batches[-1].position if batches else 0


@pytest.mark.django_db
def test_a_file_comes_with_its_owner_size_and_time(root):
    path = made(root / "plans" / "budget.ods", "x" * 1234, owner=OWNER)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    _, found = scanned(root, shown=r"\\files\staff", address="smb://files/staff", domain="corp.example")
    file = found["plans/budget.ods"]
    assert (file.name, file.owner, file.size, file.provider) == ("budget.ods", "mail@corp.example", 1234, "POSIX")
    assert file.path == r"\\files\staff/plans/budget.ods"
    assert file.url == "smb://files/staff/plans/budget.ods"
    assert file.changed_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert not file.folder
    assert found["plans"].folder


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (0o600, ()),
        (0o640, (Share("mail", group=True),)),
        (0o660, (Share("mail", "write", group=True),)),
        (0o604, (Share("organisation"),)),
        (0o666, (Share("mail", "write", group=True), Share("organisation", "write"))),
        (0o611, ()),
    ],
)
def test_the_mode_tells_who_else_may(root, mode, said):
    made(root / "note", owner=OWNER, mode=mode)
    assert scanned(root)[1]["note"].shares == said


@pytest.mark.django_db
def test_an_access_list_names_persons_and_groups(root):
    path = made(root / "note", owner=OWNER)
    allow(path, f"u:{READER}:rw,u:backup:r,g:staff:r,m::rw")
    shares = scanned(root, domain="corp.example")[1]["note"].shares
    assert set(shares) == {
        Share("www-data@corp.example", "write"),
        Share("backup@corp.example", "read"),
        Share("staff", "read", group=True),
    }
    allow(path, "m::r")
    assert Share("www-data@corp.example", "read") in scanned(root, domain="corp.example")[1]["note"].shares


@pytest.mark.django_db
def test_a_closed_folder_closes_what_lies_in_it(root):
    made(root / "closed" / "deep" / "open.txt", owner=OWNER, mode=0o644)
    (root / "closed").chmod(0o700)
    assert scanned(root)[1]["closed/deep/open.txt"].shares == ()
    (root / "closed").chmod(0o755)
    _, found = scanned(root)
    assert Share("organisation") in found["closed/deep/open.txt"].shares
    allow(root / "closed", f"u:{READER}:x,o::-")
    allow(root / "closed" / "deep" / "open.txt", f"u:{READER}:r,u:backup:r")
    _, found = scanned(root)
    assert Share(READER) in found["closed/deep/open.txt"].shares
    assert Share("organisation") not in found["closed/deep/open.txt"].shares


@pytest.mark.django_db
def test_only_what_changed_is_told_again(root):
    for name in ("a", "b", "c"):
        made(root / "x" / name)
    first, _ = scanned(root)
    assert (first.changed, first.gone) == (4, 0)
    again, found = scanned(root)
    assert (again.looked_at, again.changed, found) == (4, 0, {})
    (root / "x" / "a").write_text("other words")
    (root / "x" / "b").chmod(0o644)
    _, found = scanned(root)
    assert set(found) == {"x/a", "x/b"}
    made(root / "x" / "d")
    assert set(scanned(root)[1]) == {"x/d", "x"}


@pytest.mark.django_db
def test_what_is_gone_is_said_to_be_gone(root):
    made(root / "keep")
    made(root / "old" / "deep" / "one")
    made(root / "lose")
    scanned(root)
    (root / "lose").unlink()
    (root / "old").rename(root / "new")
    done, found = scanned(root)
    deleted = {key for key, file in found.items() if file.deleted}
    assert deleted == {"lose", "old", "old/deep", "old/deep/one"}
    assert set(found) - deleted == {"new", "new/deep", "new/deep/one"}
    assert done.gone == 4
    assert scanned(root)[1] == {}
    assert SourceState.objects.filter(connection="files").count() == 3


@pytest.mark.django_db
def test_links_are_left_alone_and_so_are_pipes_and_omitted_names(root, tmp_path):
    made(tmp_path / "elsewhere" / "secret")
    (root / "to-folder").symlink_to(tmp_path / "elsewhere")
    (root / "to-file").symlink_to(tmp_path / "elsewhere" / "secret")
    os.mkfifo(root / "pipe")
    made(root / ".snapshot" / "yesterday")
    made(root / ".Trash-1000" / "bin")
    made(root / "real")
    _, found = scanned(root)
    assert set(found) == {"real"}


@pytest.mark.django_db
def test_a_folder_that_becomes_a_link_meanwhile_is_not_followed(root, tmp_path):
    made(tmp_path / "elsewhere" / "sub" / "secret")
    made(root / "way" / "sub" / "mine")
    scanner = Scanner(place_of({"folder": str(root)}), "files")
    (root / "way").rename(root / "moved")
    (root / "way").symlink_to(tmp_path / "elsewhere")
    assert scanner._look_into("way/sub", Gate()) == []
    assert scanner._look_into("way", Gate()) == []
    assert {letter.place.removeprefix(str(root)) for letter in DeadLetter.objects.all()} == {"/way", "/way/sub"}


@pytest.mark.django_db
def test_a_folder_nobody_may_read_is_one_dead_letter_and_loses_nothing(root, monkeypatch):
    made(root / "shut" / "deep" / "one")
    made(root / "open")
    scanned(root)
    real = os.open

    def refusing(path, *more, **other):
        if str(path).endswith("/shut"):
            raise PermissionError(13, "Permission denied")
        return real(path, *more, **other)

    monkeypatch.setattr(os, "open", refusing)
    for _ in range(3):
        done, found = scanned(root)
        assert (done.unread, found) == (1, {})
    (letter,) = DeadLetter.objects.all()
    assert letter.place == f"{root}/shut"
    assert letter.attempts == 1
    assert "Permission denied" in letter.reason
    monkeypatch.undo()
    assert scanned(root)[1] == {}
    (root / "shut" / "deep" / "one").unlink()
    assert {key for key, file in scanned(root)[1].items() if file.deleted} == {"shut/deep/one"}


@pytest.mark.django_db
def test_a_share_that_is_not_mounted_deletes_nothing(root):
    for number in range(12):
        made(root / str(number))
    scanned(root)
    for number in range(12):
        (root / str(number)).unlink()
    with pytest.raises(Unreachable, match="mounted"):
        scanned(root)
    assert SourceState.objects.filter(connection="files").exists()


@pytest.mark.django_db
def test_a_limit_is_kept_and_said(root):
    for folder in ("a", "b", "c"):
        made(root / folder / "one")
    done, _ = scanned(root, most="4")
    assert not done.whole
    assert done.gone == 0
    assert "more than 4 names" in DeadLetter.objects.get().reason


@pytest.mark.django_db
def test_names_that_are_no_text_or_too_long_come_through(root):
    strange = os.fsdecode(b"caf\xe9 100%.txt")
    made(root / strange)
    deep = root
    for _ in range(3):
        deep = deep / ("long" * 50)
    made(deep / "end", "found")
    _, found = scanned(root)
    file = found["caf%E9 100%25.txt"]
    assert file.name == "caf� 100%.txt"
    assert SYSTEM.sha256_of({"folder": str(root)}, file.key) == hashlib.sha256(b"words").hexdigest()
    (hashed,) = [key for key, one in found.items() if one.name == "end"]
    assert len(hashed) == 71
    with pytest.raises(BadInput, match="too long"):
        SYSTEM.sha256_of({"folder": str(root)}, hashed)
    deep.joinpath("end").unlink()
    assert hashed in {key for key, one in scanned(root)[1].items() if one.deleted}


@pytest.mark.django_db
def test_a_time_no_calendar_has_does_not_stop_the_scan(root):
    path = made(root / "far")
    os.utime(path, (-(2**35), -(2**35)))
    made(root / "near")
    assert set(scanned(root)[1]) == {"far", "near"}


@pytest.mark.django_db
def test_the_connection_scans_until_it_is_stopped(root):
    made(root / "note")
    stops = iter([False] * 8 + [True] * 10)
    SYSTEM.run({"folder": str(root), "every": "1"}, name="files", stop=lambda: next(stops))
    assert [one.items[0]["key"] for one in observed_after(0, kinds=(ObservedKind.FILES,))] == ["note"]


def test_a_hash_is_read_when_asked_for(root):
    made(root / "a" / "note", "the words")
    settings = {"folder": str(root)}
    assert SYSTEM.sha256_of(settings, "a/note") == hashlib.sha256(b"the words").hexdigest()
    with pytest.raises(NotFound):
        SYSTEM.sha256_of(settings, "a/none")
    with pytest.raises(BadInput):
        SYSTEM.sha256_of(settings, "a")


@pytest.mark.parametrize("key", ["../secret", "a/../../secret", "link", "linked/secret", "", "/etc/passwd", "./a"])
def test_a_hash_is_only_read_below_the_folder(root, tmp_path, key):
    made(tmp_path / "secret")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "linked").symlink_to(tmp_path)
    with pytest.raises((BadInput, Unreachable)):
        SYSTEM.sha256_of({"folder": str(root)}, key)


def test_the_test_says_what_it_sees(root):
    made(root / "note", owner=OWNER)
    report = SYSTEM.test({"folder": str(root), "domain": "corp.example"})
    assert report.ok
    assert [words for _, words in report.lines] == [
        f"can list {root}, which holds 1 entries",
        "sees as owners: mail@corp.example",
    ]


def test_the_test_warns_of_owners_without_a_name(root):
    path = made(root / "note")
    need_root("files are given to others")
    os.chown(path, 54321, 54321)
    report = SYSTEM.test({"folder": str(root)})
    assert not report.ok
    assert "54321" in report.lines[-1][1]


@pytest.mark.parametrize("folder", ["relative", "/nowhere/at/all", "/etc/passwd"])
def test_a_folder_that_is_none_is_refused(folder):
    with pytest.raises((BadInput, NotConfigured)):
        SYSTEM.test({"folder": folder})


def test_a_list_of_another_version_says_nothing():
    assert grants(0o640, "staff", b"\x01\x00\x00\x00" + b"\xff" * 8) == ()
    assert grants(0o604, "staff", b"") == (Grant("staff", 0, group=True), Grant("", 4))


@given(st.binary(min_size=1, max_size=60))
def test_every_path_comes_back_from_its_text(raw):
    path = os.fsdecode(raw.replace(b"\x00", b"x"))
    text = escaped(path)
    assert unescaped(text) == path
    text.encode()
    assert below_of(key_of(text)) == path
