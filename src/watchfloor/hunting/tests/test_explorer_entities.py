"""Fly-outs of recipients, URLs, files, documents, addresses and families: what they tell, to whom, and what they offer."""

from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from django.http import QueryDict
from selectolax.lexbor import LexborHTMLParser

from watchfloor.access.contracts import Permission
from watchfloor.access.models import Role
from watchfloor.access.selectors import system_actor
from watchfloor.hunting.explorer.entities.views import KINDS
from watchfloor.hunting.trackers.keeping import Draft, save
from watchfloor.identities.contracts import PRIORITY, DirectoryEntry
from watchfloor.identities.services import import_people
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.services import add_entry
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Forbidden
from watchfloor.lake.contracts import Operator
from watchfloor.lake.services import append
from watchfloor.mail.selectors import neighbours

SHA = "ab" * 32


def text_of(answer) -> str:
    assert answer.status_code == 200, answer.content
    return " ".join(LexborHTMLParser(answer.content).body.text().split())


def button(answer, label: str) -> str:
    found = next(one for one in LexborHTMLParser(answer.content).css(".button") if one.text(strip=True) == label)
    return found.attributes.get("href") or ""


@pytest.fixture
def reader(eve, as_eve):
    """Somebody who may use Explorer and nothing else."""
    Role.objects.create(name="Mail only", permissions=[Permission.EMAIL_METADATA_READ]).people.add(eve)
    return as_eve


def test_a_recipient_is_told_with_mail_tags_and_activity(as_ada, mail):
    director = system_actor("test", Permission.CONNECTION_MANAGE)
    ann = DirectoryEntry("ann@corp.example", "Ann Lee", "Finance", "Controller", tags=(PRIORITY,))
    import_people(by=director, entries=[ann], source="test", now=utc_now())
    for number in range(7):
        mail(Subject=f"Mail {number}")
    answer = as_ada.get("/explorer/recipient?value=ann@corp.example")
    words = text_of(answer)
    assert "Ann Lee" in words
    assert "Controller" in words
    assert PRIORITY in words
    assert "Email of the last 30 days (7)" in words
    assert "Recent activity" in words
    assert button(answer, "Go to user page").startswith("/identities/")
    link = LexborHTMLParser(answer.content).css_first("section p a").attributes["href"]
    assert "7 rows" in as_ada.get(link.replace("/explorer?", "/explorer/results?")).content.decode()


def test_an_address_nobody_knows_is_told_too(as_ada, mail):
    mail(to=("who@elsewhere.example",))
    assert "No connected directory knows" in text_of(as_ada.get("/explorer/recipient?value=who@elsewhere.example"))


def test_activity_and_alerts_need_their_rights(reader, mail):
    mail()
    words = text_of(reader.get("/explorer/recipient?value=ann@corp.example"))
    assert "Needs the right “Read people" in words
    assert "Alerts of the last" not in words
    url = text_of(reader.get("/explorer/url?value=https://evil.example/"))
    assert "Devices that connected" not in url


def test_a_url_is_told_with_spread_clicks_and_devices(as_ada, mail):
    key = mail(urls=("https://login.evil.example/a",), ThreatTypes=["Phish"])
    now = utc_now()
    append(
        "UrlClickEvents",
        [
            {
                "Timestamp": now, "Url": "https://login.evil.example/a", "ActionType": "Allowed",
                "AccountUpn": "ann@corp.example", "NetworkMessageId": key,
            }
        ],
    )  # fmt: skip
    append("DeviceNetworkEvents", [{"Timestamp": now, "DeviceName": "pc-7", "RemoteUrl": "login.evil.example"}])
    append(
        "AlertEvidence",
        [
            {
                "Timestamp": now,
                "AlertId": "a-1",
                "Severity": "high",
                "EntityType": "Url",
                "RemoteUrl": "https://login.evil.example/a",
            }
        ],
    )
    answer = as_ada.get("/explorer/url?value=https://login.evil.example/a")
    words = text_of(answer)
    for told in (
        "Registrable domain evil.example", "Phish 1", "People who clicked in 30 days (1)", "ann@corp.example",
        "Devices that connected in 30 days (1)", "pc-7", "Alerts of the last 180 days (1)", "First seen in mail",
        "asks no registrar",
    ):  # fmt: skip
        assert told in words
    filled = dict(parse_qsl(urlsplit(button(answer, "Block")).query))
    assert (filled["kind"], filled["value"]) == ("url", "https://login.evil.example/a")
    assert "EmailUrlInfo" in dict(parse_qsl(urlsplit(button(answer, "Go hunt")).query))["query"]
    handed_in = dict(parse_qsl(urlsplit(button(answer, "Submit for analysis")).query))
    assert handed_in == {"what": "url", "url": "https://login.evil.example/a"}
    assert handed_in["url"] in as_ada.get("/submissions/new", handed_in).content.decode()


