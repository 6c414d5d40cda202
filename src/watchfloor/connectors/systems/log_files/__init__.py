"""Log files on this machine or a mounted share: followed as they grow, with rotation."""

from watchfloor.connectors.systems.log_files.system import LogFilesSystem

SYSTEM = LogFilesSystem()
