"""Squid's access.log, native and common or combined: each page that somebody asked for is a row of UrlClickEvents.

Shapes: https://wiki.squid-cache.org/Features/LogFormat ; `squid` is “time elapsed client result/status bytes method URL user
hierarchy/peer type”, `common` and `combined` are those of web servers with a whole URL (and Squid's result behind them).
Pictures, scripts and styles of a page are nobody's click and are left out. A tunnel (CONNECT) tells its host and no path.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.connectors.records.source import Row, Source
from watchfloor.connectors.records.syslog_line import TEXT
from watchfloor.kernel.errors import BadInput

APPLICATION = "Squid"
LONGEST = 16_384
_NATIVE = re.compile(
    r"(?P<time>\d{9,10}\.\d{1,6})\s+-?\d+ (?P<client>[0-9A-Fa-f.:]+|\S+) (?P<result>[A-Z_]+)/(?P<status>\d{3}) \d+ "
    r"(?P<method>[A-Z]+) (?P<url>\S+) (?P<user>\S+) [A-Z_]+/\S+(?: (?P<kind>\S+))?"
)
_COMMON = re.compile(
    r"(?P<client>\S+) \S+ (?P<user>\S+|\".*?\") \[(?P<stamp>\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "
    r'"(?P<method>[A-Z]+) (?P<url>\S+)(?: [^"]*)?" (?P<status>\d{3}) (?:\d+|-)'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?(?: (?P<result>[A-Z_]+)(?::\S+)?)?'
)
_PARTS = re.compile(
    r"\.(?:js|mjs|css|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|map|json|xml|mp[34]|webm|m3u8|ts|wasm)$",
    re.IGNORECASE,
)
_PART_KINDS = ("image/", "font/", "audio/", "video/", "text/css", "text/javascript", "application/javascript",
               "application/x-javascript", "application/json", "application/font", "application/wasm")  # fmt: skip
METHODS = frozenset({"GET", "POST", "HEAD", "PUT", "CONNECT"})
BLOCKED, ALLOWED, ERROR = "Block page", "Allowed", "Error page"


def sniff(record: Mapping[str, Any]) -> bool:
    if not isinstance(record, Mapping):
        return False
    text = Fields(record).text(*TEXT)[:LONGEST]
    if not text or not (text[:1].isdigit() or '] "' in text):
        return False
    said = _read(text)
    return said is not None and _asked_a_proxy(said)


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """The click, none for what is part of a page or no request of a person. Raises BadInput for a line that cannot be read."""
    text = Fields(record).text(*TEXT)[:LONGEST]
    said = _read(text)
    if said is None or not _asked_a_proxy(said):
        raise BadInput("this is no line of Squid's access.log, native, common or combined", place=text[:60])
    if said["method"] not in METHODS or _is_part(said):
        return ()
    url = _url(said)
    action = _action(said)
    user = unquote(said["user"].strip('"'))
    row = {
        "Timestamp": _moment(said),
        "Url": url,
        "ActionType": action,
        "AccountUpn": "" if user == "-" else user,
        "Workload": "Web",
        "IPAddress": Fields({"ip": said["client"]}).address("ip"),
        "IsClickedThrough": action == ALLOWED,
        "AppName": APPLICATION,
        "SourceSystem": f"{said['result'] or '-'}/{said['status']} {said['method']}",
        "ReportId": fingerprint({"line": text.strip()}),
    }
    return (("UrlClickEvents", row),)


def _read(text: str) -> dict[str, str] | None:
    found = _NATIVE.match(text) or _COMMON.match(text)
    return {name: value or "" for name, value in found.groupdict().items()} if found else None


def _asked_a_proxy(said: Mapping[str, str]) -> bool:
    """A web server's own log names paths; a proxy's whole addresses, or a host to connect to."""
    return said["method"] == "CONNECT" or "://" in said["url"][:12] or said["url"].startswith("error:")


def _is_part(said: Mapping[str, str]) -> bool:
    kind = said.get("kind", "").lower()
    path = urlsplit(said["url"]).path if said["method"] != "CONNECT" else ""
    return kind.startswith(_PART_KINDS) or bool(_PARTS.search(path)) or said["url"].startswith("error:")


def _url(said: Mapping[str, str]) -> str:
    if said["method"] != "CONNECT":
        return said["url"]
    host, _, port = said["url"].rpartition(":")
    return f"https://{host or said['url']}{'' if port in {'443', ''} or not host else f':{port}'}/"


def _action(said: Mapping[str, str]) -> str:
    """By Squid's result first: TCP_DENIED is its own refusal. Where the log has none, 403 and 407 stand for it."""
    status, result = int(said["status"]), said.get("result") or ""
    if "DENIED" in result or (not result and status in {403, 407}):
        return BLOCKED
    return ERROR if status >= 500 or status == 0 else ALLOWED


def _moment(said: Mapping[str, str]) -> datetime:
    try:
        if stamp := said.get("stamp"):
            return datetime.strptime(stamp, "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
        return datetime.fromtimestamp(float(said["time"]), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadInput("the time is none", place="Timestamp") from None


SOURCE = Source("squid", "Squid access log (web proxy)", parse, sniff)
