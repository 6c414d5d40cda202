"""The tables speak Defender's names: its columns, in its order, with its types; ours only after them."""

import pytest

from watchfloor.lake.catalogue import table, tables
from watchfloor.lake.contracts import ColumnType

DEFENDER = {
    "EmailEvents": """
        Timestamp:datetime NetworkMessageId InternetMessageId SenderMailFromAddress SenderFromAddress
        SenderDisplayName SenderObjectId SenderMailFromDomain SenderFromDomain SenderIPv4 SenderIPv6
        RecipientEmailAddress RecipientObjectId Subject EmailClusterId:long EmailDirection DeliveryAction
        DeliveryLocation ThreatTypes ThreatNames DetectionMethods ConfidenceLevel BulkComplaintLevel:int
        EmailAction EmailActionPolicy EmailActionPolicyGuid AuthenticationDetails AttachmentCount:int
        UrlCount:int EmailLanguage Connectors OrgLevelAction OrgLevelPolicy UserLevelAction UserLevelPolicy
        ReportId AdditionalFields LatestDeliveryLocation LatestDeliveryAction DistributionList
    """,
    "EmailAttachmentInfo": """
        Timestamp:datetime NetworkMessageId SenderFromAddress SenderDisplayName SenderObjectId
        RecipientEmailAddress RecipientObjectId FileName FileType SHA256 FileSize:long ThreatTypes ThreatNames
        DetectionMethods ReportId
    """,
    "EmailUrlInfo": """
        Timestamp:datetime NetworkMessageId Url UrlDomain UrlLocation ReportId
    """,
    "EmailPostDeliveryEvents": """
        Timestamp:datetime NetworkMessageId InternetMessageId Action ActionType ActionTrigger ActionResult
        RecipientEmailAddress DeliveryLocation SourceLocation ThreatTypes DetectionMethods ReportId
    """,
    "AlertInfo": """
        Timestamp:datetime AlertId Title Category Severity ServiceSource DetectionSource AttackTechniques
    """,
    "AlertEvidence": """
        Timestamp:datetime AlertId Title Categories AttackTechniques ServiceSource DetectionSource EntityType
        EvidenceRole EvidenceDirection FileName FolderPath SHA1 SHA256 FileSize:long ThreatFamily RemoteIP
        RemoteUrl AccountName AccountDomain AccountSid AccountObjectId AccountUpn DeviceId DeviceName LocalIP
        NetworkMessageId EmailSubject Application ApplicationId:int OAuthApplicationId ProcessCommandLine
        RegistryKey RegistryValueName RegistryValueData AdditionalFields Severity CloudResource CloudPlatform
        ResourceType ResourceID SubscriptionId
    """,
    "UrlClickEvents": """
        Timestamp:datetime Url ActionType AccountUpn Workload NetworkMessageId ThreatTypes DetectionMethods
        IPAddress IsClickedThrough:bool UrlChain ReportId AppName AppVersion SourceId TenantId Type SourceSystem
        TimeGenerated:datetime
    """,
}


@pytest.mark.parametrize("name", sorted(DEFENDER))
def test_defenders_columns_come_first_in_its_order_and_types(name):
    wanted = [
        (column, ColumnType(kind or "string")) for column, _, kind in (w.partition(":") for w in DEFENDER[name].split())
    ]
    assert [(column.name, column.type) for column in table(name).columns][: len(wanted)] == wanted


FURTHER = """
    CampaignInfo IdentityInfo IdentityLogonEvents IdentityDirectoryEvents EntraIdSignInEvents CloudAppEvents
    FileMaliciousContentInfo DeviceInfo DeviceLogonEvents DeviceProcessEvents DeviceNetworkEvents DeviceFileEvents
    DeviceEvents DeviceTvmSoftwareInventory DeviceTvmSoftwareVulnerabilities BehaviorInfo BehaviorEntities MessageEvents
"""


def test_every_file_of_the_schema_folder_is_a_table():
    assert {owner.name for owner in tables()} == set(DEFENDER) | set(FURTHER.split())


@pytest.mark.parametrize("owner", tables(), ids=lambda owner: owner.name)
def test_a_table_can_be_stored(owner):
    """Engines ignore case in names, days are cut by Timestamp, and only a JSON text can be a list."""
    assert len({column.name.lower() for column in owner.columns}) == len(owner.columns)
    assert owner.column("Timestamp").type is ColumnType.DATETIME
    assert owner.own <= {column.name for column in owner.columns}


@pytest.mark.parametrize("owner", tables(), ids=lambda owner: owner.name)
def test_a_table_explains_itself(owner):
    names = [column.name for column in owner.columns]
    assert len(names) == len(set(names))
    assert owner.description
    assert owner.sort_column in names
    assert owner.bloom_column in names
    assert all(column.label and column.description for column in owner.columns)
    assert any(column.default for column in owner.columns)


@pytest.mark.parametrize("owner", tables(), ids=lambda owner: owner.name)
def test_what_a_table_repeats_of_a_mail_exists_on_both_sides(owner):
    for name in owner.repeats:
        assert owner.has(name)
        assert table("EmailEvents").has(name)
