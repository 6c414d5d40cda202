"""The reports there are (RP-01 to RP-06); a report added here is a card, a page, two files and something to schedule."""

from collections.abc import Mapping
from typing import Any

from watchfloor.lake.contracts import Condition, Operator
from watchfloor.portal.reports.contracts import Breakdown, Preset, Report, ReportTab
from watchfloor.response.submissions.contracts import Said

PRESETS = (
    Preset("1d", "Today", 1),
    Preset("7d", "7 days", 7),
    Preset("30d", "30 days", 30),
    Preset("90d", "90 days", 90),
    Preset("400d", "400 days", 400),
)
DEFAULT_PRESET = PRESETS[1]
NO_THREAT = "No threat"
ANY = ("Malware", "Phish", "Spam")
ZAPS = ("Malware ZAP", "Phish ZAP", "Spam ZAP")
CLICKED_THROUGH = "Blocked and clicked through"
CLICK_NAMES = {
    "Allowed": "Allowed",
    "ClickAllowed": "Allowed",
    "ClickAllowedByTenantPolicy": "Allowed by tenant admin",
    "Block page": "Blocked",
    "ClickBlocked": "Blocked",
    "Block page override": CLICKED_THROUGH,
    "ClickBlockedByTenantPolicy": "Blocked by tenant admin",
    "Pending detonation page": "Pending scan",
    "UrlScanInProgress": "Pending scan",
    "Pending detonation page override": "Clicked through during scan",
    "Error page": "Error page",
    "UrlErrorPage": "Error page",
}
THROUGH = {
    "Blocked": CLICKED_THROUGH,
    "Blocked by tenant admin": "Blocked by tenant admin and clicked through",
    "Pending scan": "Clicked through during scan",
}


def click_name(row: Mapping[str, Any]) -> str:
    """What a click met, in the report's words (RP-05), whichever of Defender's two vocabularies it was written in."""
    action = str(row["ActionType"] or "")
    name = CLICK_NAMES.get(action, action or "Unknown")
    return THROUGH.get(name, name) if row["IsClickedThrough"] else name


def threat(*names: str) -> tuple[Condition, ...]:
    return (Condition("ThreatTypes", Operator.EQUAL_ANY, names),)


DETECTION = Breakdown("detection", "Detection technology", "DetectionMethods", empty="No technology named")
THREAT = Breakdown("threat", "Threat", "ThreatTypes", empty=NO_THREAT)
DELIVERY = Breakdown("delivery", "Delivery status", "DeliveryAction")
DIRECTION = Breakdown("direction", "Direction", "EmailDirection")
MAIL = (
    DELIVERY,
    DIRECTION,
    Breakdown("location", "Original location", "DeliveryLocation"),
    Breakdown("latest", "Latest location", "LatestDeliveryLocation"),
    Breakdown("policy", "Policy type", "EmailActionPolicy", empty="No policy"),
    Breakdown("override", "Override", "PrimaryOverride", empty="No override"),
    Breakdown("tag", "Tag of the recipient", "Tags", empty="No tag"),
    Breakdown("recipient", "Recipient", "RecipientEmailAddress"),
    Breakdown("sender-domain", "Sender domain", "SenderFromDomain"),
    Breakdown("door", "Connection", "Connectors"),
)
MAIL_COLUMNS = (
    *("Timestamp", "Subject", "SenderFromAddress", "RecipientEmailAddress", "ThreatTypes", "DetectionMethods"),
    *("DeliveryAction", "LatestDeliveryLocation", "SenderIP", "Tags"),
)
MAIL_FILTERS = (
    *("DetectionMethods", "EmailActionPolicy", "Tags", "EmailDirection", "DeliveryAction", "RecipientDomain"),
    *("SenderFromDomain", "RecipientEmailAddress", "PrimaryOverride", "BulkComplaintLevel"),
)
FILES = ReportTab(
    "content-malware",
    "Content malware",
    (
        Breakdown("threat", "Threat", "ThreatTypes"),
        Breakdown("family", "Malware family", "ThreatNames", empty="No family named"),
        DETECTION,
        Breakdown("workload", "Workload", "Workload"),
    ),
    ("Timestamp", "FileName", "FolderPath", "FileOwnerUpn", "ThreatTypes", "ThreatNames", "DetectionMethods", "SHA256"),
    ("Workload", "DetectionMethods", "FileOwnerUpn"),
    table="FileMaliciousContentInfo",
    view="content-malware",
    noun="file",
)


def _mails(key: str, label: str, first: Breakdown, *names: str) -> ReportTab:
    others = (first, *(one for one in (DETECTION, THREAT, *MAIL) if one is not first))
    return ReportTab(key, label, others, MAIL_COLUMNS, MAIL_FILTERS, required=_required(names))


def _required(names: tuple[str, ...]) -> tuple[Condition, ...]:
    """Any threat at all is asked as “not empty”, which needs no look into the cell."""
    if names == ANY:
        return (Condition("ThreatTypes", Operator.NOT_EMPTY, ()),)
    return threat(*names) if names else ()


def _ranking(key: str, label: str, column: str, *names: str) -> ReportTab:
    by = (Breakdown("ranking", label, column, ranked=True),)
    return ReportTab(key, label, by, MAIL_COLUMNS, MAIL_FILTERS, required=_required(names))


