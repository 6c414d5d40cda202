"""What other filters say joins the verdict in words and points, marks attachments, and is missed in words when it is missing."""

import io
import zipfile

import pytest

from labs import free_ports
from labs.clamav import EICAR, Clamd
from watchfloor.connectors import opinions as asking
from watchfloor.connectors.contracts import AcceptedMail, Opinion
from watchfloor.connectors.models import Connection
from watchfloor.connectors.services import accept
from watchfloor.connectors.tests.letters import letter
from watchfloor.inspection.contracts import Confidence, FoundAttachment, Inspection, Reason, ThreatType, Verdict
from watchfloor.inspection.weights import HIGH, THRESHOLD
from watchfloor.lake import opinions, selectors
from watchfloor.lake.findings import Infected, Unanswered, noted
from watchfloor.lake.judging import judged

from .conftest import NOON, asked
from .test_ingest import ingest

FILE = FoundAttachment("tool.exe", "application/x-dosexec", "exe", 9, "a" * 64)


@pytest.fixture(autouse=True)
def strangers():
    asking._standings.clear()
    asking._heard_before.clear()
    yield
    asking._standings.clear()


def connect(kind, **settings):
    return Connection.objects.create(
        name=kind, kind=kind, settings={"seconds": "15"} | settings, created_at=NOON, changed_at=NOON
    )


def take(raw):
    return accept(raw, source="journal", received_at=NOON, recipients=["ada@corp.example"], client_ip="192.0.2.7")


def the_mail():
    (row,) = selectors.rows(asked())
    return row, selectors.inspection_of(row["NetworkMessageId"])


def reasons_of(summary):
    return {one["signal"]: one for one in summary["verdict"]["reasons"]}


def rspamd_said(score, threat="Spam", threshold=15.0):
    return Opinion("rspamd", "rspamd", f"rspamd scored {score}", score=score, threshold=threshold, threat=threat)


def weighed(*said, reasons=()):
    """The verdict on a mail about which these filters said these things."""
    before = Inspection("0" * 64, 9, "f", verdict=Verdict(reasons=reasons, score=sum(one.points for one in reasons)))
    found = list(opinions._findings(said, before))
    from watchfloor.inspection.services import judge

    return judge(before, evidence=[one for one in found if not isinstance(one, Infected)]).verdict


@pytest.mark.parametrize(("score", "points"), [(6, 2.8), (12.3, 5.74), (15, 7), (60, 8)])
def test_a_score_counts_in_proportion_to_the_filter_s_own_limit(score, points):
    verdict = weighed(rspamd_said(score))
    assert verdict.score == pytest.approx(points)
    assert verdict.reasons[0].words == f"rspamd scored {score}"
    assert bool(verdict.threat_types) == (points >= THRESHOLD)


def test_one_filter_alone_is_never_highly_confident():
    verdict = weighed(rspamd_said(400))
    assert verdict.score < HIGH
    assert (verdict.threat_types, verdict.confidence) == ((ThreatType.SPAM,), Confidence.NORMAL)


def test_a_spam_score_makes_no_spam_of_what_shows_signs_of_phish():
    signs = (Reason("brand_display_name", 3.5, "Says it is a bank", threat=ThreatType.PHISH),)
    assert weighed(rspamd_said(15), reasons=signs).threat_types == (ThreatType.PHISH,)
    assert weighed(rspamd_said(15)).threat_types == (ThreatType.SPAM,)


def test_each_kind_of_find_speaks_for_its_threat():
    for (kind, threat), signal in opinions.SIGNALS.items():
        verdict = weighed(Opinion("x", kind, "words", threat=threat))
        assert verdict.reasons[0].signal == signal
        assert verdict.reasons[0].threat == threat


def test_a_mailbox_s_mail_is_shown_with_the_envelope_its_headers_tell():
    read = Inspection("0" * 64, 9, "f", mail_from="a@x.example", recipients=("b@y.example",), sender_ip="192.0.2.9")
    told = opinions._with_envelope(AcceptedMail(1, "0" * 64, "imap", NOON), read)
    assert (told.mail_from, told.recipients, told.client_ip) == ("a@x.example", ("b@y.example",), "192.0.2.9")
    known = AcceptedMail(1, "0" * 64, "journal", NOON, "real@x.example", ("c@y.example",), "198.51.100.1")
    assert opinions._with_envelope(known, read) == known


