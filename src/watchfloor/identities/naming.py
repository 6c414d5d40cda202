"""The names of an account: which of them events use, which join it to a person, and how they are spelt."""

import hashlib
from collections.abc import Iterable

from watchfloor.connectors.contracts import Account

LONGEST = 400
COMMON = (
    "root admin administrator guest krbtgt test user backup daemon nobody www-data mail postmaster service support info"
    " defaultaccount wdagutilityaccount sync scanner printer ftp git postgres mysql nginx apache"
)
BUILT_IN = frozenset(COMMON.split())
"""Login names that many systems have and that are nobody's in particular; they never join by the name alone."""
ON_PREMISES_SID = ("onPremisesSecurityIdentifier", "on_premises_sid", "OnPremSid")
NETBIOS = ("netbios_domain", "NetBIOS", "netbios")


def spelt(name: str) -> str:
    """A name as it is kept for comparing: lower-case, without surrounding blanks; what is too long for an index as its SHA-256."""
    text = name.strip().lower()
    return text if len(text) <= LONGEST else hashlib.sha256(text.encode()).hexdigest()


def kept_key(key: str) -> str:
    """An account's or a group's key as it is stored; what is longer than its column as `spelt` writes it, so that members find it."""
    return key if len(key) <= LONGEST else spelt(key)


def mails_of(said: Account) -> frozenset[str]:
    """Every mail address of the account, lower-case."""
    return frozenset(spelt(one) for one in (said.mail, *said.other_mails) if "@" in one)


def sids_of(said: Account) -> frozenset[str]:
    """Its own security identifier and the one of the directory on premises it was copied from."""
    return frozenset(spelt(one) for one in (said.sid, *(said.facts.get(name, "") for name in ON_PREMISES_SID)) if one)


def logins_of(said: Account) -> frozenset[str]:
    """DOMAIN\\name, once for each way the domain is written (corp.example, corp)."""
    domains = {said.domain, said.domain.partition(".")[0], *(said.facts.get(name, "") for name in NETBIOS)} - {""}
    return frozenset(spelt(f"{domain}\\{said.name}") for domain in domains if said.name)


def own_addresses_of(said: Account, own_domains: Iterable[str]) -> frozenset[str]:
    """The login name at each of the organisation's own domains; none for built-in names, guests and machine accounts."""
    name = spelt(said.name)
    if not name or name in BUILT_IN or said.guest or said.service or set(name) & set("@$\\ "):
        return frozenset()
    return frozenset(f"{name}@{domain}" for domain in own_domains)


def aliases_of(said: Account, own_domains: Iterable[str]) -> frozenset[tuple[str, str]]:
    """(kind, value) of each further name, as kept in AccountAlias; the account's own mail and UPN are its columns."""
    found = {("mail", one) for one in mails_of(said) - {spelt(said.mail)}}
    found |= {("sid", one) for one in sids_of(said)} | {("login", one) for one in logins_of(said)}
    found |= {("own", one) for one in own_addresses_of(said, own_domains) - mails_of(said) - {spelt(said.upn)}}
    found |= {("object", spelt(said.key))}
    found |= {("name", spelt(said.name))} if said.name else set()
    found |= {("dn", spelt(said.dn))} if said.dn else set()
    if said.employee_id:
        found.add(("employee", spelt(f"{said.company}|{said.employee_id}")))
    return frozenset(found)


def address_for(said: Account, *, source: str) -> str:
    """What a person made from this account alone is called: mail, UPN, login@domain, or provider:connection/login."""
    if "@" in said.mail:
        return spelt(said.mail)[:320]
    if "@" in said.upn:
        return spelt(said.upn)[:320]
    if said.name and "." in said.domain:
        return spelt(f"{said.name}@{said.domain}")[:320]
    return own_label(said, source=source)


def own_label(said: Account, *, source: str) -> str:
    """A name nobody else can have: provider:connection/login or key. It is no mail address and has no @ of its own."""
    return f"{said.provider}:{source}/{said.name or said.key}".lower()[:320]
