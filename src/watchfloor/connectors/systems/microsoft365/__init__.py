"""Microsoft 365 and Entra ID through Microsoft Graph and the Management Activity API, with an application's own permissions.

Reads people, groups, roles, sign-ins, audits, risk, the unified audit log, and who owns and shares files.
Gives `SYSTEM`, which also locks, unlocks, signs out and resets accounts, sets their risk, and stops inbox rules.
"""

from watchfloor.connectors.systems.microsoft365.system import Microsoft365

SYSTEM = Microsoft365()
