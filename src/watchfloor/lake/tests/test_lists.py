"""Lists that an administrator uploads are what queries name, and nothing is ever fetched."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import system_actor
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound
from watchfloor.lake import lists, selectors, services
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.models import UploadedList

from .conftest import NOON

CSV = b"Account,Why\nada@corp.example,VIP\neve@corp.example,left\n"
ADDRESS = "https://lists.example/vip.csv"
BOSS = system_actor("test", Permission.CONNECTION_MANAGE)


def upload(alias="VIP", data=CSV, address="", by=BOSS):
    return services.upload_list(alias=alias, file_name="vip.csv", data=data, address=address, now=NOON, by=by)


def asked(text):
    return list(selectors.hunt(text, now=NOON).rows)


def test_a_watchlist_gives_its_columns_and_the_search_key(lake):
    assert upload() == 2
    rows = asked(
        "_GetWatchlist('VIP') | project SearchKey, Why, tostring(WatchlistItem.Account) | sort by SearchKey asc"
    )
    assert rows == [("ada@corp.example", "VIP", "ada@corp.example"), ("eve@corp.example", "left", "eve@corp.example")]


def test_externaldata_is_given_the_pinned_list_under_its_own_names(lake):
    upload(address=ADDRESS)
    rows = asked(f'externaldata(who: string, why: string) ["{ADDRESS}"] | where why == "VIP" | project who')
    assert rows == [("ada@corp.example",)]


def test_a_pinned_list_takes_the_types_the_query_gives_it(lake):
    upload(data=b'n,at,ok,more\n7,2026-01-02,true,"[1]"\nx,,,\n', address=ADDRESS)
    rows = asked(
        f"externaldata(n: long, at: datetime, ok: bool, more: dynamic) ['{ADDRESS}'] | project n + 1, at, ok, more[0]"
    )
    assert rows == [(8, datetime(2026, 1, 2, tzinfo=UTC), True, 1), (None, None, None, None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("_GetWatchlist('Nobody')", "watchlist Nobody"),
        (f'externaldata(a: string) ["{ADDRESS}"]', ADDRESS),
        ('externaldata(a: string) ["file:///etc/passwd"]', "file:///etc/passwd"),
    ],
)
def test_a_list_nobody_uploaded_is_refused_with_its_name_and_where_to_upload_it(lake, text, said):
    with pytest.raises(KqlError, match="Settings, Lists") as refused:
        asked(text)
    assert said in refused.value.words


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "first line"),
        (b"a,a\n1,2\n", "first line"),
        (b"a,b\n1\n", "line 2"),
        (b"\xff\xfea\n", "no CSV"),
        (b"a\n" + b"x\n" * (lists.MOST_ROWS + 1), "rows fit"),
        (b"a" * (lists.MOST_BYTES + 1), "larger than"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_the_reason(lake, data, said):
    with pytest.raises(BadInput, match=said):
        upload(data=data)
    assert not UploadedList.objects.exists()


def test_an_alias_says_itself_and_an_address_belongs_to_one_list(lake):
    with pytest.raises(BadInput, match="alias"):
        upload(alias="'; drop")
    upload(address=ADDRESS)
    with pytest.raises(BadInput, match="pinned"):
        upload(alias="Other", address=ADDRESS)
    assert upload(data=b"Account\nmax@corp.example\n", address=ADDRESS) == 1
    assert asked("_GetWatchlist('VIP') | project SearchKey") == [("max@corp.example",)]


def test_who_may_not_manage_connections_uploads_and_removes_nothing(lake):
    upload()
    with pytest.raises(Forbidden):
        upload(by=system_actor("test"))
    with pytest.raises(Forbidden):
        services.remove_list(alias="VIP", by=system_actor("test"))
    services.remove_list(alias="VIP", by=BOSS)
    with pytest.raises(NotFound):
        services.remove_list(alias="VIP", by=BOSS)


def test_max_uploads_on_the_page_and_the_audit_log_says_so(lake, as_max):
    assert b"No list yet" in as_max.get("/settings/lists").content
    file = SimpleUploadedFile("vip.csv", CSV, "text/csv")
    answer = as_max.post("/settings/lists", {"alias": "VIP", "address": ADDRESS, "file": file})
    assert answer.status_code == 302
    page = as_max.get("/settings/lists").content.decode()
    assert "vip.csv" in page
    assert ADDRESS in page
    entry = AuditEntry.objects.get(verb="list.upload", outcome="success")
    assert entry.after["rows"] == 2
    assert as_max.post("/settings/lists/remove", {"alias": "VIP"}).status_code == 302
    assert not UploadedList.objects.exists()


def test_max_is_told_beside_the_field_what_is_wrong(lake, as_max):
    file = SimpleUploadedFile("vip.csv", b"a,b\n1\n", "text/csv")
    answer = as_max.post("/settings/lists", {"alias": "VIP", "file": file})
    assert answer.status_code == 400
    assert "line 2 has 1 cells" in answer.content.decode()


def test_ada_reads_the_page_without_a_form_and_eve_does_not_see_it(lake, as_ada, as_eve):
    page = as_ada.get("/settings/lists")
    assert page.status_code == 200
    assert b'type="file"' not in page.content
    assert as_ada.post("/settings/lists/remove", {"alias": "VIP"}).status_code == 403
    assert as_eve.get("/settings/lists").status_code == 403
