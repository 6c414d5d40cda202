"""osquery's result log: sign-ins, processes, connections, and what a device is, by the columns of the query.

Shape: https://osquery.readthedocs.io/en/stable/deployment/logging/ (differential, snapshot and batch results). Queries are named by
whoever wrote them, so that the columns tell which table was asked: https://osquery.io/schema
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.connectors.records.source import Row, Source

LOGIN = {"7", "user", "USER_PROCESS"}
"""utmp's type of a session that began; 8 is one that ended."""
PLATFORMS = {"darwin": "macOS", "windows": "Windows"}


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    columns = record.get("columns")
    listed = record.get("snapshot") or record.get("diffResults")
    return isinstance(record.get("name"), str) and (isinstance(columns, Mapping) or isinstance(listed, list | Mapping))


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """A row for each new line of the answer that tells one of the things above."""
    outer = Fields(record)
    return tuple(row for columns in _answers(record) if (row := _row(outer, Fields(columns), columns)) is not None)


def _answers(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    batch = record.get("diffResults")
    added = batch.get("added") if isinstance(batch, Mapping) else None
    for found in (record.get("snapshot"), added):
        if isinstance(found, list):
            yield from (one for one in found if isinstance(one, Mapping))
    columns = record.get("columns")
    if isinstance(columns, Mapping) and record.get("action", "added") == "added":
        yield columns


def _row(outer: Fields, said: Fields, columns: Mapping[str, Any]) -> Row | None:
    if "tty" in said or ("host" in said and ("user" in said or "username" in said)):
        return _sign_in(outer, said, columns)
    if "remote_address" in said and "remote_port" in said:
        return _connection(outer, said, columns)
    if "cmdline" in said and ("path" in said or "pid" in said):
        return _process(outer, said, columns)
    return _device(outer, said, columns)


def _base(outer: Fields, said: Fields, columns: Mapping[str, Any], *times: str) -> dict[str, Any]:
    decorations = outer.part("decorations")
    at = said.moment(*times) or outer.moment("unixTime", "calendarTime", "p_event_time")
    host = decorations.text("hostname", "computer_name") or outer.text("hostIdentifier", "host_identifier")
    identity = decorations.text("host_uuid", "uuid") or outer.text("hostIdentifier", "host_identifier")
    row = {
        "DeviceId": identity.lower(),
        "DeviceName": host,
        "ReportId": fingerprint(
            {"host": identity, "name": outer.text("name"), "at": str(at), "columns": dict(columns)}
        ),
    }
    return row | ({"Timestamp": at} if at else {})


def _sign_in(outer: Fields, said: Fields, columns: Mapping[str, Any]) -> Row | None:
    kind = said.text("type")
    if kind and kind not in LOGIN:
        return None
    came_from = said.text("host")
    address = said.address("host")
    row = _base(outer, said, columns, "time") | {
        "ActionType": "LogonSuccess",
        "LogonType": "RemoteInteractive" if address else "Interactive",
        "AccountName": said.text("username", "user"),
        "AccountSid": said.text("sid"),
        "RemoteIP": address,
        "RemoteDeviceName": "" if address else came_from,
        "AdditionalFields": {"Terminal": said.text("tty"), "Query": outer.text("name")},
    }
    return "DeviceLogonEvents", row


def _process(outer: Fields, said: Fields, columns: Mapping[str, Any]) -> Row:
    path = said.text("path")
    row = _base(outer, said, columns, "time", "start_time") | {
        "ActionType": "ProcessCreated",
        "FolderPath": path,
        "FileName": path.replace("\\", "/").rpartition("/")[2] or said.text("name"),
        "ProcessId": said.whole("pid"),
        "ProcessCommandLine": said.text("cmdline"),
        "InitiatingProcessId": said.whole("parent"),
        "AccountName": said.text("username", "user"),
        "SHA256": said.text("sha256"),
        "SHA1": said.text("sha1"),
        "MD5": said.text("md5"),
        "AdditionalFields": {
            "Uid": said.text("uid"),
            "WorkingDirectory": said.text("cwd"),
            "Query": outer.text("name"),
        },
    }
    return "DeviceProcessEvents", row


def _connection(outer: Fields, said: Fields, columns: Mapping[str, Any]) -> Row | None:
    address = said.address("remote_address")
    if not address or not said.whole("remote_port"):
        return None
    path = said.text("path")
    row = _base(outer, said, columns, "time") | {
        "ActionType": "InboundConnectionAccepted" if said.text("action") == "accept" else "ConnectionSuccess",
        "RemoteIP": address,
        "RemotePort": said.whole("remote_port"),
        "LocalIP": said.address("local_address"),
        "LocalPort": said.whole("local_port"),
        "Protocol": {"6": "Tcp", "17": "Udp"}.get(said.text("protocol"), said.text("protocol")),
        "InitiatingProcessId": said.whole("pid"),
        "InitiatingProcessFolderPath": path,
        "InitiatingProcessFileName": path.replace("\\", "/").rpartition("/")[2] or said.text("name"),
        "InitiatingProcessCommandLine": said.text("cmdline"),
    }
    return "DeviceNetworkEvents", row


def _device(outer: Fields, said: Fields, columns: Mapping[str, Any]) -> Row | None:
    """system_info, os_version and osquery_info each know a part of what a device is."""
    hardware = "hardware_model" in said or "cpu_brand" in said
    system = "platform" in said and "version" in said and ("arch" in said or "major" in said)
    agent = "build_platform" in said and "instance_id" in said
    if not (hardware or system or agent):
        return None
    row = _base(outer, said, columns)
    row["OnboardingStatus"] = "Onboarded"
    row["DiscoverySources"] = json.dumps(["osquery"])
    if hardware:
        row |= {
            "DeviceName": said.text("hostname", "computer_name") or row["DeviceName"],
            "HardwareUuid": said.text("uuid"),
            "Model": said.text("hardware_model"),
            "Vendor": said.text("hardware_vendor"),
            "OSArchitecture": said.text("cpu_type"),
        }
    if system:
        platform = said.text("platform").lower()
        row |= {
            "OSPlatform": PLATFORMS.get(platform, "Linux"),
            "OSDistribution": said.text("name"),
            "OSVersion": said.text("version"),
            "OSArchitecture": said.text("arch"),
            "OSBuild": said.whole("build"),
        }
    if agent:
        row |= {"ClientVersion": said.text("version"), "SensorHealthState": "Active"}
    return "DeviceInfo", row


SOURCE = Source("osquery", "Results of osquery", parse, sniff)
