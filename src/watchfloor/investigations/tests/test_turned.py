"""A URL that turns malicious after somebody opened it makes an alert, and the alert an investigation."""

from datetime import timedelta

import pytest

from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.tests.conftest import NOW, email_row
from watchfloor.investigations.tests.test_triggers import raise_alert, read
from watchfloor.investigations.turned import RULE, _told, tell_turned
from watchfloor.lake import services as lake
from watchfloor.lake.contracts import LateVerdict

pytestmark = pytest.mark.django_db
MAIL, URL = "88888888-8888-4888-8888-888888888888", "https://later.example/x"


@pytest.fixture
def opened(db):
    """A mail without a threat, and a click on its link some hours before."""

    def lay(*, hours: float = 5, threats: str = "", did: str = "ClickAllowed") -> None:
        lake.append("EmailEvents", [email_row(MAIL, "ann@corp.example", ThreatTypes=[], ConfidenceLevel="")])
        click = {
            "Timestamp": NOW - timedelta(hours=hours),
            "NetworkMessageId": MAIL,
            "Url": URL,
            "AccountUpn": "Ann@corp.example",
            "ActionType": did,
            "ThreatTypes": threats,
            "IsClickedThrough": False,
            "ReportId": "click",
        }
        lake.append("UrlClickEvents", [click])

    return lay


def condemned(*, threats=("Phish",), at=NOW):
    lake.note_late_verdicts([LateVerdict(at, MAIL, threats, "High", "entry", "its URL is on the block list")])
    return tell_turned(now=at)


def told():
    promote(now=NOW)
    return list(Alert.objects.values_list("rule_id", flat=True))


def test_within_48_hours_an_alert_tells_who_opened_it_and_starts_the_playbook(opened, queued):
    opened()
    assert condemned() == 1
    assert told() == [RULE]
    assert "its URL is on the block list" in Alert.objects.get().description
    read()
    found = Investigation.objects.get()
    assert found.playbook == "malicious-click"
    assert found.seeded.kept == {
        "messages": [MAIL],
        "people": ["ann@corp.example"],
        "urls": [URL],
        "files": [],
        "senders": [],
    }
    assert condemned(at=NOW + timedelta(seconds=5)) == 1
    assert told() == [RULE], "the same click is told once"


@pytest.mark.parametrize(
    "facts",
    [{"hours": 49}, {"threats": "Phish"}, {"did": "ClickBlocked"}],
    ids=["too long ago", "told when it was clicked", "it was stopped"],
)
def test_no_alert_where_there_is_nothing_new_to_tell(opened, facts):
    opened(**facts)
    assert condemned() == 1
    assert told() == []


def test_no_alert_beside_the_one_the_click_made_itself(opened):
    opened()
    raise_alert("malicious-url-click", ("user", "ann@corp.example", "", "compromised", "suspicious"))
    condemned()
    assert told() == ["malicious-url-click"]


def test_a_mail_found_harmless_tells_nothing(opened):
    opened()
    condemned(threats=())
    assert told() == []


def test_who_was_told_already_is_asked_once_for_all_clicks(opened, django_assert_num_queries):
    raise_alert("malicious-url-click", ("user", "ann@corp.example", "", "compromised", "suspicious"))
    clicks = [{"AccountUpn": f"{name}@corp.example", "Timestamp": NOW} for name in ("Ann", "bob", "cat")]
    with django_assert_num_queries(1):
        told = _told(clicks, now=NOW)
    assert list(told) == ["ann@corp.example"]
