"""Okta through its Management API with an API token: people, groups, administrator roles, and the System Log.

Written against the public documentation and a server in its shapes; no real tenant was tried.
Gives `SYSTEM`, which also suspends and unsuspends, ends sessions, and resets passwords.
"""

from watchfloor.connectors.systems.okta.system import Okta

SYSTEM = Okta()
