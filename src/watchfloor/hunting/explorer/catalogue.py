"""What Explorer offers: its views with their pivots and tabs, and its time ranges."""

from datetime import timedelta

from watchfloor.hunting.explorer.columns import MAIL, in_lake
from watchfloor.hunting.explorer.contracts import ExplorerView, Pivot, Preset, Tab
from watchfloor.hunting.explorer.properties import CLICKS, FILES, RECIPIENT_TAG, properties
from watchfloor.lake.contracts import Condition, Operator

PAGE_SIZE = 50

DELIVERY = Pivot("DeliveryAction", "Delivery action")
SENDER_DOMAIN = Pivot("SenderFromDomain", "Sender domain")
SENDER_IP = Pivot("SenderIP", "Sender IP")
DETECTION = Pivot("DetectionMethods", "Detection technology")
INTENT = Pivot("ThreatClassification", "Threat classification")
THREAT = Pivot("ThreatTypes", "Threat type")
FAMILY = Pivot("ThreatNames", "Malware family")
URL = Pivot("EmailUrlInfo.Url", "Full URL")
URL_DOMAIN = Pivot("EmailUrlInfo.UrlDomain", "URL domain")
URL_PATH = Pivot("EmailUrlInfo.UrlDomainPath", "URL domain and path")
WORKLOAD = Pivot("Workload", "Workload")
CLICK_PIVOTS = (
    Pivot("UrlDomain", "URL domain"),
    Pivot("ActionType", "Click verdict"),
    Pivot("Url", "URL"),
    Pivot("UrlDomainPath", "URL domain and path"),
)

ROWS = Tab("email", "Email")
CLICKED = Tab("clicks", "URL clicks")
TOP_URLS = Tab("urls", "Top URLs")
TOP_CLICKS = Tab("top-clicks", "Top clicks")
TARGETS = Tab("targets", "Top targeted users")
FAMILIES = Tab("families", "Top malware families")
ORIGIN = Tab("origin", "Email origin")
CAMPAIGN = Tab("campaigns", "Campaign")
SENDERS = Tab("senders", "Top senders and IPs")
ATTACHMENTS = Tab("attachments", "Attachments")
TABS = (ROWS, CLICKED, TOP_URLS, TOP_CLICKS, TARGETS, ORIGIN, CAMPAIGN, SENDERS, ATTACHMENTS)
"""The tabs of mail (TE-021, TE-025), and the two that Defender lacks; the keys are those of `showing.SHOWN`."""
MALWARE_TABS = (ROWS, FAMILIES, TARGETS, ORIGIN, CAMPAIGN, SENDERS, ATTACHMENTS)
"""TE-023."""

VIEWS = (
    ExplorerView(
        "all-email",
        "All email",
        "Every mail that came, stayed or left, one row per recipient",
        (DELIVERY, SENDER_DOMAIN, SENDER_IP, DETECTION, INTENT, URL, URL_DOMAIN, URL_PATH, THREAT),
        tabs=TABS,
    ),
    ExplorerView(
        "malware",
        "Malware",
        "Mail in which malware was found",
        (FAMILY, SENDER_DOMAIN, SENDER_IP, DELIVERY, INTENT, DETECTION),
        (Condition("ThreatTypes", Operator.EQUAL_ANY, ("Malware",)),),
        tabs=MALWARE_TABS,
    ),
    ExplorerView(
        "phish",
        "Phish",
        "Mail that was judged to be phishing",
        (DELIVERY, SENDER_DOMAIN, SENDER_IP, DETECTION, INTENT, URL, URL_DOMAIN, URL_PATH),
        (Condition("ThreatTypes", Operator.EQUAL_ANY, ("Phish",)),),
        tabs=TABS,
    ),
    ExplorerView(
        "content-malware",
        "Content malware",
        "Files with malicious content in document stores",
        (FAMILY, DETECTION, WORKLOAD, THREAT),
        table=FILES,
        tabs=(Tab("email", "Document"),),
        noun="document",
        person="FileOwnerUpn",
        mailed=False,
    ),
    ExplorerView(
        "url-clicks",
        "URL clicks",
        "Clicks on links in mail, one row per click",
        (CLICK_PIVOTS[0], WORKLOAD, DETECTION, THREAT, *CLICK_PIVOTS[1:]),
        table=CLICKS,
        tabs=(Tab("email", "Results"), TOP_CLICKS, TARGETS),
        noun="click",
        person="AccountUpn",
    ),
)
CAMPAIGNS = "/campaigns"
"""Between phish and content malware stands the page of campaigns (TE-028)."""

PRESETS = (
    Preset("24h", "24 hours", timedelta(hours=24)),
    Preset("2d", "2 days", timedelta(days=2)),
    Preset("7d", "7 days", timedelta(days=7)),
    Preset("30d", "30 days", timedelta(days=30)),
    Preset("90d", "90 days", timedelta(days=90)),
    Preset("400d", "400 days", timedelta(days=400)),
)
DEFAULT_PRESET = PRESETS[1]

__all__ = ["CLICKS", "FILES", "MAIL", "PRESETS", "RECIPIENT_TAG", "TABS", "VIEWS", "in_lake", "pivots_of", "properties"]


def pivots_of(view: ExplorerView) -> tuple[Pivot, ...]:
    """The view's pivots whose data the lake keeps; the first is the default."""
    return tuple(pivot for pivot in view.pivots if in_lake(pivot.column, table=view.table))
