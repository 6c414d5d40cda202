"""OpenLDAP: who the people and groups are, when they signed in, and locking, unlocking and resetting their accounts.

Reads a directory over LDAPS or StartTLS; each look compares what every entry says with what it said before, so that changes, renames
and deletions are seen without a log. Gives accounts, groups and sign-ins as observations, account actions that are checked
afterwards, and `SYSTEM`.
"""

from watchfloor.connectors.systems.openldap.system import OpenLdapSystem

SYSTEM = OpenLdapSystem()
