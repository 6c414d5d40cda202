"""How a Log Analytics workspace lists the columns of Defender's tables: what `*` gives, in that order.

`Name` is the table's own column, `Name:type` one with another type or one we have nothing for (always empty), `Name=Other` another
spelling. A table that is not here shows its own columns in Defender's order.
"""

ORDERS: dict[str, str] = {
    "IdentityInfo": """
        TenantId TimeGenerated AccountName AccountDomain AccountUPN=AccountUpn AccountSID=OnPremSid AccountObjectId
        AccountTenantId=TenantId AccountDisplayName GivenName Surname OnPremisesExtensionAttributes:string
        OnPremisesDistinguishedName=DistinguishedName Tags AccountCreationTime=CreatedDateTime
        InvestigationPriority:int InvestigationPriorityPercentile:int RiskLevel RiskLevelDetails
        RiskState=RiskStatus BlastRadius GroupMembership AssignedRoles Department EmployeeId JobTitle
        RelatedAccounts:dynamic MailAddress=EmailAddress AdditionalMailAddresses=OtherMailAddresses Manager
        StreetAddress=Address City CompanyName Country State Phone IsAccountEnabled IsServiceAccount:bool
        DeletedDateTime LastSeenDate=Timestamp UACFlags=UserAccountControl UserState:string
        UserStateChangedOn:datetime UserType=TenantMembershipType ExtensionProperty:dynamic AccountCloudSID=CloudSid
        IsMFARegistered:bool Applications:string ServicePrincipals:dynamic SourceSystem UserAccountControl
        ChangeSource EntityRiskScore:dynamic SAMAccountName=AccountName Type _IsBillable _BilledSize Timestamp
        ReportId AccountUpn OnPremSid CriticalityLevel DistinguishedName CloudSid EmailAddress SipProxyAddress
        Address CreatedDateTime OtherMailAddresses PrivilegedEntraPimRoles OnPremObjectId TenantMembershipType
        RiskStatus IdentityEnvironment SourceProviders
    """,
    "IdentityLogonEvents": """
        TenantId TimeGenerated ActionType Application LogonType Protocol FailureReason AccountName AccountDomain
        AccountUpn AccountSid AccountObjectId AccountDisplayName DeviceName DeviceType OSPlatform IPAddress Port
        DestinationDeviceName DestinationIPAddress DestinationPort TargetDeviceName TargetAccountDisplayName
        Location ISP=Isp ReportId AdditionalFields LastSeenForUser:dynamic UncommonForUser:dynamic SourceSystem Type
        _IsBillable _BilledSize Timestamp Isp
    """,
    "IdentityDirectoryEvents": """
        TenantId TimeGenerated ActionType Application Protocol AccountName AccountDomain AccountUpn AccountSid
        AccountObjectId AccountDisplayName DeviceName IPAddress Port DestinationDeviceName DestinationIPAddress
        DestinationPort TargetDeviceName TargetAccountUpn TargetAccountDisplayName Location ISP ReportId
        AdditionalFields SourceSystem Type _IsBillable _BilledSize Timestamp
    """,
    "CloudAppEvents": """
        TenantId AccountId AccountType AdditionalFields RawEventData ReportId ObjectId ObjectType ObjectName
        ActivityObjects ActivityType UserAgent ISP=Isp City CountryCode IsAnonymousProxy IsExternalUser
        IsImpersonated IPAddress IPCategory IPTags OSPlatform DeviceType IsAdminOperation AccountDisplayName
        AccountObjectId AppInstanceId ApplicationId Application ActionType UserAgentTags TimeGenerated AuditSource
        LastSeenForUser OAuthAppId SessionData UncommonForUser SourceSystem Type _IsBillable _BilledSize Timestamp
        Isp
    """,
    "DeviceInfo": """
        TenantId AdditionalFields ClientVersion DeviceId DeviceName DeviceObjectId:string IsAzureADJoined
        LoggedOnUsers MachineGroup OSArchitecture OSBuild OSPlatform OSVersion PublicIP RegistryDeviceTag ReportId
        TimeGenerated AadDeviceId DeviceCategory DeviceSubtype DeviceType JoinType MergedDeviceIds MergedToDeviceId
        Model OnboardingStatus OSDistribution OSVersionInfo Vendor SensorHealthState IsExcluded ExclusionReason
        AssetValue ExposureLevel IsInternetFacing DeviceManualTags DeviceDynamicTags AzureResourceId AwsResourceName
        GcpFullResourceName AzureVmId AzureVmSubscriptionId CloudPlatforms HardwareUuid HostDeviceId IsTransient
        MitigationStatus OsBuildRevision RestrictedDeviceSecurityOperations:string SourceSystem Type _IsBillable
        _BilledSize Timestamp ConnectivityType Site DiscoverySources
    """,
    "DeviceProcessEvents": """
        TenantId AccountDomain AccountName AccountObjectId AccountSid AccountUpn ActionType AdditionalFields
        AppGuardContainerId DeviceId DeviceName FileName FolderPath FileSize InitiatingProcessAccountDomain
        InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
        InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName
        InitiatingProcessFolderPath InitiatingProcessId InitiatingProcessIntegrityLevel InitiatingProcessLogonId
        InitiatingProcessMD5 InitiatingProcessParentFileName InitiatingProcessParentId InitiatingProcessSHA1
        InitiatingProcessSHA256 InitiatingProcessTokenElevation InitiatingProcessFileSize
        InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoProductName
        InitiatingProcessVersionInfoProductVersion InitiatingProcessVersionInfoInternalFileName
        InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoFileDescription LogonId MD5
        MachineGroup:string ProcessCommandLine ProcessCreationTime ProcessId ProcessIntegrityLevel
        ProcessTokenElevation ProcessVersionInfoCompanyName ProcessVersionInfoProductName
        ProcessVersionInfoProductVersion ProcessVersionInfoInternalFileName ProcessVersionInfoOriginalFileName
        ProcessVersionInfoFileDescription InitiatingProcessSignerType InitiatingProcessSignatureStatus ReportId SHA1
        SHA256 TimeGenerated InitiatingProcessParentCreationTime InitiatingProcessCreationTime
        CreatedProcessSessionId IsProcessRemoteSession ProcessRemoteSessionDeviceName ProcessRemoteSessionIP
        InitiatingProcessSessionId IsInitiatingProcessRemoteSession InitiatingProcessRemoteSessionDeviceName
        InitiatingProcessRemoteSessionIP InitiatingProcessUniqueId ProcessUniqueId SourceSystem Type _IsBillable
        _BilledSize Timestamp LogonID=LogonId
    """,
    "DeviceNetworkEvents": """
        TenantId ActionType AdditionalFields AppGuardContainerId DeviceId DeviceName InitiatingProcessAccountDomain
        InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
        InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName
        InitiatingProcessFolderPath InitiatingProcessId InitiatingProcessIntegrityLevel InitiatingProcessMD5
        InitiatingProcessParentFileName InitiatingProcessParentId InitiatingProcessSHA1 InitiatingProcessSHA256
        InitiatingProcessTokenElevation InitiatingProcessFileSize InitiatingProcessVersionInfoCompanyName
        InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion
        InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
        InitiatingProcessVersionInfoFileDescription LocalIP LocalIPType LocalPort MachineGroup:string Protocol
        RemoteIP RemoteIPType RemotePort RemoteUrl ReportId TimeGenerated InitiatingProcessParentCreationTime
        InitiatingProcessCreationTime InitiatingProcessSessionId IsInitiatingProcessRemoteSession
        InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP InitiatingProcessUniqueId
        SourceSystem Type _IsBillable _BilledSize Timestamp LogonID
    """,
    "DeviceFileEvents": """
        TenantId ActionType AdditionalFields AppGuardContainerId DeviceId DeviceName FileName FileOriginIP
        FileOriginReferrerUrl FileOriginUrl FileSize FolderPath InitiatingProcessAccountDomain
        InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
        InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName
        InitiatingProcessFolderPath InitiatingProcessId InitiatingProcessIntegrityLevel InitiatingProcessMD5
        InitiatingProcessParentFileName InitiatingProcessParentId InitiatingProcessSHA1 InitiatingProcessSHA256
        InitiatingProcessTokenElevation IsAzureInfoProtectionApplied MD5 MachineGroup:string PreviousFileName
        PreviousFolderPath ReportId RequestAccountDomain RequestAccountName RequestAccountSid RequestProtocol
        RequestSourceIP RequestSourcePort SHA1 SHA256 SensitivityLabel SensitivitySubLabel ShareName TimeGenerated
        InitiatingProcessParentCreationTime InitiatingProcessCreationTime InitiatingProcessFileSize
        InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoFileDescription
        InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
        InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion
        InitiatingProcessSessionId IsInitiatingProcessRemoteSession InitiatingProcessRemoteSessionDeviceName
        InitiatingProcessRemoteSessionIP InitiatingProcessUniqueId SourceSystem Type _IsBillable _BilledSize
        Timestamp LogonID
    """,
    "DeviceEvents": """
        TenantId AccountDomain AccountName AccountSid ActionType AdditionalFields AppGuardContainerId DeviceId
        DeviceName FileName FileOriginIP FileOriginUrl FolderPath InitiatingProcessAccountDomain
        InitiatingProcessAccountName InitiatingProcessAccountObjectId InitiatingProcessAccountSid
        InitiatingProcessAccountUpn InitiatingProcessCommandLine InitiatingProcessFileName
        InitiatingProcessFolderPath InitiatingProcessId InitiatingProcessLogonId InitiatingProcessMD5
        InitiatingProcessParentFileName InitiatingProcessParentId InitiatingProcessSHA1 InitiatingProcessSHA256
        LocalIP LocalPort LogonId MD5 MachineGroup:string ProcessCommandLine ProcessId ProcessTokenElevation
        RegistryKey RegistryValueData RegistryValueName RemoteDeviceName RemoteIP RemotePort RemoteUrl ReportId SHA1
        SHA256 TimeGenerated FileSize InitiatingProcessCreationTime InitiatingProcessFileSize
        InitiatingProcessParentCreationTime InitiatingProcessVersionInfoCompanyName
        InitiatingProcessVersionInfoFileDescription InitiatingProcessVersionInfoInternalFileName
        InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoProductName
        InitiatingProcessVersionInfoProductVersion ProcessCreationTime CreatedProcessSessionId
        IsProcessRemoteSession ProcessRemoteSessionDeviceName ProcessRemoteSessionIP InitiatingProcessSessionId
        IsInitiatingProcessRemoteSession InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP
        InitiatingProcessUniqueId SourceSystem Type _IsBillable _BilledSize Timestamp
    """,
    "DeviceTvmSoftwareInventory": """
        TenantId DeviceId DeviceName OSPlatform OSVersion OSArchitecture SoftwareVendor SoftwareName SoftwareVersion
        EndOfSupportStatus EndOfSupportDate ProductCodeCpe TimeGenerated SourceSystem Type _IsBillable _BilledSize
    """,
    "MessageEvents": """
        TenantId TimeGenerated LastEditedTime TeamsMessageId SenderEmailAddress SenderDisplayName SenderObjectId
        SenderType RecipientDetails IsOwnedThread MessageId ParentMessageId GroupId GroupName ThreadId ThreadSubtype
        IsExternalThread MessageFormatType MessageFormatSubtype MessageVersion MessageSubject ThreatTypes
        DetectionMethods ConfidenceLevel DeliveryAction DeliveryLocation ReportId SafetyTip SourceSystem Type
        _IsBillable _BilledSize Timestamp
    """,
    "EmailEvents": """
        TenantId AttachmentCount AuthenticationDetails AdditionalFields ConfidenceLevel Connectors DetectionMethods
        DeliveryAction DeliveryLocation EmailClusterId EmailDirection EmailLanguage EmailAction EmailActionPolicy
        EmailActionPolicyGuid OrgLevelAction OrgLevelPolicy InternetMessageId NetworkMessageId RecipientEmailAddress
        RecipientObjectId ReportId SenderDisplayName SenderFromAddress SenderFromDomain SenderObjectId SenderIPv4
        SenderIPv6 SenderMailFromAddress SenderMailFromDomain Subject ThreatTypes ThreatNames TimeGenerated
        LastEventExecutionTime:datetime UrlCount UserLevelAction UserLevelPolicy BulkComplaintLevel
        LatestDeliveryLocation LatestDeliveryAction ExchangeTransportRule:string DistributionList
        ForwardingInformation:string Context:string To:dynamic Cc:dynamic ThreatClassification RecipientDomain
        EmailSize:int IsFirstContact:bool SourceSystem Type _IsBillable _BilledSize Timestamp
    """,
    "EmailAttachmentInfo": """
        TenantId FileName FileType NetworkMessageId RecipientEmailAddress RecipientObjectId ReportId SHA256
        SenderDisplayName SenderObjectId ThreatTypes SenderFromAddress ThreatNames DetectionMethods FileSize
        TimeGenerated FileExtension SourceSystem Type _IsBillable _BilledSize Timestamp
    """,
    "EmailUrlInfo": """
        TenantId NetworkMessageId ReportId TimeGenerated Url UrlLocation UrlDomain SourceSystem Type _IsBillable
        _BilledSize Timestamp
    """,
    "UrlClickEvents": """
        TenantId TimeGenerated Url ActionType AccountUpn Workload NetworkMessageId IPAddress ThreatTypes
        DetectionMethods IsClickedThrough UrlChain ReportId AppName AppVersion SourceId SourceSystem Type
        _IsBillable _BilledSize Timestamp
    """,
    "AlertInfo": """
        TenantId TimeGenerated AlertId Title Category Severity ServiceSource DetectionSource AttackTechniques
        SourceSystem Type _IsBillable _BilledSize Timestamp
    """,
    "AlertEvidence": """
        TenantId TimeGenerated AlertId Title Categories AttackTechniques ServiceSource DetectionSource EntityType
        EvidenceRole EvidenceDirection FileName FolderPath SHA1 SHA256 FileSize ThreatFamily RemoteIP RemoteUrl
        AccountName AccountDomain AccountSid AccountObjectId AccountUpn DeviceId DeviceName LocalIP NetworkMessageId
        EmailSubject ApplicationId Application OAuthApplicationId ProcessCommandLine AdditionalFields RegistryKey
        RegistryValueName RegistryValueData CloudPlatform CloudResource Severity SourceSystem Type _IsBillable
        _BilledSize Timestamp ResourceType ResourceID SubscriptionId
    """,
    "EmailPostDeliveryEvents": """
        TenantId Action ActionResult ActionTrigger ActionType DeliveryLocation InternetMessageId NetworkMessageId
        RecipientEmailAddress ReportId ThreatTypes DetectionMethods TimeGenerated SenderFromAddress:string
        EmailDirection:string SourceSystem Type _IsBillable _BilledSize Timestamp SourceLocation
    """,
    "DeviceTvmSoftwareVulnerabilities": """
        TenantId DeviceId DeviceName OSPlatform OSVersion OSArchitecture SoftwareVendor SoftwareName SoftwareVersion
        CveId VulnerabilitySeverityLevel RecommendedSecurityUpdate RecommendedSecurityUpdateId TimeGenerated CveTags
        SourceSystem Type _IsBillable _BilledSize
    """,
}
