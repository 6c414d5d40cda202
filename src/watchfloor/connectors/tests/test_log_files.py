"""Following log files: what is added is read once, through rotation, truncation and restarts."""

import gzip
import json
import os
import threading
from datetime import UTC, datetime

import pytest
from django.db import connections

from labs import wait_until
from watchfloor.connectors import event_intake
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.event_intake import reading_of
from watchfloor.connectors.models import DeadLetter
from watchfloor.connectors.selectors import observed_after
from watchfloor.connectors.systems.log_files import SYSTEM
from watchfloor.connectors.systems.log_files.following import Follower, held

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def line(number):
    return f"Nov 22 11:00:00 web1 sshd[7]: Accepted password for ada{number} from 198.51.100.7 port 22 ssh2\n"


def add(path, *numbers, end=""):
    with path.open("a") as file:
        file.write("".join(line(number) for number in numbers) + end)


def follower(pattern, name="logs", **options):
    return Follower(name=name, pattern=str(pattern), reading=reading_of({}, held(name)), **options)


def seen():
    return [
        row.get("AccountName", row.get("AccountId"))
        for batch in observed_after(0, kinds=[ObservedKind.EVENTS], limit=1000)
        for row in batch.items
    ]


def names(*numbers):
    return [f"ada{number}" for number in numbers]


@pytest.fixture
def log(db, tmp_path):
    return tmp_path / "auth.log"


def test_what_is_added_is_read_once_and_a_torn_line_waits_for_its_end(log):
    add(log, 1, 2, end=line(3)[:20])
    following = follower(log)
    assert following.look(now=NOW) == 2
    assert following.look(now=NOW) == 0
    with log.open("a") as file:
        file.write(line(3)[20:])
    assert following.look(now=NOW) == 1
    assert seen() == names(1, 2, 3)


def test_a_new_process_goes_on_where_the_last_stopped(log):
    add(log, 1)
    follower(log).look(now=NOW)
    add(log, 2)
    assert follower(log).look(now=NOW) == 1
    assert seen() == names(1, 2)


def test_a_rotated_file_is_read_to_its_end_and_then_the_new_one(log):
    add(log, 1)
    following = follower(f"{log}*")
    following.look(now=NOW)
    add(log, 2)
    log.rename(log.with_name("auth.log.1"))
    add(log, 3)
    os.utime(log, (2_000_000_000, 2_000_000_000))
    following.look(now=NOW)
    assert seen() == names(1, 2, 3)
    assert following.look(now=NOW) == 0


def test_a_file_that_was_copied_away_and_cut_begins_anew(log):
    add(log, 1, 2, 3)
    following = follower(log)
    following.look(now=NOW)
    log.write_text(line(4))
    following.look(now=NOW)
    log.write_text(line(5) + line(6) + line(7) + line(8))
    following.look(now=NOW)
    assert seen() == names(1, 2, 3, 4, 5, 6, 7, 8)


def test_a_packed_rotation_is_read_as_a_whole_once_and_told_apart_by_the_rows_ids(log):
    packed = log.with_name("auth.log.2.gz")
    packed.write_bytes(gzip.compress((line(1) + line(2)).encode()))
    following = follower(f"{log}*")
    assert following.look(now=NOW) == 2
    assert following.look(now=NOW) == 0


def test_tables_and_documents_are_followed_too(db, tmp_path):
    table = tmp_path / "sign-ins.csv"
    table.write_text("EventID,Computer,TimeGenerated,TargetUserName,LogonType\n4624,PC1,2026-11-22 11:00:00,ada1,2\n")
    following = follower(tmp_path)
    assert following.look(now=NOW) == 1
    with table.open("a") as file:
        file.write("4624,PC1,2026-11-22 11:00:01,ada2,2\n4624,PC1\n")
    (tmp_path / "okta.json").write_text(
        json.dumps(
            [{"eventType": "x", "published": "2026-11-22T12:00:00Z", "actor": {"alternateId": "ada3"}}], indent=1
        )
    )
    assert following.look(now=NOW) == 3
    assert seen() == names(1, 2, 3)
    (letter,) = DeadLetter.objects.all()
    assert (letter.reason, letter.place) == ("there are 2 cells, and 5 columns", f"{table}, line 4")


def test_only_what_comes_from_now_on_is_read_when_that_was_asked_for(log):
    add(log, 1)
    following = follower(log, from_start=False)
    assert following.look(now=NOW) == 0
    add(log, 2)
    following.look(now=NOW)
    other = log.with_name("new.log")
    add(other, 3)
    following.look(now=NOW)
    assert seen() == names(2)


def test_nothing_is_lost_or_read_twice_when_the_disk_fails(log, monkeypatch):
    add(log, 1, 2)
    with monkeypatch.context() as broken:
        broken.setattr(event_intake, "observe", lambda **given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            follower(log).look(now=NOW)
    assert seen() == []
    assert follower(log).look(now=NOW) == 2
    assert seen() == names(1, 2)


def test_an_ldap_bind_begun_before_a_restart_is_whole_after_it(log):
    head = "Nov 22 11:00:00 ldap1 slapd[7]: "
    log.write_text(f'{head}conn=1 op=1 BIND dn="uid=ada9,dc=corp" method=128\n')
    follower(log).look(now=NOW)
    with log.open("a") as file:
        file.write(f"{head}conn=1 op=1 RESULT tag=97 err=0 text=\n")
    follower(log).look(now=NOW)
    assert seen() == names(9)


def test_files_that_are_gone_are_forgotten(log):
    add(log, 1)
    following = follower(log.parent)
    following.look(now=NOW)
    assert len(following.places) == 1
    log.unlink()
    following.look(now=NOW)
    assert not following.places


@pytest.mark.django_db(transaction=True)
def test_the_connection_follows_until_it_is_stopped(tmp_path):
    log, stopping = tmp_path / "auth.log", threading.Event()
    add(log, 1)

    def run():
        SYSTEM.run({"path": str(log)}, name="logs", stop=stopping.is_set)
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: seen() == names(1), what="the first")
    add(log, 2)
    wait_until(lambda: seen() == names(1, 2), what="the second")
    stopping.set()
    thread.join(5)
    assert not thread.is_alive()


def test_its_settings_are_tested_with_words(tmp_path):
    (tmp_path / "a.log").touch()
    tested = SYSTEM.test({"path": str(tmp_path / "*.log")})
    assert [sentence for _, sentence in tested.lines][:2] == ["finds 1 file, the newest a.log", "may read all of them"]
    assert not SYSTEM.test({"path": "/no/such/folder/x"}).ok
