"""What an inspection takes and gives. All records are frozen and survive pickling between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the transport knew: addresses are lower-case without brackets, empty when unknown.

    `exported` says that whoever handed the mail in vouches for it: an export of our own Microsoft 365 tenant.
    """

    mail_from: str = ""
    recipients: tuple[str, ...] = ()
    client_ip: str = ""
    helo: str = ""
    queue_id: str = ""
    exported: bool = False


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What the organisation knows, given by the caller so that inspection stays pure.

    `own_domains` decide direction; `authserv_ids` are the hosts whose Authentication-Results we believe;
    `allowed` and `blocked` hold entries such as `sender:ada@x.example`, `domain:x.example`, `url:x.example/path/*`,
    `sha256:..`, `ip:192.0.2.0/24`; `indicators` maps entries of the same form to who says so and how surely.
    `silenced` names the signals that count nothing here; `threshold` replaces the shipped one unless 0.
    `microsoft_tenants` are the ids of our own Microsoft 365 tenants, whose headers we believe; "any" believes every tenant's.
    `trusted` are senders and domains that impersonate nobody, whatever they are called.
    """

    own_domains: frozenset[str] = frozenset()
    authserv_ids: frozenset[str] = frozenset()
    people: tuple[tuple[str, str], ...] = ()
    allowed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    lookups_allowed: bool = False
    silenced: frozenset[str] = frozenset()
    threshold: float = 0.0
    indicators: Mapping[str, str] = field(default_factory=dict)
    microsoft_tenants: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()


class ThreatType(StrEnum):
    MALWARE = "Malware"
    PHISH = "Phish"
    SPAM = "Spam"


class Confidence(StrEnum):
    HIGH = "High"
    NORMAL = "Normal"


@dataclass(frozen=True, slots=True)
class Header:
    """One header field as it stood: `name` as written, `value` unfolded and decoded, `raw` unfolded only."""

    name: str
    value: str
    raw: str


@dataclass(frozen=True, slots=True)
class FoundUrl:
    """A URL and where it stood. `location` is one of Body, Attachment, QRCode, Subject, Header (EmailUrlInfo.UrlLocation)."""

    url: str
    domain: str
    location: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class FoundAttachment:
    """`file_type` is the real type (MIME, by content), `size` in bytes; `threat_name` empty when none.

    `members` are the names inside a container (`outer.zip/inner.zip/name`), at most a hundred; `remarks` say in words what
    keeps us from looking further: encrypted, damaged, too deep.
    """

    file_name: str
    file_type: str
    extension: str
    size: int
    sha256: str
    threat_types: tuple[ThreatType, ...] = ()
    threat_name: str = ""
    detection_methods: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authentication:
    """Results in Defender's words (TE-065..068): pass, fail, softfail, neutral, none, temperror, permerror, bestguesspass.

    `source` says where they come from: "trusted hop mx.corp.example", "verified here", or "none"; `reason` is the code
    Microsoft gives for the composite result, as "001".
    """

    spf: str = "none"
    dkim: str = "none"
    dmarc: str = "none"
    arc: str = "none"
    composite: str = "none"
    source: str = "none"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MicrosoftReport:
    """What our own Microsoft 365 tenant wrote into a mail's headers; None, "" or () where it did not say.

    `scl`, `pcl` and `bcl` are its levels of spam (-1 to 9), phish (0 to 8) and bulk (0 to 9); `filtered` (SFV), `category`
    (CAT) and `tips` (SFTY) its own codes. The rest is in the words of EmailEvents: `location` where the mail was put,
    `overrides` the sources of every rule that overrode the filter, the one that decided first.
    """

    tenant: str
    network_message_id: str = ""
    sender_ip: str = ""
    direction: str = ""
    language: str = ""
    country: str = ""
    scl: int | None = None
    pcl: int | None = None
    bcl: int | None = None
    filtered: str = ""
    category: str = ""
    tips: tuple[str, ...] = ()
    location: str = ""
    action: str = ""
    action_policy: str = ""
    organization_action: str = ""
    organization_policy: str = ""
    user_action: str = ""
    user_policy: str = ""
    override: str = ""
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation before it is weighed: `signal` names a row of the weights, `words` say what was actually seen.

    `points` replaces the weight's own, for evidence that comes with a strength (a second opinion's score); never below 0.
    `threat_name` is what somebody calls the malware found. `entry` is the organisation's entry that the mail met, with what
    it does before it: "block sender:ada@x.example", "allow url:x.example", "indicator domain:x.example". `method` replaces the
    weight's technology where somebody else names it; `imported` is what another filter of ours wrote into the headers.
    """

    signal: str
    words: str
    points: float | None = None
    threat_name: str = ""
    entry: str = ""
    method: str = ""
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence, weighed: `points` add up to the score; `words` is what the analyst reads.

    `threat` is the type it speaks for, None when for phish and spam alike. A `silenced` one is shown and counts 0.
    `entry` is the organisation's entry it comes from and `imported` says that another filter found it, as in Evidence.
    """

    signal: str
    points: float
    words: str
    detection_method: str = ""
    threat: ThreatType | None = None
    threat_name: str = ""
    silenced: bool = False
    entry: str = ""
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`threat_types` empty means no threat; `score` is the sum of the reasons' points; `threshold` is what it was held against.

    `allowed` is the organisation's allow entry that covers the mail, "" when none does. `methods_by_threat` and
    `confidence_by_threat` say for each threat type what `detection_methods` and `confidence` say of all.
    """

    threat_types: tuple[ThreatType, ...] = ()
    threat_names: tuple[str, ...] = ()
    confidence: Confidence | None = None
    detection_methods: tuple[str, ...] = ()
    score: float = 0.0
    threshold: float = 0.0
    reasons: tuple[Reason, ...] = ()
    allowed: str = ""
    methods_by_threat: dict[ThreatType, tuple[str, ...]] = field(default_factory=dict)
    confidence_by_threat: dict[ThreatType, Confidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inspection:
    """The whole of one mail. `unparsable` is empty, or why it could not be read; `limits_hit` names each limit that cut something.

    `signature` is what its text says as numbers, b"" when it says too little to be compared; `cluster_id` is what its campaign
    is called when it is the first of it, 0 for none.
    """

    sha256: str
    size: int
    fingerprint: str
    internet_message_id: str = ""
    date: datetime | None = None
    subject: str = ""
    sender_address: str = ""
    sender_name: str = ""
    mail_from: str = ""
    return_path: str = ""
    sender_ip: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    direction: str = "Inbound"
    language: str = ""
    headers: tuple[Header, ...] = ()
    text: str = ""
    html: str = ""
    urls: tuple[FoundUrl, ...] = ()
    attachments: tuple[FoundAttachment, ...] = ()
    authentication: Authentication = Authentication()
    verdict: Verdict = Verdict()
    cluster_id: int = 0
    signature: bytes = b""
    delivery_location: str = ""
    microsoft: MicrosoftReport | None = None
    limits_hit: tuple[str, ...] = ()
    unparsable: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
