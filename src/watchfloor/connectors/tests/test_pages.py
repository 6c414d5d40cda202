"""The settings pages: connecting, testing, switching and removing systems; dead letters and their retry."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.connectors.models import Accepted, Connection, DeadLetter
from watchfloor.connectors.observing import recall, remember
from watchfloor.connectors.registry import systems
from watchfloor.connectors.selectors import accepted_after, mailbox_actions, settings_of
from watchfloor.connectors.services import accept, bury, bury_unread
from watchfloor.kernel.errors import NotConfigured

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MAIL = b"Subject: x\r\n\r\nbody\r\n"
DOVECOT = {
    "host": "127.0.0.1",
    "port": "1",
    "security": "none",
    "master_user": "admin",
    "master_password": "s3cret-enough",
    "separator": "*",
    "recoverable": "Recoverable",
    "delegation": "no",
    "workers": "4",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def box(tmp_path):
    (tmp_path / "ada@corp.example" / "Maildir" / "cur").mkdir(parents=True)
    return tmp_path


def connect(client, kind: str, name: str, **settings: str):
    return client.post(f"/settings/connections/add/{kind}", {"name": name, **settings})


def test_every_system_has_a_form_made_from_its_settings(as_max):
    page = as_max.get("/settings/connections/add").content.decode()
    for system in systems().values():
        assert system.label in page
        form = as_max.get(f"/settings/connections/add/{system.kind}").content.decode()
        for setting in system.settings:
            assert f'name="{setting.name}"' in form, (system.kind, setting.name)


def test_choices_are_shown_in_words_and_stored_as_they_always_were(as_max):
    form = as_max.get("/settings/connections/add/milter").content.decode()
    assert '<option value="tempfail">Ask the sender to come again (tempfail)</option>' in form
    for system in systems().values():
        for setting in system.settings:
            assert [choice for choice, _ in setting.options] == list(setting.choices)
            assert all(label[0].isupper() for _, label in setting.options), (system.kind, setting.name)
    connect(as_max, "milter", "mx", address="127.0.0.1:8891", mode="monitor", on_failure="tempfail")
    assert Connection.objects.get().settings["on_failure"] == "tempfail"


@pytest.mark.parametrize(
    "change",
    [{"host": "localhost"}, {"port": "2"}, {"security": "tls"}, {"ca_file": "/tmp/x"}, {"doveadm_url": "http://x"}],
)
def test_a_stored_secret_is_not_sent_to_another_place_by_who_does_not_know_it(as_max, change):
    connect(as_max, "dovecot", "Mail", **DOVECOT)
    (stored,) = Connection.objects.all()
    wanted = {**DOVECOT, **change, "master_password": ""}
    for address in (f"/settings/connections/{stored.pk}", f"/settings/connections/{stored.pk}/test"):
        assert "Master password” again" in as_max.post(address, wanted).content.decode()
    assert Connection.objects.get().settings == stored.settings
    assert as_max.post(f"/settings/connections/{stored.pk}", {**wanted, "master_password": "new"}).status_code == 302


def test_a_secret_stays_when_only_other_things_change(as_max):
    connect(as_max, "dovecot", "Mail", **DOVECOT)
    (stored,) = Connection.objects.all()
    kept = {**DOVECOT, "workers": "8", "master_password": ""}
    assert as_max.post(f"/settings/connections/{stored.pk}", kept).status_code == 302
    assert settings_of(Connection.objects.get())["master_password"] == "s3cret-enough"


def test_a_connection_is_added_listed_and_audited_without_its_secret(as_max):
    assert connect(as_max, "dovecot", "Mail", **DOVECOT).status_code == 302
    stored = Connection.objects.get()
    assert "s3cret-enough" not in str(stored.settings)
    assert settings_of(stored)["master_password"] == "s3cret-enough"
    assert "Mail" in as_max.get("/settings/connections").content.decode()
    assert "s3cret-enough" not in as_max.get(f"/settings/connections/{stored.pk}").content.decode()
    entries = AuditEntry.objects.filter(verb="connection.add")
    assert {entry.outcome for entry in entries} == {"attempt", "success"}
    assert "s3cret-enough" not in str(list(entries.values()))


def test_an_empty_secret_keeps_the_stored_one_and_the_worker_sees_a_new_revision(as_max):
    connect(as_max, "dovecot", "Mail", **DOVECOT)
    stored = Connection.objects.get()
    changed = {**DOVECOT, "master_password": "", "workers": "8"}
    assert as_max.post(f"/settings/connections/{stored.pk}", changed).status_code == 302
    again = Connection.objects.get()
    assert settings_of(again)["master_password"] == "s3cret-enough"
    assert (again.settings["workers"], again.revision) == ("8", stored.revision + 1)


def test_what_cannot_be_right_is_refused_at_its_field(as_max):
    wrong = connect(as_max, "dovecot", "Mail", **{**DOVECOT, "port": "many"})
    assert wrong.status_code == 400
    assert "whole number" in wrong.content.decode()
    connect(as_max, "dovecot", "Mail", **DOVECOT)
    twice = connect(as_max, "dovecot", "Mail", **DOVECOT)
    assert "already" in twice.content.decode()
    assert connect(as_max, "dovecot", "<script>", **DOVECOT).status_code == 400
    assert as_max.get("/settings/connections/add/nonsense").status_code == 404


def test_the_test_button_says_in_sentences_what_is_in_the_way(as_max, box):
    answer = as_max.post("/settings/connections/test/dovecot", {"name": "Mail", **DOVECOT}).content.decode()
    assert "cannot reach 127.0.0.1:1" in answer
    fine = {"name": "Boxes", "root": str(box), "recoverable": "Recoverable"}
    answer = as_max.post("/settings/connections/test/maildir_store", fine).content.decode()
    assert "can see 1 mailboxes" in answer
    assert "can do what it says" in answer
    assert not Connection.objects.exists()


def test_a_known_connection_is_tested_with_its_stored_secret(as_max):
    connect(as_max, "dovecot", "Mail", **DOVECOT)
    id = Connection.objects.get().pk
    answer = as_max.post(f"/settings/connections/{id}/test", {**DOVECOT, "master_password": ""}).content.decode()
    assert "cannot reach" in answer


def test_a_connection_is_switched_off_and_removed(as_max, box):
    connect(as_max, "maildir_store", "Boxes", root=str(box), recoverable="Recoverable")
    id = Connection.objects.get().pk
    assert mailbox_actions().serves("ada@corp.example")
    as_max.post(f"/settings/connections/{id}/switch")
    with pytest.raises(NotConfigured, match="Settings, Connections"):
        mailbox_actions()
    as_max.post(f"/settings/connections/{id}/remove")
    assert not Connection.objects.exists()


@pytest.mark.parametrize("path", ["", "/add", "/add/imap"])
def test_people_without_the_right_read_why(as_eve, path):
    assert as_eve.get(f"/settings/connections{path}").status_code == 403


def test_the_analyst_sees_connections_but_may_not_change_them(as_ada, box):
    assert as_ada.get("/settings/connections").status_code == 200
    assert connect(as_ada, "maildir_store", "Boxes", root=str(box)).status_code == 403
    assert not Connection.objects.exists()


def test_an_accepted_mail_that_could_not_be_read_is_read_again_at_a_new_position(as_max):
    mail = accept(MAIL, source="mx", received_at=NOON, recipients=["ada@corp.example"])
    letter = bury(accepted=mail, reason="<b>boom</b>")
    page = as_max.get("/settings/dead-letters").content.decode()
    assert "&lt;b&gt;boom&lt;/b&gt;" in page
    as_max.post(f"/settings/dead-letters/{letter.pk}/retry")
    (again,) = accepted_after(mail.position, limit=5)
    assert (again.sha256, again.recipients, again.facts["retry_of"]) == (mail.sha256, mail.recipients, letter.pk)
    assert DeadLetter.objects.get().resolved_at is not None


def test_a_mail_that_fails_again_is_the_same_dead_letter_with_one_more_attempt(as_max):
    mail = accept(MAIL, source="mx", received_at=NOON)
    letter = bury(accepted=mail, reason="boom")
    as_max.post(f"/settings/dead-letters/{letter.pk}/retry")
    (again,) = accepted_after(mail.position, limit=5)
    bury(accepted=again, reason="boom again")
    letter.refresh_from_db()
    assert (DeadLetter.objects.count(), letter.attempts, letter.resolved_at) == (1, 2, None)


def test_a_file_is_read_again_once_it_is_mended_and_all_are_tried_together(as_max, tmp_path):
    file = tmp_path / "a.eml"
    file.write_bytes(b"")
    bury_unread(source="import", place=str(file), reason="empty")
    bury_unread(source="mx", place="queue id 1", reason="larger than 100 MB")
    as_max.post("/settings/dead-letters/retry-all")
    assert DeadLetter.objects.get(place=str(file)).attempts == 2
    file.write_bytes(MAIL)
    as_max.post("/settings/dead-letters/retry-all")
    assert Accepted.objects.count() == 1
    assert DeadLetter.objects.get(resolved_at=None).source == "mx"
    assert "only its source" in as_max.get("/settings/dead-letters").content.decode()


def test_dead_letters_are_read_with_a_number_of_queries_that_does_not_grow(as_max, django_assert_max_num_queries):
    for number in range(60):
        bury_unread(source="mx", place=f"queue id {number}", reason="larger than 100 MB")
    with django_assert_max_num_queries(12):
        page = as_max.get("/settings/dead-letters").content.decode()
    assert page.count("<tr>") == 51


def test_a_new_connection_of_an_old_name_begins_at_the_beginning(as_max, box):
    connect(as_max, "maildir_store", "Old", root=str(box), recoverable="Recoverable")
    remember("Old", "files", {"offset": 9})
    remember("Other", "files", {"offset": 5})
    as_max.post(f"/settings/connections/{Connection.objects.get().pk}/remove")
    remember("Old", "late", {"offset": 9})  # by a worker that had not seen it go
    assert recall("Old", "files") == {}
    connect(as_max, "maildir_store", "Old", root=str(box), recoverable="Recoverable")
    assert (recall("Old", "late"), recall("Other", "files")) == ({}, {"offset": 5})
