"""The quarantine's pages for analysts: list, filters, one mail, its content on the record, verbs on many."""

import io
from urllib.parse import parse_qs, urlsplit

import pytest
from pyzipper import AESZipFile

from watchfloor.access.models import AuditEntry, Person
from watchfloor.connectors.models import Connection, Outgoing
from watchfloor.intelligence.models import Entry
from watchfloor.response.models import Remediation
from watchfloor.response.quarantine import acting, content, services, views
from watchfloor.response.quarantine.contracts import CopyStatus
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.page_models import BulkState, MailboxSender, QuarantineBulk
from watchfloor.response.tests.quarantined import ANN, BOB, NOW, SENDER, copy_of, days, hold, name

PASSWORD = "a password for a zip"


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """The pages' clock stands still at an hour after the mails came."""
    from watchfloor.response.quarantine import acting_views, mail_views

    for module in (views, acting_views, mail_views):
        monkeypatch.setattr(module, "utc_now", lambda: NOW + days(0.05))
    monkeypatch.setattr(acting, "enqueue", lambda *arguments, id: None)


def listed(client, query: str = "received=7d") -> list[str]:
    answer = client.get(f"/quarantine?{query}")
    assert answer.status_code == 200
    return [row.mail.subject for row in answer.context["rows"]]


def verbs(name: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(verb=name, outcome="success").order_by("id"))


def test_the_list_shows_what_is_held_with_all_columns(as_max, db):
    hold(ANN, BOB, reason="Phishing")
    page = as_max.get("/quarantine?received=7d").content.decode()
    for label in ("Time received", "Quarantine reason", "Release status", "Expires", "Recipient tag", "Message ID"):
        assert label in page
    assert "Phishing" in page
    assert SENDER in page
    assert "ann@corp.example, bob@corp.example" in page


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("received=24h", ["New"]),
        ("received=7d", ["New", "Days old"]),
        ("received=any", ["New", "Days old", "Old"]),
        ("received=custom&received-from=2026-11-01T00:00&received-to=2026-11-10T00:00", ["Old"]),
        ("received=any&reason=Malware", ["Days old"]),
        ("received=any&reason=Malware&reason=Spam", ["New", "Days old", "Old"]),
        ("received=any&type=Anti-malware", ["Days old"]),
        ("received=any&recipient=bob", ["New"]),
        ("received=any&subject=old", ["Days old", "Old"]),
        ("received=any&sender=evil&q=-days", ["New", "Old"]),
        ("received=any&message=%3C3.abc", ["Old"]),
        ("received=any&sort=subject", ["Days old", "New", "Old"]),
        ("received=any&status=Released", []),
        ("received=any&expires=custom&expires-to=2026-12-10T00:00", ["Old"]),
        ("received=any&only=me", []),
        ("received=any&tag=VIP", []),
        ("received=nonsense&reason=nonsense&sort=nonsense&page=x&size=7", ["New", "Days old"]),
    ],
)
def test_filters_stand_in_the_address(as_max, db, query, subjects):
    hold(ANN, key="3", subject="Old", at=NOW - days(20))
    hold(ANN, key="2", subject="Days old", reason="Malware", at=NOW - days(3))
    hold(ANN, BOB, key="1", subject="New")
    assert listed(as_max, query) == subjects


def test_filters_are_remembered_and_kept_under_names(as_max, db):
    hold(ANN)
    listed(as_max, "received=30d&reason=Spam")
    answer = as_max.get("/quarantine")
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query)["reason"] == ["Spam"]
    as_max.post("/quarantine/filters/save", {"name": "Spam only", "query": "reason=Spam&page=3"})
    person = Person.objects.get(email="max@corp.example")
    assert person.preferences["quarantine_filters"] == {"Spam only": "reason=Spam"}
    assert "Spam only" in as_max.get("/quarantine?received=7d").content.decode()
    as_max.post("/quarantine/filters/forget", {"name": "Spam only"})
    person.refresh_from_db()
    assert person.preferences["quarantine_filters"] == {}


def test_mail_whose_recipients_blocked_its_sender_is_hidden_until_asked_for(as_max, db):
    hold(ANN, key="1", subject="Unwanted by Ann")
    hold(ANN, BOB, key="2", subject="Wanted by Bob")
    MailboxSender.objects.create(recipient=ANN, sender=SENDER, blocked=True, at=NOW, by=ANN)
    assert listed(as_max) == ["Wanted by Bob"]
    assert set(listed(as_max, "received=7d&blocked=show")) == {"Wanted by Bob", "Unwanted by Ann"}


