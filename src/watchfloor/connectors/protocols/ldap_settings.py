"""The settings every LDAP connection has, and the server they become."""

import re

from watchfloor.connectors.contracts import Setting
from watchfloor.connectors.protocols.ldap_server import LdapServer
from watchfloor.kernel.errors import BadInput

LDAP_SERVER = (
    Setting("host", "Server", help="Name or address of the directory server, as its certificate names it", guards=True),
    Setting("port", "Port", kind="number", default="636", guards=True),
    Setting(
        "security",
        "Encryption",
        kind="choice",
        default="tls",
        choices=("tls", "starttls", "none"),
        labels=("LDAPS: TLS from the first byte (usual port 636)", "StartTLS (usual port 389)", "None"),
        guards=True,
    ),
    Setting(
        "ca_file", "CA file", required=False, help="PEM file to trust instead of the system's authorities", guards=True
    ),
    Setting(
        "plain_password",
        "Send the password without encryption",
        kind="choice",
        default="no",
        choices=("no", "yes"),
        help="Only with encryption “None”: whoever sees the network then reads the password",
        guards=True,
    ),
)
LDAP_ACCOUNT = (
    Setting("bind_dn", "Sign in as", help="The distinguished name of an account made for Watchfloor"),
    Setting("password", "Password", kind="secret"),
    Setting(
        "base_dn",
        "Search below",
        help="As dc=corp,dc=example. Several are separated by a semicolon.",
    ),
)
LDAP_LIMITS = (
    Setting("seconds", "Answer within … seconds", kind="number", required=False, default="30"),
    Setting("page", "Entries per page", kind="number", required=False, default="1000"),
)


def server_of(settings: dict[str, str]) -> LdapServer:
    """The server of a connection. Raises BadInput when no base is named."""
    security = settings.get("security") or "tls"
    usual = 636 if security == "tls" else 389
    return LdapServer(
        host=settings["host"].strip(),
        port=int(settings.get("port") or usual),
        security=security,
        ca_file=settings.get("ca_file", "").strip(),
        plain_password=settings.get("plain_password") == "yes",
        bind_dn=settings["bind_dn"].strip(),
        password=settings["password"],
        bases=bases_of(settings.get("base_dn", "")),
        seconds=min(max(int(settings.get("seconds") or 30), 1), 600),
        page=min(max(int(settings.get("page") or 1000), 10), 10_000),
    )


def bases_of(text: str) -> tuple[str, ...]:
    """The distinguished names in a text, separated by semicolons; one that belongs to a name stands after a backslash."""
    bases = tuple(base.strip() for base in re.split(r"(?<!\\);", text) if base.strip())
    if not bases:
        raise BadInput("name where to search, as dc=corp,dc=example", place="base_dn")
    return bases
