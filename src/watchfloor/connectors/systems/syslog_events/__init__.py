"""System logs that other machines send: syslog over TCP, TLS and UDP."""

from watchfloor.connectors.systems.syslog_events.system import SyslogSystem

SYSTEM = SyslogSystem()