def test_only_the_infected_attachment_is_marked():
    other = FoundAttachment("notes.txt", "text/plain", "txt", 9, "b" * 64)
    before = Inspection("0" * 64, 9, "f", attachments=(FILE, other))
    after = noted(
        before, [Infected("a" * 64, ThreatType.MALWARE, "Lab.Dropper"), Unanswered("x was not reached: gone")]
    )
    assert after.attachments[0].threat_name == "Lab.Dropper"
    assert after.attachments[0].threat_types == (ThreatType.MALWARE,)
    assert after.attachments[1] == other
    assert after.facts == {"unanswered": ["x was not reached: gone"]}
    assert noted(before, []) is before


@pytest.mark.lab
def test_malware_that_clamav_knows_is_named_in_every_table(lake):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.bin", b"what the lab calls bad" * 9)
    with Clamd(hashes={"Lab.Dropper": b"what the lab calls bad" * 9}) as clamd:
        connect("clamav", address=str(clamd.socket))
        take(letter(notes_txt=b"minutes", files_zip=packed.getvalue()))
        ingest()
    row, summary = the_mail()
    assert row["ThreatTypes"] == "Malware"
    assert row["ThreatNames"] == "Lab.Dropper"
    assert summary["verdict"]["confidence"] == "High"
    reason = reasons_of(summary)["clamav_found"]
    assert reason["words"] == 'clamav found Lab.Dropper in "files.zip"'
    files = {one["FileName"]: one for one in selectors.rows(asked(table="EmailAttachmentInfo"))}
    assert files["files.zip"]["ThreatNames"] == "Lab.Dropper"
    assert files["files.zip"]["ThreatTypes"] == "Malware"
    assert "Antimalware protection" in files["files.zip"]["DetectionMethods"]
    assert files["notes.txt"]["ThreatTypes"] == ""


@pytest.mark.lab
def test_all_three_together_and_one_of_them_gone(lake, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yar").write_text(
        'rule monday { meta: threat = "spam" words = "says Monday" points = 1 strings: $a = "Monday" condition: $a }'
    )
    (port,) = free_ports(1)
    with Clamd() as clamd:
        connect("clamav", address=str(clamd.socket))
        connect("rspamd", url=f"http://127.0.0.1:{port}")
        connect("yara", folder=str(tmp_path / "rules"), shipped="no")
        take(letter(invoice_com=EICAR))
        ingest()
    _, summary = the_mail()
    assert {"clamav_found", "yara_spam"} <= set(reasons_of(summary))
    assert reasons_of(summary)["yara_spam"]["points"] == 1
    assert summary["facts"]["unanswered"] == ["rspamd was not reached: Connection refused"]
    assert not any("rspamd" in signal for signal in reasons_of(summary))


def test_mail_is_stored_when_nobody_answers(lake, as_ada):
    (port,) = free_ports(1)
    connect("rspamd", url=f"http://127.0.0.1:{port}")
    connect("clamav", address="/nowhere/clamd.ctl")
    take(letter())
    assert ingest() == 1
    row, summary = the_mail()
    assert row["ThreatTypes"] == ""
    assert len(summary["facts"]["unanswered"]) == 2
    page = as_ada.get(f"/email/{row['NetworkMessageId']}").content.decode()
    assert "rspamd was not reached: Connection refused." in page


def test_a_mail_not_stored_yet_is_judged_by_its_bytes(lake, tmp_path):
    (tmp_path / "own.yar").write_text('rule monday { strings: $a = "Monday" condition: $a }')
    connect("yara", folder=str(tmp_path), shipped="no")
    mail = AcceptedMail(0, "e" * 64, "", NOON, raw=letter())
    facts = selectors.tenant_facts()
    [(_, found)] = judged([(mail, Inspection("e" * 64, 9, "f"))], facts=facts)
    assert found.verdict.threat_types == (ThreatType.MALWARE,)


def test_without_connections_a_verdict_stays_as_it_is(lake):
    read = Inspection("e" * 64, 9, "f")
    [(_, found)] = judged([(AcceptedMail(0, "e" * 64, "", NOON), read)], facts=selectors.tenant_facts())
    assert found is read
