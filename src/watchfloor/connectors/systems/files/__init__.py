"""Mail in files: .eml, .emlx, mbox, Maildir and folders of them. Read on demand by `watchfloor import`, never in the background."""

from watchfloor.connectors.systems.files.reading import read_paths
from watchfloor.connectors.systems.files.system import FilesSystem

SYSTEM = FilesSystem()

__all__ = ["SYSTEM", "read_paths"]
