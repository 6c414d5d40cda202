"""One Nextcloud account: its folders by WebDAV, its shares and its name by OCS."""

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx

from watchfloor.connectors.protocols.rest import LARGEST, TIMEOUT, Answer, Rest
from watchfloor.connectors.systems.nextcloud.answers import QUESTION, Given, Node, given, nodes
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound

SHARES = "/ocs/v2.php/apps/files_sharing/api/v1/shares"
SELF = "/ocs/v2.php/cloud/user"


@dataclass(frozen=True, slots=True)
class Basic:
    """A name and an app password, sent with each question."""

    user: str
    password: str

    def header(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def forget(self) -> None:
        """It cannot be renewed."""


class Cloud(Rest):
    """Questions to one Nextcloud. `ca_file` is trusted in place of the system's authorities."""

    def __init__(self, base: str, token: Basic, *, ca_file: str = "", **more: Any) -> None:
        super().__init__(base, token, **more)
        self._ca_file, self._id = ca_file, ""

    def __enter__(self) -> Self:
        return self

    @property
    def _client(self) -> httpx.Client:
        if self._opened is None:
            self._opened = httpx.Client(
                timeout=TIMEOUT,
                follow_redirects=False,
                verify=_trusted(self._ca_file),
                headers={"OCS-APIRequest": "true"},  # without it OCS refuses, so that no other site's page can ask
            )
        return self._opened

    def _once(self, method: str, url: str, query: Mapping[str, str] | None, body: Any) -> Answer:
        """WebDAV asks and answers in XML: `body` is the Depth then, and the answer's body its bytes."""
        if method != "PROPFIND":
            return super()._once(method, url, query, body)
        headers = {"Authorization": self._token.header(), "Depth": str(body), "Content-Type": "application/xml"}
        with self._client.stream(method, url, content=QUESTION, headers=headers) as response:
            said = bytearray()
            for piece in response.iter_bytes():
                said += piece
                if len(said) > LARGEST:
                    raise BadInput(f"a folder's listing is larger than {LARGEST >> 20} MB", place=urlsplit(url).path)
        return Answer(response.status_code, bytes(said), {k.lower(): v for k, v in response.headers.items()})

    @property
    def user_id(self) -> str:
        """Under which id the account's files lie; the name it signs in with may be another, as a mail address."""
        if not self._id:
            data = self._data(SELF)
            found = data.get("id") if isinstance(data, dict) else None
            if not isinstance(found, str) or not found:
                raise NotConfigured("this does not answer as Nextcloud does", place=self.base)
            self._id = found
        return self._id

    def listed(self, path: str) -> tuple[Node, list[Node]]:
        """A folder and what lies directly in it. Raises NotFound."""
        found = self._found(path, depth=1)
        me = next((one for one in found if one.path == path), None)
        if me is None:
            raise NotFound("the folder is not there", place=path)
        return me, [one for one in found if one.path != path]

    def node(self, path: str) -> Node | None:
        """One file or folder, None when it is not there any more."""
        try:
            return next((one for one in self._found(path, depth=0) if one.path == path), None)
        except NotFound:
            return None

    def content(self, path: str, *, most: int) -> bytes:
        """One file's bytes. Raises TooLarge beyond `most`."""
        return self.download(quote(f"/remote.php/dav/files/{self.user_id}/{path}"), most=most)

    def shares(self) -> list[Given]:
        """Those this account gave, also on what others gave to it, and those it was given. There is no paging."""
        gave = [given(one, own=True) for one in self._records({"reshares": "true"})]
        got = [given(one, own=False) for one in self._records({"shared_with_me": "true"})]
        return [one for one in (*gave, *got) if one is not None]

    def _records(self, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
        data = self._data(SHARES, **query)
        return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []

    def _data(self, path: str, **query: str) -> Any:
        said = self.get(path, format="json", **query).object.get("ocs")
        return said.get("data") if isinstance(said, dict) else None

    def _found(self, path: str, *, depth: int) -> list[Node]:
        prefix = f"/remote.php/dav/files/{self.user_id}"
        answer = self.ask("PROPFIND", quote(f"{prefix}/{path}"), body=depth)
        return list(nodes(answer.body, prefix=urlsplit(self.base).path + prefix))


def _trusted(ca_file: str) -> ssl.SSLContext:
    if ca_file and not Path(ca_file).is_file():
        raise NotConfigured("the CA file is not there", place=ca_file)
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except ssl.SSLError as error:
        raise NotConfigured("the CA file holds no certificate in PEM", place=ca_file) from error
