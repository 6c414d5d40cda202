"""Wazuh's alerts: sign-ins, Windows events and what an agent is.

Shape: alerts.json, https://documentation.wazuh.com/current/user-manual/manager/alert-management.html ; rule groups name the kind.
"""

import json
from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records import auditd, unix_sign_ins, windows
from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.source import Row, Source

WELL = frozenset({"authentication_success"})
ILL = frozenset({"authentication_failed", "authentication_failures", "invalid_login", "win_authentication_failed"})
AGENT_RULES = frozenset({"501", "503", "504", "506"})
"""New agent, started, disconnected, stopped."""


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    inner = _alert(record)
    return isinstance(inner.get("rule"), Mapping) and isinstance(inner.get("agent"), Mapping)


def _alert(record: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = record.get("_source", record)
    return inner if isinstance(inner, Mapping) else {}


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """The rows of what the alert is about. Raises BadInput for an alert without a time."""
    alert = _alert(record)
    fields = Fields(alert)
    data = alert.get("data")
    win = data.get("win") if isinstance(data, Mapping) else None
    if isinstance(win, Mapping):
        return _noted(windows.parse({"win": win}), fields)
    if fields.part("rule").text("id") in AGENT_RULES:
        return (_agent(fields),)
    line = _line(fields)
    for inner in (unix_sign_ins, auditd):
        if inner.sniff(line) and (rows := inner.parse(line)):
            return _noted(rows, fields)
    return _by_groups(fields)


def _line(fields: Fields) -> dict[str, Any]:
    """The line the alert was raised for, as an agent's log had it."""
    program = fields.part("predecoder").text("program_name")
    text = fields.text("full_log")
    if program and f"{program}" in text:
        text = text.partition(program)[2].partition(": ")[2] or text
    host = fields.part("predecoder").text("hostname") or fields.part("agent").text("name")
    return {"Message": text, "AppName": program, "HostName": host, "Timestamp": fields.text("timestamp", "@timestamp")}


def _noted(rows: tuple[Row, ...], fields: Fields) -> tuple[Row, ...]:
    rule = fields.part("rule")
    for _, row in rows:
        said = row.get("AdditionalFields")
        note = {"WazuhRule": rule.text("id"), "WazuhDescription": rule.text("description")}
        row["AdditionalFields"] = {**(said if isinstance(said, dict) else {}), **note}
        if fields.text("id"):
            row["ReportId"] = f"wazuh {fields.part('manager').text('name')} {fields.text('id')}"
    return rows


def _by_groups(fields: Fields) -> tuple[Row, ...]:
    rule, data = fields.part("rule"), fields.part("data")
    listed = rule.value("groups")
    groups = set(listed) if isinstance(listed, list) else set()
    if not groups & (WELL | ILL):
        return ()
    well = not groups & ILL
    agent = fields.part("agent")
    row = {
        "Timestamp": fields.time("timestamp", "@timestamp"),
        "DeviceId": agent.text("name").lower(),
        "DeviceName": agent.text("name"),
        "ActionType": "LogonSuccess" if well else "LogonFailed",
        "AccountName": data.text("dstuser", "srcuser", "user"),
        "InitiatingProcessAccountName": data.text("srcuser") if data.text("dstuser") else "",
        "RemoteIP": data.address("srcip"),
        "RemotePort": data.whole("srcport"),
        "Protocol": fields.part("decoder").text("name"),
        "FailureReason": "" if well else rule.text("description"),
    }
    return _noted((("DeviceLogonEvents", row),), fields)


def _agent(fields: Fields) -> Row:
    agent, rule = fields.part("agent"), fields.part("rule")
    alive = rule.text("id") in {"501", "503"}
    row = {
        "Timestamp": fields.time("timestamp", "@timestamp"),
        "DeviceId": agent.text("name").lower(),
        "DeviceName": agent.text("name"),
        "OnboardingStatus": "Onboarded",
        "SensorHealthState": "Active" if alive else "Inactive",
        "DiscoverySources": json.dumps(["wazuh"]),
        "AdditionalFields": {
            "AgentId": agent.text("id"),
            "AgentIP": agent.text("ip"),
            "Manager": fields.part("manager").text("name"),
        },
        "ReportId": f"wazuh {fields.part('manager').text('name')} {fields.text('id')}",
    }
    return "DeviceInfo", row


SOURCE = Source("wazuh", "Wazuh alerts", parse, sniff)
