"""Settings, Retention says where the lake lies."""

from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors, services, storage

from .conftest import asked, mail


def test_the_page_says_where_the_lake_lies(lake, as_max):
    page = as_max.get("/settings/retention").content.decode()
    assert f"Events lie on this machine, in {lake}/lake." in page


def test_the_page_tells_of_the_store_and_of_its_cache(in_store, as_max):
    in_store()
    services.append("EmailEvents", [mail(n) for n in range(5)])
    with storage.only_writer():
        storage.flush(selectors.table("EmailEvents"), now=utc_now())
    for _ in range(4):
        assert len(selectors.rows(asked())) == 5
    page = " ".join(as_max.get("/settings/retention").content.decode().split())
    assert "Events lie in the object store at http://127.0.0.1:" in page
    assert "1 files," in page
    assert "75 % were there" in page
