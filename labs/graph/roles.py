"""The application permissions the server knows: each path asks for one of them."""

GRAPH_ROLES = frozenset(
    {
        "User.Read.All",
        "User.ReadWrite.All",
        "User.EnableDisableAccount.All",
        "User.RevokeSessions.All",
        "User-PasswordProfile.ReadWrite.All",
        "GroupMember.Read.All",
        "RoleManagement.Read.Directory",
        "AuditLog.Read.All",
        "IdentityRiskyUser.Read.All",
        "IdentityRiskyUser.ReadWrite.All",
        "IdentityRiskEvent.Read.All",
        "MailboxSettings.ReadWrite",
        "Files.Read.All",
    }
)
ACTIVITY_ROLES = frozenset({"ActivityFeed.Read"})
ALL_ROLES = GRAPH_ROLES | ACTIVITY_ROLES
