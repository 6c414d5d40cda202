"""Taking action on people through the pages: the dry run, who may, the ledger, the passwords, the account settings."""

import re
import time
from datetime import UTC, datetime

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.connectors.contracts import AccountVerb
from watchfloor.identities.page.registry import actions_of
from watchfloor.kernel.errors import Unreachable
from watchfloor.response import queueing
from watchfloor.response.accounts import settings_view, systems
from watchfloor.response.accounts.asking import ask_all
from watchfloor.response.contracts import RemediationStatus
from watchfloor.response.models import Remediation
from watchfloor.response.tests.small_directory import SmallDirectory, account
from watchfloor.response.tests.test_accounts_engine import carry_out, person

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
V = AccountVerb


@pytest.fixture
def ldap():
    return SmallDirectory("ldap", {name: account() for name in ("ann", "bob")})


@pytest.fixture
def mail():
    boxes = {f"{name}@corp.example": account() for name in ("ann", "bob")}
    return SmallDirectory("mail", boxes, can=frozenset({V.END_SESSIONS, V.STOP_FORWARDING}), by_mail=True)


@pytest.fixture(autouse=True)
def connected(monkeypatch, ldap, mail):
    """Both act on accounts, and the queue is only asked."""
    for module in (systems, settings_view):
        monkeypatch.setattr(module, "account_actions", lambda: {"ldap": ldap, "mail": mail})
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)


@pytest.fixture
def ann(db):
    return person("Ann", "ldap")


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def submitted(client, **more):
    asked = {"action": "suspend", "reason": "phished", "confirmed": "yes", "do": "start", **more}
    return client.post("/actions/people/new/submit", asked)


def test_a_button_leads_straight_to_what_would_change(as_max, ann, ldap):
    answer = as_max.get(f"/actions/people/new?action=suspend&person={ann}")
    words = text_of(answer)
    assert answer.status_code == 200
    assert "suspend would change" in words
    assert "end-sessions would change" in words
    assert {what for what, *_ in ldap.log} == {"plan"}
    assert AuditEntry.objects.filter(verb="account.look", target="Ann").exists()


def test_without_an_action_every_action_is_offered_those_nobody_can_do_with_the_reason(as_max, ann, ldap, mail):
    ldap.can = frozenset({V.SUSPEND})
    words = text_of(as_max.get(f"/actions/people/new?person={ann}"))
    for label in ("Confirm compromised", "Require sign-in again", "Suspend", "Force password reset", "Dismiss risk"):
        assert label in words
    assert "Not offered: no connection can do this to these accounts" in words
    page = as_max.get(f"/actions/people/new?person={ann}").content.decode()
    assert re.search(r'value="reset-password"[^>]* disabled', page)
    assert not re.search(r'value="suspend"[^>]* disabled', page)
    ldap.can = frozenset()
    page = as_max.get(f"/actions/people/new?person={ann}").content.decode()
    assert re.search(r'value="suspend"[^>]* disabled', page)  # ending sessions alone locks nobody out
    assert not re.search(r'value="require-sign-in"[^>]* disabled', page)
    assert "undo-account-change" not in page


def test_nobody_chosen_is_refused_in_words(as_max, db):
    assert as_max.get("/actions/people/new").status_code == 400
    assert as_max.get("/actions/people/new?" + "&".join(f"person={n}" for n in range(501))).status_code == 400


def test_max_suspends_and_lands_on_the_ledger_of_the_action(as_max, ann, ldap, mail):
    answer = submitted(as_max, person=ann)
    one = Remediation.objects.get()
    assert answer["Location"] == one.href
    assert (one.name, one.reason, one.source) == ("Suspend: Ann", "phished", "Manual identity action")
    done = carry_out(one, systems.systems_of(one, clock=lambda: NOW))
    words = text_of(as_max.get(one.href))
    for said in ("Suspend", "End sessions", "ann@corp.example", "Done", "Verified"):
        assert said in words or said in as_max.get(one.href).content.decode()
    listed = text_of(as_max.get("/action-center?source=Manual identity action"))
    assert "Suspend: Ann" in listed
    exported = b"".join(as_max.get(f"{one.href}/ledger.csv")).decode()
    assert '"Ann","ann@corp.example","ldap","Suspend","Done"' in exported
    assert done.changed == 3


