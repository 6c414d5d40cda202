"""The triage queue, its cards, handing in, and the settings, as people meet them in a browser."""

import pytest
from django.test import Client

from watchfloor.access.models import AuditEntry
from watchfloor.access.services import set_roles
from watchfloor.connectors.models import Outgoing
from watchfloor.inspection.tests.outlook_files import message
from watchfloor.intelligence.models import Entry, Label
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors as lake
from watchfloor.response.submissions.contracts import Said
from watchfloor.response.submissions.models import ReportGroup, Submission
from watchfloor.response.submissions.policy import current
from watchfloor.response.submissions.selectors import figures, reports_per_day
from watchfloor.response.submissions.services import submit_mail
from watchfloor.response.tests.submitted import PHISH, forwarded, ingest, known_mail, report_with
from watchfloor.response.tests.test_submissions_reading import EVERYTHING, report, reporting, work  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(reporting):  # noqa: F811
    """One phish, reported by three people in two ways."""
    known_mail(PHISH, to="ann@corp.example")
    for who in ("ann", "bob", "cat"):
        report(report_with(PHISH, by=f"{who}@corp.example"))
    Outgoing.objects.all().delete()
    return ReportGroup.objects.get()


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_the_queue_shows_one_card_for_one_mail(as_ada, card):
    page = shown(as_ada, "/submissions")
    assert page.count("Your password ends today") == 2  # the link and its title
    assert "3 reporters" in page
    assert "Not marked" in page


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("show=threats", True),
        ("show=spam", False),
        ("mark=open", True),
        ("mark=Phishing", False),
        ("source=Microsoft Report Message", True),
        ("source=Gmail", False),
        ("via=Report folder", False),
        ("converted=no", True),
        ("converted=yes", False),
        ("q=bob@corp", True),
        ("q=nobody", False),
        ("by=cat@", True),
        ("group=sender", True),
        ("group=result&sort=subject", True),
        ("group=marked_as", True),
        ("group=reason&size=25", True),
        ("group=reporter", True),
        ("group=source", True),
        ("group=is_converted", True),
        ("group=tags", True),
        ("show=simulations", False),
        ("period=nonsense&page=99999999&sort=x", True),
    ],
)
def test_filters_and_groups_stand_in_the_address(as_ada, card, query, there):
    assert ("Your password ends today" in shown(as_ada, f"/submissions?{query}")) is there


def test_an_empty_queue_says_what_to_do(as_ada):
    assert "No report mailbox is set up" in shown(as_ada, "/submissions")


def test_the_card_tells_reporters_verdict_and_where_to_go_on(as_ada, card):
    page = shown(as_ada, card.href)
    for words in (
        "ann@corp.example",
        "This looks odd.",
        "its content",
        "/actions/new?row=",
        "/explorer?",
        "Mark as and notify",
    ):
        assert words in page
    fly_out = as_ada.get(card.href, headers={"HX-Request": "true"}).content.decode()
    assert "flyout-header" in fly_out


def test_one_mark_answers_all_reporters_and_corrects_the_verdict(as_ada, card):
    as_ada.post(f"{card.href}/mark", {"mark": "Phishing", "notify": "yes", "note": "We saw it too."})
    card.refresh_from_db()
    assert (card.marked_as, card.marked_by) == ("Phishing", "Ada")
    assert card.threats == ["Phish"]
    assert "Ada marked it" in card.explanation
    assert sorted(mail.to[0] for mail in Outgoing.objects.all()) == [
        f"{who}@corp.example" for who in ("ann", "bob", "cat")
    ]
    assert all(b"We saw it too." in bytes(mail.raw) for mail in Outgoing.objects.all())
    assert Label.objects.get().kind == "false_negative"
    assert lake.late_verdicts_of(card.network_message_id)[-1].source == "person"
    assert AuditEntry.objects.filter(verb="report.mark", outcome="success").exists()


