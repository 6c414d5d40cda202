"""Events that other programs post as JSON over HTTP: Dovecot's event exporter, and anything that can post."""

from watchfloor.connectors.systems.event_exporter.system import EventExporterSystem

SYSTEM = EventExporterSystem()
