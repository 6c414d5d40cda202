"""What an analyst hands in: judged at once, written down, and heard by whoever follows verdicts."""

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.services import accept
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.models import Entry, Label
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden
from watchfloor.lake import selectors as lake
from watchfloor.response.submissions.contracts import AlsoEntry, Said, Wish
from watchfloor.response.submissions.models import Submission
from watchfloor.response.submissions.services import dispute, submit_file, submit_mail, submit_urls
from watchfloor.response.tests.submitted import PHISH, events, ingest, known_mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(ada):
    return actor_of(ada)


@pytest.fixture
def mail(db):
    """One phish in the lake; its NetworkMessageId."""
    return known_mail(PHISH, to="ann@corp.example")


def test_a_mail_confirmed_as_phish_is_labelled_and_told_to_those_who_act_on_late_verdicts(analyst, mail):
    done = submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.PHISH, note="seen before", now=utc_now())
    assert done.labelled == 1
    assert not done.refused
    assert Label.objects.get().kind == "false_negative"
    assert lake.late_verdicts_of(mail)[-1].threat_types == ("Phish",)


def test_a_submission_tells_its_checks_and_leaves_nothing_to_wait_for(analyst, mail):
    [number] = submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.SUSPICIOUS, now=utc_now()).ids
    row = Submission.objects.get(pk=number)
    assert row.judged_at
    assert row.result
    assert [one["name"] for one in row.checks] == [
        "Email authentication",
        "Policy hits",
        "Allow and block entries",
        "Reputation",
        "Analysis of content, links and files",
    ]
    assert not Label.objects.exists(), "who only finds it suspicious corrects no verdict"


def test_entries_are_made_in_the_same_step_and_named_in_the_submission(analyst, mail):
    wish = Wish(Kind.SENDER, "boss@bad.example")
    done = submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.PHISH, block=[wish], now=utc_now())
    assert done.entries == ("block sender:boss@bad.example",)
    assert Submission.objects.get().entries == list(done.entries)


def test_what_is_allowed_belongs_to_a_mail_confirmed_clean(analyst, mail):
    wish = Wish(Kind.SENDER, "boss@bad.example")
    with pytest.raises(BadInput, match="confirmed clean"):
        submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.PHISH, allow=[wish], now=utc_now())
    done = submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.CLEAN, allow=[wish], now=utc_now())
    assert done.entries == ("allow sender:boss@bad.example",)


def test_an_entry_that_is_refused_stops_nothing(analyst, mail):
    wishes = [Wish(Kind.SENDER, "boss@bad.example"), Wish(Kind.SENDER, "boss@bad.example")]
    done = submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.PHISH, block=wishes, now=utc_now())
    assert len(done.entries) == 1
    assert len(done.refused) == 1
    assert Entry.objects.count() == 1


def test_an_unknown_mail_is_told_and_the_others_are_done(analyst, mail):
    done = submit_mail(by=analyst, network_message_ids=["nobody", mail], verdict=Said.SPAM, now=utc_now())
    assert len(done.ids) == 1
    assert done.refused == (("nobody", "there is no such email"),)


def test_saying_it_again_corrects_nothing_twice(analyst, mail):
    for _ in range(2):
        done = submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.PHISH, now=utc_now())
    assert done.labelled == 0
    assert Label.objects.count() == 1
    assert Submission.objects.count() == 2


def test_no_mail_is_no_submission(analyst):
    with pytest.raises(BadInput, match="at least one"):
        submit_mail(by=analyst, network_message_ids=[" "], verdict=Said.PHISH, now=utc_now())


def test_submitting_takes_the_right_and_is_on_the_record(eve, mail):
    with pytest.raises(Forbidden):
        submit_mail(by=actor_of(eve), network_message_ids=[mail], verdict=Said.PHISH, now=utc_now())
    assert AuditEntry.objects.filter(verb="submission.make", outcome="refused").exists()


def test_kql_finds_an_analysts_submission_where_defender_keeps_it(analyst, mail):
    submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.PHISH, now=utc_now())
    [row] = events("CloudAppEvents")
    assert (row["ActionType"], row["ObjectId"], row["IsAdminOperation"]) == ("AdminSubmission", mail, True)


def test_urls_are_handed_in_together_and_judged_by_entries_and_by_the_mail_that_carried_them(analyst, mail):
    urls = ["https://login.bad.example/now", "https://fine.example/"]
    submit_urls(by=analyst, urls=urls, verdict=Said.PHISH, entry=AlsoEntry(Effect.BLOCK), now=utc_now())
    rows = {row.value: row for row in Submission.objects.all()}
    assert "carry this URL" in str(rows[urls[0]].checks)
    assert rows[urls[0]].entries == ["block url:login.bad.example/now"]


def test_more_urls_than_fifty_or_none_are_refused(analyst):
    for urls in ([], [f"https://x{n}.example/" for n in range(51)], ["not a url"]):
        with pytest.raises(BadInput):
            submit_urls(by=analyst, urls=urls, verdict=Said.PHISH, now=utc_now())


def test_a_file_is_handed_in_by_its_hash_or_taken_apart(analyst):
    submit_file(by=analyst, sha256="A" * 64, verdict=Said.MALWARE, now=utc_now())
    submit_file(by=analyst, content=b"%PDF-1.4 nothing", name="bill.pdf", verdict=Said.MALWARE, now=utc_now())
    by_hash, by_content = Submission.objects.order_by("pk")
    assert by_hash.sha256 == "a" * 64
    assert any(check["name"] == "Analysis of the file" for check in by_content.checks)
    with pytest.raises(BadInput):
        submit_file(by=analyst, sha256="abc", verdict=Said.MALWARE, now=utc_now())


def test_a_disputed_result_is_judged_again_with_what_is_known_by_then(analyst, mail):
    [number] = submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.SUSPICIOUS, now=utc_now()).ids
    before = Submission.objects.get(pk=number).result
    submit_mail(by=analyst, network_message_ids=[mail], verdict=Said.CLEAN, now=utc_now())
    row = dispute(by=analyst, submission_id=number, what="Result", text="It is our own shop", now=utc_now())
    assert row.before_dispute == before
    assert row.disputed_by == analyst.name
    assert "Later verdicts" in str(row.checks)
    with pytest.raises(BadInput):
        dispute(by=analyst, submission_id=number, what="Result", text=" ", now=utc_now())


def test_an_upload_of_an_unknown_mail_is_taken_in(analyst):
    accept(PHISH, source="files", received_at=utc_now(), recipients=["ann@corp.example"])
    ingest()
    assert events("EmailEvents")
