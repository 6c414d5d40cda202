"""Dovecot: acting on live mailboxes through a master user, and finding in all of them at once through doveadm."""

from watchfloor.connectors.systems.dovecot.system import DovecotSystem

SYSTEM = DovecotSystem()
