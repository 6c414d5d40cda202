"""A milter: Postfix or Sendmail shows us each mail with its envelope before delivery, and does with it what we say."""

from watchfloor.connectors.systems.milter.system import MilterSystem

SYSTEM = MilterSystem()
