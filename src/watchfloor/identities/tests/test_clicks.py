"""Clicks of a proxy's log: whose they were, which mail brought the address, and that each is stored once."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.services import import_events, observe
from watchfloor.identities.clicks import reading
from watchfloor.identities.clicks.reading import joined_rows, read_clicks
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson
from watchfloor.lake.observing import observe_pending
from watchfloor.lake.selectors import hunt
from watchfloor.lake.services import append

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BY = Actor("ada", "Ada", frozenset(Permission))
ANN, BEN = "ann@corp.example", "ben@corp.example"
URL = "http://evil.example/login?u=7"


@pytest.fixture(autouse=True)
def people(db):
    for address, login in ((ANN, "annl"), (BEN, "benb")):
        who = DirectoryPerson.objects.create(address=address, name=address, source="t", imported_at=NOW)
        account = Account.objects.create(
            person=who, source="t", key=login, provider="LDAP", name=login, mail=address, first_seen_at=NOW, seen_at=NOW
        )
        AccountAlias.objects.create(account=account, kind="name", value=login)


def came(url=URL, to=ANN, *, days=3, message="m1", threats="Phish", host="evil.example"):
    row = {"Timestamp": NOW - timedelta(days=days), "Url": url, "UrlDomain": host, "RecipientEmailAddress": to}
    more = {
        "NetworkMessageId": message,
        "ThreatTypes": threats,
        "Subject": "Your parcel",
        "ReportId": f"{message}{to}{url}",
    }
    append("EmailUrlInfo", [row | more])


def signed_in(who, ip="10.0.0.5", *, hours=1):
    row = {"Timestamp": NOW - timedelta(hours=hours), "AccountUpn": who, "IPAddress": ip, "ActionType": "LogonSuccess"}
    append("IdentityLogonEvents", [row | {"Application": "Dovecot", "ReportId": f"{who}{ip}{hours}"}])


def click(user="", url=URL, ip="10.0.0.5", **more):
    row = {"Timestamp": NOW, "Url": url, "IPAddress": ip, "ActionType": "Allowed", "ReportId": "r1"}
    return row | ({"AccountUpn": user} if user else {}) | more


def joined(*rows):
    return joined_rows(list(rows), now=NOW)


def test_the_proxys_user_is_the_person_and_the_mail_that_brought_the_url_is_named():
    came()
    (row,) = joined(click("annl"))
    assert (row["AccountUpn"], row["NetworkMessageId"], row["ThreatTypes"]) == (ANN, "m1", "Phish")
    assert row["Context"] == (
        "The proxy names “annl”, an account of ann@corp.example. The same URL came to ann@corp.example on 19 November, "
        "12:00 UTC in the mail “Your parcel”."
    )


def test_without_a_user_the_last_sign_in_from_the_address_tells_and_the_row_says_so():
    came()
    signed_in(ANN)
    (row,) = joined(click())
    assert (row["AccountUpn"], row["NetworkMessageId"]) == (ANN, "m1")
    assert "ann@corp.example signed in to Dovecot from 10.0.0.5 at 11:00 UTC, and nobody else" in row["Context"]


def test_two_people_at_one_address_are_nobody():
    came()
    signed_in(ANN)
    signed_in(BEN, hours=2)
    (row,) = joined(click())
    assert not row.get("AccountUpn")
    assert not row.get("NetworkMessageId")
    assert "2 people signed in from 10.0.0.5" in row["Context"]


def test_an_old_sign_in_says_nothing():
    signed_in(ANN, hours=9)
    (row,) = joined(click())
    assert not row.get("AccountUpn")
    assert "Nobody is known to have signed in from 10.0.0.5" in row["Context"]


def test_a_mail_to_somebody_else_later_or_older_than_thirty_days_did_not_bring_it():
    came(to=BEN)
    came(days=-1, message="later")
    came(days=31, message="older")
    (row,) = joined(click("annl"))
    assert "NetworkMessageId" not in row


def test_the_newest_of_several_mails_counts_and_a_closing_slash_is_no_difference():
    came("http://Evil.example/a/", days=5, message="m5")
    came("http://evil.example/a", days=2, message="m2")
    (row,) = joined(click("annl", url="http://evil.example/a/#top"))
    assert row["NetworkMessageId"] == "m2"


def test_of_a_tunnel_the_host_counts_for_mails_with_a_threat_alone():
    came("https://evil.example/x", message="bad")
    came("https://good.example/x", message="good", threats="", host="good.example")
    tunnel = {"SourceSystem": "TCP_TUNNEL/200 CONNECT"}
    first, second = joined(
        click("annl", url="https://evil.example/", **tunnel), click("annl", url="https://good.example/", **tunnel)
    )
    assert first["NetworkMessageId"] == "bad"
    assert "of which the proxy sees no path" in first["Context"]
    assert "NetworkMessageId" not in second


def test_a_name_nobody_bears_is_kept_as_it_is():
    known, unknown = joined(click("stranger@else.example"), click("zzz"))
    assert known["AccountUpn"] == "stranger@else.example"
    assert unknown["AccountUpn"] == "zzz"
    assert "whom no directory knows" in unknown["Context"]


def test_what_a_mapping_brought_itself_stays():
    came()
    (row,) = joined(click("annl", NetworkMessageId="own", Context="Told by the gateway."))
    assert (row["NetworkMessageId"], row["Context"]) == ("own", "Told by the gateway.")


def stored():
    answer = hunt(
        "UrlClickEvents | project AccountUpn, NetworkMessageId, Url, Context", now=NOW + timedelta(days=1), limit=50
    )
    names = [name for name, _ in answer.columns]
    return [dict(zip(names, values, strict=True)) for values in answer.rows]


def run():
    while read_clicks(now=NOW):
        pass
    while observe_pending(now=NOW):
        pass


def test_from_the_log_to_the_table_each_click_is_stored_once(tmp_path):
    came()
    path = tmp_path / "access.log"
    line = f"{NOW.timestamp():.3f} 4 10.0.0.5 TCP_MISS/200 9 GET {URL} annl HIER_DIRECT/203.0.113.9 text/html\n"
    path.write_text(line)
    for _ in range(2):
        import_events(paths=[path], by=BY, now=NOW)
        run()
    (row,) = stored()
    assert (row["AccountUpn"], row["NetworkMessageId"], row["Url"]) == (ANN, "m1", URL)
    assert row["Context"].startswith("The proxy names “annl”")


def test_a_crash_between_reading_and_passing_on_loses_and_doubles_nothing(monkeypatch):
    observe(kind=ObservedKind.CLICKS, source="proxy", table="UrlClickEvents", items=[click("annl")], at=NOW)
    monkeypatch.setattr(reading, "move_cursor", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        read_clicks(now=NOW)
    monkeypatch.undo()
    run()
    assert len(stored()) == 1


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_click_of_no_year_of_ours_keeps_no_other_from_being_read(year):
    odd = click(ip="10.0.0.9", url="http://odd.example/", ReportId="r2") | {"Timestamp": f"{year}-01-01T00:00:00+00:00"}
    observe(kind=ObservedKind.CLICKS, source="proxy", table="UrlClickEvents", items=[odd, click("annl")], at=NOW)
    run()
    assert {row["Url"] for row in stored()} == {URL, "http://odd.example/"}


def test_many_clicks_cost_few_questions(django_assert_max_num_queries):
    came()
    rows = [click("annl" if number % 2 else "", ReportId=str(number)) for number in range(200)]
    joined(*rows)
    with django_assert_max_num_queries(40):
        assert len(joined(*rows)) == 200
