"""What an author recorded becomes the row that our table would hold, and the author's rule finds it there."""

import pytest

from watchfloor.hunting.sigma.logsources import events_of
from watchfloor.hunting.sigma.recorded import row_of
from watchfloor.hunting.sigma.rules import Logsource

from .sigma_trial import converted, hits, rule

STARTED = {
    "EventID": 1,
    "Image": "C:\\Users\\ada\\Tool.exe",
    "OriginalFileName": "tool.dll",
    "CommandLine": '"C:\\Users\\ada\\Tool.exe" --dump',
    "User": "CORP\\ada",
    "LogonId": "0x3b5e64",
    "ProcessId": 6336,
    "Hashes": "SHA1=8AE6,MD5=79FD,SHA256=F191,IMPHASH=BB3A",
    "ParentImage": "C:\\Windows\\explorer.exe",
    "Unknown": "left out",
}


def test_a_started_process_becomes_a_row_of_processes():
    row = row_of(STARTED, events_of(Logsource("process_creation", "windows")))
    assert row == {
        "ActionType": "ProcessCreated",
        "FolderPath": "C:\\Users\\ada\\Tool.exe",
        "ProcessVersionInfoOriginalFileName": "tool.dll",
        "ProcessCommandLine": '"C:\\Users\\ada\\Tool.exe" --dump',
        "AccountDomain": "CORP",
        "AccountName": "ada",
        "LogonId": 0x3B5E64,
        "ProcessId": 6336,
        "SHA1": "8AE6",
        "MD5": "79FD",
        "SHA256": "F191",
        "InitiatingProcessFolderPath": "C:\\Windows\\explorer.exe",
    }


@pytest.mark.parametrize(
    ("source", "event", "detection"),
    [
        (
            {"category": "process_creation", "product": "windows"},
            STARTED,
            {
                "Image|endswith": "\\tool.exe",
                "User|contains": "corp\\",
                "Hashes|contains": "SHA256=f191",
                "LogonId": 3890788,
            },
        ),
        (
            {"category": "registry_set", "product": "windows"},
            {"TargetObject": "HKLM\\System\\Run\\Evil", "Details": "DWORD (0x00000001)", "Image": "C:\\reg.exe"},
            {
                "TargetObject|startswith": "HKLM\\System\\Run",
                "TargetObject|endswith": "\\Evil",
                "Details|contains": "00001",
            },
        ),
        (
            {"category": "file_event", "product": "windows"},
            {"TargetFilename": "C:\\Temp\\a.lnk", "Image": "C:\\evil.exe"},
            {"TargetFilename|endswith": ".lnk", "Image": "c:\\evil.exe"},
        ),
        (
            {"category": "network_connection", "product": "linux"},
            {"DestinationIp": "203.0.113.9", "DestinationPort": "4444", "Image": "/tmp/x"},
            {"DestinationIp|cidr": "203.0.113.0/24", "DestinationPort": 4444, "Image|startswith": "/tmp/"},
        ),
        (
            {"product": "okta", "service": "okta"},
            {"eventType": "user.lock", "target": [{"displayName": "Ann"}], "outcome": {"result": "DENY"}},
            {"eventType": "user.lock", "target.displayName": "ann", "outcome.result": "deny"},
        ),
    ],
)
def test_the_rule_finds_its_own_recording_and_no_empty_event(source, event, detection):
    made = converted(rule(detection, logsource=source))
    events = events_of(made.logsource)
    assert hits(made, [row_of(event, events), row_of({}, events)]) == [0]


def test_what_is_empty_in_a_recording_is_left_out():
    row = row_of({"Image": "", "CommandLine": None}, events_of(Logsource("process_creation")))
    assert row == {"ActionType": "ProcessCreated"}
