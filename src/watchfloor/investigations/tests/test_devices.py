"""Whoever opened a malicious link did so on a device; the lake's tables of devices and sign-ins name it."""

from datetime import timedelta

import pytest

from watchfloor.investigations.contracts import Verdict
from watchfloor.investigations.tests.conftest import NOW, PHISH
from watchfloor.lake import services as lake

pytestmark = pytest.mark.django_db
URL, ANN, IP = "https://login.evil.example/in", "ann@corp.example", "198.51.100.7"
CLICKED = NOW - timedelta(minutes=50)


def click(who=ANN, *, at=CLICKED, did="ClickAllowed", url=URL):
    return {
        "Timestamp": at,
        "NetworkMessageId": PHISH,
        "Url": url,
        "AccountUpn": who,
        "ActionType": did,
        "ThreatTypes": "Phish",
        "IsClickedThrough": False,
        "IPAddress": IP,
        "ReportId": f"{who}{at}",
    }


def connection(device, *, at=CLICKED, account="ann", host="login.evil.example"):
    facts = {"InitiatingProcessAccountName": account, "InitiatingProcessFileName": "firefox", "ReportId": 1}
    return {
        "Timestamp": at, "DeviceId": device, "DeviceName": device, "ActionType": "ConnectionSuccess", "RemoteUrl": host, **facts,
    }  # fmt: skip


def logon(device, *, at=CLICKED, account="ann", sid="", did="LogonSuccess"):
    who = {"AccountName": account, "AccountSid": sid, "ReportId": 2}
    return {"Timestamp": at, "DeviceId": device, "DeviceName": device, "ActionType": did, **who}


def record(device, *, users="[]", ip=""):
    return {
        "Timestamp": CLICKED, "DeviceId": device, "DeviceName": device, "LoggedOnUsers": users, "PublicIP": ip, "ReportId": 3,
    }  # fmt: skip


@pytest.fixture
def found(phish, begun):
    """Walk the click playbook with these rows in the lake; the step about devices, and the devices met."""

    def walk(*, clicks=None, **tables):
        lake.append("UrlClickEvents", clicks or [click()])
        for table, rows in tables.items():
            lake.append(table, rows)
        one = begun(PHISH, playbook="malicious-click", urls=[URL], people=[ANN])
        return one, one.steps.get(key="devices"), list(one.evidence.filter(type="device"))

    return walk


def test_the_device_that_connected_to_the_links_host_is_suspicious_and_somebody_is_asked_to_look(found):
    one, step, [device] = found(DeviceNetworkEvents=[connection("PC-7"), connection("PC-8", host="other.example")])
    assert (device.label, device.value, device.verdict) == ("PC-7", "pc-7", Verdict.SUSPICIOUS)
    assert "connected to login.evil.example at 2026-11-20 08:10 UTC" in device.why
    assert device.facts == {"person": ANN}
    assert step.answer == "Connected to the link when it was opened: PC-7."
    assert step.verdict == Verdict.SUSPICIOUS
    assert len(step.asked) == 4
    advice = one.recommendations.get(key=f"device:{ANN}")
    assert advice.title == f"Look at PC-7: there {ANN} opened the link"
    assert one.recommendations.get(key=f"ask:{ANN}").title.endswith("on which device")


@pytest.mark.parametrize(
    "row",
    [
        connection("PC-7", account="bob"),
        connection("PC-7", at=CLICKED - timedelta(hours=2)),
        connection("PC-7", host="evil.example.org"),
    ],
    ids=["another's connection", "at another time", "another host"],
)
def test_what_is_not_the_click_names_no_device(found, row):
    one, step, devices = found(DeviceNetworkEvents=[row])
    assert devices == []
    assert step.answer == f"No device of {ANN} is known to the lake."
    assert not one.recommendations.filter(key__startswith="device:").exists()


def test_a_device_one_is_signed_in_to_may_be_the_one(found):
    failed = logon("PC-2", did="LogonFailed")
    _, step, [device] = found(DeviceLogonEvents=[logon("PC-1", at=CLICKED - timedelta(hours=5)), failed])
    assert (device.label, device.verdict) == ("PC-1", Verdict.UNKNOWN)
    assert device.why == f"{ANN} signed in to it at 2026-11-20 03:10 UTC"
    assert step.answer == "May be the device: PC-1."


def test_a_record_of_the_device_tells_by_who_is_signed_in_and_by_the_address(found):
    named = record("PC-3", users='[{"UserName": "Ann", "DomainName": "CORP"}]')
    _, _, devices = found(DeviceInfo=[named, record("PC-4", ip=IP), record("PC-5", users='[{"UserName": "annika"}]')])
    assert {one.label: one.why for one in devices} == {
        "PC-3": f"its record of 2026-11-20 names {ANN} as signed in",
        "PC-4": f"it has the address of the click, {IP}",
    }


def test_an_address_that_many_devices_share_tells_nothing(found):
    _, _, devices = found(DeviceInfo=[record(f"PC-{number}", ip=IP) for number in range(4)])
    assert devices == []


def test_a_sign_in_from_the_address_of_the_click_names_its_device(found):
    signed = {"Timestamp": CLICKED, "AccountUpn": ANN.title(), "DeviceName": "PHONE", "IPAddress": IP, "ErrorCode": 0}
    others = {**signed, "AccountUpn": "bob@corp.example", "DeviceName": "PC-9", "ReportId": "2"}
    _, _, [device] = found(EntraIdSignInEvents=[{**signed, "ReportId": "1"}, others])
    assert device.label == "PHONE"
    assert device.why == f"{ANN} signed in with it from the address of the click, {IP}"


def test_a_click_that_was_stopped_asks_about_no_device(found):
    _, step, devices = found(clicks=[click(did="ClickBlocked")], DeviceNetworkEvents=[connection("PC-7")])
    assert devices == []
    assert (step.answer, step.asked) == ("Nobody is known to have reached a malicious link.", [])


def test_clicks_of_the_last_48_hours_stand_beside_those_of_the_whole_time(found):
    one, _, _ = found(clicks=[click(), click("bob@corp.example", at=NOW - timedelta(days=4))])
    answer = one.steps.get(key="clicks").answer
    assert answer.startswith("2 clicks, 2 let through, 2 of them to a malicious link by 2 people.")
    assert answer.endswith("and since: 1 click, 1 let through, 1 of them to a malicious link by 1 person.")


def test_the_page_lists_the_device_with_its_evidence_and_leads_to_its_events(found, as_ada):
    one, _, _ = found(DeviceNetworkEvents=[connection("PC-7")])
    page = as_ada.get(f"{one.href}?tab=entities&type=device").content.decode()
    assert "PC-7" in page
    assert "connected to login.evil.example" in page
    assert "/hunting?query=union+DeviceNetworkEvents" in page
    assert "DeviceNetworkEvents" in as_ada.get(f"{one.href}?tab=log").content.decode()
