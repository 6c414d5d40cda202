"""The settings every IMAP connection has, and what they become."""

import base64

from watchfloor.connectors.contracts import Setting
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.protocols.imap_wire import Endpoint, quoted

SERVER = (
    Setting("host", "Server", help="Name or address of the IMAP server", guards=True),
    Setting("port", "Port", kind="number", default="993", guards=True),
    Setting(
        "security",
        "Encryption",
        kind="choice",
        default="tls",
        choices=("tls", "starttls", "none"),
        labels=("TLS from the first byte (usual port 993)", "STARTTLS (usual port 143)", "None"),
        help="None sends passwords in the clear: only on this machine",
        guards=True,
    ),
    Setting(
        "ca_file", "CA file", required=False, help="PEM file to trust instead of the system's authorities", guards=True
    ),
)

FOLDERS = (
    Setting(
        "recoverable",
        "Recoverable folder",
        default="Recoverable",
        help="Where softly deleted mail goes; hide it from users with an ACL",
    ),
    Setting("junk", "Junk folder", required=False, help="Empty: the server's \\Junk folder"),
    Setting("deleted", "Deleted items folder", required=False, help="Empty: the server's \\Trash folder"),
)


def endpoint_of(settings: dict[str, str]) -> Endpoint:
    """Where the server is."""
    security = settings.get("security") or "tls"
    usual = 993 if security == "tls" else 143
    return Endpoint(settings["host"], int(settings.get("port") or usual), security, settings.get("ca_file", ""))


def names_of(settings: dict[str, str]) -> FolderNames:
    """What the special folders are called."""
    return FolderNames(
        settings.get("recoverable") or "Recoverable", settings.get("junk", ""), settings.get("deleted", "")
    )


def login(user: str, password: str) -> bytes:
    """The LOGIN command."""
    return b"LOGIN " + quoted(user) + b" " + quoted(password)


def xoauth2(user: str, token: str) -> bytes:
    """AUTHENTICATE XOAUTH2 with its initial response (RFC 4959)."""
    words = f"user={user}\x01auth=Bearer {token}\x01\x01"
    return b"AUTHENTICATE XOAUTH2 " + base64.b64encode(words.encode())
