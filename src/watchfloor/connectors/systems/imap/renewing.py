"""A refresh token that its server replaced is replaced in the stored settings too, or the next start would use a dead one."""

import logging
from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet

from watchfloor.connectors.models import Connection
from watchfloor.connectors.systems.imap.tokens import Tokens, TokenServer
from watchfloor.runtime.services import seal, unseal

log = logging.getLogger(__name__)
HOLDERS = ("credentials", "refresh_token")


class StoredTokens:
    """The refresh tokens in the settings of IMAP connections."""

    def renewed(self, server: TokenServer, old: str, new: str) -> None:
        """Put `new` where `old` stood. The connections' revisions stay: nothing starts anew."""
        with transaction.atomic():
            for connection in _connections(server).select_for_update():
                changed = {
                    name: seal("\n".join(_renewed(line, old, new) for line in lines))
                    for name, lines in _lines(connection)
                    if any(line.rpartition(" ")[2] == old for line in lines)
                }
                if changed:
                    connection.settings = {**connection.settings, **changed}
                    connection.save(update_fields=["settings"])
                    log.info("the connection %s keeps a renewed refresh token", connection.name)

    def stored(self, server: TokenServer, mailbox: str) -> str:
        """The mailbox's own token, else the one of all; empty when no connection has any."""
        for connection in _connections(server):
            found = [line.rpartition(" ") for _, lines in _lines(connection) for line in lines]
            for owner in (mailbox, ""):
                for address, _, token in found:
                    if address.strip().lower() == owner:
                        return token
        return ""


def _connections(server: TokenServer) -> "QuerySet[Connection]":
    return Connection.objects.filter(kind="imap", settings__token_url=server.url)


def _lines(connection: Connection) -> Iterator[tuple[str, list[str]]]:
    """Each stored secret with its lines: an address, a space and a token, or a token alone."""
    for name in HOLDERS:
        if stored := connection.settings.get(name, ""):
            yield name, [line.strip() for line in unseal(stored).splitlines() if line.strip()]


def _renewed(line: str, old: str, new: str) -> str:
    address, space, token = line.rpartition(" ")
    return f"{address}{space}{new}" if token == old else line


TOKENS = Tokens(keeper=StoredTokens())
"""One for the process: connections are opened anew for every errand, and their tokens should not be."""
