"""Alerts and incidents as signed JSON, posted to an address of one's own choice."""

from watchfloor.connectors.systems.webhook.system import WebhookSystem

SYSTEM = WebhookSystem()
