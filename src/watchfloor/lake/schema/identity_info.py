"""IdentityInfo: accounts of the directories: who they are, what they may do."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="IdentityInfo",
    description="Accounts of the directories: who they are, what they may do",
    columns=grid(
        "Timestamp AccountUpn AccountDisplayName Department JobTitle IsAccountEnabled RiskLevel",
        Column("Timestamp", T.DATETIME, "When the record was written", "Timestamp"),
        *shared("ReportId AccountObjectId AccountUpn"),
        Column("OnPremSid", T.STRING, "SID in the directory on premises", "On prem SID"),
        *shared("AccountDisplayName AccountName AccountDomain"),
        Column("CriticalityLevel", T.INT, "How critical the account is, 0 the most", "Criticality level"),
        Column("Type", T.STRING, "Kind of record: User or ServiceAccount", "Type"),
        Column("DistinguishedName", T.STRING, "Distinguished name in the directory", "Distinguished name"),
        Column("CloudSid", T.STRING, "SID in the cloud directory", "Cloud SID"),
        Column("GivenName", T.STRING, "First name", "Given name"),
        Column("Surname", T.STRING, "Last name", "Surname"),
        Column("Department", T.STRING, "Department", "Department"),
        Column("JobTitle", T.STRING, "Job title", "Job title"),
        Column("EmailAddress", T.STRING, "Mail address", "Email address", folded=True),
        Column("SipProxyAddress", T.STRING, "Address for calls (SIP)", "Sip proxy address"),
        Column("Address", T.STRING, "Street address", "Address"),
        Column("City", T.STRING, "City", "City"),
        Column("Country", T.STRING, "Country", "Country"),
        Column("IsAccountEnabled", T.BOOL, "Whether the account may sign in", "Is account enabled"),
        Column("Manager", T.STRING, "Manager", "Manager"),
        Column("Phone", T.STRING, "Telephone number", "Phone"),
        Column("CreatedDateTime", T.DATETIME, "When the account was made", "Created date time"),
        Column("ChangeSource", T.STRING, "Directory that changed the record", "Change source"),
        Column("BlastRadius", T.STRING, "How far a takeover of the account would reach", "Blast radius"),
        Column("CompanyName", T.STRING, "Company", "Company name"),
        Column("DeletedDateTime", T.DATETIME, "When the account was deleted", "Deleted date time"),
        Column("EmployeeId", T.STRING, "Number the employer gave", "Employee ID"),
        Column("OtherMailAddresses", T.DYNAMIC, "Further mail addresses, a JSON list", "Other mail addresses"),
        Column("RiskLevel", T.STRING, "How likely the account is taken over: none, low, medium, high", "Risk level"),
        Column("RiskLevelDetails", T.STRING, "What the risk level rests on", "Risk level details"),
        Column("State", T.STRING, "State or region", "State"),
        Column("Tags", T.DYNAMIC, "Tags of the account, a JSON list", "Tags"),
        Column("AssignedRoles", T.DYNAMIC, "Directory roles the account holds, a JSON list", "Assigned roles"),
        Column(
            "PrivilegedEntraPimRoles",
            T.DYNAMIC,
            "Directory roles the account may activate, a JSON list",
            "Privileged entra pim roles",
        ),
        Column("TenantId", T.STRING, "Id of the tenant", "Tenant ID"),
        Column("SourceSystem", T.STRING, "System the record comes from", "Source system"),
        Column("OnPremObjectId", T.STRING, "Object id in the directory on premises", "On prem object ID"),
        Column("TenantMembershipType", T.STRING, "Member or guest", "Tenant membership type"),
        Column("RiskStatus", T.STRING, "State of the risk: atRisk, remediated, dismissed ...", "Risk status"),
        Column(
            "UserAccountControl", T.STRING, "Flags of the account in the directory on premises", "User account control"
        ),
        Column("IdentityEnvironment", T.STRING, "CloudOnly, Hybrid or OnPremises", "Identity environment"),
        Column(
            "SourceProviders", T.DYNAMIC, "Identity providers that know the account, a JSON list", "Source providers"
        ),
        Column("GroupMembership", T.DYNAMIC, "Groups the account belongs to, a JSON list", "Group membership"),
    ),
    sort_column="AccountObjectId",
    bloom_column="AccountObjectId",
    permission=Permission.IDENTITY_READ,
    filled="what connected directories tell of their accounts, at each change and once a day",
)