def test_what_the_name_of_a_site_hides_is_said(as_ada, db):
    words = text_of(as_ada.get(f"/explorer/url?value={quote('https://paypal.com@xn--pple-43d.example/login')}"))
    assert "browsers take it for a name" in words
    assert "Reads as" in words
    assert "names no host" in text_of(as_ada.get("/explorer/url?value=nonsense"))


def test_entries_about_a_url_are_shown(ada, as_ada, db):
    actor = system_actor("test", Permission.DETECTION_TUNE)
    add_entry(by=actor, kind=Kind.DOMAIN, effect=Effect.BLOCK, value="evil.example", now=utc_now())
    assert "Block evil.example" in text_of(as_ada.get("/explorer/url?value=https://www.evil.example/a"))


def test_blocking_needs_its_right_and_says_so(reader, db):
    page = LexborHTMLParser(reader.get("/explorer/url?value=https://evil.example/").content)
    blocked = next(one for one in page.css(".button") if one.text(strip=True) == "Block")
    assert "disabled" in blocked.attributes
    assert "Needs the right" in blocked.attributes["title"]


def test_a_file_is_told_by_its_names_and_mails(as_ada, mail):
    mail(files=(("invoice.exe", SHA),))
    mail(files=(("other.exe", SHA),))
    words = text_of(as_ada.get(f"/explorer/file?value={SHA}"))
    assert "invoice.exe, other.exe" in words
    assert "Email of the last 30 days (2)" in words


def test_a_document_is_told_with_its_mails(as_ada, mail):
    mail(files=(("plan.docm", SHA),))
    row = {
        "Timestamp": utc_now(), "ReportId": "doc-1", "FileName": "plan.docm", "FolderPath": "/shared", "SHA256": SHA,
        "FileOwnerUpn": "ann@corp.example", "ThreatTypes": ["Malware"], "Workload": "Nextcloud",
    }  # fmt: skip
    append("FileMaliciousContentInfo", [row])
    words = text_of(as_ada.get("/explorer/document?value=doc-1"))
    assert "/shared" in words
    assert "Email of the last 30 days (1)" in words
    assert as_ada.get("/explorer/document?value=none").status_code == 404


def test_an_address_is_placed_and_told_with_its_sign_ins(as_ada, mail):
    mail(SenderIP="8.8.8.8")
    row = {
        "Timestamp": utc_now(),
        "IPAddress": "8.8.8.8",
        "AccountUpn": "ann@corp.example",
        "ActionType": "LogonFailed",
    }
    append("IdentityLogonEvents", [row])
    words = text_of(as_ada.get("/explorer/ip?value=8.8.8.8"))
    assert "United States" in words
    assert "Sign-ins at directories and servers (1)" in words
    assert "mallory@evil.example" in words
    assert "Private" in text_of(as_ada.get("/explorer/ip?value=10.0.0.1"))


def test_an_address_is_told_with_the_devices_that_met_it_and_what_was_done_from_it(as_ada, mail):
    ip, now = "198.51.100.7", utc_now()
    device = {"Timestamp": now, "DeviceId": "pc-1", "ReportId": 1}
    append("DeviceInfo", [{**device, "DeviceName": "PC-SHOWS", "PublicIP": ip}])
    append("DeviceNetworkEvents", [{**device, "DeviceName": "PC-HAS", "LocalIP": ip, "RemoteIP": "8.8.8.8"}])
    append("DeviceLogonEvents", [{**device, "DeviceName": "SRV-ENTERED", "RemoteIP": ip, "ActionType": "LogonFailed"}])
    sign_in = {"Timestamp": now, "AccountUpn": "ann@corp.example", "DeviceName": "PHONE", "IPAddress": ip}
    append("IdentityLogonEvents", [{**sign_in, "ActionType": "LogonSuccess", "ReportId": "1"}])
    did = {"Timestamp": now, "IPAddress": ip, "AccountId": "bob@corp.example", "ActionType": "FileDownloaded"}
    append("CloudAppEvents", [{**did, "IsAdminOperation": True, "ReportId": "2"}])
    answer = as_ada.get(f"/explorer/ip?value={ip}")
    words = text_of(answer)
    for head, found in (
        ("Devices that show it to the world (1)", "PC-SHOWS"),
        ("Devices that have it in their network (1)", "PC-HAS"),
        ("Devices signed in to from it (1)", "SRV-ENTERED"),
        ("Devices people signed in with from it (1)", "PHONE"),
        ("Accounts active in cloud applications from it (1)", "bob@corp.example"),
        ("What they did (1)", "FileDownloaded"),
    ):
        assert head in words
        assert found in words
    assert "query=CloudAppEvents" in button(answer, "Activity log")


