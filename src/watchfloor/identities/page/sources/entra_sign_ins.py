"""Sign-ins at Entra ID."""

from watchfloor.access.contracts import Permission
from watchfloor.identities.page import kql
from watchfloor.identities.page.source_kinds import LakeSource, Row, after


def words(row: Row) -> str:
    done = "Signed in" if row["Activity"] == "Sign-in" else "Could not sign in"
    return f"{done}{after(' to ', row['App'])}{after(' with ', row['Object'])}{after(': ', row['Detail'])}"


SOURCE = LakeSource(
    kind="Sign-in",
    table="EntraIdSignInEvents",
    permission=Permission.IDENTITY_READ,
    where=lambda names: kql.one_of("AccountUpn", names.addresses) if names.addresses else "",
    cells={
        "Activity": 'iff(ErrorCode == 0, "Sign-in", "Failed sign-in")',
        "App": "Application",
        "Location": "Country",
        "Protocol": "ClientAppUsed",
        "IP": "IPAddress",
        "Device": "DeviceName",
        "Object": "Browser",
        "Detail": 'iff(ErrorCode == 0, "", iff(ResultDescription == "", strcat("error ", tostring(ErrorCode)), ResultDescription))',
    },
    words=words,
)
