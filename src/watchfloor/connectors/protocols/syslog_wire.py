"""Syslog messages as records: RFC 5424, RFC 3164 as its many dialects write it, and JSON carried in either. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

_PRIORITY = re.compile(r"<(\d{1,3})>")
_NEW = re.compile(r"1 (\S+) (\S+) (\S+) (\S+) (\S+) (.*)", re.S)
_ELEMENT = re.compile(r'\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\]')
_PARAM = re.compile(r'(?<!\S)([^\s=]+)="((?:[^"\\]|\\.)*)"')
"""A name begins behind a blank: a stranger's long word must not be tried from each of its letters."""
_OLD = re.compile(
    r"(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*) (?P<rest>.*)", re.S
)
_TAG = re.compile(r"(?:(?P<host>[^\s:\[\]]+) )?(?P<tag>[^\s:\[\]]+)(?:\[(?P<pid>[^\]\s]*)\])?: ?(?P<text>.*)", re.S)
MONTHS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}
FORWARD = timedelta(days=2)
"""A line without a year that would lie further ahead is of last year."""
LONGEST = 64 * 1024


def record_of(text: str, *, at: datetime, zone: tzinfo, peer: str = "") -> dict[str, Any]:
    """The message as a record; `at` is when it came, `zone` that of times without one. Never raises.

    A JSON object in the message is the record, beside what the header says.
    """
    text = text[:LONGEST].strip("\r\n\0 ")
    priority = _PRIORITY.match(text)
    rest = text[priority.end() :] if priority else text
    found = _modern(rest) or _elder(rest, at, zone) or {"Message": rest}
    if priority:
        found |= {"Facility": int(priority[1]) >> 3, "SeverityLevel": int(priority[1]) & 7}
    found.setdefault("HostName", peer)
    if not found.get("Timestamp"):
        found["Timestamp"] = at.isoformat()
    return _with_json(found)


def _with_json(found: dict[str, Any]) -> dict[str, Any]:
    message = found["Message"].removeprefix("@cee:").lstrip()
    if message[:1] != "{":
        return found
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        return found
    header = {name: value for name, value in found.items() if name != "Message"}
    return {**header, **said} if isinstance(said, dict) else found


def _modern(text: str) -> dict[str, Any] | None:
    read = _NEW.match(text)
    if read is None:
        return None
    time, host, app, process, identity, rest = (None if part == "-" else part for part in read.groups())
    structured, message = _structured(rest or "-")
    found: dict[str, Any] = {"Message": message.lstrip("\ufeff"), "StructuredData": structured}
    named = {"Timestamp": time, "HostName": host, "AppName": app, "ProcId": process, "MsgId": identity}
    return found | {name: value for name, value in named.items() if value}


def _structured(text: str) -> tuple[dict[str, dict[str, str]], str]:
    """STRUCTURED-DATA as objects by their ids, and what stands behind it."""
    if text.startswith("-"):
        return {}, text[1:].removeprefix(" ")
    found: dict[str, dict[str, str]] = {}
    place = 0
    while element := _ELEMENT.match(text, place):
        identity, _, params = element[0][1:-1].partition(" ")
        found[identity] = {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in _PARAM.findall(params)}
        place = element.end()
    return found, text[place:].removeprefix(" ")


def _elder(text: str, at: datetime, zone: tzinfo) -> dict[str, Any] | None:
    stamped = _OLD.match(text)
    if stamped is None:
        return None
    tagged = _TAG.match(stamped["rest"])
    moment = _moment(stamped["time"], at, zone)
    if tagged is None:
        host, _, message = stamped["rest"].partition(" ")
        return {"Timestamp": moment, "HostName": host, "Message": message}
    named = {"HostName": tagged["host"], "AppName": tagged["tag"], "ProcId": tagged["pid"], "Timestamp": moment}
    return {"Message": tagged["text"], **{name: value for name, value in named.items() if value}}


def _moment(text: str, at: datetime, zone: tzinfo) -> str:
    """RFC 3339. A time without a year is of this year, or of the last where it would lie ahead."""
    try:
        if text[0].isdigit():
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()
        day, hour, minute = int(text[4:6]), int(text[7:9]), int(text[10:12])
        second, part = int(text[13:15]), text[16:22].ljust(6, "0")
        here = at.astimezone(zone)
        parts = (MONTHS[text[:3]], day, hour, minute, second, int(part or 0))
        found = datetime(here.year, *parts, tzinfo=zone)
        return (found if found <= here + FORWARD else found.replace(year=here.year - 1)).isoformat()
    except (ValueError, KeyError):
        return ""


def frame(buffer: bytes) -> tuple[bytes | None, bytes, str]:
    """The next whole message, what is left behind it, and "" or what is wrong with the stream (RFC 6587).

    A message begins with its length and a blank (octet counting), or ends at a newline or NUL.
    """
    if buffer[:1].isdigit():
        head, blank, _rest = buffer[:8].partition(b" ")
        if not blank:
            return None, buffer, "" if len(buffer) < 8 and head.isdigit() else "a message says no length that could be"
        if not head.isdigit() or int(head) > LONGEST:
            return None, buffer, f"a message is longer than {LONGEST} bytes"
        start = len(head) + 1
        if len(buffer) < start + int(head):
            return None, buffer, ""
        return buffer[start : start + int(head)], buffer[start + int(head) :], ""
    ends = [place for place in (buffer.find(b"\n"), buffer.find(b"\0")) if place >= 0]
    if not ends:
        return None, buffer, f"a message is longer than {LONGEST} bytes" if len(buffer) > LONGEST else ""
    place = min(ends)
    return buffer[:place], buffer[place + 1 :], ""


def text_of(message: bytes) -> str:
    """UTF-8 as senders nowadays write it, Latin-1 as older ones do."""
    try:
        return message.decode()
    except UnicodeDecodeError:
        return message.decode("latin-1")


def is_empty(record: Mapping[str, Any]) -> bool:
    """Whether a record holds nothing but its header, as a keep-alive line does."""
    return record.get("Message") == ""