def test_a_reason_and_the_tick_are_asked_for(as_max, ann):
    assert "Give a reason" in text_of(submitted(as_max, person=ann, reason=" "))
    assert "Tick the box" in text_of(submitted(as_max, person=ann, confirmed=""))
    assert not Remediation.objects.exists()


def test_eve_may_neither_look_nor_act(as_eve, ann, ldap):
    assert as_eve.get(f"/actions/people/new?action=suspend&person={ann}").status_code == 403
    assert submitted(as_eve, person=ann).status_code == 403
    assert as_eve.get(f"/identities/{ann}/account-settings").status_code == 403
    assert ldap.log == []


def test_options_are_shown_ticked_and_carried_into_the_action(as_max, ann):
    asked = {"person": ann, "action": "confirm-compromised", "option": "suspend"}
    page = as_max.post("/actions/people/new/review", asked).content.decode()
    assert re.search(r'value="suspend" checked', page)
    submitted(as_max, **asked)
    assert Remediation.objects.get().aimed_at.options == ("suspend",)


def test_an_option_of_another_action_is_dropped_not_carried_along(as_max, ann):
    submitted(as_max, person=ann, action="suspend", option="mail-traces")
    assert Remediation.objects.get().aimed_at.options == ()


def test_many_people_are_asked_one_by_one_up_to_twenty_and_the_others_counted(as_max, db, ldap):
    people = [person(f"P{number:02}", "ldap") for number in range(25)]
    ldap.accounts |= {f"p{number:02}": account() for number in range(25)}
    answer = as_max.get("/actions/people/new?action=suspend&" + "&".join(f"person={pk}" for pk in people))
    assert "5 more people are aimed at" in text_of(answer)
    assert "P00, P01, P02, P03 and 21 more" in text_of(answer)
    assert "waits for a second person" in text_of(answer)


def test_a_directory_that_does_not_answer_is_told_and_does_not_stop_the_page(as_max, ann, ldap):
    ldap.down = True
    words = text_of(as_max.get(f"/actions/people/new?action=suspend&person={ann}"))
    assert "Not answered ldap does not answer" in words
    assert "end-sessions would change" in words


def test_a_slow_system_holds_up_only_its_own_answers():
    def ask(item):
        time.sleep(5 if item == "slow" else 0)
        return item

    begun = time.monotonic()
    answers = ask_all(["slow", "quick"], ask, system_of=str, seconds=0.3)
    assert time.monotonic() - begun < 3
    assert isinstance(answers[0], Unreachable)
    assert answers[1] == "quick"


def test_the_undo_button_puts_the_account_back(as_max, ann, ldap):
    submitted(as_max, person=ann)
    one = Remediation.objects.get()
    carry_out(one, systems.systems_of(one, clock=lambda: NOW))
    assert "Put every changed account back" in as_max.get(one.href).content.decode()
    answer = as_max.post(f"{one.href}/undo", {"reason": "wrong person"})
    back = Remediation.objects.get(undo_of=one)
    assert answer["Location"] == back.href
    carry_out(back, systems.systems_of(back, clock=lambda: NOW))
    assert not ldap.accounts["ann"]["locked"]
    assert "Undo: suspend" in text_of(as_max.get(back.href))


def test_what_ada_proposes_waits_with_its_dry_run_until_max_approves_it(as_ada, as_max, ann, ldap):
    page = text_of(as_ada.get(f"/actions/people/new?action=suspend&person={ann}"))
    assert "You may propose this" in page
    assert "lacks the right" in text_of(submitted(as_ada, person=ann))
    submitted(as_ada, person=ann, do="propose")
    one = Remediation.objects.get()
    assert one.status == RemediationStatus.PENDING
    assert "suspend would change" in text_of(as_max.get(one.href))
    as_ada.post("/action-center/decide", {"row": str(one.pk), "decision": "approve"})
    one.refresh_from_db()
    assert one.status == RemediationStatus.PENDING
    as_max.post("/action-center/decide", {"row": str(one.pk), "decision": "approve"})
    one.refresh_from_db()
    assert one.status != RemediationStatus.PENDING


