"""Windows' security log emptied: the one event that is left says by whom, whichever way it was carried."""

import pytest

from watchfloor.connectors.records import recognised

SYSTEM = {"EventID": 1102, "Channel": "Security", "Computer": "dc1.corp.example", "EventRecordID": "7"}
SYSTEM |= {"TimeCreated": {"#attributes": {"SystemTime": "2026-11-22T12:00:00Z"}}}
WHO = {"SubjectUserSid": "S-1-5-21-1-2-3-1104", "SubjectUserName": "ada", "SubjectDomainName": "CORP"}
EVTX = {"Event": {"System": SYSTEM, "UserData": {"LogFileCleared": WHO}}}
BEAT = {
    "@timestamp": "2026-11-22T12:00:00Z",
    "winlog": {"event_id": 1102, "channel": "Security", "computer_name": "dc1.corp.example", "event_data": WHO},
}
XML = {
    "xml": "<Event><System><EventID>1102</EventID><TimeCreated SystemTime='2026-11-22T12:00:00Z'/><Channel>Security</Channel>"
    "<Computer>dc1.corp.example</Computer></System><UserData><LogFileCleared><SubjectUserSid>S-1-5-21-1-2-3-1104"
    "</SubjectUserSid><SubjectUserName>ada</SubjectUserName><SubjectDomainName>CORP</SubjectDomainName>"
    "</LogFileCleared></UserData></Event>"
}


@pytest.mark.parametrize("record", [EVTX, BEAT, XML], ids=["evtx", "winlogbeat", "xml"])
def test_a_cleared_log_is_a_device_event_of_who_cleared_it(record):
    ((table, row),) = recognised(record).parse(record)
    assert (table, row["ActionType"]) == ("DeviceEvents", "SecurityLogCleared")
    assert (row["AccountName"], row["AccountDomain"], row["AccountSid"]) == ("ada", "CORP", "S-1-5-21-1-2-3-1104")
    assert row["DeviceName"] == "dc1.corp.example"
