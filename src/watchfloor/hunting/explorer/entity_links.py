"""Which columns hold values that have a fly-out of their own, and its address without the present question.

Rows of the table include the question by htmx (`#question`), so that fifty rows do not repeat it a hundred times.
"""

from urllib.parse import urlencode

ENTITIES = {
    "RecipientEmailAddress": "recipient",
    "AccountUpn": "recipient",
    "FileOwnerUpn": "recipient",
    "LastModifyingAccountUpn": "recipient",
    "Url": "url",
    "SHA256": "file",
    "SenderIP": "ip",
    "SenderIPv4": "ip",
    "SenderIPv6": "ip",
    "IPAddress": "ip",
    "ThreatNames": "family",
}


def entity_link(kind: str, value: str) -> str:
    """The fly-out of a value; "" for none."""
    return f"/explorer/{kind}?{urlencode({'value': value})}" if value else ""