def test_a_family_is_told_with_files_and_people(as_ada, mail):
    mail(ThreatTypes=["Malware"], ThreatNames=["Emotet"], age=timedelta(hours=3))
    words = text_of(as_ada.get("/explorer/family?value=Emotet"))
    assert "Attempts 1" in words
    assert "ann@corp.example" in words


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "document"])
def test_hostile_values_are_inert_and_nothing_is_no_value(as_ada, mail, kind):
    attack = "\"'><script>alert(1)</script>\u202egpj.exe"
    mail(
        to=(f"{attack}@corp.example",),
        Subject=attack,
        SenderFromAddress=attack,
        SenderIP=attack,
        urls=(f"https://e.example/{attack}",),
    )
    html = as_ada.get(f"/explorer/{kind}?value={quote(attack)}").content.decode()
    assert "<script>alert" not in html
    assert "\u202e" not in LexborHTMLParser(html).body.text()
    assert as_ada.get(f"/explorer/{kind}").status_code == 400


def test_rows_and_rankings_open_the_fly_outs(as_ada, mail):
    mail(SenderIP="8.8.8.8", urls=("https://evil.example/a",))
    for tab, kind in (("targets", "recipient"), ("urls", "url"), ("senders&of=ip", "ip"), ("email", "recipient")):
        tree = LexborHTMLParser(as_ada.get(f"/explorer/results?tab={tab}").content)
        links = [one.attributes["hx-get"] for one in tree.css("tbody a[hx-get]")]
        assert any(one.startswith(f"/explorer/{kind}?") for one in links), tab


ALERTED = urlencode({"f": f"AlertEvidence.Title~{quote(Operator.CONTAINS_ANY.value)}~phish"})


@pytest.mark.parametrize(
    "path", ["", "/chart", "/results", "/chart.csv", "/export.csv", "/values", "/live", "/origin.csv"]
)
def test_who_may_not_read_alerts_learns_of_none_by_asking_for_their_mails(reader, as_ada, path):
    asked = f"/explorer{path}?{ALERTED}&after=1.{int(utc_now().timestamp())}"
    assert reader.get(asked).status_code == 403
    assert as_ada.get(asked).status_code == 200


def test_nor_by_campaigns_saved_queries_columns_or_neighbours(reader, eve, mail):
    mail(Subject="One")
    assert reader.get(f"/campaigns?{ALERTED}").status_code == 403
    export = b"".join(reader.get("/explorer/export.csv?column=AlertId&column=Subject").streaming_content)
    assert export.split()[:1] == [b'"Subject"']
    eve.preferences = {"explorer_columns": ["Subject", "AlertId"]}
    eve.save()
    assert "Alert ID" not in LexborHTMLParser(reader.get("/explorer/results").content).css_first("thead").text()
    saver = system_actor("saver", Permission.EMAIL_METADATA_READ, Permission.QUERY_SAVE)
    with pytest.raises(Forbidden):
        save(draft=Draft("Alerted", ALERTED), by=saver, now=utc_now())
    around = QueryDict(f"{urlencode({'f': f'AlertEvidence.Title~{quote(Operator.EMPTY.value)}~'})}&place=1")
    everybody = system_actor("all", Permission.EMAIL_METADATA_READ, Permission.INCIDENT_READ)
    assert neighbours(around, now=utc_now(), by=saver).previous == ""
    assert neighbours(around, now=utc_now(), by=everybody).previous
