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


# --- long lists, and functions that answer from lists --------------------------------------------------------------------


def test_a_long_list_stands_beside_the_tables_and_not_in_the_statement(lake):
    many = "".join(f"user{number}@corp.example,{number}\n" for number in range(5000))
    upload(alias="Many", data=b"Account,Number\n" + many.encode(), address=ADDRESS)
    assert asked("_GetWatchlist('Many') | where tolong(Number) >= 4990 | count") == [(10,)]
    assert asked("let L = _GetWatchlist('Many') | project SearchKey; print 'user7@corp.example' in (L)") == [(True,)]
    rows = f'externaldata(who: string, n: long) ["{ADDRESS}"]'
    assert asked(f"{rows} | summarize sum(n), dcount(who)") == [(12_497_500, 5000)]
    assert asked(f"{rows} | join kind=inner ({rows} | where n < 3) on who | count") == [(3,)]
    assert asked(f"{rows} | where n == 1 | evaluate bag_unpack(d)".replace("| evaluate", "| extend d = bag_pack('k', n) | evaluate")) == [
        ("user1@corp.example", 1, 1)
    ]  # fmt: skip


GEO = b"network,country,state,city,latitude,longitude\n203.0.113.0/24,Utopia,North,Capital,1.5,-2.25\n203.0.113.128/25,Utopia,South,,,\n"
PLACE = "print place = geo_info_from_ip_address('{}') | project tostring(place.country), tostring(place.state), todouble(place.latitude)"


def test_the_place_of_an_address_comes_from_the_smallest_network_of_the_list(lake):
    upload(alias="GeoIP", data=GEO)
    assert asked(PLACE.format("203.0.113.7")) == [("Utopia", "North", 1.5)]
    assert asked(PLACE.format("203.0.113.200")) == [("Utopia", "South", None)]
    assert asked(PLACE.format("198.51.100.1")) == [("", "", None)]
    assert asked(PLACE.format("no address")) == [("", "", None)]
    assert asked("print net = '203.0.113.7' | project tostring(geo_info_from_ip_address(net).state)") == [("North",)]
    assert asked("print tostring(geo_info_from_ip_address('8.8.8.8'))") == [("{}",)]


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("print geo_info_from_ip_address('203.0.113.7')", "GeoIP"),
        ("datatable(SHA1: string) ['a'] | invoke FileProfile(SHA1, 1000)", "FileProfile"),
    ],
)
def test_without_their_list_places_and_profiles_are_refused_and_not_made_up(lake, text, alias):
    with pytest.raises(KqlError, match=f"list {alias} .*Settings, Lists"):
        asked(text)


def test_profiles_of_files_come_from_the_list_by_their_hash(lake):
    upload(alias="FileProfile", data=b"SHA1,GlobalPrevalence,Signer,IsCertificateValid\nAA11,12,Contoso,true\n")
    rows = "datatable(InitiatingProcessSHA1: string) ['aa11', 'bb22'] | invoke FileProfile(InitiatingProcessSHA1, 1000)"
    assert asked(f"{rows} | project InitiatingProcessSHA1, GlobalPrevalence, Signer, IsCertificateValid, ProfileAvailability") == [
        ("aa11", 12, "Contoso", True, "Available"), ("bb22", None, "", None, "Missing"),
    ]  # fmt: skip
    assert asked(f"{rows} | where GlobalPrevalence < 100 | count") == [(1,)]
