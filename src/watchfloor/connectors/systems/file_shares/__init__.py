"""Files on a disk or a mounted share: who owns what, and who else may read or write it.

Reads a folder's tree with owners and POSIX access lists, again and again; hands on only what changed or is gone.
Gives files as observations, a file's SHA-256 on demand, and `SYSTEM`.
"""

from watchfloor.connectors.systems.file_shares.system import FileSharesSystem

SYSTEM = FileSharesSystem()
