"""TLS to a directory: the certificate is always verified, and a refusal keeps its type."""

import ssl
from pathlib import Path
from typing import Any

from ldap3 import Tls
from ldap3.core.exceptions import LDAPCertificateError

from watchfloor.kernel.errors import NotConfigured


class VerifiedTls(Tls):  # type: ignore[misc]
    """ldap3's Tls turns errors into texts and compares names by itself; this leaves both to the standard library.

    `problem` is why the certificate was refused, "" when it was not.
    """

    def __init__(self, *, host: str, ca_file: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._host = host
        self.problem = ""
        if ca_file and not Path(ca_file).is_file():
            raise NotConfigured("the CA file is not there", place=ca_file)
        try:
            self._context = ssl.create_default_context(cafile=ca_file or None)
        except ssl.SSLError as error:
            raise NotConfigured("the CA file holds no certificate in PEM", place=ca_file) from error

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Encrypt the connection's socket; the server must show a certificate for its name by a trusted authority."""
        try:
            connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            self.problem = error.verify_message or str(error)
            raise LDAPCertificateError(self.problem) from error
