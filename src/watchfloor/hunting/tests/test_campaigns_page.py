"""The campaigns page: its figures, chart, filters, map and exports, each state an address."""

import csv
from datetime import timedelta

import pytest

from watchfloor.hunting.campaigns.figures import figures
from watchfloor.hunting.campaigns.known import Wanted, campaigns
from watchfloor.hunting.campaigns.noting import note_campaigns
from watchfloor.hunting.models import KnownCampaign
from watchfloor.identities.contracts import PRIORITY, DirectoryEntry
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.contracts import Query
from watchfloor.lake.services import append

pytestmark = pytest.mark.django_db


def click(message, person, *, through=True):
    append(
        "UrlClickEvents",
        [
            {
                "Timestamp": utc_now() - timedelta(minutes=5),
                "NetworkMessageId": message,
                "AccountUpn": person,
                "Url": "https://evil.example/x",
                "ActionType": "ClickAllowed" if through else "ClickBlocked",
                "IsClickedThrough": through,
            }
        ],
    )


@pytest.fixture
def noted(attack):
    """A phish of three and a malware of two, both noted; gives the mails of the phish."""
    mails = attack(71, brand="contoso.example")
    attack(
        72,
        threat="Malware",
        family="W32/x",
        subject="Invoice",
        to=("ann@corp.example", "dan@corp.example"),
        DeliveryLocation="Junk folder",
    )
    note_campaigns(now=utc_now())
    return mails


def lines(**changes):
    now = utc_now()
    wanted = Wanted(now - timedelta(days=30), now, **changes)
    return {one.campaign.pk: one for one in figures(Query("EmailEvents", wanted.start, now), campaigns(wanted))}


def test_people_are_counted_once_and_only_those_with_mail_in_the_inbox_are_inboxed(mail, noted):
    mail(to=("ann@corp.example",), EmailClusterId=71, DeliveryLocation="Junk folder")
    found = lines()
    assert (found[71].messages, found[71].recipients, found[71].inboxed) == (4, 3, 3)
    assert (found[72].recipients, found[72].inboxed) == (2, 0)


def test_who_clicked_and_who_got_through_are_counted_by_person(noted):
    click(noted[0], "ann@corp.example")
    click(noted[0], "ann@corp.example")
    click(noted[1], "bob@corp.example", through=False)
    one = lines()[71]
    assert (one.clicked, one.visited, one.rate_words) == (2, 1, "67%")


def test_the_click_rate_is_for_phish_that_reached_an_inbox(noted):
    assert lines()[72].rate_words == "–"


def test_mails_under_both_names_of_a_joined_campaign_count_for_it_and_nobody_twice(mail, noted):
    KnownCampaign.objects.filter(pk=71).update(ids=[71, 99])
    mail(to=("ann@corp.example",), EmailClusterId=99)
    assert (lines()[71].messages, lines()[71].recipients) == (4, 3)


def test_tags_of_the_recipients_are_counted_and_the_share_of_all_people_is_told(noted, people, as_ada):
    people(
        DirectoryEntry("ann@corp.example", "Ann", tags=("Board",)),
        DirectoryEntry("bob@corp.example", "Bob", tags=("Board", PRIORITY)),
        *(DirectoryEntry(f"other{number}@corp.example", "Other") for number in range(8)),
    )
    told = lines()[71]
    assert told.targeted_words == f"{told.recipients / 10:.1%}"
    page = as_ada.get("/campaigns/results", {"range": "400d"}).content.decode()
    assert f"{PRIORITY}: 1 recipient" in page
    assert "Board 2" in page
    assert page.index(f"{PRIORITY}: 1") < page.index("Board 2")
    assert told.targeted_words in page


@pytest.fixture
def people(db):
    from watchfloor.access.contracts import Permission
    from watchfloor.access.selectors import system_actor
    from watchfloor.identities.services import import_people

    def put(*entries):
        by = system_actor("test", Permission.CONNECTION_MANAGE)
        import_people(by=by, entries=list(entries), source="test", now=utc_now())

    return put


def shown(client, address="/campaigns"):
    joint = "&" if "?" in address else "?"
    answer = client.get(f"{address}{joint}complete=1")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_every_campaign_with_its_figures_and_the_chart(noted, as_ada):
    page = shown(as_ada)
    assert "Phish · contoso.example · 000047" in page
    assert "Malware · W32/x · 000048" in page
    assert "Campaign type, recipients per day" in page
    assert "2 campaigns" in page


def test_the_parts_come_as_fragments(noted, as_ada):
    assert "Campaign type, recipients per day" in as_ada.get("/campaigns/chart").content.decode()
    assert "contoso.example" in as_ada.get("/campaigns/results").content.decode()


