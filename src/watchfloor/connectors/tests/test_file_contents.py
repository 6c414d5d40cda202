"""The content of stored files, from each kind of store: bounded, only where allowed, and our token goes nowhere else."""

import os

import pytest

from labs.graph import Graph
from labs.nextcloud import Nextcloud
from labs.rest import RestLab
from watchfloor.connectors.contracts import ContentSystem, FileRef, TooLarge
from watchfloor.connectors.models import Connection
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.selectors import content_readers
from watchfloor.connectors.systems.file_shares import SYSTEM as SHARES
from watchfloor.connectors.systems.microsoft365 import SYSTEM as ENTRA
from watchfloor.connectors.systems.nextcloud import SYSTEM as CLOUD
from watchfloor.connectors.systems.nextcloud.cloud import Basic
from watchfloor.connectors.tests.entra import settings_for
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound

MOST = 1 << 20


class Store(RestLab):
    """Where the bytes lie, on another origin than who sends there."""

    def __init__(self, raw):
        super().__init__()
        self.raw, self.tokens = raw, []

    def answer(self, request):
        self.tokens.append(request.headers.get("authorization", ""))
        return 200, self.raw, {}


def test_every_store_of_files_is_a_content_system_that_is_off_at_first():
    for system in (SHARES, CLOUD, ENTRA):
        assert isinstance(system, ContentSystem)
        assert {one.name: one.default for one in system.settings}["content"] == "no"


def test_graph_sends_on_to_the_bytes_and_our_token_stays_with_graph():
    with Graph() as graph, Store(b"the bytes") as store:
        graph.tenant.contents["item1"] = f"{store.url}/download?sig=1"
        file = FileRef("item1", "ada@corp.example", "/Documents/plan.txt")
        assert ENTRA.content_of(settings_for(graph), file, most=MOST) == b"the bytes"
        assert store.tokens == [""]
        store.raw = bytes(MOST + 1)
        with pytest.raises(TooLarge):
            ENTRA.content_of(settings_for(graph), file, most=MOST)
        with pytest.raises(NotFound):
            ENTRA.content_of(settings_for(graph), FileRef("none", "ada@corp.example"), most=MOST)


def test_a_redirection_to_an_open_address_is_not_followed():
    with Graph() as graph:
        graph.tenant.contents["item1"] = "http://elsewhere.example/x"
        with pytest.raises(Exception, match="must start with https"):
            ENTRA.content_of(settings_for(graph), FileRef("item1", "ada@corp.example"), most=MOST)


@pytest.mark.parametrize(
    "link", ["http://127.0.0.1:9200/_all", "http://localhost/x", "https://[::1]:8443/", "HTTP://LocalHost:1/"]
)
def test_a_store_elsewhere_cannot_have_us_ask_what_listens_on_this_machine(link, monkeypatch):
    rest = Rest("https://cloud.example", Basic("ada", "x"), attempts=1)
    asked = []

    def bytes_of(url, token, most):
        asked.append(url)
        return 302, {"location": link}, b""

    monkeypatch.setattr(rest, "_bytes", bytes_of)
    with pytest.raises(NotConfigured, match="this machine"):
        rest.download("/file", most=MOST)
    assert asked == ["https://cloud.example/file"]


def test_nextcloud_gives_a_file_by_its_path():
    with Nextcloud(prefix="/cloud") as server:
        server.put("ada", "plans/Übersicht 1.ods").content = b"sheets"
        settings = {"url": server.url, "user": "ada", "password": server.password}
        assert CLOUD.content_of(settings, FileRef("7", "ada", "/plans/Übersicht 1.ods"), most=MOST) == b"sheets"
        with pytest.raises(TooLarge):
            CLOUD.content_of(settings, FileRef("7", "ada", "/plans/Übersicht 1.ods"), most=3)
        with pytest.raises(NotFound):
            CLOUD.content_of(settings, FileRef("8", "ada", "/gone"), most=MOST)


def test_a_disk_gives_a_file_of_its_folder_and_follows_no_link(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("no")
    (tmp_path / "in" / "a").write_bytes(b"x" * 10)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    settings = {"folder": str(tmp_path / "in")}
    assert SHARES.content_of(settings, FileRef("a"), most=10) == b"x" * 10
    with pytest.raises(TooLarge):
        SHARES.content_of(settings, FileRef("a"), most=9)
    for key in ("link", "../secret", "gone"):
        with pytest.raises((BadInput, NotFound)):
            SHARES.content_of(settings, FileRef(key), most=10)
    os.mkfifo(tmp_path / "in" / "pipe")
    with pytest.raises(BadInput):
        SHARES.content_of(settings, FileRef("pipe"), most=10)


@pytest.mark.django_db
def test_only_enabled_connections_that_allow_it_are_readers(tmp_path):
    now = utc_now()
    for name, content, enabled in (("a", "yes", True), ("b", "no", True), ("c", "yes", False)):
        settings = {"folder": str(tmp_path), "content": content, "content_mb": "500"}
        Connection.objects.create(
            name=name, kind="file_shares", settings=settings, enabled=enabled, created_at=now, changed_at=now
        )
    readers = content_readers()
    assert set(readers) == {"a"}
    assert readers["a"].most == 40 << 20
    assert readers["a"].budget == 200 << 20
