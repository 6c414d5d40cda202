"""SigninLogs: interactive sign-ins as Sentinel names them, over EntraIdSignInEvents."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.contracts import View, ViewColumn
from watchfloor.lake.schema.views.reading import empty

_COLUMNS = (
    ViewColumn("SourceSystem", T.STRING, "'Azure AD'", "System the record comes from"),
    ViewColumn("TimeGenerated", T.DATETIME, "Timestamp", "When it happened"),
    *empty("ResourceId"),
    ViewColumn("OperationName", T.STRING, "'Sign-in activity'", "Always “Sign-in activity”"),
    ViewColumn("OperationVersion", T.STRING, "'1.0'", "Version of the operation"),
    ViewColumn("Category", T.STRING, "'SignInLogs'", "Always “SignInLogs”"),
    ViewColumn("ResultType", T.STRING, "CAST(ErrorCode AS TEXT)", "Why the sign-in failed, “0” when it succeeded"),
    *empty("ResultSignature"),
    ViewColumn("ResultDescription", T.STRING, "ResultDescription", "Why the sign-in failed, in words"),
    *empty("DurationMs:long"),
    ViewColumn("CorrelationId", T.STRING, "CorrelationId", "Id that joins the steps of one sign-in"),
    *empty("Resource ResourceGroup ResourceProvider"),
    ViewColumn("Identity", T.STRING, "AccountDisplayName", "Name of the account as people see it"),
    ViewColumn("Level", T.STRING, "'4'", "Level of the record"),
    ViewColumn("Location", T.STRING, "Country", "Country the address is taken to be in"),
    ViewColumn("AlternateSignInName", T.STRING, "AlternateSignInName", "Other name the account signs in with"),
    ViewColumn("AppDisplayName", T.STRING, "Application", "Application"),
    ViewColumn("AppId", T.STRING, "ApplicationId", "Id of the application"),
    ViewColumn(
        "AuthenticationContextClassReferences",
        T.STRING,
        "AuthenticationContextClassReferences",
        "Contexts that were asked for",
    ),
    ViewColumn(
        "AuthenticationDetails", T.STRING, "AuthenticationDetails", "Each factor that was asked for, a JSON list"
    ),
    *empty("AppliedEventListeners:dynamic AuthenticationMethodsUsed"),
    ViewColumn(
        "AuthenticationProcessingDetails",
        T.STRING,
        "AuthenticationProcessingDetails",
        "Steps of the authentication, as JSON",
    ),
    ViewColumn("AuthenticationRequirement", T.STRING, "AuthenticationRequirement", "Factors that were wanted"),
    *empty("AuthenticationRequirementPolicies"),
    ViewColumn("ClientAppUsed", T.STRING, "ClientAppUsed", "Kind of client"),
    ViewColumn(
        "ConditionalAccessPolicies",
        T.DYNAMIC,
        "TRY_CAST(ConditionalAccessPolicies AS JSON)",
        "Policies that were applied",
    ),
    ViewColumn(
        "ConditionalAccessStatus",
        T.STRING,
        "CASE ConditionalAccessStatus WHEN 0 THEN 'success' WHEN 1 THEN 'failure' WHEN 2 THEN 'notApplied' ELSE 'unknownFutureValue' END",
        "What the policies said",
    ),
    ViewColumn("CreatedDateTime", T.DATETIME, "Timestamp", "When the sign-in was tried"),
    ViewColumn(
        "DeviceDetail",
        T.DYNAMIC,
        "JSON_OBJECT('deviceId', EntraIdDeviceId, 'displayName', DeviceName, 'operatingSystem', OSPlatform, 'browser', Browser, 'isCompliant', (IsCompliant = 1), 'isManaged', (IsManaged = 1), 'trustType', DeviceTrustType)",
        "The device",
    ),
    ViewColumn(
        "IsInteractive", T.BOOL, "NOT CONTAINS(LOWER(LogonType), 'noninteractive')", "Whether somebody sat there"
    ),
    ViewColumn("Id", T.STRING, "RequestId", "Id of the request"),
    ViewColumn("IPAddress", T.STRING, "IPAddress", "Address it came from"),
    ViewColumn("IsRisky", T.BOOL, "RiskLevelAggregated >= 10", "Whether anything about it is a risk"),
    ViewColumn(
        "LocationDetails",
        T.DYNAMIC,
        "JSON_OBJECT('city', City, 'state', State, 'countryOrRegion', Country, 'geoCoordinates', JSON_OBJECT('latitude', TRY_CAST(Latitude AS DOUBLE), 'longitude', TRY_CAST(Longitude AS DOUBLE)))",
        "Where the address is taken to be",
    ),
    ViewColumn("MfaDetail", T.DYNAMIC, "MfaDetail", "Method and result of the second factor"),
    ViewColumn("NetworkLocationDetails", T.STRING, "NetworkLocationDetails", "Named networks the address belongs to"),
    ViewColumn("OriginalRequestId", T.STRING, "RequestId", "Id of the request"),
    *empty("ProcessingTimeInMilliseconds"),
    ViewColumn("RiskDetail", T.STRING, "RiskDetail", "Why the risk has its state"),
    ViewColumn("RiskEventTypes", T.STRING, "RiskEventTypes", "What made it a risk, a JSON list"),
    ViewColumn("RiskEventTypes_V2", T.STRING, "RiskEventTypes", "What made it a risk, a JSON list"),
    ViewColumn(
        "RiskLevelAggregated",
        T.STRING,
        "CASE RiskLevelAggregated WHEN 10 THEN 'low' WHEN 50 THEN 'medium' WHEN 100 THEN 'high' ELSE 'none' END",
        "Risk over all findings",
    ),
    ViewColumn(
        "RiskLevelDuringSignIn",
        T.STRING,
        "CASE RiskLevelAggregated WHEN 10 THEN 'low' WHEN 50 THEN 'medium' WHEN 100 THEN 'high' ELSE 'none' END",
        "Risk at the sign-in; we keep one level",
    ),
    ViewColumn(
        "RiskState",
        T.STRING,
        "CASE RiskState WHEN 1 THEN 'confirmedSafe' WHEN 2 THEN 'remediated' WHEN 3 THEN 'dismissed' WHEN 4 THEN 'atRisk' WHEN 5 THEN 'confirmedCompromised' ELSE 'none' END",
        "State of the risk",
    ),
    ViewColumn("ResourceDisplayName", T.STRING, "ResourceDisplayName", "Resource that was asked for"),
    ViewColumn("ResourceIdentity", T.STRING, "ResourceId", "Id of the resource"),
    *empty("ResourceServicePrincipalId ServicePrincipalId ServicePrincipalName"),
    ViewColumn("Status", T.DYNAMIC, "JSON_OBJECT('errorCode', ErrorCode)", "Error code of the sign-in"),
    *empty("TokenIssuerName"),
    ViewColumn("TokenIssuerType", T.STRING, "'AzureAD'", "Who issued the token"),
    ViewColumn("UserAgent", T.STRING, "UserAgent", "What the client says it is"),
    ViewColumn("UserDisplayName", T.STRING, "AccountDisplayName", "Name of the account as people see it"),
    ViewColumn("UserId", T.STRING, "AccountObjectId", "Directory id of the account"),
    ViewColumn("UserPrincipalName", T.STRING, "AccountUpn", "Address the account signs in with"),
    *empty("AADTenantId"),
    ViewColumn("UserType", T.STRING, "CASE WHEN IsGuestUser THEN 'Guest' ELSE 'Member' END", "Guest or Member"),
    *empty(
        """
        FlaggedForReview:bool IPAddressFromResourceProvider SignInIdentifier SignInIdentifierType
        """
    ),
    ViewColumn("ResourceTenantId", T.STRING, "ResourceTenantId", "Tenant of the resource"),
    ViewColumn("HomeTenantId", T.STRING, "HomeTenantId", "Tenant of the account"),
    ViewColumn("UniqueTokenIdentifier", T.STRING, "RequestId", "Id of the token"),
    ViewColumn("SessionId", T.STRING, "SessionId", "Id of the session"),
    ViewColumn("SessionLifetimePolicies", T.STRING, "SessionLifetimePolicies", "Policies on the session's length"),
    ViewColumn("AutonomousSystemNumber", T.STRING, "AutonomousSystemNumber", "Number of the network the address is in"),
    ViewColumn("AuthenticationProtocol", T.STRING, "AuthenticationProtocol", "Protocol: none, deviceCode, ropc ..."),
    ViewColumn("CrossTenantAccessType", T.STRING, "CrossTenantAccessType", "Whether and how tenants were crossed"),
    *empty(
        """
        AuthenticationAppDeviceDetails AuthenticationAppPolicyEvaluationDetails ClientCredentialType
        FederatedCredentialId GlobalSecureAccessIpAddress HomeTenantName
        """
    ),
    ViewColumn("IncomingTokenType", T.STRING, "IncomingTokenType", "Token the client came with"),
    *empty("IsTenantRestricted:bool IsThroughGlobalSecureAccess:bool OriginalTransferMethod"),
    ViewColumn("TokenProtectionStatusDetails", T.DYNAMIC, "TokenProtectionStatusDetails", "How the token is bound"),
    *empty(
        """
        AppOwnerTenantId ResourceOwnerTenantId Agent:dynamic SourceAppClientId ConditionalAccessAudiences
        AuthenticatorAppLocation AppliedConditionalAccessPolicies
        """
    ),
    ViewColumn(
        "RiskLevel",
        T.STRING,
        "CASE RiskLevelAggregated WHEN 10 THEN 'low' WHEN 50 THEN 'medium' WHEN 100 THEN 'high' ELSE 'none' END",
        "Risk over all findings",
    ),
    *empty("Type _IsBillable _BilledSize:real"),
)

VIEW = View(
    name="SigninLogs",
    description="Interactive sign-ins as Sentinel names them, over EntraIdSignInEvents",
    columns=_COLUMNS,
    over="EntraIdSignInEvents",
    where="NOT CONTAINS(LOWER(LogonType), 'noninteractive')",
    permission=Permission.IDENTITY_READ,
)
