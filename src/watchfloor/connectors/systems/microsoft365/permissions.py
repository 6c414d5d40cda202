"""Which application permissions a connection needs for what its settings ask, and what each missing one costs."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """`any_of` are Microsoft's names, the least first; `switch` is the setting that asks for it, `gives` what it is for."""

    switch: str
    any_of: tuple[str, ...]
    gives: str

    @property
    def least(self) -> str:
        return self.any_of[0]


NEEDS = (
    Need("people", ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"), "people"),
    Need(
        "people",
        (
            "GroupMember.Read.All",
            "Group.Read.All",
            "Group.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        ),
        "groups and their members",
    ),
    Need(
        "people",
        (
            "RoleManagement.Read.Directory",
            "RoleManagement.ReadWrite.Directory",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        ),
        "administrator roles",
    ),
    Need("sign_ins", ("AuditLog.Read.All",), "sign-ins and directory audits"),
    Need("risk", ("IdentityRiskEvent.Read.All", "IdentityRiskEvent.ReadWrite.All"), "risk detections"),
    Need("risk", ("IdentityRiskyUser.Read.All", "IdentityRiskyUser.ReadWrite.All"), "risky accounts"),
    Need(
        "files", ("Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"), "files and shares"
    ),
    Need(
        "act",
        ("User.EnableDisableAccount.All", "User.ReadWrite.All", "Directory.ReadWrite.All"),
        "suspending and enabling accounts",
    ),
    Need("act", ("User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"), "ending sessions"),
    Need(
        "act",
        ("User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"),
        "resetting passwords",
    ),
    Need("act", ("IdentityRiskyUser.ReadWrite.All",), "confirming and dismissing risk"),
    Need("act", ("MailboxSettings.ReadWrite",), "stopping inbox rules and the forwarding they do"),
)
ACTIVITY = Need("activity", ("ActivityFeed.Read",), "what people and administrators do (unified audit log)")
_FAR_REACHING = frozenset(
    {
        "Directory.ReadWrite.All",
        "Directory.AccessAsUser.All",
        "RoleManagement.ReadWrite.Directory",
        "AppRoleAssignment.ReadWrite.All",
        "Application.ReadWrite.All",
        "Mail.ReadWrite",
        "Mail.Send",
        "Files.ReadWrite.All",
        "Sites.FullControl.All",
        "full_access_as_app",
    }
)


def lines_about(
    granted: frozenset[str], needs: tuple[Need, ...], settings: dict[str, str]
) -> Iterator[tuple[bool, str]]:
    """For each thing the settings ask for, whether it can be done, and which permission it lacks."""
    for need in needs:
        if settings.get(need.switch) == "yes":
            held = next((one for one in need.any_of if one in granted), "")
            yield (
                bool(held),
                f"{need.gives}: {held}" if held else f"no {need.gives}: grant {need.least} to the application",
            )


def words_on_excess(granted: frozenset[str]) -> str:
    """A sentence about permissions that reach further than anything here needs; "" when there are none."""
    over = sorted(granted & _FAR_REACHING)
    return f"the application may do more than Watchfloor ever asks: {', '.join(over)}; take these away" if over else ""