def test_who_reports_a_marked_mail_later_hears_the_mark_at_once(as_ada, card):
    as_ada.post(f"{card.href}/mark", {"mark": "Spam", "notify": "yes"})
    Outgoing.objects.all().delete()
    report(report_with(PHISH, by="dan@corp.example"))
    assert Outgoing.objects.get().subject == "Your report: it was spam"
    card.refresh_from_db()
    assert (card.marked_as, card.reporters) == ("Spam", 4)


def test_what_comes_to_light_later_reaches_the_card(card):
    from watchfloor.response.submissions.settling import follow_verdicts

    submit_mail(by=EVERYTHING, network_message_ids=[card.network_message_id], verdict=Said.PHISH, now=utc_now())
    assert follow_verdicts(now=utc_now()) == 1
    card.refresh_from_db()
    assert card.threats == ["Phish"]
    assert follow_verdicts(now=utc_now()) == 0


def test_a_mark_without_notification_sends_nothing(as_ada, card):
    as_ada.post(f"{card.href}/mark", {"mark": "No threats found"})
    assert not Outgoing.objects.exists()
    assert Label.objects.get().kind == "false_positive"


def test_a_wrong_mark_changes_nothing(as_ada, card):
    assert as_ada.post(f"{card.href}/mark", {"mark": "Nonsense"}).status_code == 302
    card.refresh_from_db()
    assert not card.marked_as


def test_the_answer_is_shown_before_it_is_sent(as_ada, card):
    page = shown(as_ada, f"{card.href}/answer?mark=Phishing&note=Thanks!")
    assert "To ann@corp.example" in page
    assert "Thanks!" in page
    assert "boss@bad[.]example" in page


def test_a_card_becomes_a_submission(as_ada, card):
    as_ada.post(f"{card.href}/convert", {"said": "phish", "note": "n"})
    row = Submission.objects.get()
    assert (row.origin, row.group, row.network_message_id) == ("User report", card, card.network_message_id)
    assert "converted" in str(as_ada.get("/submissions?converted=yes").content).lower()


def test_the_export_has_a_line_per_report(as_ada, card):
    lines = b"".join(as_ada.get("/submissions/export.csv")).decode().splitlines()
    assert len(lines) == 4
    assert "Message reported ID" in lines[0]
    assert b"Value" in b"".join(as_ada.get("/submissions/export.csv?tab=emails"))


def test_people_without_rights_see_and_do_nothing(as_eve, card):
    for address in ("/submissions", card.href, "/submissions/new", "/submissions/export.csv", "/settings/user-reports"):
        assert as_eve.get(address).status_code == 403
    assert as_eve.post(f"{card.href}/mark", {"mark": "Phishing"}).status_code == 403
    card.refresh_from_db()
    assert not card.marked_as


def test_an_email_is_handed_in_by_its_id_with_a_block_entry_in_the_same_step(as_ada, db):
    mail = known_mail(PHISH, to="ann@corp.example")
    answer = as_ada.post(
        "/submissions/new",
        {"network_message_id": mail.upper(), "said": "phish", "entry": "block sender", "until": "2027-03-01"},
    )
    assert answer.status_code == 302
    page = shown(as_ada, answer["Location"])
    assert "block sender:boss@bad.example" in page
    assert "Email authentication" in page
    assert "Your password ends today" in shown(as_ada, "/submissions?tab=emails&q=boss")


def upload(name: str, content: bytes):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, content)


def test_a_mail_in_outlooks_own_format_is_recognised_or_taken_in(as_ada, db):
    from watchfloor.response.submissions.jobs import reports

    head, _, body = PHISH.decode().partition("\r\n\r\n")
    content = message(p007d=head, p1000=body)
    as_ada.post("/submissions/new", {"file": upload("a.msg", content), "said": "malware"})
    ingest()
    reports()
    row = Submission.objects.get()
    assert (row.name, row.sender) == ("Your password ends today", "boss@bad.example")
    assert lake.late_verdicts_of(row.network_message_id)[-1].threat_types == ("Malware",)
    assert Label.objects.get().kind == "malware"
    as_ada.post("/submissions/new", {"file": upload("b.msg", content), "said": "suspicious"})
    assert Submission.objects.latest("pk").network_message_id == row.network_message_id


