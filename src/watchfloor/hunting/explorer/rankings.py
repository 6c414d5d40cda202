"""The rankings of Explorer's tabs: what each ranks, and into which numbers its rows are split. Whole lists: sorted, searched, paged."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchfloor.hunting.explorer.properties import CLICKS
from watchfloor.lake.contracts import Condition, Operator


@dataclass(frozen=True, slots=True)
class Split:
    """One number of a ranking besides all rows: those that meet a condition on the table the ranked column lies in."""

    key: str
    label: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Ranked:
    """One column that can be ranked: `counted` is what its rows are called, `splits` its other numbers."""

    key: str
    label: str
    column: str
    splits: tuple[Split, ...] = ()
    counted: str = "Messages"


@dataclass(frozen=True, slots=True)
class Ranking:
    """One tab: the columns it can rank, the first by default; `empty` says what none means, `words` what the numbers are."""

    key: str
    choices: tuple[Ranked, ...]
    empty: str
    words: str = ""


def _any(key: str, label: str, column: str, *values: str) -> Split:
    return Split(key, label, Condition(column, Operator.EQUAL_ANY, values))


def _delivery(column: str = "DeliveryAction") -> tuple[Split, ...]:
    return (
        _any("blocked", "Blocked", column, "Blocked"),
        _any("junked", "Junked", column, "Junked"),
        _any("delivered", "Delivered", column, "Delivered"),
    )


THREATS = (
    _any("malware", "Malware", "ThreatTypes", "Malware"),
    _any("phish", "Phish", "ThreatTypes", "Phish"),
    _any("spam", "Spam", "ThreatTypes", "Spam"),
)
MET = (
    _any("blocked", "Blocked", "ActionType", "Block page", "ClickBlocked", "ClickBlockedByTenantPolicy"),
    _any("allowed", "Allowed", "ActionType", "Allowed", "ClickAllowed"),
    _any("overridden", "Block overridden", "ActionType", "Block page override"),
    _any("pending", "Pending verdict", "ActionType", "Pending detonation page", "UrlScanInProgress"),
    _any("bypassed", "Pending verdict bypassed", "ActionType", "Pending detonation page override"),
    _any("none", "None", "ActionType", "None", ""),
    _any("error", "Error page", "ActionType", "Error page", "UrlErrorPage"),
    _any("failure", "Failure", "ActionType", "Failure"),
)
"""TE-089: what a click met, in Explorer's words and in those of Defender's table."""
URLS = "EmailUrlInfo"
FILES = "EmailAttachmentInfo"
NO_URL = "No URL was found in these mails."
NO_FILE = "No attachment was found in these mails."
NO_CLICK = "Nobody clicked a link of these mails in this time. Clicks are recorded by click protection and read from proxy logs."
CLICKED = "Clicks within this time on links of the mails that fit."

OF_MAIL = (
    Ranking(
        "urls",
        (
            Ranked("url", "URL", f"{URLS}.Url", _delivery()),
            Ranked("domain", "URL domain", f"{URLS}.UrlDomain", _delivery()),
            Ranked("path", "Domain and path", f"{URLS}.UrlDomainPath", _delivery()),
        ),
        NO_URL,
    ),
    Ranking(
        "top-clicks",
        (
            Ranked("url", "URL", f"{CLICKS}.Url", MET, "Clicks"),
            Ranked("domain", "URL domain", f"{CLICKS}.UrlDomain", MET, "Clicks"),
        ),
        NO_CLICK,
        CLICKED,
    ),
    Ranking(
        "targets",
        (
            Ranked("recipient", "Recipient", "RecipientEmailAddress", (*THREATS, *_delivery()[2:]), "Attempts"),
            Ranked("domain", "Recipient domain", "RecipientDomain", THREATS, "Attempts"),
        ),
        "Nobody received any of these.",
    ),
    Ranking(
        "families",
        (Ranked("family", "Malware family", "ThreatNames", _delivery(), "Attempts"),),
        "No malware family was named in these mails.",
    ),
    Ranking(
        "senders",
        (
            Ranked("address", "Sender address", "SenderFromAddress", THREATS),
            Ranked("domain", "Sender domain", "SenderFromDomain", THREATS),
            Ranked("ip", "Sender IP", "SenderIP", THREATS),
            Ranked("name", "Sender display name", "SenderDisplayName", THREATS),
        ),
        "No sender is known.",
    ),
    Ranking(
        "attachments",
        (
            Ranked("name", "File name", f"{FILES}.FileName", _delivery()),
            Ranked("file", "SHA-256", f"{FILES}.SHA256", _delivery()),
            Ranked("type", "File type", f"{FILES}.FileType", _delivery()),
        ),
        NO_FILE,
    ),
    Ranking(
        "campaigns",
        (Ranked("campaign", "Campaign", "EmailClusterId", (*THREATS, *_delivery())),),
        "No two of these mails are alike.",
        "Mails of one likeness belong together; those that were found to be a threat have a campaign page.",
    ),
)
OF_CLICKS = (
    Ranking(
        "top-clicks",
        (Ranked("url", "URL", "Url", MET, "Clicks"), Ranked("domain", "URL domain", "UrlDomain", MET, "Clicks")),
        NO_CLICK,
    ),
    Ranking("targets", (Ranked("person", "Recipient", "AccountUpn", MET, "Clicks"),), NO_CLICK),
)
RANKINGS: Mapping[str, Mapping[str, Ranking]] = {
    "EmailEvents": {one.key: one for one in OF_MAIL},
    CLICKS: {one.key: one for one in OF_CLICKS},
}
"""By the table whose rows are asked for, and the tab."""
