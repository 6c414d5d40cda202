"""SCIM 2.0: people and groups that a cloud directory or a personnel system sends us of its own accord.

The endpoint itself, /scim/v2, is `connectors.scim`; here lie the settings of a connection that may use it.
Gives `SYSTEM`.
"""

from watchfloor.connectors.systems.scim.system import ScimSystem

SYSTEM = ScimSystem()
