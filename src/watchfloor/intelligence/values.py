"""What people type as an entry, brought to the one form under which mail is looked up. Pure."""

import ipaddress
import re
from collections.abc import Iterable

from publicsuffixlist import PublicSuffixList

from watchfloor.intelligence.contracts import Kind
from watchfloor.kernel.errors import BadInput

MOST = 250
"""Characters of an entry, as in the original."""
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]\Z")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]]{1,64}@([^\s@]+)\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
# Of registries only: whoever lets people have names below its own, as github.io does, may well be met as a whole.
_suffixes = PublicSuffixList(only_icann=True)


def entry_value(kind: Kind, text: str) -> str:
    """`text` as it is stored. Raises BadInput that says what is missing."""
    value = text.strip()
    if not value:
        raise BadInput("write what the entry is about", place="value")
    if len(value) > MOST:
        raise BadInput(f"an entry has at most {MOST} characters", place="value")
    return _READ[kind](value)


def refuse_wide(kind: Kind, value: str, *, own_domains: Iterable[str], allows: bool = False) -> None:
    """Raises BadInput for a stored value that covers far more than one sender: a public suffix, a domain of our own, half the net.

    A single address or page of our own domain may be named: accounts and sites get taken over. What `allows` may name all pages
    of our own sites, but not our domain: it would cover whoever writes under our name.
    """
    if kind in (Kind.IP, Kind.SPOOF):
        _refuse_wide_source(kind, value, own_domains=own_domains, allows=allows)
    if kind not in (Kind.DOMAIN, Kind.URL):
        return
    bare = value.lstrip("*.~").removesuffix("/*").rstrip("~")
    domain, path, _ = bare.partition("/")
    if "." in domain and _suffixes.is_public(domain):
        raise BadInput(f"{domain} is a public suffix: everybody's domains lie below it", place="value")
    if not path and not (allows and kind is Kind.URL) and covers(domain, own_domains):
        raise BadInput(f"{domain} is the organisation's own domain", place="value")


def covers(domain: str, own_domains: Iterable[str]) -> bool:
    """Whether a domain is one of ours, or above one."""
    return any(one == domain or one.endswith(f".{domain}") for one in own_domains)


def _refuse_wide_source(kind: Kind, value: str, *, own_domains: Iterable[str], allows: bool) -> None:
    """What is allowed, or may spoof, is met at its word: such a network is a site's, not a provider's."""
    where = value.rpartition(",")[2]
    try:
        network = ipaddress.ip_network(where)
    except ValueError:
        if not allows and covers(where, own_domains):
            raise BadInput(
                f"{where} is the organisation's own domain: its servers send your own mail", place="value"
            ) from None
        return
    narrow = allows or kind is Kind.SPOOF
    widest = (16 if narrow else 8) if network.version == 4 else (32 if narrow else 20)
    if network.prefixlen < widest:
        raise BadInput(f"such a network may not be wider than /{widest}", place="value")


def _spoof(text: str) -> str:
    """“who, where”: an address, a domain or * that is written, and the network or domain that sends."""
    who, comma, where = (part.strip().lower() for part in text.partition(","))
    if not comma or not who or not where:
        raise BadInput(
            "write the pair as “spoofed sender, what sends”: partner.example, 192.0.2.0/24 or boss@corp.example, mailer.example",
            place="value",
        )
    who = who if who == "*" else _sender(who) if "@" in who else _domain(who)
    try:
        network = ipaddress.ip_network(where, strict=False)
    except ValueError:
        where = _domain(where)
        if _suffixes.is_public(where):
            raise BadInput(f"{where} is a public suffix: everybody's servers lie below it", place="value") from None
    else:
        where = _ip(str(network))
    return f"{who},{where}"


def guess_kind(text: str) -> Kind:
    """The kind a line of a list most likely is."""
    value = text.strip().lower()
    if _SHA256.match(value):
        return Kind.FILE
    if _ADDRESS.match(value):
        return Kind.SENDER
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return Kind.DOMAIN if _DOMAIN.match(_ascii(value)) else Kind.URL
    return Kind.IP


def _sender(text: str) -> str:
    value = text.lower()
    found = _ADDRESS.match(value)
    if not found:
        raise BadInput(f"“{text}” is no mail address", place="value")
    return f"{value.rpartition('@')[0]}@{_domain(found[1])}"


def _domain(text: str) -> str:
    value = _ascii(text.lower().strip(".").removeprefix("*.").removeprefix("@"))
    if not _DOMAIN.match(value):
        raise BadInput(f"“{text}” is no domain", place="value")
    return value


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return host


def _file(text: str) -> str:
    value = text.lower()
    if not _SHA256.match(value):
        raise BadInput("a file is named by its SHA-256: 64 characters 0-9 and a-f", place="value")
    return value


def _ip(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadInput(f"“{text}” is neither an IP address nor a network such as 192.0.2.0/24", place="value") from None
    if network.prefixlen < 8:
        raise BadInput("a network may not be wider than /8", place="value")
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _url(text: str) -> str:
    """Host and path in lower case, without scheme and trailing slash; wildcards only where a look-up knows them."""
    value = _SCHEME.sub("", text.lower()).split("#", 1)[0]
    head, tail = "", ""
    for mark in ("*.", "~"):
        if value.startswith(mark):
            head, value = mark, value.removeprefix(mark)
    for mark in ("/*", "~"):
        if value.endswith(mark):
            tail, value = mark, value.removesuffix(mark)
    host, slash, path = value.partition("/")
    host, question, query = (host, "", "") if slash else host.partition("?")
    path = path.rstrip("/")
    if "*" in value or "~" in value or (head and path):
        raise BadInput(
            "wildcards stand at the ends: *.host, *.host/*, ~host, ~host~, host/*, host/path/*", place="value"
        )
    if (head, tail) == ("*.", "~") or (head, tail) == ("~", "/*") or (not head and tail == "~"):
        raise BadInput("write *.host/* for hosts below, ~host~ for the host and those below", place="value")
    where = f"/{path}" if path else f"/?{query}" if question else ""
    return f"{head}{_host(host)}{where}{tail}"


def _host(text: str) -> str:
    name = text.rpartition("@")[2].partition(":")[0] if not text.startswith("[") else text
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return _domain(name)


_READ = {Kind.SENDER: _sender, Kind.DOMAIN: _domain, Kind.URL: _url, Kind.FILE: _file, Kind.IP: _ip, Kind.SPOOF: _spoof}
