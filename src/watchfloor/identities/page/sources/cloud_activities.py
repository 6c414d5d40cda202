"""What the person's accounts did in cloud applications."""

from watchfloor.access.contracts import Permission
from watchfloor.identities.contracts import PersonNames
from watchfloor.identities.page import kql
from watchfloor.identities.page.source_kinds import LakeSource, Row, after
from watchfloor.identities.page.techniques import techniques_of


def where(names: PersonNames) -> str:
    """By the directory's id, or by the account's name where a record has no id of ours."""
    known = tuple(dict.fromkeys((*names.object_ids, *names.addresses)))
    by_name = f" or {kql.some_case_of('AccountId', names.addresses)}" if names.addresses else ""
    return f"({kql.one_of('AccountObjectId', known)}{by_name})" if known else ""


def words(row: Row) -> str:
    return f"{row['Activity']}{after(': ', row['Object'])}{after(' (', row['Detail'], ')')}"


SOURCE = LakeSource(
    kind="Cloud activity",
    table="CloudAppEvents",
    permission=Permission.IDENTITY_READ,
    where=where,
    cells={
        "Activity": "ActionType",
        "App": "Application",
        "Location": "CountryCode",
        "IP": "IPAddress",
        "Device": "DeviceType",
        "Object": "ObjectName",
        "Detail": 'iff(IsAdminOperation, "as administrator", "")',
    },
    words=words,
    techniques=lambda row: techniques_of(row["Activity"]),
)
