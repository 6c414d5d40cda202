"""rspamd: its score and symbols for each mail, over HTTP."""

from watchfloor.connectors.systems.rspamd.system import RspamdSystem

SYSTEM = RspamdSystem()
