"""Sign-ins at directories, mail servers and other services."""

from watchfloor.access.contracts import Permission
from watchfloor.identities.page import kql
from watchfloor.identities.page.source_kinds import LakeSource, Row, after


def words(row: Row) -> str:
    done = "Signed in" if row["Activity"] == "Sign-in" else "Could not sign in"
    into = after(" to ", row["App"] or row["Target"])
    return f"{done}{into}{after(' over ', row['Protocol'])}{after(': ', row['Detail'])}"


SOURCE = LakeSource(
    kind="Sign-in",
    table="IdentityLogonEvents",
    permission=Permission.IDENTITY_READ,
    where=lambda names: kql.one_of("AccountUpn", names.addresses) if names.addresses else "",
    cells={
        "Activity": 'iff(ActionType == "LogonFailed", "Failed sign-in", "Sign-in")',
        "App": "Application",
        "Location": "Location",
        "Protocol": "Protocol",
        "IP": "IPAddress",
        "Device": "DeviceName",
        "Target": 'iff(TargetDeviceName == "", DestinationDeviceName, TargetDeviceName)',
        "Detail": "FailureReason",
    },
    words=words,
)
