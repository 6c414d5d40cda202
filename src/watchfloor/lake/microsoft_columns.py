"""What our own Microsoft 365 tenant wrote about a mail, as columns of EmailEvents. Pure."""

from typing import Any

from watchfloor.inspection.contracts import MicrosoftReport


def microsoft_columns(report: MicrosoftReport | None) -> dict[str, Any]:
    """Bulk level, policy and overrides; nothing for a mail of another way, so that the columns stay as they are."""
    if report is None:
        return {}
    return {
        "BulkComplaintLevel": report.bcl or 0,
        "EmailAction": report.action,
        "EmailActionPolicy": report.action_policy,
        "OrgLevelAction": report.organization_action,
        "OrgLevelPolicy": report.organization_policy,
        "UserLevelAction": report.user_action,
        "UserLevelPolicy": report.user_policy,
        "PrimaryOverride": report.override,
        "PrimaryOverrideSource": report.overrides[0] if report.overrides else "",
        "OverrideSources": list(report.overrides),
    }


def microsoft_details(report: MicrosoftReport | None) -> dict[str, Any]:
    """The codes as they stood, for AdditionalFields: levels, filter verdict, category, safety tips, country, Microsoft's own id."""
    if report is None:
        return {}
    said = {
        "SCL": report.scl,
        "PCL": report.pcl,
        "BCL": report.bcl,
        "SFV": report.filtered,
        "CAT": report.category,
        "SFTY": list(report.tips),
        "SenderCountry": report.country,
        "MicrosoftTenantId": report.tenant,
        "MicrosoftNetworkMessageId": report.network_message_id,
    }
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def with_overrides(row: dict[str, Any], decided: dict[str, Any]) -> dict[str, Any]:
    """`row` with the columns of what decided here; the sources of both stand in OverrideSources, those that decided first."""
    sources = [*decided.get("OverrideSources", ()), *row.get("OverrideSources", ())]
    return row | decided | {"OverrideSources": list(dict.fromkeys(sources))}
