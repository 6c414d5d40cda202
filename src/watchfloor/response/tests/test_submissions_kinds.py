"""Reports of other kinds: Outlook's own files, the organisation's own simulations, malware, and what quarantine holds."""

import base64

import pytest

from watchfloor.connectors.models import Outgoing
from watchfloor.inspection.tests.outlook_files import message
from watchfloor.intelligence.models import Label
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.response.quarantine import own
from watchfloor.response.quarantine.contracts import BorderThreat, Preset
from watchfloor.response.submissions.contracts import Mark
from watchfloor.response.submissions.models import ReportGroup, SubmissionPolicy, UserReport
from watchfloor.response.submissions.selectors import asked, groups, quick_counts, quick_filters
from watchfloor.response.submissions.services import mark_and_notify, report_held
from watchfloor.response.submissions.simulations import pair_of, simulation_of
from watchfloor.response.tests.quarantined import ANN, NOW, copy_of, hold, name
from watchfloor.response.tests.submitted import PHISH, events, ingest, known_mail, report_with
from watchfloor.response.tests.test_quarantine_mine import let
from watchfloor.response.tests.test_submissions_reading import EVERYTHING, report, reporting, work  # noqa: F401

pytestmark = pytest.mark.django_db


def test_a_report_may_bring_the_original_as_outlook_keeps_it(reporting):  # noqa: F811
    mail = known_mail(PHISH, to="ann@corp.example")
    head, _, body = PHISH.decode().partition("\r\n\r\n")
    packed = base64.encodebytes(message(p007d=head, p1000=body)).decode().replace("\n", "\r\n")
    report(
        (
            "From: Ann Able <ann@corp.example>\r\nTo: phish@corp.example\r\nSubject: odd\r\nMIME-Version: 1.0\r\n"
            "Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n\r\nodd\r\n"
            '--e\r\nContent-Type: application/vnd.ms-outlook; name="bait.msg"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
            f"{packed}\r\n--e--\r\n"
        ).encode()
    )
    one = UserReport.objects.get()
    assert (one.network_message_id, one.matched_by) == (mail, "Message-ID, sender and subject")


def test_a_simulation_of_our_own_alarms_nobody_and_its_reporter_is_praised(reporting):  # noqa: F811
    SubmissionPolicy.objects.update(simulations=[pair_of("bad.example, 203.0.113.0/24")])
    known_mail(PHISH, to="ann@corp.example")
    known = events("EmailEvents")
    assert simulation_of(dict(known[-1], SenderIP="203.0.113.9"), ["bad.example, 203.0.113.0/24"])
    received = b"Received: from sim.bad.example ([203.0.113.9]) by mx.corp.example; Fri, 20 Nov 2026 09:00:01 +0000\r\n"
    raw = received + PHISH.replace(b"bait-1", b"exercise-1")
    mail = known_mail(raw, to="ann@corp.example")
    Outgoing.objects.all().delete()
    report(report_with(raw))
    group = ReportGroup.objects.get()
    assert (group.network_message_id, group.result) == (mail, "Phish simulation")
    assert Outgoing.objects.get().subject == "Your report: well spotted"
    assert not [row for row in events("EmailPostDeliveryEvents") if row["Action"] == "Reported as phish"]
    assert quick_counts(now=utc_now(), period="30d") == {"threats": 0, "spam": 0, "clean": 0, "simulations": 1}
    assert list(groups(asked({"show": "simulations"}), now=utc_now())) == [group]
    assert ("simulations", "Simulations") in quick_filters()


@pytest.mark.parametrize("ip", ["198.51.100.1", "", "nonsense"])
def test_who_only_writes_the_name_of_a_simulation_is_none(ip):
    row = {"SenderFromAddress": "boss@sim.example", "SenderMailFromAddress": "", "SenderIP": ip}
    assert simulation_of(row, ["sim.example, 203.0.113.0/24"]) == ""
    assert simulation_of(row | {"SenderIP": "203.0.113.4"}, ["sim.example, 203.0.113.0/24"])
    assert not simulation_of(row | {"SenderIP": "203.0.113.4"}, ["other.example, 203.0.113.0/24"])


@pytest.mark.parametrize(
    "text", ["sim.example", "sim.example, everywhere", "sim, 192.0.2.0/24", "sim.example, 10.0.0.0/8", ""]
)
def test_a_simulation_is_named_by_a_domain_and_a_narrow_network(text):
    with pytest.raises(BadInput):
        pair_of(text)


def test_malware_is_marked_labelled_and_answered_as_malware(reporting):  # noqa: F811
    known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH))
    Outgoing.objects.all().delete()
    group = ReportGroup.objects.get()
    assert mark_and_notify(by=EVERYTHING, group_id=group.pk, mark=Mark.MALWARE, now=utc_now()) == (1, 1)
    assert Label.objects.get().kind == "malware"
    group.refresh_from_db()
    assert group.threats == ["Malware"]
    assert Outgoing.objects.get().subject == "Your report: it was malware"


def test_who_asks_for_a_held_mail_reports_it_as_no_threat_once(reporting):  # noqa: F811
    mail = known_mail(PHISH, to="ann@corp.example")
    Outgoing.objects.all().delete()
    said = {"recipient": "Ann@corp.example", "copy": 7, "network_message_id": mail, "comment": "I wait for it"}
    assert report_held(**said, now=utc_now())
    assert not report_held(**said, now=utc_now())
    assert not report_held(**said | {"copy": 8, "network_message_id": ""}, now=utc_now())
    one = UserReport.objects.get()
    assert (one.reporter, one.via, one.reason, one.comment) == (
        "ann@corp.example",
        "Quarantine",
        "No threats",
        "I wait for it",
    )
    assert ReportGroup.objects.get().network_message_id == mail
    assert not Outgoing.objects.exists(), "the release is the answer"
    assert [row["Action"] for row in events("EmailPostDeliveryEvents")][-1] == "Reported as not junk"


def test_a_held_mail_that_is_not_in_the_lake_yet_is_shown_when_it_is(reporting):  # noqa: F811
    report_held(recipient="ann@corp.example", copy=9, network_message_id="5" * 36, now=utc_now())
    work()
    assert UserReport.objects.get().verdict_at is None
    mail = known_mail(PHISH, to="ann@corp.example")
    UserReport.objects.update(network_message_id=mail)
    ingest()
    work()
    assert UserReport.objects.get().verdict_at


def test_a_recipient_who_requests_a_release_has_reported_it():
    let(BorderThreat.MALWARE, Preset.LIMITED.may)
    name(hold(ANN, reason="Malware"))
    own.act(recipient=ANN, copy=copy_of(ANN).pk, verb="request", why="I wait for it", at=NOW)
    assert UserReport.objects.get().comment == "I wait for it"
