"""Changes in directories that the person made, and those that others made to the person."""

from watchfloor.access.contracts import Permission
from watchfloor.identities.contracts import PersonNames
from watchfloor.identities.page import kql
from watchfloor.identities.page.source_kinds import LakeSource, Row, after
from watchfloor.identities.page.techniques import techniques_of


def where(names: PersonNames) -> str:
    known = names.addresses
    return f"({kql.one_of('AccountUpn', known)} or {kql.one_of('TargetAccountUpn', known)})" if known else ""


def words(row: Row) -> str:
    whom = after(", by ", row["Detail"]) if row["Way"] == "on" else after(": ", row["Object"])
    return f"{row['Activity']}{whom}"


SOURCE = LakeSource(
    kind="Directory change",
    table="IdentityDirectoryEvents",
    permission=Permission.IDENTITY_READ,
    where=where,
    on=lambda names: f"not({kql.one_of('AccountUpn', names.addresses)})",
    cells={
        "Activity": "ActionType",
        "App": "Application",
        "Location": "Location",
        "Protocol": "Protocol",
        "IP": "IPAddress",
        "Device": "DeviceName",
        "Object": 'iff(TargetAccountDisplayName == "", TargetAccountUpn, TargetAccountDisplayName)',
        "Detail": 'iff(AccountDisplayName == "", AccountUpn, AccountDisplayName)',
    },
    words=words,
    techniques=lambda row: techniques_of(row["Activity"]),
)
