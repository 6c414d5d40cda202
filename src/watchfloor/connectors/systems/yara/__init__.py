"""YARA: rules of our own and of the operator, matched against the parts of each mail."""

from watchfloor.connectors.systems.yara.system import YaraSystem

SYSTEM = YaraSystem()