def test_temporary_passwords_are_shown_once_and_never_stored_by_a_browser(as_max, ann):
    submitted(as_max, person=ann, action="reset-password")
    one = Remediation.objects.get()
    carry_out(one, systems.systems_of(one, clock=lambda: datetime.now(UTC)), until=RemediationStatus.COMPLETED)
    one.account_lines.update(secret_until=datetime(2100, 1, 1, tzinfo=UTC))
    assert "Show the temporary passwords, once" in text_of(as_max.get(one.href))
    assert "Temp-1234" not in as_max.get(one.href).content.decode()
    shown = as_max.post(f"{one.href}/passwords")
    assert "Temp-1234" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    again = as_max.post(f"{one.href}/passwords", follow=True)
    assert "Temp-1234" not in again.content.decode()
    assert "shown already" in text_of(again)


def test_the_account_settings_ask_each_source_and_lead_to_its_console(as_max, ann, ldap):
    answer = as_max.get(f"/identities/{ann}/account-settings")
    words = text_of(answer)
    assert "enabled" in words
    assert "Open sessions 2" in words
    assert 'href="https://ldap.example/ann"' in answer.content.decode()
    assert f"/actions/people/new?action=suspend&amp;person={ann}&amp;account=ldap%7Cann" in answer.content.decode()
    assert AuditEntry.objects.filter(verb="account.look", target="ann@corp.example", outcome="success").exists()
    assert as_max.get("/identities/987654/account-settings").status_code == 404


def test_a_source_that_lost_the_account_says_so(as_max, ann, ldap):
    ldap.state = lambda ref: None
    assert "the source has no such account any more" in text_of(as_max.get(f"/identities/{ann}/account-settings"))


def test_a_person_without_accounts_is_told_what_to_connect(as_max, db):
    lone = person("Zoe")
    assert "No account is known" in text_of(as_max.get(f"/identities/{lone}/account-settings"))


def test_the_buttons_of_a_person_follow_the_rights(ann):
    from watchfloor.access.contracts import Actor
    from watchfloor.response.accounts import panels as _  # noqa: F401

    everything = {one.key for one in actions_of(ann, actor=Actor("person:1", "Ada", frozenset(Permission)))}
    assert {"confirm-compromised", "suspend", "enable", "require-sign-in", "account-settings"} <= everything
    reader = Actor("person:2", "Rea", frozenset({Permission.IDENTITY_READ}))
    assert {one.key for one in actions_of(ann, actor=reader)} == {"account-settings"}


def test_whoever_may_only_set_risk_may_not_tick_a_lock(ann, ldap):
    from watchfloor.access.contracts import Actor
    from watchfloor.kernel.errors import Forbidden
    from watchfloor.response import services
    from watchfloor.response.contracts import People

    risk = Actor("person:3", "Rik", frozenset({Permission.IDENTITY_RISK_MANAGE}))
    ask = {"by": risk, "name": "Confirm", "reason": "phished", "action": "confirm-compromised"}
    with pytest.raises(Forbidden):
        services.start(**ask, targets=People((ann,), options=("suspend",)))
    assert services.start(**ask, targets=People((ann,))).status == "Started"
    proposer = Actor("person:4", "Pia", frozenset({Permission.IDENTITY_ACTION_PROPOSE}))
    waiting = services.propose(**{**ask, "by": proposer}, targets=People((ann,), options=("suspend",)))
    with pytest.raises(Forbidden):
        services.approve(by=risk, remediation_id=waiting.pk)


def test_rows_of_explorer_name_their_recipients_each_once(as_max, ann):
    rows = ["1|ann@corp.example", "2|ANN@corp.example", "3|bob@corp.example", "#4"]
    words = text_of(as_max.post("/actions/people/new", {"row": rows}))
    assert "Ann, bob@corp.example" in words
    assert "What to do to 2 people" in words


def test_an_action_from_hunting_says_where_it_came_from(as_max, ann):
    submitted(as_max, name="ann@corp.example", source="hunting", incident_id="7")
    one = Remediation.objects.get()
    assert (one.source, one.incident_id) == ("Advanced hunting action", "7")
    assert one.aimed_at.people == (ann,)