def test_the_number_of_questions_does_not_grow_with_the_rows(as_max, db, django_assert_max_num_queries):
    for number in range(6):
        hold(ANN, BOB, key=str(number), read=False)
    listed(as_max, "received=7d&q=invoice")  # the search is on record now
    with django_assert_max_num_queries(16):
        assert len(listed(as_max, "received=7d&q=invoice")) == 6


def test_the_chart_and_the_file_hold_all_that_is_found(as_max, db):
    hold(ANN, key="1", reason="Spam")
    hold(ANN, key="2", reason="Malware", subject="=cmd()", at=NOW - days(1))
    chart = as_max.get("/quarantine/chart?received=7d")
    assert chart.context["data"]["categories"] == ["2026-11-21", "2026-11-22"]
    assert {one["name"]: one["values"] for one in chart.context["data"]["series"]} == {
        "Malware": [1, 0],
        "Spam": [0, 1],
    }
    text = b"".join(
        as_max.get("/quarantine/export.csv?received=7d&column=subject&column=recipient").streaming_content
    ).decode()
    assert text.splitlines() == [
        '"Subject","Recipient"',
        '"Your invoice","ann@corp.example"',
        '"\'=cmd()","ann@corp.example"',
    ]


def test_one_mail_tells_who_has_it_and_what_became_of_it(as_max, db):
    mail = hold(ANN, BOB, reason="Phishing")
    services.request_release(recipient=ANN, copy=copy_of(ANN).pk, why="I wait for it", at=NOW)
    page = as_max.get(f"/quarantine/{mail.pk}").content.decode()
    assert "requested: I wait for it" in page
    assert "Not yet released" in page
    assert "Approve" in page
    fly_out = as_max.get(f"/quarantine/{mail.pk}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fly_out
    assert "Your invoice" in fly_out
    assert as_max.get("/quarantine/99999").status_code == 404


def test_a_preview_is_audited_inert_and_only_shown_with_its_pass(as_max, db):
    mail = hold(ANN)
    answer = as_max.get(f"/quarantine/{mail.pk}/preview")
    assert [entry.outcome for entry in verbs("quarantine.preview")] == ["success"]
    assert answer.context["attachments"] == (("rechnung-4711.pdf", "application/pdf", 10),)
    body = as_max.get(answer.context["body_address"])
    html = body.content.decode()
    assert "<script" not in html
    assert "<a " not in html
    assert "src=" not in html
    assert "paypal.evil.example" in html
    assert "sandbox" in body["Content-Security-Policy"]
    assert "default-src 'none'" in body["Content-Security-Policy"]
    assert as_max.get(f"/quarantine/{mail.pk}/preview/body?pass=forged").status_code == 403
    assert as_max.get(answer.context["body_address"].replace(f"/{mail.pk}/", f"/{mail.pk + 1}/")).status_code == 403
    assert len(verbs("quarantine.preview")) == 1
    plain = as_max.get(f"/quarantine/{mail.pk}/preview?look=plain")
    assert "<pre>" in as_max.get(plain.context["body_address"]).content.decode()


def test_headers_are_shown_as_they_came_and_audited(as_max, db):
    mail = hold(ANN)
    assert "Message-ID: &lt;1.abc@evil.example&gt;" in as_max.get(f"/quarantine/{mail.pk}/headers").content.decode()
    assert len(verbs("quarantine.headers")) == 1


def test_a_download_needs_reason_and_password_and_is_encrypted(as_max, db):
    mail = hold(ANN)
    refused = as_max.post(f"/quarantine/{mail.pk}/download", {"reason": "", "password": PASSWORD})
    assert refused.status_code == 400
    assert "say why" in refused.content.decode()
    assert as_max.post(f"/quarantine/{mail.pk}/download", {"reason": "x", "password": "short"}).status_code == 400
    answer = as_max.post(f"/quarantine/{mail.pk}/download", {"reason": "for the case", "password": PASSWORD})
    with AESZipFile(io.BytesIO(answer.content)) as archive:
        [file] = archive.namelist()
        with pytest.raises(RuntimeError):
            archive.read(file)
        archive.setpassword(PASSWORD.encode())
        assert b"Subject: Your invoice" in archive.read(file)
    assert [entry.reason for entry in verbs("quarantine.download")] == ["for the case"]


def test_a_deleted_mail_can_be_read_by_nobody(as_max, db):
    mail = hold(ANN)
    QuarantinedCopy.objects.update(status=CopyStatus.DELETED.value)
    for part in ("preview", "headers"):
        assert as_max.get(f"/quarantine/{mail.pk}/{part}").status_code == 404
    assert as_max.post(f"/quarantine/{mail.pk}/download", {"reason": "x", "password": PASSWORD}).status_code == 404


@pytest.fixture
def sending(db):
    Connection.objects.create(
        name="out",
        kind="smtp_out",
        settings={"host": "127.0.0.1", "port": "25", "from_address": "watchfloor@corp.example"},
        created_at=NOW,
        changed_at=NOW,
    )


def test_a_shared_mail_goes_out_attached_with_the_reason(as_max, sending):
    mail = hold(ANN)
    bad = as_max.post(f"/quarantine/{mail.pk}/share", {"to": "no address", "reason": "look"})
    assert bad.status_code == 400
    assert not Outgoing.objects.exists()
    as_max.post(f"/quarantine/{mail.pk}/share", {"to": "cat@corp.example; dan@corp.example", "reason": "look at it"})
    row = Outgoing.objects.get()
    assert row.to == ["cat@corp.example", "dan@corp.example"]
    assert b"look at it" in bytes(row.raw)
    assert b"Your-invoice.eml" in bytes(row.raw)
    assert [entry.reason for entry in verbs("quarantine.share")] == ["look at it"]


def test_whoever_may_only_read_sees_no_verb_that_changes(as_eve, eve, db):
    from watchfloor.access.models import Role

    role = Role.objects.create(name="Reader", permissions=["quarantine.read"])
    eve.roles.set([role])
    mail = hold(ANN)
    page = as_eve.get(f"/quarantine/{mail.pk}").content.decode()
    assert "Preview" in page
    assert "/quarantine/ask/release" not in page
    assert "Share email" not in page
    assert as_eve.post("/quarantine/do/release", {"row": mail.pk}).status_code in (200, 404)
    assert not Remediation.objects.exists()
    assert as_eve.get(f"/quarantine/{mail.pk}/share").status_code == 403


def test_few_mails_are_done_at_once_and_what_could_not_is_counted(as_max, db):
    mails = [name(hold(ANN, BOB, key=str(number), reason="Phishing", read=False), number) for number in (1, 2)]
    QuarantinedCopy.objects.filter(mail=mails[0], recipient=BOB).update(status=CopyStatus.RELEASED.value)
    rows = [mail.pk for mail in mails]
    asked = as_max.post("/quarantine/ask/delete", {"row": rows}, headers={"HX-Request": "true"}).content.decode()
    assert "Delete: 2 mails" in asked
    answer = as_max.post("/quarantine/do/delete", {"row": rows, "reason": "junk"}, headers={"HX-Request": "true"})
    job = QuarantineBulk.objects.get()
    assert (job.state, job.changed, job.refused) == (BulkState.DONE, 3, 1)
    assert "3 copies deleted; 1 left as it was" in answer.content.decode()
    assert QuarantinedCopy.objects.filter(status=CopyStatus.DELETED.value).count() == 3


def test_a_release_of_many_is_one_remediation(as_max, db):
    mails = [name(hold(ANN, BOB, key=str(number), reason="Phishing", read=False), number) for number in (1, 2)]
    as_max.post(
        "/quarantine/do/release", {"row": [mail.pk for mail in mails], "reason": "clean", "copy_to": "cat@corp.example"}
    )
    [made] = Remediation.objects.all()
    job = QuarantineBulk.objects.get()
    assert (job.changed, job.href) == (4, made.href)
    assert made.release_order.copy_to == ["cat@corp.example"]


def test_one_mail_is_released_to_the_recipients_that_are_ticked_and_its_sender_allowed(as_max, db):
    mail = name(hold(ANN, BOB, reason="Phishing", read=False))
    form = as_max.post("/quarantine/ask/release", {"row": mail.pk}).content.decode()
    assert all(f"> {one}</label>" in form for one in (ANN, BOB))
    said = {"row": mail.pk, "picks": "1", "reason": "The sender confirmed it by telephone", "allow": "unused-45"}
    assert "choose at least one recipient" in as_max.post("/quarantine/do/release", said).content.decode()
    assert not Remediation.objects.exists()
    as_max.post("/quarantine/do/release", said | {"copy": copy_of(BOB).pk})
    job = QuarantineBulk.objects.get()
    assert (job.state, job.changed, job.refused, job.words) == (BulkState.DONE, 1, 0, [])
    assert (copy_of(ANN).release, copy_of(BOB).release.href) == (None, job.href)
    entry = Entry.objects.get()
    assert (entry.kind, entry.effect, entry.value, entry.idle_days) == ("sender", "allow", SENDER, 45)
    as_max.post("/quarantine/do/release", said | {"copy": copy_of(ANN).pk, "allow": "", "allow_until": "no day"})
    assert copy_of(ANN).release is None


def test_requests_are_approved_and_denied_by_the_whole_query(as_max, db):
    for number in (1, 2, 3):
        mail = name(hold(ANN, BOB, key=str(number), reason="Phishing", read=False), number)
        services.request_release(recipient=ANN, copy=mail.copies.get(recipient=ANN).pk, at=NOW)
    whole = {"pick": "query", "query": "received=7d&status=Release requested"}
    as_max.post("/quarantine/do/deny", whole | {"reason": "no"})
    assert QuarantineBulk.objects.get().changed == 3
    assert QuarantinedCopy.objects.filter(recipient=ANN, status=CopyStatus.DENIED.value).count() == 3
    assert QuarantinedCopy.objects.filter(recipient=BOB, status=CopyStatus.NEEDS_REVIEW.value).count() == 3


def test_many_mails_become_a_job_that_goes_on_where_it_stood(as_max, db, monkeypatch):
    monkeypatch.setattr(acting, "HERE", 1)
    monkeypatch.setattr(acting, "AT_ONCE", 2)
    for number in range(5):
        hold(ANN, key=str(number), read=False)
    as_max.post("/quarantine/do/delete", {"pick": "query", "query": "received=7d"})
    job = QuarantineBulk.objects.get()
    assert (job.state, job.total) == (BulkState.WAITING, 5)
    assert acting.unqueued(now=NOW + days(1)) == [job.pk]
    hold(ANN, key="later", subject="Came later", read=False)
    assert acting.step(job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.done) == (BulkState.RUNNING, 2)
    assert "hx-trigger" in as_max.get(f"/quarantine/jobs/{job.pk}/progress").content.decode()
    while acting.step(job.pk, now=NOW):
        pass
    job.refresh_from_db()
    assert (job.state, job.changed) == (BulkState.DONE, 5)
    assert QuarantinedMail.objects.exclude(status="Deleted").get().subject == "Came later"


def test_a_job_stops_when_its_owner_lost_the_right(as_max, max, db, monkeypatch):
    monkeypatch.setattr(acting, "HERE", 0)
    hold(ANN)
    as_max.post("/quarantine/do/delete", {"pick": "query", "query": "received=7d"})
    max.roles.clear()
    job = QuarantineBulk.objects.get()
    assert not acting.step(job.pk, now=NOW)
    job.refresh_from_db()
    assert job.state == BulkState.FAILED
    assert not QuarantinedCopy.objects.filter(status="Deleted").exists()


def test_a_download_of_many_is_one_encrypted_zip_that_its_owner_alone_gets(as_max, as_ada, db):
    hold(ANN, key="1", read=False)
    hold(BOB, key="2", read=False)
    no = as_max.post("/quarantine/do/download", {"pick": "query", "query": "received=7d", "password": PASSWORD})
    assert "say why you need the mail" in no.content.decode()
    assert not QuarantineBulk.objects.exists()
    as_max.post(
        "/quarantine/do/download", {"pick": "query", "query": "received=7d", "password": PASSWORD, "reason": "case 7"}
    )
    job = QuarantineBulk.objects.get()
    assert PASSWORD not in job.secret
    assert not acting.step(job.pk, now=NOW)
    data = b"".join(as_max.get(f"/quarantine/jobs/{job.pk}/file").streaming_content)
    with AESZipFile(io.BytesIO(data)) as archive:
        archive.setpassword(PASSWORD.encode())
        assert len([archive.read(file) for file in archive.namelist()]) == 2
    assert as_ada.get(f"/quarantine/jobs/{job.pk}/file").status_code in (403, 404)
    assert [entry.reason for entry in verbs("quarantine.download")] == ["case 7"]
    assert acting.tidy(now=NOW + days(2)) == 1
    assert as_max.get(f"/quarantine/jobs/{job.pk}/file").status_code == 404


def test_nothing_chosen_and_no_such_verb_are_said(as_max, db):
    assert "choose at least one mail" in as_max.post("/quarantine/do/delete", {}).content.decode().lower()
    assert as_max.post("/quarantine/ask/nothing", {}).status_code == 404


def test_reading_asks_for_the_right_even_without_the_page(db):
    from watchfloor.access.contracts import Actor
    from watchfloor.kernel.errors import Forbidden

    mail = hold(ANN)
    nobody = Actor("person:9", "Nobody", frozenset())
    with pytest.raises(Forbidden):
        content.preview(by=nobody, mail=mail, now=NOW)
    with pytest.raises(Forbidden):
        content.headers(by=nobody, mail=mail)
