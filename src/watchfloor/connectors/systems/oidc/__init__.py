"""An OpenID Connect provider whose sessions end when somebody must sign in again, and whose accounts can be locked.

Speaks discovery, client credentials, RFC 7009 and RFC 7662, tried against django-oauth-toolkit; Keycloak's Admin API is written
from its public documentation and tried against a server in its shapes before those real tokens, never a real Keycloak. Gives `SYSTEM`.
"""

from watchfloor.connectors.systems.oidc.system import Oidc

SYSTEM = Oidc()
