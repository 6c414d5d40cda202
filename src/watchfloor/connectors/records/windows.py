"""Windows' security log and Sysmon: sign-ins to devices, Kerberos and NTLM, changes of accounts and groups, processes, connections.

Event numbers and fields: https://learn.microsoft.com/windows/security/threat-protection/auditing/ and Sysmon's own manifest.
"""

from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.source import Row, Source
from watchfloor.connectors.records.windows_accounts import CHANGES, changed
from watchfloor.connectors.records.windows_event import SECURITY, SYSMON, event_of, looks_like_one
from watchfloor.connectors.records.windows_processes import SECURITY_EVENTS, SYSMON_EVENTS
from watchfloor.connectors.records.windows_sign_ins import SIGN_INS


def parse(record: Mapping[str, Any]) -> tuple[Row, ...]:
    """The row of this event, none for the numbers nobody asked for. Raises BadInput for one without number or time."""
    event = event_of(record)
    if event.channel == SYSMON:
        read = SYSMON_EVENTS.get(event.id)
    elif event.channel == SECURITY:
        read = changed if event.id in CHANGES else SIGN_INS.get(event.id) or SECURITY_EVENTS.get(event.id)
    else:
        read = None
    return (read(event),) if read else ()


SOURCE = Source("windows", "Windows security log and Sysmon", parse, looks_like_one)
