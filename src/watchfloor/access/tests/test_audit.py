"""The audit log: every deed with its attempt and its end, in a chain that shows any change, in a table that refuses one."""

import json
import os
import subprocess
import sys

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from watchfloor.access import triggers
from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import AuditFilter, audit_entries, changes_of, system_actor
from watchfloor.access.services import (
    audit_verb,
    audit_verbs,
    audited,
    record,
    request_context,
    sentence_of,
    verify_chain,
)
from watchfloor.kernel.errors import BadInput, Forbidden

ADA = Actor(id="person:1", name="Ada", permissions=frozenset({Permission.EMAIL_ACTION_MANAGE}))
EVE = Actor(id="person:3", name="Eve", permissions=frozenset())
DEED = {"permission": Permission.EMAIL_ACTION_MANAGE, "verb": "mail.move", "target_type": "email", "target": "m1"}


@pytest.fixture
def guarded(db):
    """The table as an installation has it, with its triggers."""
    triggers.install(connection)
    yield
    triggers.remove(connection)


def outcomes():
    return list(AuditEntry.objects.order_by("id").values_list("outcome", flat=True))


@pytest.mark.django_db
def test_a_deed_is_written_down_before_and_after():
    with audited(by=ADA, before={"folder": "Inbox"}, reason="phish", **DEED) as result:
        assert outcomes() == ["attempt"]
        result["after"] = {"folder": "Junk"}
    done = AuditEntry.objects.first()
    assert outcomes() == ["attempt", "success"]
    assert (done.actor_name, done.target, done.reason) == ("Ada", "m1", "phish")
    assert changes_of(done) == [("folder", "Inbox", "Junk")]


@pytest.mark.django_db
def test_a_deed_that_fails_leaves_its_reason():
    with pytest.raises(ValueError), audited(by=ADA, **DEED):
        raise ValueError("mailbox is gone")
    assert outcomes() == ["attempt", "failure"]
    assert AuditEntry.objects.first().after == {"error": "ValueError: mailbox is gone"}


@pytest.mark.django_db
def test_a_deed_without_the_right_does_not_begin_and_is_written_down_as_refused():
    with pytest.raises(Forbidden, match="Search and Purge") as caught, audited(by=EVE, **DEED):
        pytest.fail("it must not begin")
    assert caught.value.permission == "email.action.manage"
    assert outcomes() == ["refused"]


@pytest.mark.django_db
def test_an_entry_carries_the_request_and_the_address_it_came_from():
    token = request_context.set(("abc", "192.0.2.7"))
    try:
        entry = record(by=ADA, verb="mail.move", outcome="success")
    finally:
        request_context.reset(token)
    assert (entry.request_id, entry.address) == ("abc", "192.0.2.7")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": [1.5, 2.0, 1e300, None, True]},
        {"nul": "a\x00b", "surrogate": "\udc80", "emoji": "🙂"},
        (1, 2),
        {3, 1},
        float("nan"),
        "x" * 20_000,
        {"when": triggers},
    ],
    ids=str,
)
def test_any_value_is_kept_so_that_its_hash_still_fits_when_it_is_read(value):
    record(by=ADA, verb="mail.move", outcome="success", before=value, target="t\x00" * 900, reason="\ud800")
    report = verify_chain()
    assert report.intact, report.sentence


@pytest.mark.django_db
def test_an_untouched_chain_verifies_and_names_its_head():
    last = [record(by=ADA, verb="mail.move", outcome="success", target=str(n)) for n in range(5)][-1]
    report = verify_chain()
    assert (report.intact, report.checked, report.head) == (True, 5, last.hash)
    assert "all 5 entries" in report.sentence


def tamper(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
def test_a_changed_entry_breaks_the_chain_where_it_stands():
    entries = [record(by=ADA, verb="mail.move", outcome="success", target=str(n)) for n in range(5)]
    tamper(f"UPDATE access_auditentry SET target = 'other' WHERE id = {entries[2].pk}")
    report = verify_chain()
    assert report.broken_at == entries[2].pk
    assert "was changed" in report.sentence


@pytest.mark.django_db
def test_a_removed_entry_breaks_the_chain_at_the_next_one():
    entries = [record(by=ADA, verb="mail.move", outcome="success", target=str(n)) for n in range(5)]
    tamper(f"DELETE FROM access_auditentry WHERE id = {entries[2].pk}")
    report = verify_chain()
    assert report.broken_at == entries[3].pk
    assert "removed or added" in report.sentence


@pytest.mark.django_db
def test_the_model_refuses_to_change_or_delete():
    entry = record(by=ADA, verb="mail.move", outcome="success")
    for change in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(verb="x"),
    ):
        with pytest.raises(Forbidden, match="never"):
            change()


