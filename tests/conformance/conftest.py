"""The systems under test: a real Dovecot, a real Postfix, a tree of Maildirs."""

import pytest

from labs.dovecot import Dovecot

USERS = ("ada@corp.example", "max@corp.example", "eve@corp.example")


@pytest.fixture(scope="module")
def dovecot():
    with Dovecot(users=USERS) as server:
        yield server


def dovecot_settings(server: Dovecot, **more: str) -> dict[str, str]:
    """What an administrator would enter to connect that server."""
    return {
        "host": "127.0.0.1",
        "port": str(server.imap_port),
        "security": "none",
        "master_user": server.master,
        "master_password": server.master_password,
        "doveadm_url": f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1",
        "doveadm_key": server.api_key,
        **more,
    }
