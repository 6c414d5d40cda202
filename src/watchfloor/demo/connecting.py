"""Connecting the sample mailboxes to the product, as an administrator would on the connections page."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.connectors.services import add_connection, change_connection, remove_connection
from watchfloor.demo.mailserver import MASTER, MailServer
from watchfloor.kernel.content import content_folder
from watchfloor.kernel.errors import NotFound
from watchfloor.lake.services import upload_list

BUILDER = system_actor("sample organisation", Permission.CONNECTION_MANAGE)
DOVECOT = "Sample Dovecot"
MAILDIRS = "Sample Maildirs"


def place_networks(*, now: datetime) -> None:
    """Say where the documentation ranges of the sample organisation are taken to lie: no public data know them."""
    data = (content_folder("demo") / "networks.csv").read_bytes()
    upload_list(alias="GeoIP", file_name="networks.csv", data=data, now=now, by=BUILDER)


def connect_dovecot(server: MailServer, *, test_mailbox: str) -> None:
    """Point the connection at the running server; its ports change with every start."""
    settings = {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": MASTER,
        "master_password": server.master_password,
        "doveadm_url": f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1",
        "doveadm_key": server.doveadm_key,
        "deny_file": str(server.deny_file),
        "test_mailbox": test_mailbox,
    }
    _connect(DOVECOT, "dovecot", settings, instead_of=MAILDIRS)


def connect_maildirs(root: Path) -> None:
    """Act on the Maildirs themselves, where no Dovecot is installed."""
    _connect(MAILDIRS, "maildir_store", {"root": str(root)}, instead_of=DOVECOT)


def _connect(name: str, kind: str, settings: dict[str, str], *, instead_of: str) -> None:
    try:
        change_connection(by=BUILDER, name=name, settings=settings)
    except NotFound:
        add_connection(by=BUILDER, name=name, kind=kind, settings=settings)
    with suppress(NotFound):
        remove_connection(by=BUILDER, name=instead_of)