@pytest.mark.parametrize("sql", ["UPDATE access_auditentry SET verb = 'x'", "DELETE FROM access_auditentry"])
def test_the_database_itself_refuses_to_change_or_delete(guarded, sql):
    assert triggers.present(connection)
    record(by=ADA, verb="mail.move", outcome="success")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper(sql)
    assert AuditEntry.objects.count() == 1


WRITER = """
import sys, django; django.setup()
from watchfloor.access.selectors import system_actor
from watchfloor.access.services import record
for number in range(25):
    record(by=system_actor(sys.argv[1]), verb="mail.move", outcome="success", target=str(number))
"""


def write_in_several_processes(environ):
    """Migrate an installation of its own, let four processes write at once, and verify its chain in a fifth."""
    environ = {**os.environ, **environ, "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings"}
    prepare = "import django; django.setup(); from django.core.management import call_command; call_command('migrate', 'access', verbosity=0, skip_checks=True)"
    subprocess.run([sys.executable, "-c", prepare], env=environ, check=True)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, f"w{n}"], env=environ) for n in range(4)]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 4
    verify = "import django, json; django.setup(); from django.db import connection; from watchfloor.access import triggers; from watchfloor.access.services import verify_chain; r = verify_chain(); print(json.dumps([r.checked, r.intact, triggers.present(connection)]))"
    return json.loads(subprocess.check_output([sys.executable, "-c", verify], env=environ))


def test_writers_in_several_processes_make_one_chain_in_a_guarded_table(tmp_path):
    checked, intact, is_guarded = write_in_several_processes({"WATCHFLOOR_HOME": str(tmp_path)})
    assert (checked, intact, is_guarded) == (100, True, True)


@pytest.mark.lab
def test_the_same_holds_on_postgresql(tmp_path, postgres):
    environ = {"WATCHFLOOR_HOME": str(tmp_path), "DATABASE_URL": postgres}
    assert write_in_several_processes(environ) == [100, True, True]


@pytest.mark.lab
def test_postgresql_itself_refuses_to_change_or_delete(tmp_path, postgres):
    write_in_several_processes({"WATCHFLOOR_HOME": str(tmp_path), "DATABASE_URL": postgres})
    with psycopg.connect(postgres, autocommit=True) as found:
        for sql in ("UPDATE access_auditentry SET verb = 'x'", "DELETE FROM access_auditentry"):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
                found.execute(sql)


def test_a_verb_needs_a_noun():
    with pytest.raises(BadInput, match=r"noun\.verb"):
        audit_verb("move", "{actor} moved {target}")


@pytest.mark.django_db
def test_an_entry_reads_as_a_sentence_even_when_a_name_holds_braces():
    entry = record(by=system_actor("{target}"), verb="person.add", outcome="failure", target="{actor}")
    assert sentence_of(entry) == "{target} added {actor} (failed)"


@pytest.mark.django_db
def test_an_entry_of_a_verb_nobody_registered_still_reads():
    entry = record(by=ADA, verb="mail.juggle", outcome="success", target="m1")
    assert sentence_of(entry) == "Ada did mail.juggle on m1"


def test_registered_verbs_come_by_name_with_words_for_people():
    names = [verb.name for verb in audit_verbs()]
    assert names == sorted(names)
    assert all("{" not in verb.description for verb in audit_verbs())


@pytest.mark.django_db
def test_the_log_is_searched_by_person_verb_outcome_target_and_time():
    first = record(by=ADA, verb="mail.move", outcome="success", target="report@corp.example")
    record(by=EVE, verb="mail.move", outcome="refused", target="other")

    def found(**wanted):
        return [entry.actor_name for entry in audit_entries(AuditFilter(**wanted))]

    assert found() == ["Eve", "Ada"]
    assert (
        found(person="ad") == found(person="person:1") == found(outcome="success") == found(target="REPORT") == ["Ada"]
    )
    assert found(before=first.at) == []
    assert found(after=first.at, verb="mail.move") == ["Eve", "Ada"]