def test_an_outlook_file_that_is_no_mail_says_why(as_ada, db):
    answer = as_ada.post("/submissions/new", {"file": upload("a.msg", message(p001a="IPM.Contact")), "said": "phish"})
    assert answer.status_code == 400
    assert "it is no mail but “ipm.contact”" in answer.content.decode()


def test_what_is_clean_is_allowed_on_the_spot_and_what_is_not_is_not(as_ada, db):
    mail = known_mail(PHISH, to="ann@corp.example")
    given = {"network_message_id": mail, "entry": "allow domain", "life": "7", "note": "our own shop"}
    refused = as_ada.post("/submissions/new", given | {"said": "phish"})
    assert "confirmed clean" in refused.content.decode()
    answer = as_ada.post("/submissions/new", given | {"said": "clean"})
    page = shown(as_ada, answer["Location"])
    assert "allow domain:bad.example" in page
    entry = Entry.objects.get()
    assert (entry.expires_at - entry.added_at).days == 7
    urls = {"urls": "https://a.example/1", "entry": "allow", "note": "a page of our own partner", "until": ""}
    as_ada.post("/submissions/new?what=url", urls | {"said": "clean"})
    assert Entry.objects.get(kind="url").effect == "allow"


def test_a_result_links_the_entry_that_decided_it(as_ada, db):
    mail = known_mail(PHISH, to="ann@corp.example")
    for _ in range(2):
        given = {"network_message_id": mail, "said": "phish", "entry": "block sender"}
        answer = as_ada.post("/submissions/new", given)
    page = shown(as_ada, answer["Location"])
    assert f'href="/settings/allow-block-list/{Entry.objects.get().pk}"' in page


def test_a_dispute_shows_its_picture_and_nothing_that_is_none(as_ada, as_eve, db):
    mail = known_mail(PHISH, to="ann@corp.example")
    [number] = submit_mail(by=EVERYTHING, network_message_ids=[mail], verdict=Said.SUSPICIOUS, now=utc_now()).ids
    said = {"what": "Result", "text": "See the page behind it"}
    for wrong in (b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + bytes(1 << 20)):
        as_ada.post(f"/submissions/{number}/dispute", said | {"picture": upload("a.png", wrong)})
        assert not Submission.objects.get().dispute
    assert as_ada.get(f"/submissions/{number}/picture").status_code == 404
    as_ada.post(f"/submissions/{number}/dispute", said | {"picture": upload("a.exe", b"\x89PNG\r\n\x1a\n1")})
    assert f"/submissions/{number}/picture" in shown(as_ada, f"/submissions/{number}")
    answer = as_ada.get(f"/submissions/{number}/picture")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert as_eve.get(f"/submissions/{number}/picture").status_code == 403


def test_a_known_mail_is_recognised_in_an_upload(as_ada, db):
    mail = known_mail(PHISH, to="ann@corp.example")
    as_ada.post("/submissions/new", {"file": upload("a.eml", PHISH), "said": "suspicious"})
    assert Submission.objects.get().network_message_id == mail


def test_an_unknown_mail_is_taken_in_and_judged_within_a_round(as_ada, db):
    from watchfloor.response.submissions.jobs import reports

    answer = as_ada.post(
        "/submissions/new", {"file": upload("a.eml", PHISH), "said": "phish", "recipient": "ann@corp.example"}
    )
    assert "Being judged" in shown(as_ada, answer["Location"])
    ingest()
    reports()
    row = Submission.objects.get()
    assert row.judged_at
    assert lake.late_verdicts_of(row.network_message_id)[-1].threat_types == ("Phish",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 msg __properties_version1.0", "is no mail"),
        (b"just words", "is no mail"),
        (b" ", "choose"),
    ],
)
def test_what_is_no_mail_is_refused_with_the_reason(as_ada, content, words):
    answer = as_ada.post("/submissions/new", {"file": upload("a.msg", content), "said": "phish"})
    assert answer.status_code == 400
    assert words in answer.content.decode()


