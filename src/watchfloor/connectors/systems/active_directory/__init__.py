"""Active Directory: who the people and groups of a domain are, and locking, unlocking and resetting their accounts.

Reads a domain controller over LDAPS or StartTLS, all of it once and then what changed (uSNChanged), deletions included.
Gives accounts and groups as observations, account actions that are checked afterwards, and `SYSTEM`.
"""

from watchfloor.connectors.systems.active_directory.system import ActiveDirectorySystem

SYSTEM = ActiveDirectorySystem()
