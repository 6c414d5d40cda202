"""A slapd of one's own: LDAP with StartTLS and LDAPS, ppolicy, memberof, refint and lastbind, ready in a fifth of a second.

with OpenLdap(people=["ada"]) as server:
    server.bind(server.dn("ada"), "pw")
"""

import base64
import io
import itertools
import subprocess
import tempfile
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

from ldap3 import Connection
from ldap3 import Server as LdapAddress

from labs import Server, answers, free_ports, need
from labs.tls import certificate

HERE = Path(__file__).parent
SUFFIX = "dc=corp,dc=example"
ROOT, ROOT_PASSWORD = f"cn=root,{SUFFIX}", "rootpw"
SERVICE, SERVICE_PASSWORD = f"cn=watchfloor,{SUFFIX}", "service-pw"
READER = f"cn=reader,{SUFFIX}"
"""May read, and nothing else; the same password."""
PPOLICY = ("1.3.6.1.4.1.42.2.27.8.5.1", False, None)
Attributes = Mapping[str, Sequence[str | bytes]]

ACCESS = f"""
access to attrs=userPassword  by dn.exact="{SERVICE}" =w  by self write  by anonymous auth
access to attrs=pwdAccountLockedTime,pwdReset  by dn.exact="{SERVICE}" write  by users read
access to *  by users read
"""
POLICY: Attributes = {
    "objectClass": ["person", "pwdPolicy"],
    "cn": ["default"],
    "sn": ["default"],
    "pwdAttribute": ["userPassword"],
    "pwdMustChange": ["TRUE"],
    "pwdLockout": ["TRUE"],
    "pwdMaxFailure": ["5"],
    "pwdAllowUserChange": ["TRUE"],
}
DEPARTMENTS = ("Finance", "Sales", "Engineering", "Legal", "Operations", "Support", "Research", "People")


class OpenLdap(Server):
    """Starts on entering, is gone with its folder on leaving.

    `people` are uids, all with `password`; `many` adds that many more with managers and groups; `entries` are further ones as
    (dn, attributes); `access` replaces the rules of who may what.
    """

    def __init__(
        self,
        *,
        people: Sequence[str] = ("ada", "max", "eve"),
        password: str = "pw",
        many: int = 0,
        entries: Iterable[tuple[str, Attributes]] = (),
        access: str = ACCESS,
    ) -> None:
        self.program = need("/usr/sbin/slapd")
        self.loader = need("/usr/sbin/slapadd")
        self.people, self.password = list(people), password
        self.suffix, self.root, self.service, self.reader = SUFFIX, ROOT, SERVICE, READER
        self.service_password = SERVICE_PASSWORD
        self.folder = Path(tempfile.mkdtemp(prefix="wfl"))
        self.folder.chmod(0o755)
        self.port, self.tls_port = free_ports(2)
        self.ca_file, _ = certificate(self.folder)
        (self.folder / "db").mkdir()
        words = Template((HERE / "slapd.conf").read_text()).substitute(
            folder=self.folder,
            modules="/usr/lib/ldap",
            suffix=SUFFIX,
            root=ROOT,
            root_password=ROOT_PASSWORD,
            service=SERVICE,
            access=access,
        )
        (self.folder / "slapd.conf").write_text(words)
        self._load(itertools.chain(self._frame(), crowd(many), entries))

    def _frame(self) -> Iterable[tuple[str, Attributes]]:
        yield SUFFIX, {"objectClass": ["dcObject", "organization"], "dc": ["corp"], "o": ["Corp"]}
        for unit in ("people", "groups", "policies"):
            yield f"ou={unit},{SUFFIX}", {"objectClass": ["organizationalUnit"], "ou": [unit]}
        yield f"cn=default,ou=policies,{SUFFIX}", POLICY
        for dn in (SERVICE, READER):
            name = dn.partition(",")[0].removeprefix("cn=")
            yield dn, {"objectClass": ["person"], "cn": [name], "sn": [name], "userPassword": [SERVICE_PASSWORD]}
        for uid in self.people:
            yield self.dn(uid), person(uid, password=self.password)

    def _load(self, entries: Iterable[tuple[str, Attributes]]) -> None:
        """Put entries into the database while no server runs: about 10,000 a second."""
        path = self.folder / "init.ldif"
        with path.open("w", encoding="utf-8") as file:
            for dn, attributes in entries:
                write_ldif(file, dn, attributes)
        said = subprocess.run(
            [self.loader, "-q", "-f", str(self.folder / "slapd.conf"), "-l", str(path)],
            capture_output=True,
            check=False,
        )
        assert said.returncode == 0, said.stderr.decode()

    def command(self) -> list[str]:
        addresses = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        return [self.program, "-d", "none", "-f", str(self.folder / "slapd.conf"), "-h", addresses]

    def is_up(self) -> bool:
        # Both ports and our own file: somebody else's slapd would have written another one.
        return (self.folder / "slapd.pid").exists() and answers(self.port) and answers(self.tls_port)

    def log(self) -> str:
        return (self.folder / "stderr").read_text(errors="replace") if (self.folder / "stderr").exists() else ""

    def dn(self, uid: str) -> str:
        return f"uid={uid},ou=people,{SUFFIX}"

    def settings(self, **more: str) -> dict[str, str]:
        """What a connection to this server needs, over LDAPS as the service account."""
        return {
            "host": "127.0.0.1",
            "port": str(self.tls_port),
            "security": "tls",
            "ca_file": str(self.ca_file),
            "bind_dn": SERVICE,
            "password": SERVICE_PASSWORD,
            "base_dn": SUFFIX,
            **more,
        }

    def administrator(self) -> Connection:
        """A session that may do everything; over loopback without TLS."""
        return Connection(
            LdapAddress("127.0.0.1", self.port, get_info="NO_INFO"),
            ROOT,
            ROOT_PASSWORD,
            auto_bind=True,
            check_names=False,
        )

    def bind(self, dn: str, password: str) -> tuple[str, bytes]:
        """What the server says to a sign-in: the result's words, and the bytes of the password policy's control."""
        with_control = Connection(
            LdapAddress("127.0.0.1", self.port, get_info="NO_INFO"), dn, password, check_names=False
        )
        try:
            with_control.open()
            with_control.bind(controls=[PPOLICY])
            result: dict[str, Any] = with_control.result
            control = (result.get("controls") or {}).get(PPOLICY[0], {})
            return str(result["description"]), control.get("value") or b""
        finally:
            with_control.unbind()


