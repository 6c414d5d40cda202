"""An rspamd of one's own, without network, DNS or Redis: Debian's rules that need none of them, and three of our own.

with Rspamd() as server:
    urlopen(f"{server.url}/checkv2", data=raw)
"""

import os
import pwd
import tempfile
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from string import Template

from labs import Server, free_ports, need, need_root

HERE = Path(__file__).parent
# GTUBE, split so that nobody's filter takes this file for spam.
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
OFFLINE = [
    "redis",
    "fuzzy_check",
    "rspamd_update",
    "greylist",
    "ratelimit",
    "history_redis",
    "neural",
    "asn",
    "url_redirector",
    "replies",
    "elastic",
    "clickhouse",
    "rbl",
    "surbl",
    "spf",
    "dkim",
    "dkim_signing",
    "dmarc",
    "arc",
    "mx_check",
    "hfilter",
    "antivirus",
    "dcc",
    "external_services",
    "external_relay",
    "milter_headers",
    "reputation",
    "p0f",
    "bimi",
    "aws_s3",
    "metric_exporter",
    "metadata_exporter",
]


PASSWORD = "lab-password"  # rspamd refuses its default from afar


class Rspamd(Server):
    """Starts on entering, is gone with its folder on leaving. `url` is the worker's, `controller_url` asks for `password`."""

    start_seconds = 60

    def __init__(self) -> None:
        self.program = need("/usr/bin/rspamd")
        need_root("rspamd's own user can be taken")
        self.folder = Path(tempfile.mkdtemp(prefix="wfr"))
        self.folder.chmod(0o755)
        self.port, self.controller_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.controller_url = f"http://127.0.0.1:{self.controller_port}"
        self.password = PASSWORD
        self._write()

    def _write(self) -> None:
        owner = pwd.getpwnam("_rspamd")
        for name in ("db", "log", "run"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, owner.pw_uid, owner.pw_gid)
        override, local = self.folder / "local" / "override.d", self.folder / "local" / "local.d"
        override.mkdir(parents=True)
        local.mkdir()
        for module in OFFLINE:
            (override / f"{module}.conf").write_text("enabled = false;\n")
        (override / "classifier-bayes.conf").write_text('backend = "none";\n')
        (override / "worker-proxy.inc").write_text("enabled = false;\n")
        (self.folder / "suffixes.dat").write_text("com\nnet\norg\nexample\n")
        (override / "options.inc").write_text(self._filled("options.inc"))
        (override / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{self.port}";\ncount = 1;\n')
        (override / "worker-controller.inc").write_text(
            f'bind_socket = "127.0.0.1:{self.controller_port}";\n'
            f'password = "{PASSWORD}";\nenable_password = "{PASSWORD}";\nsecure_ip = "192.0.2.1";\n'
        )
        (local / "regexp.conf").write_text((HERE / "regexp.conf").read_text())

    def _filled(self, name: str) -> str:
        return Template((HERE / name).read_text()).substitute(folder=self.folder)

    def command(self) -> list[str]:
        folders = {name: self.folder / name.lower()[:-3] for name in ("DBDIR", "LOGDIR", "RUNDIR")}
        folders |= {"LOCAL_CONFDIR": self.folder / "local", "CONFDIR": Path("/etc/rspamd")}
        variables = [f"--var={name}={path}" for name, path in folders.items()]
        return [self.program, "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf", *variables]

    def is_up(self) -> bool:
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=2)) as connection:
                connection.request("GET", "/ping")
                return connection.getresponse().read().startswith(b"pong")
        except (OSError, HTTPException):
            return False

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in (self.folder / "log").glob("*.log"))
