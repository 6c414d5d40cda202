"""Who may not send, and how they may again."""

from datetime import timedelta

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.investigations.aftercare import policy as settings
from watchfloor.investigations.aftercare import restricting, watching
from watchfloor.investigations.models import Restriction
from watchfloor.investigations.services import refusal_of_restricted
from watchfloor.investigations.tests.conftest import NOW
from watchfloor.investigations.tests.test_triggers import raise_alert
from watchfloor.runtime.services import move_cursor

pytestmark = pytest.mark.django_db
BOB = "bob@corp.example"
MAIL = b"From: ann@corp.example\r\nSubject: Hello\r\n\r\nText.\r\n"


@pytest.fixture
def bob_restricted(as_max):
    as_max.post(
        "/investigations/restrict", {"address": "Bob@corp.example", "reason": "Sends to strangers by the hundred"}
    )
    return Restriction.objects.get()


def test_the_border_refuses_what_a_restricted_person_sends_and_counts_it(bob_restricted):
    assert refusal_of_restricted(MAIL, mail_from="<BOB@corp.example>", at=NOW).startswith("5.1.8")
    assert refusal_of_restricted(MAIL, mail_from="ann@corp.example", at=NOW) == ""
    assert refusal_of_restricted(MAIL, mail_from="", at=NOW) == ""
    assert Restriction.objects.get().refused == 1


@pytest.mark.parametrize(
    ("head", "signed_in", "refused"),
    [
        (b"From: Bob <Bob@corp.example>", "relay@corp.example", True),
        (b"from:\r\n bob@corp.example, ann@corp.example", "relay@corp.example", True),
        (b"From: bob@corp.example", "", False),
        (b"From: support@corp.example", "bob@corp.example", True),
        (b"From: support@corp.example", "ann@corp.example", False),
        (b"From: =?utf-8?q?bob=40corp.example?= <ann@corp.example>", "ann@corp.example", False),
        (b"From: \xff\xfe<<bob@@,;", "ann@corp.example", False),
    ],
    ids=["their From", "one of two in From", "a stranger writes From", "their login", "others", "a name", "hostile"],
)
def test_of_who_signed_in_the_login_and_from_count_as_well_as_the_envelope(bob_restricted, head, signed_in, refused):
    raw = b"Subject: x\r\n" + head + b"\r\n\r\nFrom: bob@corp.example\r\n"
    said = refusal_of_restricted(raw, mail_from="bounces@corp.example", signed_in=signed_in, at=NOW)
    assert bool(said) is refused


def test_every_address_of_a_restricted_person_is_held(bob_restricted):
    person = DirectoryPerson.objects.create(address=BOB, name="Bob", source="ldap", imported_at=NOW, groups=[])
    Account.objects.create(
        person=person, source="ldap", key="b", provider="OpenLDAP", name="bob", upn=BOB, mail="robert@corp.example",
        first_seen_at=NOW, seen_at=NOW,
    )  # fmt: skip
    assert refusal_of_restricted(MAIL, mail_from="robert@corp.example", at=NOW)


def test_while_nobody_is_restricted_a_mail_costs_one_query(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert refusal_of_restricted(MAIL, mail_from=BOB, signed_in="bob", at=NOW) == ""


def test_the_page_names_them_and_says_that_nothing_holds_them_without_a_border(bob_restricted, as_max):
    words = as_max.get("/investigations/restricted").content.decode()
    assert BOB in words
    assert "Sends to strangers by the hundred" in words
    assert "Nothing refuses their mail yet" in words


def test_a_released_person_may_send_and_the_audit_log_tells(bob_restricted, as_max):
    as_max.post("/investigations/release", {"restriction": bob_restricted.pk, "reason": "A mailing of ours"})
    assert refusal_of_restricted(MAIL, mail_from=BOB, at=NOW) == ""
    assert b"A mailing of ours" in as_max.get("/investigations/restricted?tab=released").content
    verbs = set(AuditEntry.objects.filter(outcome="success").values_list("verb", flat=True))
    assert {"sending.restrict", "sending.release"} <= verbs


def test_releasing_twice_is_told_not_done(bob_restricted, as_max):
    as_max.post("/investigations/release", {"restriction": bob_restricted.pk})
    answer = as_max.post("/investigations/release", {"restriction": bob_restricted.pk}, follow=True)
    assert "was released already by Max" in answer.content.decode()


def test_restricting_twice_is_one_restriction(bob_restricted, as_max):
    as_max.post("/investigations/restrict", {"address": BOB, "reason": "Again"})
    assert Restriction.objects.count() == 1


def test_without_the_right_nobody_is_restricted_or_released(as_eve, bob_restricted):
    assert as_eve.post("/investigations/restrict", {"address": BOB, "reason": "x"}).status_code == 403
    assert as_eve.post("/investigations/release", {"restriction": bob_restricted.pk}).status_code == 403
    assert as_eve.get("/investigations/restricted").status_code == 403


def test_no_reason_and_no_address_restrict_nobody(as_max):
    for wrong in ({"address": BOB}, {"reason": "x"}, {"address": "not an address", "reason": "x"}):
        as_max.post("/investigations/restrict", wrong)
    assert not Restriction.objects.exists()


def over_the_limit():
    return raise_alert("sending-limit", ("user", BOB, "Bob", "compromised", "suspicious"))


def test_the_sending_limit_restricts_only_where_the_settings_say_so(max):
    over_the_limit()
    watching.restrict_by_alert(now=NOW + timedelta(seconds=10))
    assert not Restriction.objects.exists()
    settings.change(by=actor_of(max), at=NOW, restrict=True)
    alert = raise_alert("sending-limit", ("user", BOB, "Bob", "compromised", "suspicious"), key="two")
    watching.restrict_by_alert(now=NOW + timedelta(seconds=20))
    found = Restriction.objects.get()
    assert (found.address, found.by, found.alert_id) == (BOB, "sending limits", alert.alert_id)


def test_who_was_released_is_not_restricted_again_by_the_same_alert(max, as_max):
    settings.change(by=actor_of(max), at=NOW, restrict=True)
    over_the_limit()
    watching.restrict_by_alert(now=NOW + timedelta(seconds=10))
    as_max.post("/investigations/release", {"restriction": Restriction.objects.get().pk})
    move_cursor(watching.EVIDENCE, position=0)
    watching.restrict_by_alert(now=NOW + timedelta(seconds=20))
    assert not restricting.restricted().exists()


def test_the_settings_page_shows_and_changes_what_follows(as_max):
    said = {"remind_hours": 8, "escalate_hours": 24, "remind": "soc@corp.example", "keep_days": 60, "restrict": "on"}
    assert as_max.post("/settings/after-investigations", said).status_code == 302
    words = as_max.get("/settings/after-investigations").content.decode()
    assert "soc@corp.example" in words
    kept = settings.current()
    assert (kept.remind_hours, kept.keep_days, kept.restrict, kept.answer_threats) == (8, 60, True, False)


@pytest.mark.parametrize("wrong", [{"escalate_hours": 1}, {"remind": "nobody"}, {"keep_days": 99999}])
def test_what_cannot_be_is_refused_at_its_field(as_max, wrong):
    answer = as_max.post(
        "/settings/after-investigations", {"remind_hours": 8, "escalate_hours": 24, "keep_days": 60, **wrong}
    )
    assert answer.status_code == 400
    assert settings.current().changed_at is None
