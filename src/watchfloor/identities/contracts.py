"""A person as the organisation's directory knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

PRIORITY = "Priority account"


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One person whose mail is watched. `address` is lower-case and unique; `manager` is the manager's address, empty when unknown."""

    address: str
    name: str
    department: str = ""
    title: str = ""
    manager: str = ""
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def priority(self) -> bool:
        """Whether the organisation marked this person as a priority account."""
        return PRIORITY in self.tags


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did, in numbers of people."""

    added: int
    changed: int
    unchanged: int

    @property
    def sentence(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.unchanged} as before"


@dataclass(frozen=True, slots=True)
class PersonDetail:
    """One person in full, as the leading account describes them; empty texts where nobody said.

    `leading` is a sentence on whose word that is; `manager` the manager's address. `status` is active, suspended, staged or
    deleted. `merged_from` is set when the number asked for was merged into this person.
    """

    pk: int
    address: str
    name: str
    given_name: str = ""
    surname: str = ""
    department: str = ""
    title: str = ""
    company: str = ""
    employee_id: str = ""
    phone: str = ""
    mobile: str = ""
    office: str = ""
    city: str = ""
    country: str = ""
    manager: str = ""
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    service: bool = False
    external: bool = False
    privileged: bool = False
    status: str = "active"
    leading: str = ""
    source: str = ""
    created_at: datetime | None = None
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    deleted_at: datetime | None = None
    merged_from: int | None = None

    @property
    def href(self) -> str:
        return f"/identities/{self.pk}"

    @property
    def affiliation(self) -> str:
        """Whether the person belongs to the organisation (US-69)."""
        return "External" if self.external else "Internal"


@dataclass(frozen=True, slots=True)
class PersonNames:
    """Every name under which events speak of a person, lower-case, without repeats; for filters of the lake.

    `account_names` are login names without a domain; the same login name in another domain may be somebody else.
    """

    upns: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    sids: tuple[str, ...] = ()
    object_ids: tuple[str, ...] = ()
    account_names: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Sign-in names and mail addresses together, each once."""
        return tuple(dict.fromkeys((*self.mails, *self.upns)))


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account of a person and why it is theirs: `joined_by` the rule ("hand" for a person's word), `joined_words` a sentence.

    `status` is active, suspended, staged or deleted; `flags` are the directory's account-control flags in words (US-24).
    """

    pk: int
    source: str
    provider: str
    key: str
    name: str
    upn: str
    mail: str
    dn: str
    sid: str
    display_name: str
    enabled: bool
    status: str
    flags: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    joined_by: str = ""
    joined_words: str = ""
    pinned: bool = False
    leading: bool = False
    guest: bool = False
    service: bool = False
    created_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    password_set_at: datetime | None = None
    expires_at: datetime | None = None
    deleted_at: datetime | None = None
    first_seen_at: datetime | None = None
    seen_at: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What a person would call the account."""
        return self.upn or self.mail or self.name or self.key


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A person who may be the same as another: the account that hints at it, and the sentence why no rule joined them."""

    account: int
    label: str
    person: int
    name: str
    address: str
    words: str

    @property
    def href(self) -> str:
        return f"/identities/{self.person}"


@dataclass(frozen=True, slots=True)
class PersonTag:
    """One tag beside a name with the sentence why it stands there; `by_hand` when a person or an import gave it."""

    name: str
    words: str
    tone: str = "neutral"
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One line of the list of people. `level` is the risk level; `providers` know the person now."""

    pk: int
    name: str
    address: str
    department: str
    title: str
    company: str
    manager: str
    status: str
    external: bool
    service: bool
    providers: tuple[str, ...]
    tags: tuple[PersonTag, ...]
    level: str = "none"
    score: float = 0.0
    percentile: float = 0.0
    created_at: datetime | None = None
    last_seen_at: datetime | None = None

    @property
    def tone(self) -> str:
        """The colour of the risk level."""
        return {"high": "danger", "medium": "warning", "low": "info"}.get(self.level, "neutral")

    @property
    def href(self) -> str:
        return f"/identities/{self.pk}"


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """One group: `direct` members are accounts in it, `members` those of nested groups too, each once.

    `inside` names the groups around it, however far, each with its address.
    """

    pk: int
    name: str
    source: str
    description: str
    mail: str
    dn: str
    sid: str
    sensitive: bool
    why_sensitive: str
    created_at: datetime | None
    deleted_at: datetime | None
    seen_at: datetime
    direct: int
    members: int
    nested: int
    inside: tuple[tuple[str, str], ...] = ()

    @property
    def href(self) -> str:
        return f"/identities/groups/{self.pk}"


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One account in a group; `through` names the nested group it sits in, "" for a direct member."""

    account: int
    person: int | None
    name: str
    address: str
    label: str
    provider: str
    enabled: bool
    through: str = ""
    department: str = ""

    @property
    def href(self) -> str:
        return f"/identities/{self.person}" if self.person else ""


@dataclass(frozen=True, slots=True)
class Hop:
    """One edge of a way: kinds are person, group or device; `kind` is member, nested, admin, signs-in or credentials."""

    from_kind: str
    from_name: str
    from_href: str
    to_kind: str
    to_name: str
    to_href: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class SensitivePath:
    """One way from a person to a sensitive group or person, edge by edge; `why` says what makes the target sensitive."""

    target: str
    href: str
    target_kind: str
    why: str
    edges: tuple[Hop, ...]

    @property
    def hops(self) -> int:
        return len(self.edges)

    @property
    def certain(self) -> bool:
        """Whether each edge rests on a right that was seen, none merely on a sign-in."""
        return all(edge.kind != "signs-in" for edge in self.edges)


@dataclass(frozen=True, slots=True)
class RecentActivity:
    """One thing a person's accounts did, as the summary of a fly-out shows it (TE-085): `item` is what it was done to or with."""

    at: datetime
    ip: str
    activity: str
    item: str
    kind: str
    app: str = ""
    words: str = ""
