"""Nextcloud: who owns the files that one account sees, and with whom they are shared.

Reads folders by WebDAV (their ETags tell where anything changed below) and shares by the OCS Share API.
Gives files as observations, and `SYSTEM`.
"""

from watchfloor.connectors.systems.nextcloud.system import NextcloudSystem

SYSTEM = NextcloudSystem()
