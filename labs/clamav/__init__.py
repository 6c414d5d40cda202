"""A clamd of one's own with a few signatures of its own, so that no database is fetched; ready in a few hundredths of a second.

with Clamd(hashes={"Test.Thing": b"the very bytes"}) as server:
    socket.create_connection(("127.0.0.1", server.port))
"""

import base64
import hashlib
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path

from labs import Server, answers, free_ports, need

# In base64, or a scanner on the developer's machine would take this file away.
EICAR = base64.b64decode("WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=")
CONF = """\
Foreground yes
TCPSocket {port}
TCPAddr 127.0.0.1
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/db
TemporaryDirectory {folder}
LogFile {folder}/clamd.log
MaxThreads 4
StreamMaxLength {stream_max}
"""


class Clamd(Server):
    """Starts on entering, is gone with its folder on leaving.

    `hashes` maps a signature's name to a file's bytes, `texts` to bytes found anywhere; EICAR is always known.
    `stream_max` is StreamMaxLength as clamd writes it. It listens on `port` and on the unix socket `socket`.
    """

    def __init__(
        self,
        *,
        hashes: Mapping[str, bytes] | None = None,
        texts: Mapping[str, bytes] | None = None,
        stream_max: str = "25M",
    ) -> None:
        self.program = need("/usr/sbin/clamd")
        self.folder = Path(tempfile.mkdtemp(prefix="wfc"))
        self.folder.chmod(0o755)
        (self.port,) = free_ports(1)
        self.socket = self.folder / "clamd.sock"
        (self.folder / "db").mkdir()
        whole = {"Eicar-Test-Signature": EICAR, **(hashes or {})}
        lines = [f"{hashlib.sha256(data).hexdigest()}:{len(data)}:{name}:73\n" for name, data in whole.items()]
        (self.folder / "db" / "own.hsb").write_text("".join(lines))
        parts = [f"{name}:0:*:{data.hex()}\n" for name, data in (texts or {}).items()]
        if parts:  # clamd takes no empty file
            (self.folder / "db" / "own.ndb").write_text("".join(parts))
        conf = CONF.format(folder=self.folder, port=self.port, stream_max=stream_max)
        (self.folder / "clamd.conf").write_text(conf)

    def command(self) -> list[str]:
        return [self.program, "--config-file", str(self.folder / "clamd.conf")]

    def is_up(self) -> bool:
        return answers(self.port) and self._hears_locally()

    def _hears_locally(self) -> bool:
        """The file of a Unix socket is there a moment before anybody listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def log(self) -> str:
        path = self.folder / "clamd.log"
        return path.read_text(errors="replace") if path.exists() else ""
