"""The values of discrete columns, as Defender's filter lists show them (TE-043 to TE-068)."""

DIRECTIONS = ("Inbound", "Intra-org", "Outbound")
DELIVERY_ACTIONS = ("Blocked", "Delivered", "Junked", "Replaced")
LOCATIONS = (
    "Deleted items folder",
    "Dropped",
    "Failed",
    "Hard deleted",
    "Inbox/folder",
    "Junk folder",
    "On-prem/external",
    "Quarantine",
    "Recoverable items folder",
    "Unknown",
)
THREAT_TYPES = ("Malware", "Phish", "Spam")
CONFIDENCES = ("High", "Normal")
DETECTION_TECHNOLOGIES = (
    "Advanced filter",
    "Antimalware protection",
    "Bulk",
    "Campaign",
    "Domain reputation",
    "File detonation",
    "File detonation reputation",
    "File reputation",
    "Fingerprint matching",
    "General filter",
    "Impersonation brand",
    "Impersonation domain",
    "Impersonation user",
    "IP reputation",
    "LLM content analysis",
    "Mail bombing",
    "Mailbox intelligence impersonation",
    "Mixed analysis detection",
    "Spoof DMARC",
    "Spoof external domain",
    "Spoof intra-org",
    "URL detonation",
    "URL detonation reputation",
    "URL malicious reputation",
)
URL_TECHNOLOGIES = ("URL detonation", "URL detonation reputation", "URL malicious reputation")
INTENTS = (
    "Business intelligence",
    "Contact establishment",
    "Gift card",
    "Invoice",
    "Payroll",
    "PII gathering",
    "Task",
)
OVERRIDES = (
    "Allowed by organization policy",
    "Allowed by user policy",
    "Blocked by organization policy",
    "Blocked by user policy",
    "None",
)
POLICY_TYPES = (
    "Anti-malware",
    "Anti-phishing",
    "Exchange transport rule",
    "Hosted content filter",
    "Hosted outbound spam filter",
    "Safe Attachments",
    "Unknown",
)
POLICY_ACTIONS = (
    "Add x-header",
    "Bcc message",
    "Delete message",
    "Modify subject",
    "Move to Junk Email folder",
    "No action taken",
    "Redirect message",
    "Send to quarantine",
)
SPF = ("Fail", "Neutral", "None", "Pass", "Permanent error", "Soft fail", "Temporary error")
DKIM = ("Error", "Fail", "Ignore", "None", "Pass", "Test", "Timeout", "Unknown")
DMARC = ("Best guess pass", "Fail", "None", "Pass", "Permanent error", "Selector pass", "Temporary error", "Unknown")
COMPOSITE = ("Fail", "None", "Pass", "Soft pass")
URL_LOCATIONS = ("Attachment", "Body", "Cloud attachment", "Header", "QRCode", "Subject", "Unknown")
CLICK_ACTIONS = (
    "Allowed",
    "Block page",
    "Block page override",
    "ClickAllowed",
    "ClickBlocked",
    "ClickBlockedByTenantPolicy",
    "Error page",
    "Failure",
    "None",
    "Pending detonation page",
    "Pending detonation page override",
    "UrlErrorPage",
    "UrlScanInProgress",
)
POST_DELIVERY_TYPES = (
    "Automated remediation",
    "Dynamic Delivery",
    "Malware ZAP",
    "Manual remediation",
    "None",
    "Phish ZAP",
    "Quarantine release",
    "Reprocessed",
    "Spam ZAP",
    "User reported",
)
SEVERITIES = ("High", "Medium", "Low", "Informational")