def person(uid: str, *, password: str = "", **more: Sequence[str]) -> Attributes:
    """An inetOrgPerson with usual attributes; `more` adds or replaces."""
    said: dict[str, Sequence[str]] = {
        "objectClass": ["inetOrgPerson"],
        "uid": [uid],
        "cn": [uid.capitalize()],
        "sn": [uid.capitalize()],
        "mail": [f"{uid}@corp.example"],
        **more,
    }
    return {**said, "userPassword": [password]} if password else said


def crowd(count: int) -> Iterable[tuple[str, Attributes]]:
    """`count` people as large directories have them: a manager for each, and a group for each department and each hundred."""
    began = datetime(2024, 1, 1, tzinfo=UTC)
    for n in range(count):
        signed_in = (began + timedelta(minutes=17 * n)).strftime("%Y%m%d%H%M%SZ")
        yield (
            _dn(n),
            {
                **person(f"u{n:06}", givenName=[f"Given{n}"], sn=[f"Sur{n}"], cn=[f"Given{n} Sur{n}"]),
                "departmentNumber": [DEPARTMENTS[n % len(DEPARTMENTS)]],
                "title": [("Clerk", "Engineer", "Manager", "Director")[n % 4]],
                "employeeNumber": [str(100_000 + n)],
                "telephoneNumber": [f"+49 30 {n:07}"],
                "mobile": [f"+49 170 {n:07}"],
                "manager": [_dn(n // 10)],
                "l": ["Berlin"],
                "physicalDeliveryOfficeName": [f"B{n % 40}"],
                "entryUUID": [str(uuid.UUID(int=0x5EED_0000 << 96 | n))],
                "authTimestamp": [signed_in],
                "pwdChangedTime": [signed_in],
            },
        )
    for number, department in enumerate(DEPARTMENTS if count else ()):
        members = [_dn(n) for n in range(number, count, len(DEPARTMENTS))]
        if members:
            yield _group(department.lower(), members)
    for start in range(0, count, 100):
        yield _group(f"team{start // 100}", [_dn(n) for n in range(start, min(start + 100, count))])


def _dn(n: int) -> str:
    return f"uid=u{n:06},ou=people,{SUFFIX}"


def _group(name: str, members: Sequence[str]) -> tuple[str, Attributes]:
    return (
        f"cn={name},ou=groups,{SUFFIX}",
        {"objectClass": ["groupOfNames"], "cn": [name], "member": members},
    )


def write_ldif(file: io.TextIOBase, dn: str, attributes: Attributes) -> None:
    """One entry, each value in base64: names may hold anything."""
    file.write(f"dn:: {_base64(dn)}\n")
    for name, values in attributes.items():
        file.writelines(f"{name}:: {_base64(value)}\n" for value in values)
    file.write("\n")


def _base64(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
