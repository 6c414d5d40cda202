"""ClamAV: clamd looks for known malware in each mail."""

from watchfloor.connectors.systems.clamav.system import ClamavSystem

SYSTEM = ClamavSystem()
