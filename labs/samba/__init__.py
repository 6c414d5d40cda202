"""An Active Directory of one's own: a Samba domain controller for CORP.EXAMPLE on a loopback address that nobody else uses.

with Samba() as server:
    server.add_person("ada", given="Ada", surname="Byron")
    ldap3.Server(server.address, port=636, use_ssl=True, ...)

The domain is provisioned once, into a cache folder; each server starts from a copy, in about a second. Its ports are those of
every domain controller (88, 389, 636), which is why it needs an address of its own, and root.
"""

import fcntl
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import IO, Any

import ldap3
from ldap3.protocol.formatters.formatters import format_sid

from labs import Server, need, need_root
from labs.tls import certificate

HERE = Path(__file__).parent
BASE = "DC=corp,DC=example"
STAFF = f"OU=Staff,{BASE}"
ADMINISTRATOR = ("administrator@corp.example", "Adm1n-Pass!")
PASSWORD = "Pa55-Word!x"
PROVISION = (
    "--configfile=/dev/null --realm=CORP.EXAMPLE --domain=CORP --server-role=dc --dns-backend=NONE --host-name=dc1"
    " --host-ip=127.0.0.77 --adminpass=" + ADMINISTRATOR[1]
).split()


class Samba(Server):
    """Starts on entering, is gone with its folder on leaving.

    `old_password_minutes` is how long a replaced password stays valid, 60 on every Active Directory that nobody changed;
    `ldif` are entries put in before the start, which is the fast way for thousands. `auth_log` and `directory_log` are the files of
    auth_json_audit and dsdb_json_audit.
    """

    start_seconds = 30

    def __init__(self, *, old_password_minutes: int = 0, ldif: str = "") -> None:
        self.program = need("/usr/sbin/samba")
        need_root("a domain controller listens on ports below 1024, which it may do")
        self.address, self._held = _own_address()
        self.folder = Path(tempfile.mkdtemp(prefix="wfs"))
        self.folder.chmod(0o755)
        for part in ("private", "state", "bind-dns"):
            shutil.copytree(template() / part, self.folder / part, symlinks=True)
        for part in ("cache", "ncalrpc"):
            (self.folder / part).mkdir()
        self.ca_file, _ = certificate(self.folder, address=self.address)
        (self.folder / "key.pem").chmod(0o600)
        self.conf = self.folder / "smb.conf"
        text = Template((HERE / "smb.conf").read_text())
        self.conf.write_text(
            text.substitute(folder=self.folder, address=self.address, old_password_minutes=old_password_minutes)
        )
        self.auth_log, self.directory_log = self.folder / "auth.json", self.folder / "dsdb.json"
        self.admin_user, self.admin_password = ADMINISTRATOR
        self._add_offline(f"dn: {STAFF}\nobjectClass: organizationalUnit\n\n{ldif}")

    def _add_offline(self, ldif: str) -> None:
        (self.folder / "more.ldif").write_text(ldif)
        database = self.folder / "private" / "sam.ldb"
        done = subprocess.run(
            ["/usr/bin/python3", HERE / "adding.py", self.conf, database, self.folder / "more.ldif"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def command(self) -> list[str]:
        return [self.program, "-F", "--no-process-group", "-M", "single", f"--configfile={self.conf}"]

    def is_up(self) -> bool:
        return all(_answers(self.address, port) for port in (389, 636, 88))

    def log(self) -> str:
        path = self.folder / "samba.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        super().stop()
        self._held.close()

    def bound(self, user: str, password: str) -> ldap3.Connection:
        """A connection over LDAPS, after its bind: `bound` and `result` say how that went."""
        tls = ldap3.Tls(ca_certs_file=str(self.ca_file), validate=ssl.CERT_REQUIRED, valid_names=["localhost"])
        server = ldap3.Server(self.address, port=636, use_ssl=True, tls=tls, get_info=ldap3.NONE)
        connection = ldap3.Connection(server, user, password)
        connection.bind()
        return connection

    def admin(self) -> ldap3.Connection:
        """A connection as the domain's administrator that raises when something is refused."""
        connection = self.bound(self.admin_user, self.admin_password)
        assert connection.bound, connection.result
        connection.raise_exceptions = True
        return connection

    def add_person(self, name: str, *, where: str = STAFF, password: str = PASSWORD, **attributes: Any) -> str:
        """An enabled account that signs in as NAME@corp.example; returns its distinguished name."""
        dn = f"CN={attributes.pop('cn', name)},{where}"
        known = {"sAMAccountName": name, "userPrincipalName": f"{name}@corp.example", "mail": f"{name}@corp.example"}
        with self.admin() as connection:
            connection.add(dn, ["user"], known | attributes)
            connection.extend.microsoft.modify_password(dn, password)
            connection.modify(dn, {"userAccountControl": [(ldap3.MODIFY_REPLACE, ["512"])]})
        return dn

    def add_group(self, name: str, *, members: tuple[str, ...] = (), where: str = STAFF) -> str:
        """A global security group of these distinguished names; returns its own."""
        dn = f"CN={name},{where}"
        with self.admin() as connection:
            more = {"member": list(members)} if members else {}
            connection.add(dn, ["group"], {"sAMAccountName": name} | more)
        return dn

    def sid_of(self, dn: str) -> str:
        """The SID of an entry, as text."""
        with self.admin() as connection:
            connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["objectSid"])
            return str(format_sid(connection.response[0]["raw_attributes"]["objectSid"][0]))

    def delegate(self, dn: str, *, to: str, aces: Sequence[str]) -> None:
        """Give the account `to` rights below an entry; each of `aces` is an SDDL line with {sid} for that account."""
        for ace in aces:
            self._tool("dsacl", "set", f"--objectdn={dn}", f"--sddl={ace.format(sid=self.sid_of(to))}")

    def _tool(self, *arguments: str) -> None:
        database = self.folder / "private" / "sam.ldb"
        done = subprocess.run(
            [need("/usr/bin/samba-tool"), *arguments, f"--URL=tdb://{database}", f"--configfile={self.conf}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def kinit(self, user: str, password: str) -> str:
        """What kinit says to a ticket asked with this password; empty when it gets one."""
        conf = self.folder / "krb5.conf"
        conf.write_text(
            "[libdefaults]\n default_realm = CORP.EXAMPLE\n dns_lookup_kdc = false\n"
            f"[realms]\n CORP.EXAMPLE = {{\n  kdc = {self.address}\n }}\n"
        )
        cache = self.folder / "ticket"
        done = subprocess.run(
            [need("/usr/bin/kinit"), "-c", str(cache), f"{user}@CORP.EXAMPLE"],
            input=password + "\n",
            env={**os.environ, "KRB5_CONFIG": str(conf), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return done.stderr.strip() if done.returncode else ""


def template() -> Path:
    """The provisioned domain, made when it is not there; one folder for each version of Samba and of what we ask of it."""
    version = subprocess.run([need("/usr/sbin/samba"), "--version"], capture_output=True, check=True).stdout
    key = hashlib.sha256(version + " ".join(PROVISION).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchfloor"
    cache.mkdir(parents=True, exist_ok=True)
    ready = cache / f"samba-{key}"
    with (cache / "samba.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes shall not provision at once
        if not ready.exists():
            _provision(ready)
    return ready


def _provision(folder: Path) -> None:
    making = Path(tempfile.mkdtemp(prefix="making-", dir=folder.parent))
    done = subprocess.run(
        [need("/usr/bin/samba-tool"), "domain", "provision", *PROVISION, f"--targetdir={making}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    making.rename(folder)


def _own_address() -> tuple[str, IO[str]]:
    """A loopback address no other test of ours holds and nobody listens on; it is ours until the file is closed."""
    for last in range(77, 140):
        address = f"127.0.0.{last}"
        held = (Path(tempfile.gettempdir()) / f"watchfloor-samba-{last}.lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            continue
        if not _answers(address, 389):
            return address, held
        held.close()
    raise AssertionError("every loopback address from 127.0.0.77 on has an LDAP server")


def _answers(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0
