"""A Windows event, however it was carried: winlogbeat, nxlog, Splunk, Log Analytics, evtx as JSON, or the XML itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from watchfloor.connectors.records.fields import Fields
from watchfloor.connectors.records.known_by import fingerprint
from watchfloor.kernel.errors import BadInput

SECURITY = "security"
SYSMON = "microsoft-windows-sysmon/operational"
EVENT_ID = ("EventID", "event_id", "EventCode", "event.code", "winlog.event_id")
CHANNEL = (
    "Channel",
    "log_name",
    "LogName",
    "EventLog",
    "winlog.channel",
    "SourceName",
    "provider_name",
    "Provider",
    "source",
)
HOST = ("Hostname", "computer_name", "ComputerName", "Computer", "winlog.computer_name", "host.name", "host")
TIMES = ("TimeCreated", "SystemTime", "EventTime", "@timestamp", "TimeGenerated", "_time", "timestamp", "event.created")
XML = ("xml", "_raw", "EventXml", "event.original", "Message", "msg", "RawEvent")
LONGEST_XML = 256 * 1024
NOTHING = {"-", "%%1793", "N/A"}


@dataclass(frozen=True, slots=True)
class Event:
    """`channel` is in small letters, `said` the event's own data, `key` what the record is known by."""

    id: int
    channel: str
    host: str
    at: datetime
    said: Fields
    key: str

    def text(self, *names: str) -> str:
        """The first value that is more than Windows' dash for nothing."""
        return next((found for name in names if (found := self.said.text(name).strip()) and found not in NOTHING), "")

    def number(self, *names: str) -> int:
        """A number, decimal or as 0x3e7; 0 for none."""
        try:
            return int(self.text(*names) or "0", 0)
        except ValueError:
            return 0


def event_of(record: Mapping[str, Any]) -> Event:
    """Raises BadInput where an event has no number or no time."""
    outer, data = _parts(record)
    fields = Fields(*outer)
    number = _number(fields)
    if number is None:
        raise BadInput("the record names no Windows event", place="EventID")
    said = Fields(*outer, data)
    channel = fields.text(*CHANNEL).lower()
    at = said.moment("UtcTime") if "sysmon" in channel else None
    host = fields.text(*HOST)
    recorded = fields.text("RecordNumber", "record_id", "EventRecordID", "RecordId")
    at = at or _time(fields)
    key = f"{host.lower()} {channel} {recorded} {at.isoformat()}" if recorded else fingerprint(data or record)
    return Event(number, _channel(channel), host, at, said, key)


def looks_like_one(record: Mapping[str, Any]) -> bool:
    """Whether this is a Windows event, of whichever channel. Never raises."""
    if not isinstance(record, Mapping):
        return False
    try:
        outer, _ = _parts(record)
        fields = Fields(*outer)
        named = fields.text("Channel", "LogName", "log_name", "Computer", "ComputerName", "SourceName")
        return _number(fields) is not None and bool(named)
    except BadInput:
        return False


def _channel(named: str) -> str:
    if "sysmon" in named:
        return SYSMON
    return SECURITY if "security" in named or named in {"", "wineventlog", "opsmanager"} else named


def _number(fields: Fields) -> int | None:
    said = fields.value(*EVENT_ID)
    if isinstance(said, Mapping):
        said = said.get("#text", said.get("Value", said.get("value")))
    try:
        return int(str(said)[:10])
    except ValueError:
        return None


def _time(fields: Fields) -> datetime:
    said = fields.value("TimeCreated")
    if isinstance(said, Mapping):
        inner = said.get("#attributes", said)
        if isinstance(inner, Mapping) and (found := Fields(inner).moment("SystemTime", "@SystemTime")):
            return found
    zone = fields.moment("@timestamp")
    # nxlog's EventTime is the machine's own clock without a zone; the collector's stamp beside it has one.
    return zone or fields.time(*TIMES)


def _parts(record: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """What stands around the event's data, and the data where they stand by themselves."""
    fields = Fields(record)
    for name in XML:
        text = fields.value(name)
        if isinstance(text, str) and text.lstrip()[:6].lower() == "<event":
            return _from_xml(text)
    for shape in (_evtx, _winlogbeat, _wrapped):
        if (found := shape(record)) is not None:
            return found
    return [record], {}


def _evtx(record: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]] | None:
    event = record.get("Event", record)
    system = event.get("System") if isinstance(event, Mapping) else None
    if not isinstance(system, Mapping):
        return None
    return [system], _named(event.get("EventData") or _inside(event.get("UserData")))


def _inside(data: Any) -> Any:
    """UserData holds one object, named after the event, as LogFileCleared; what it says stands in there."""
    inner = [one for name, one in data.items() if not name.startswith(("#", "@"))] if isinstance(data, Mapping) else []
    return inner[0] if len(inner) == 1 and isinstance(inner[0], Mapping) else data or {}


def _winlogbeat(record: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]] | None:
    inner = record.get("winlog", record)
    data = inner.get("event_data") if isinstance(inner, Mapping) else None
    if not isinstance(data, Mapping):
        return None
    return [{key: value for key, value in record.items() if key != "host"}, inner], data


def _wrapped(record: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]] | None:
    for name in ("result", "_source", "win"):
        inner = record.get(name)
        if isinstance(inner, Mapping):
            system = inner.get("system")
            data = inner.get("eventdata")
            if isinstance(system, Mapping):
                return [system], data if isinstance(data, Mapping) else {}
            return _parts(inner)
    return None


def _named(data: Any) -> Mapping[str, Any]:
    """EventData as an object: of evtx tools it is one, or a list of {Name, Value}."""
    if not isinstance(data, Mapping):
        return {}
    listed = data.get("Data")
    if not isinstance(listed, list):
        return data
    found: dict[str, Any] = {}
    for one in listed:
        if isinstance(one, Mapping):
            attributes = one.get("#attributes")
            plain = Fields(one, attributes if isinstance(attributes, Mapping) else {})
            found[plain.text("Name", "@Name")] = plain.value("#text", "Value", "content")
    return found


def _from_xml(text: str) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """Raises BadInput for XML that is none, is huge, or declares anything."""
    if len(text) > LONGEST_XML or "<!" in text:
        raise BadInput("the event's XML is too long or declares entities", place="xml")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  nothing is declared in it, so nothing expands
    except ElementTree.ParseError as error:
        raise BadInput(f"the event's XML cannot be read: {error}", place="xml") from None
    system: dict[str, Any] = {}
    data: dict[str, Any] = {}
    for part in root:
        for one in part.iter():
            name = one.tag.rpartition("}")[2]
            if part.tag.endswith("System"):
                system[name] = one.get("SystemTime") or one.get("Name") or (one.text or "").strip()
            elif one is not part:
                data[one.get("Name") or name] = (one.text or "").strip()
    return [system], data