PROTECTION = Report(
    "threat-protection",
    "Threat protection status",
    "Malware, phish and spam found in mail and files: what found it, and where it went",
    "shield-check",
    (
        _mails("overview", "Overview", THREAT, *ANY),
        _mails("phish", "Phish", DETECTION, "Phish"),
        _mails("malware", "Malware", DETECTION, "Malware"),
        _mails("spam", "Spam", DETECTION, "Spam"),
        FILES,
    ),
)
MAIL_FLOW = Report(
    "mail-flow",
    "Mail flow status",
    "All mail: what was good, what was not, and where it was put",
    "mail",
    (_mails("all", "All mail", THREAT),),
)
POST_DELIVERY = Report(
    "post-delivery",
    "Post-delivery activities",
    "Mail that was moved, deleted or restored after it had been delivered",
    "arrow-back-up",
    tuple(
        ReportTab(
            key,
            label,
            (
                Breakdown("threat", "Threat", "ThreatTypes", empty=NO_THREAT),
                Breakdown("type", "Kind of action", "ActionType"),
                Breakdown("trigger", "Trigger", "ActionTrigger"),
                Breakdown("to", "Location after it", "DeliveryLocation"),
                Breakdown("from", "Location before it", "SourceLocation"),
                Breakdown("result", "Result", "ActionResult"),
                DETECTION,
            ),
            (
                *("Timestamp", "NetworkMessageId", "RecipientEmailAddress", "Action", "ActionType", "SourceLocation"),
                *("DeliveryLocation", "ThreatTypes", "DetectionMethods", "ActionResult"),
            ),
            ("ActionType", "DeliveryLocation", "RecipientEmailAddress", "DetectionMethods"),
            table="EmailPostDeliveryEvents",
            required=(Condition("ActionType", Operator.EQUAL_ANY, ZAPS),) if key == "zap" else (),
            view="",
            noun="action",
        )
        for key, label in (("all", "All actions"), ("zap", "Zero-hour auto purge"))
    ),
)
URL_PROTECTION = Report(
    "url-protection",
    "URL protection",
    "Clicks on links in mail: what was allowed, blocked, or clicked through",
    "link",
    (
        ReportTab(
            "clicks",
            "Clicks",
            (
                Breakdown(
                    "action", "Click action", "ActionType", columns=("ActionType", "IsClickedThrough"), name=click_name
                ),
                Breakdown("application", "Application", "Workload", empty="Not named"),
                Breakdown("app", "Application name", "AppName", empty="Not named"),
                Breakdown("domain", "URL domain", "UrlDomain"),
                Breakdown("threat", "Threat", "ThreatTypes", empty=NO_THREAT),
                Breakdown("person", "Person", "AccountUpn"),
            ),
            (
                "Timestamp",
                "AccountUpn",
                "Url",
                "ActionType",
                "IsClickedThrough",
                "ThreatTypes",
                "Workload",
                "IPAddress",
            ),
            ("ActionType", "Workload", "UrlDomain", "AccountUpn", "ThreatTypes"),
            table="UrlClickEvents",
            view="url-clicks",
            noun="click",
        ),
    ),
)
TOP = Report(
    "top-senders-recipients",
    "Top senders and recipients",
    "Who sends most, who gets most, and who gets most of what is dangerous",
    "users",
    (
        _ranking("senders", "Senders", "SenderFromAddress"),
        _ranking("recipients", "Recipients", "RecipientEmailAddress"),
        _ranking("phish-recipients", "Phish recipients", "RecipientEmailAddress", "Phish"),
        _ranking("malware-recipients", "Malware recipients", "RecipientEmailAddress", "Malware"),
        _ranking("spam-recipients", "Spam recipients", "RecipientEmailAddress", "Spam"),
        _ranking("threat-senders", "Senders of threats", "SenderFromAddress", *ANY),
        _ranking("threat-domains", "Domains that send threats", "SenderFromDomain", *ANY),
    ),
    kind="ranking",
)
LATENCY = Report(
    "mail-latency",
    "Mail latency",
    "How long mail takes from being received to being judged and visible here",
    "clock",
    (ReportTab("all", "All mail", (Breakdown("all", "Percentile", "Timestamp"),), (), ("Connectors",)),),
    kind="latency",
)
SUBMISSIONS = Report(
    "submissions",
    "Submissions",
    "What people reported and analysts handed in, and what came of it",
    "mail-exclamation",
    (
        ReportTab(
            "reported",
            "User reported",
            (
                Breakdown("reason", "Reason", "reason"),
                Breakdown("mark", "Mark", "group__marked_as", empty="Not marked"),
                Breakdown("result", "Result", "group__result", empty="No result yet"),
                Breakdown("tool", "Tool", "reported_from", empty="Not named"),
                Breakdown("via", "Way", "via", empty="Not named"),
                Breakdown("person", "Reporter", "reporter"),
            ),
            ("reported_at", "subject", "sender", "reporter", "reason", "group__marked_as", "group__result"),
            view="",
            noun="report",
        ),
        ReportTab(
            "submitted",
            "Submitted by analysts",
            (
                Breakdown("said", "Reason", "said", names={one.value: one.label for one in Said}),
                Breakdown("kind", "Kind", "kind", names={"mail": "Email", "file": "File", "url": "URL"}),
                Breakdown("result", "Result", "result", empty="No result yet"),
                Breakdown("person", "Analyst", "by"),
            ),
            ("at", "name", "kind", "sender", "by", "said", "result"),
            view="",
            noun="submission",
        ),
    ),
    kind="submissions",
)
REPORTS = (PROTECTION, MAIL_FLOW, LATENCY, POST_DELIVERY, URL_PROTECTION, TOP, SUBMISSIONS)
OVERVIEW = (PROTECTION, MAIL_FLOW, POST_DELIVERY, URL_PROTECTION, SUBMISSIONS, TOP, LATENCY)


def report_of(key: str) -> Report | None:
    """The report of a key."""
    return next((one for one in REPORTS if one.key == key), None)