def test_urls_and_files_are_handed_in_from_the_page(as_ada):
    as_ada.post(
        "/submissions/new?what=url",
        {"urls": "https://a.example/1\nhttps://b.example", "said": "phish", "entry": "block"},
    )
    assert Submission.objects.filter(kind="url").count() == 2
    assert "https://a.example/1" in shown(as_ada, "/submissions?tab=urls")
    as_ada.post("/submissions/new?what=file", {"file": upload("a.exe", b"MZ nothing"), "said": "malware"})
    assert "a.exe" in shown(as_ada, "/submissions?tab=attachments")
    for what in ("email", "url", "file"):
        assert as_ada.post(f"/submissions/new?what={what}", {"said": "phish"}).status_code == 400
        shown(as_ada, f"/submissions/new?what={what}&email=x&url=y")


def test_a_result_is_disputed_on_its_page(as_ada, db):
    mail = known_mail(PHISH, to="ann@corp.example")
    [number] = submit_mail(by=EVERYTHING, network_message_ids=[mail], verdict=Said.SUSPICIOUS, now=utc_now()).ids
    as_ada.post(f"/submissions/{number}/dispute", {"what": "Reason", "text": "Look at the link"})
    assert "disputed the reason" in shown(as_ada, f"/submissions/{number}")
    assert shown(as_ada, "/submissions?tab=emails&disputed=yes").count("Your password ends today") == 1
    as_ada.post(f"/submissions/{number}/dispute", {"what": "Nonsense", "text": "x"})
    assert Submission.objects.get().dispute == "Reason"


def test_the_settings_keep_addresses_folders_and_changed_texts_only(as_max, max, db):
    set_roles(by=EVERYTHING, person=max, roles=["Global Administrator"])
    page = as_max.get("/settings/user-reports").content.decode()
    assert "Ihre Meldung" in page
    form = as_max.get("/settings/user-reports").context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    given |= {
        "addresses": "Phish@Corp.example",
        "folders": "Report phish",
        "text_de_spam": "Hallo {name}, es war Spam.",
    }
    assert as_max.post("/settings/user-reports", given).status_code == 302
    policy = current()
    assert (policy.addresses, policy.folders) == (("phish@corp.example",), ("Report phish",))
    assert list(policy.texts) == ["de spam"]
    assert AuditEntry.objects.filter(verb="submissions.policy", outcome="success").exists()
    for wrong in ({"addresses": "no address"}, {"folders": "INBOX"}, {"text_en_spam": "Hi {nobody}"}):
        assert as_max.post("/settings/user-reports", given | wrong).status_code == 400


def test_figures_for_reports_count_reports_people_and_marks(as_ada, card):
    now = utc_now()
    since = now.replace(year=now.year - 1)
    told = figures(since=since, until=now.replace(year=now.year + 1))
    assert (told["reports"], told["reporters"], told["open"]) == (3, 3, 3)
    assert sum(reports_per_day(since=since, until=now.replace(year=now.year + 1)).popitem()[1].values()) == 3


def test_a_report_without_its_mail_can_still_be_answered(as_ada, reporting):  # noqa: F811
    report(forwarded("Something is odd today.", subject="Help"))
    card = ReportGroup.objects.get()
    page = shown(as_ada, card.href)
    assert "Take action" not in page
    as_ada.post(f"{card.href}/mark", {"mark": "No threats found", "notify": "yes"})
    assert Outgoing.objects.count() == 1
    assert not Label.objects.exists()


def test_hostile_words_of_a_reported_mail_stay_text(as_ada, reporting):  # noqa: F811
    report(report_with(PHISH.replace(b"Your password ends today", b"<script>alert(1)</script>")))
    for address in ("/submissions", ReportGroup.objects.get().href):
        assert "<script>alert" not in shown(as_ada, address)


def test_the_queue_costs_the_same_however_many_cards_there_are(as_ada, card, django_assert_max_num_queries):
    for number in range(20):
        ReportGroup.objects.create(key=f"k{number}", first_at=card.first_at, last_at=card.last_at, reports=1)
    with django_assert_max_num_queries(30):
        shown(as_ada, "/submissions")
