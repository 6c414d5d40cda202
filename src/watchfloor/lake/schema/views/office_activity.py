"""OfficeActivity: audit records of Microsoft 365 as Sentinel names them, over the raw records in CloudAppEvents."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.contracts import View, ViewColumn
from watchfloor.lake.schema.views.reading import empty, inside

_COLUMNS = (
    *empty("TenantId"),
    ViewColumn("Application", T.STRING, "Application", "Application"),
    *empty("UserDomain Activity"),
    ViewColumn("UserAgent", T.STRING, "UserAgent", "What the client says it is"),
    *inside("RawEventData", "RecordType"),
    ViewColumn("TimeGenerated", T.DATETIME, "Timestamp", "When it happened"),
    ViewColumn(
        "Operation",
        T.STRING,
        "COALESCE(JSON_EXTRACT_STRING(TRY_CAST(RawEventData AS JSON), '$.Operation'), ActionType)",
        "What happened",
    ),
    *inside(
        "RawEventData",
        """
        OrganizationId UserType UserKey OfficeWorkload=Workload ResultStatus ResultReasonType
        OfficeObjectId=ObjectId UserId
        """,
    ),
    ViewColumn(
        "ClientIP",
        T.STRING,
        "COALESCE(JSON_EXTRACT_STRING(TRY_CAST(RawEventData AS JSON), '$.ClientIP'), IPAddress)",
        "Address it came from",
    ),
    *inside(
        "RawEventData",
        """
        Site_=Site ItemType EventSource Source_Name=SourceName MachineDomainInfo MachineId Site_Url=SiteUrl
        SourceRelativeUrl SourceFileName SourceFileExtension DestinationRelativeUrl DestinationFileName
        DestinationFileExtension UserSharedWith SharingType CustomEvent Event_Data=EventData
        ModifiedObjectResolvedName Parameters ExternalAccess OriginatingServer OrganizationName
        """,
    ),
    ViewColumn(
        "Logon_Type",
        T.STRING,
        "CASE JSON_EXTRACT_STRING(TRY_CAST(RawEventData AS JSON), '$.LogonType') WHEN '0' THEN 'Owner' WHEN '1' THEN 'Admin' WHEN '2' THEN 'Delegated' ELSE '' END",
        "Owner, Admin or Delegated",
    ),
    *inside(
        "RawEventData",
        """
        InternalLogonType:int MailboxGuid MailboxOwnerUPN MailboxOwnerSid MailboxOwnerMasterAccountSid
        LogonUserSid LogonUserDisplayName ClientInfoString Client_IPAddress=ClientIPAddress
        ClientMachineName ClientProcessName ClientVersion Folder CrossMailboxOperations:bool DestMailboxId
        DestMailboxOwnerUPN DestMailboxOwnerSid DestMailboxOwnerMasterAccountSid DestFolder Folders
        AffectedItems Item ModifiedProperties SendAsUserSmtp SendAsUserMailboxGuid SendOnBehalfOfUserSmtp
        SendonBehalfOfUserMailboxGuid ExtendedProperties Client LoginStatus:int Actor ActorContextId
        ActorIpAddress InterSystemsId IntraSystemId SupportTicketId TargetContextId
        DataCenterSecurityEventType:int EffectiveOrganization ElevationTime:datetime ElevationApprover
        ElevationApprovedTime:datetime ElevationRequestId ElevationRole ElevationDuration:int GenericInfo
        """,
    ),
    ViewColumn("SourceSystem", T.STRING, "'OfficeActivityManager'", "System the record comes from"),
    *inside(
        "RawEventData",
        """
        OfficeId=Id SourceRecordId=Id AzureActiveDirectory_EventType AADTarget=Target
        Start_Time=StartTime:datetime OfficeTenantId=OrganizationId TargetUserOrGroupName
        TargetUserOrGroupType MessageId Members:dynamic TeamName TeamGuid ChannelType ChannelName
        ChannelGuid ExtraProperties:dynamic AddOnType AddonName TabType Name OldValue NewValue ItemName
        ChatThreadId ChatName CommunicationType AADGroupId AddOnGuid AppDistributionMode TargetUserId
        OperationScope AzureADAppId OperationProperties:dynamic AppId ClientAppId ApplicationId SRPolicyId
        SRPolicyName SRRuleMatchDetails:dynamic IsManagedDevice:bool AppPoolName AppAccessContext:dynamic
        Attendees:dynamic ArtifactsShared:dynamic IsJoinedFromLobby:bool JoinTime:datetime
        LeaveTime:datetime DeviceInformation MeetingDetailId ListItemUniqueId SensitivityLabelId
        UniqueSharingId
        """,
    ),
    *empty("Type _IsBillable _BilledSize:real _ResourceId _SubscriptionId"),
)

VIEW = View(
    name="OfficeActivity",
    description="Audit records of Microsoft 365 as Sentinel names them, over the raw records in CloudAppEvents",
    columns=_COLUMNS,
    over="CloudAppEvents",
    where="CONTAINS(RawEventData, '\"Workload\"')",
    permission=Permission.IDENTITY_READ,
)