@pytest.mark.parametrize(
    ("address", "there", "gone"),
    [
        ("/campaigns?type=Malware", "000048", "000047"),
        ("/campaigns?subtype=contoso.example", "000047", "000048"),
        ("/campaigns?q=invoice", "000048", "000047"),
        ("/campaigns?f=RecipientEmailAddress~equal%20any%20of~dan%40corp.example", "000048", "000047"),
        ("/campaigns?f=DeliveryLocation~equal%20any%20of~Junk%20folder", "000048", "000047"),
    ],
)
def test_filters_of_campaigns_and_of_their_mails_narrow_the_list(noted, as_ada, address, there, gone):
    answer = as_ada.get(address.replace("/campaigns", "/campaigns/results")).content.decode()
    assert there in answer
    assert gone not in answer


def test_a_condition_that_cannot_be_used_says_so_where_it_was_typed(noted, as_ada):
    page = as_ada.get("/campaigns?property=Nonsense&operator=equal+any+of&value=x").content.decode()
    assert "The condition was not added" in page


def test_a_typed_condition_becomes_part_of_the_address(noted, as_ada):
    answer = as_ada.get("/campaigns?property=SenderFromDomain&operator=equal+any+of&value=evil.example&type=Phish")
    assert answer.status_code == 302
    assert "SenderFromDomain" in answer.url
    assert "type=Phish" in answer.url


def test_conditions_can_be_grouped_and_denied_as_in_explorer(noted, as_ada):
    asked = "f=RecipientEmailAddress~equal%20any%20of~dan%40corp.example"
    denied = as_ada.get(f"/campaigns?{asked}&do=not:0&type=Malware")
    assert denied.status_code == 302
    assert "none" in denied.url
    assert "type=Malware" in denied.url
    grouped = as_ada.get(f"/campaigns?{asked}&do=group:0").url
    more = as_ada.get(f"{grouped}&into=0&property=SenderFromDomain&operator=equal+any+of&value=evil.example").url
    page = as_ada.get(more).content.decode()
    assert "Add a condition to this group" in page
    assert "000048" in as_ada.get(more.replace("/campaigns", "/campaigns/results")).content.decode()


@pytest.mark.parametrize("pivot", ["name", "subtype", "SenderFromDomain", "EmailUrlInfo.Url", "DeliveryAction"])
def test_the_chart_is_split_by_what_one_chooses(noted, as_ada, pivot):
    answer = as_ada.get(f"/campaigns/chart?by={pivot}")
    assert answer.status_code == 200
    assert "per day" in answer.content.decode() or "Nothing to draw" in answer.content.decode()


def test_the_list_is_sorted_by_any_figure_in_both_directions(noted, as_ada):
    up = as_ada.get("/campaigns/results?rank=recipients&order=asc").content.decode()
    down = as_ada.get("/campaigns/results?rank=recipients").content.decode()
    assert up.index("000048") < up.index("000047")
    assert down.index("000047") < down.index("000048")


def test_the_origin_lists_countries_of_sending_addresses(attack, as_ada):
    attack(71, SenderIP="8.8.8.8")
    attack(72, SenderIP="10.0.0.1")
    note_campaigns(now=utc_now())
    answer = as_ada.get("/campaigns/results?show=origin").content.decode()
    assert "United States" in answer
    assert "Unknown place" in answer
    assert "10.0.0.1" in answer


def body(answer):
    return list(csv.reader("".join(part.decode() for part in answer.streaming_content).splitlines()))


def test_list_and_chart_can_be_exported_whole(noted, as_ada):
    rows = body(as_ada.get("/campaigns/export.csv"))
    assert [row[1] for row in rows[1:]] == ["Phish · contoso.example · 000047", "Malware · W32/x · 000048"]
    days = body(as_ada.get("/campaigns/chart.csv"))
    assert days[0] == ["Day (UTC)", "Phish", "Malware"]
    assert sum(int(row[1]) for row in days[1:]) == 3


def test_without_a_campaign_the_page_says_when_there_will_be_one(as_ada):
    assert "No campaign yet" in shown(as_ada)


def test_filters_that_find_nothing_offer_to_go(noted, as_ada):
    assert "Remove all filters" in shown(as_ada, "/campaigns?q=nothing-like-it")


def test_the_page_needs_the_right_to_read_mail(as_eve):
    assert as_eve.get("/campaigns").status_code == 403


def test_questions_do_not_grow_with_campaigns(noted, attack, as_ada, django_assert_max_num_queries):
    for number in range(100, 130):
        attack(number)
    note_campaigns(now=utc_now())
    with django_assert_max_num_queries(40):
        as_ada.get("/campaigns/results")
