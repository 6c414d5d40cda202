"""What directories, sign-in logs and file stores tell: the shapes in which a connection hands it over.

Pure data. Each shape goes through the durable queue as JSON (`as_json`, `from_json`) and is read by cursor further up.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Self

from watchfloor.kernel.errors import BadInput


class ObservedKind(StrEnum):
    """What the items of one observation are."""

    EVENTS = "events"
    ACCOUNTS = "accounts"
    GROUPS = "groups"
    FILES = "files"
    CLICKS = "clicks"


@dataclass(frozen=True, slots=True)
class Observation:
    """One durable batch of things a connection saw. `table` is the event table's name, for events and clicks only.

    Clicks are rows of UrlClickEvents that nobody has given their person and mail yet; with both they come again as events.
    `items` are event rows in that table's column names, or the JSON of `Account`, `DirectoryGroup` or `OwnedFile`.
    """

    position: int
    kind: ObservedKind
    source: str
    at: datetime
    items: tuple[dict[str, Any], ...]
    table: str = ""


@dataclass(frozen=True, slots=True)
class _Shape:
    """To and from JSON: times as RFC 3339, tuples as lists, nested shapes as objects; what is as by default is left out."""

    def as_json(self) -> dict[str, Any]:
        said = ((name, getattr(self, name), usual) for name, usual in _usual(type(self)).items())  # type: ignore[arg-type]
        return {name: _plain(value) for name, value, usual in said if value != usual}

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Raises BadInput for a field this shape does not have."""
        if not item.keys() <= (known := _usual(cls).keys()):  # type: ignore[arg-type]
            strange = min(item.keys() - known)
            raise BadInput(f"{cls.__name__} has no field “{strange}”", place=strange)
        return cls(**{name: _rich(name, value) for name, value in item.items()})


@cache
def _usual(shape: type[_Shape]) -> dict[str, Any]:
    """Each field with the value that need not be said: its default, or no facts. Kept, as it is asked for every account.

    mypy takes the hash of the instances for that of their class, hence the two remarks above.
    """
    return {one.name: {} if one.default is MISSING else one.default for one in fields(shape)}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, _Shape):
        return value.as_json()
    if isinstance(value, tuple | list | frozenset):
        return [_plain(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


def _rich(name: str, value: Any) -> Any:
    if name.endswith("_at") and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # beside others it could not be compared
    if name == "shares":
        return tuple(Share.from_json(one) for one in value)
    return tuple(value) if isinstance(value, list) else value


class AccountFlag(StrEnum):
    """What a directory says of an account (US-24, US-25); the value is shown to people."""

    LOCKED = "Locked"
    EXPIRED = "Expired"
    MUST_CHANGE_PASSWORD = "Must change password"  # noqa: S105  it is no password
    PASSWORD_EXPIRED = "Password expired"  # noqa: S105
    PASSWORD_NEVER_EXPIRES = "Password never expires"  # noqa: S105
    PASSWORD_NOT_REQUIRED = "Password not required"  # noqa: S105
    CANNOT_CHANGE_PASSWORD = "Cannot change password"  # noqa: S105
    REVERSIBLE_PASSWORD = "Password stored with reversible encryption"  # noqa: S105
    SMART_CARD_REQUIRED = "Smart card required"
    NO_PREAUTHENTICATION = "Kerberos pre-authentication not required"
    TRUSTED_FOR_DELEGATION = "Trusted for delegation"
    SENSITIVE_NOT_DELEGATED = "Sensitive, cannot be delegated"
    WEAK_ENCRYPTION = "Uses DES encryption only"
    PARTIAL = "Partial"


@dataclass(frozen=True, slots=True)
class Account(_Shape):
    """One account as one system knows it.

    `key` is stable within its connection (entryUUID, objectGUID, object id); `provider` a word of
    IdentityInfo.SourceProviders: OpenLDAP, ActiveDirectory, EntraID, Okta, GoogleWorkspace, SCIM, CSV, Dovecot ...
    `name` is the login name (uid, sAMAccountName), `upn` the sign-in name with a domain, `manager` the manager's `key` or
    distinguished name in the same source, `groups` keys of direct groups where the source lists them at the account,
    `roles` administrator roles it holds. `deleted` says that it is gone at the source. Addresses are lower-case.
    """

    key: str
    provider: str
    name: str = ""
    upn: str = ""
    mail: str = ""
    other_mails: tuple[str, ...] = ()
    display_name: str = ""
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
    dn: str = ""
    sid: str = ""
    domain: str = ""
    enabled: bool = True
    service: bool = False
    guest: bool = False
    flags: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    created_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    password_set_at: datetime | None = None
    expires_at: datetime | None = None
    deleted: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DirectoryGroup(_Shape):
    """One group; `members` are keys (or distinguished names) of accounts and of groups in the same source.

    `sensitive` marks a group whose members rule over others, as Domain Admins; `why_sensitive` says by which rule.
    """

    key: str
    name: str
    description: str = ""
    mail: str = ""
    dn: str = ""
    sid: str = ""
    members: tuple[str, ...] = ()
    sensitive: bool = False
    why_sensitive: str = ""
    created_at: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Share(_Shape):
    """One right on a file: `whom` is an address, an account's or group's name, “anyone” or “organisation”; `right` read or write."""

    whom: str
    right: str = "read"
    link: bool = False
    group: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnedFile(_Shape):
    """One file or folder with its owner and with whom it is shared. `owner` is an address or login name; sizes in bytes.

    `version` changes with the content, where the source tells more than a time that may be set: an ETag, a change time.
    """

    key: str
    provider: str
    name: str
    path: str
    owner: str
    url: str = ""
    folder: bool = False
    size: int = 0
    sha256: str = ""
    label: str = ""
    created_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str = ""
    shares: tuple[Share, ...] = ()
    deleted: bool = False
    version: str = ""
