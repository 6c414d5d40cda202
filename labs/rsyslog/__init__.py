"""An rsyslog of one's own that takes lines on a TCP port and forwards them, over TCP or TLS, ready in a tenth of a second.

with Rsyslog(to=port) as server:
    server.log("<13>1 2026-11-22T12:00:00Z web1 sshd 77 - - Accepted password for ada from 198.51.100.7 port 22 ssh2")
"""

import socket
import tempfile
from pathlib import Path
from string import Template

from labs import Server, answers, free_ports, need

HERE = Path(__file__).parent
DRIVER = "/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so"
TLS = 'StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"'


class Rsyslog(Server):
    """Forwards to port `to` of this machine; with `ca_file` over TLS, trusting that CA; `framing` octet-counted or traditional."""

    def __init__(self, *, to: int, ca_file: Path | None = None, framing: str = "octet-counted") -> None:
        self.program = need("/usr/sbin/rsyslogd", "rsyslogd")
        if ca_file:
            need(DRIVER)
        self.folder = Path(tempfile.mkdtemp(prefix="wfr"))
        self.folder.chmod(0o755)
        (self.port,) = free_ports(1)
        text = Template((HERE / "rsyslog.conf").read_text()).substitute(
            port=self.port,
            to=to,
            framing=framing,
            tls=TLS if ca_file else "",
            trust=f'global(defaultNetstreamDriverCAFile="{ca_file}")' if ca_file else "",
            folder=self.folder,
        )
        (self.folder / "rsyslog.conf").write_text(text)

    def command(self) -> list[str]:
        return [self.program, "-n", "-f", str(self.folder / "rsyslog.conf"), "-i", str(self.folder / "pid")]

    def is_up(self) -> bool:
        return (self.folder / "pid").exists() and answers(self.port)

    def log(self) -> str:
        path = self.folder / "own.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def send(self, *lines: str) -> None:
        """Send these lines to rsyslog, octet-counted."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            for line in lines:
                said = line.encode()
                connection.sendall(b"%d %s" % (len(said), said))
