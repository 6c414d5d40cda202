"""Google Workspace through the Admin SDK with a service account that acts for an administrator: people, groups, audits.

Written against the public documentation and a server in its shapes; no real tenant was tried.
Gives `SYSTEM`, which also suspends accounts, signs them out, and resets passwords.
"""

from watchfloor.connectors.systems.google_workspace.system import GoogleWorkspace

SYSTEM = GoogleWorkspace()
