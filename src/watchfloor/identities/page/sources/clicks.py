"""Clicks on URLs in mails."""

from urllib.parse import quote

from watchfloor.access.contracts import Permission
from watchfloor.identities.page import kql
from watchfloor.identities.page.source_kinds import LakeSource

SOURCE = LakeSource(
    kind="Click",
    table="UrlClickEvents",
    permission=Permission.EMAIL_METADATA_READ,
    where=lambda names: kql.one_of("AccountUpn", names.addresses) if names.addresses else "",
    cells={
        "Activity": "ActionType",
        "App": "Workload",
        "IP": "IPAddress",
        "Object": "Url",
        "Detail": "NetworkMessageId",
    },
    words=lambda row: row["Object"],
    techniques=lambda row: ("T1204.001",) if row["Activity"] in {"ClickAllowed", "Allowed"} else (),
    href=lambda row: f"/email/{quote(row['Detail'], safe='')}?tab=urls" if row["Detail"] else "",
)
