"""Actions on accounts against small directories: order, ledger, crashes between any two steps, undo."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.connectors.contracts import AccountVerb
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.kernel.errors import Unreachable
from watchfloor.response import queueing, services
from watchfloor.response.accounts.engine import work_accounts
from watchfloor.response.accounts.freezing import freeze_accounts
from watchfloor.response.accounts.risk import OWN, OwnRisk
from watchfloor.response.accounts.targets import people_of
from watchfloor.response.contracts import People, RemediationStatus
from watchfloor.response.models import Remediation
from watchfloor.response.progress import begin, finish
from watchfloor.response.tests.small_directory import SmallDirectory, account

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
V = AccountVerb
EVERY_RIGHT = frozenset(Permission)


@pytest.fixture
def analyst():
    return Actor("person:1", "Ada", EVERY_RIGHT)


@pytest.fixture
def asked(monkeypatch):
    calls = []
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: calls.append((*arguments, id)))
    return calls


def person(name: str, *sources: str, key: str = "") -> int:
    """Somebody with an account in each of these directories, all bearing their mail address."""
    address = f"{name.lower()}@corp.example"
    made = DirectoryPerson.objects.create(address=address, name=name, source="test", imported_at=NOW)
    for source in sources:
        Account.objects.create(
            person=made, source=source, key=key or name.lower(), provider="OpenLDAP", name=name.lower(), upn=address,
            mail=address, first_seen_at=NOW, seen_at=NOW,
        )  # fmt: skip
    return made.pk


@pytest.fixture
def ldap():
    return SmallDirectory("ldap", {name: account() for name in ("ann", "bob")})


@pytest.fixture
def mail():
    """A mail server: no accounts of its own, it knows people by address."""
    boxes = {f"{name}@corp.example": account() for name in ("ann", "bob")}
    return SmallDirectory("mail", boxes, can=frozenset({V.END_SESSIONS, V.STOP_FORWARDING}), by_mail=True)


@pytest.fixture
def systems(ldap, mail, analyst):
    return {"ldap": ldap, "mail": mail, OWN: OwnRisk(analyst, "phished", lambda: NOW)}


def started(by, action, *people, options=(), **more) -> Remediation:
    return services.start(
        by=by, name="Lock out", reason="phished", action=action, targets=People(people, options=options), at=NOW, **more
    )


def carry_out(one: Remediation, systems, *, until=RemediationStatus.COMPLETED) -> Remediation:
    begin(one.pk, now=NOW)
    one.refresh_from_db()
    freeze_accounts(one, systems=systems, now=NOW)
    while work_accounts(one, systems=systems, clock=lambda: NOW):
        pass
    done = finish(one.pk, now=NOW)
    assert done.status == until, [(line.name, line.verb, line.status, line.why) for line in done.account_lines.all()]
    return done


def ledger(one: Remediation) -> list[tuple[str, str, str]]:
    return [(line.system, line.verb, line.status) for line in one.account_lines.order_by("pk")]


def test_suspending_locks_the_directory_first_and_ends_sessions_after_it_everywhere(
    db, analyst, asked, systems, ldap, mail
):
    done = carry_out(started(analyst, "suspend", person("Ann", "ldap")), systems)
    assert ledger(done) == [
        ("ldap", "suspend", "changed"),
        ("ldap", "end-sessions", "changed"),
        ("mail", "end-sessions", "changed"),
    ]
    assert ldap.accounts["ann"]["locked"]
    assert mail.accounts["ann@corp.example"]["sessions"] == 0
    assert ldap.log.index(("do", "suspend", "ann")) < ldap.log.index(("before", "end-sessions", "ann"))
    assert not ldap.accounts["bob"]["locked"]


def test_a_kick_waits_for_the_lock_of_another_system(db, analyst, asked, systems, ldap, mail):
    order = []
    ldap.do, ldap_do = (
        lambda verb, ref, *, before: order.append(("ldap", verb)) or ldap_do(verb, ref, before=before),
        ldap.do,
    )
    mail.do, mail_do = (
        lambda verb, ref, *, before: order.append(("mail", verb)) or mail_do(verb, ref, before=before),
        mail.do,
    )
    carry_out(started(analyst, "suspend", person("Ann", "ldap")), systems)
    assert order[0] == ("ldap", V.SUSPEND)
    assert {verb for _, verb in order[1:]} == {V.END_SESSIONS}


def test_what_stood_so_before_says_already(db, analyst, asked, systems, ldap):
    ldap.accounts["ann"] = account(locked=True, sessions=0)
    done = carry_out(started(analyst, "suspend", person("Ann", "ldap")), systems)
    assert ledger(done)[0] == ("ldap", "suspend", "already")
    assert (done.already, done.changed) == (2, 1)


@pytest.mark.parametrize("moment", ["before", "do"])
def test_killed_between_any_two_steps_the_ledger_says_that_this_action_changed_it(
    db, analyst, asked, systems, ldap, moment
):
    one = started(analyst, "suspend", person("Ann", "ldap"))
    begin(one.pk, now=NOW)
    freeze_accounts(one, systems=systems, now=NOW)
    ldap.die_after = moment
    with pytest.raises(KeyboardInterrupt):
        work_accounts(one, systems=systems, clock=lambda: NOW)
    assert one.account_lines.get(verb="suspend").status == "pending"
    done = carry_out(one, systems)
    assert {status for *_, status in ledger(done)} == {"changed"}
    assert done.account_lines.get(verb="suspend").before == account()
    assert done.counts.pending == 0


def test_a_password_nobody_saw_because_we_were_killed_is_replaced_by_another(db, analyst, asked, systems, ldap):
    from watchfloor.response.accounts.passwords import show_passwords

    one = started(analyst, "reset-password", person("Ann", "ldap"))
    begin(one.pk, now=NOW)
    freeze_accounts(one, systems=systems, now=NOW)
    ldap.die_after = "do"
    with pytest.raises(KeyboardInterrupt):
        work_accounts(one, systems=systems, clock=lambda: NOW)
    done = carry_out(one, systems)
    assert done.account_lines.get().status == "changed"
    (shown,) = show_passwords(by=analyst, remediation_id=done.pk, now=NOW)
    assert shown.password == "Temp-3234"  # the third reset: lost, refused as done already, and again


def test_an_undo_killed_half_way_says_that_it_changed_it_and_restores_what_was(db, analyst, asked, systems, ldap):
    one = carry_out(started(analyst, "suspend", person("Ann", "ldap")), systems)
    back = services.undo(by=analyst, remediation_id=one.pk, reason="a mistake", at=NOW)
    begin(back.pk, now=NOW)
    freeze_accounts(back, systems=systems, now=NOW)
    ldap.die_after = "undo"
    with pytest.raises(KeyboardInterrupt):
        work_accounts(back, systems=systems, clock=lambda: NOW)
    done = carry_out(back, systems)
    assert not ldap.accounts["ann"]["locked"]
    changed = done.account_lines.get(status="changed")
    assert (changed.verb, changed.undoing) == ("suspend", True)
    skipped = done.account_lines.filter(status="skipped")
    assert {line.why for line in skipped} == {"an ended session does not come back; the person signs in again"}
    one.refresh_from_db()
    assert one.status == RemediationStatus.UNDONE


def test_a_directory_that_is_down_holds_up_nobody_else_and_its_lines_stay_pending(
    db, analyst, asked, systems, ldap, mail
):
    ldap.down = True
    one = started(analyst, "suspend", person("Ann", "ldap"))
    begin(one.pk, now=NOW)
    freeze_accounts(one, systems=systems, now=NOW)
    with pytest.raises(Unreachable):
        work_accounts(one, systems=systems, clock=lambda: NOW)
    assert ledger(one) == [
        ("ldap", "suspend", "pending"),
        ("ldap", "end-sessions", "pending"),
        ("mail", "end-sessions", "changed"),
    ]


def test_a_fault_in_one_connection_fails_its_own_lines_only(db, analyst, asked, systems, ldap, mail):
    def broken(verb, ref, *, before):
        raise KeyError("accountEnabled")

    ldap.do = broken
    done = carry_out(started(analyst, "suspend", person("Ann", "ldap")), systems)
    assert ledger(done)[-1] == ("mail", "end-sessions", "changed")
    assert "nobody foresaw (KeyError)" in done.account_lines.get(verb="suspend").why
    assert done.failed == 2


def test_a_lock_that_comes_late_ends_the_sessions_that_began_meanwhile(db, analyst, asked, systems, ldap, mail):
    ldap.down = True
    one = started(analyst, "suspend", person("Ann", "ldap"))
    begin(one.pk, now=NOW)
    freeze_accounts(one, systems=systems, now=NOW)
    with pytest.raises(Unreachable):
        work_accounts(one, systems=systems, clock=lambda: NOW)
    mail.accounts["ann@corp.example"]["sessions"] = 1  # signed in again, as nothing was locked
    ldap.down = False
    done = carry_out(one, systems)
    assert mail.accounts["ann@corp.example"]["sessions"] == 0
    assert (done.total, done.changed, done.counts.pending) == (3, 3, 0)


def test_a_lock_the_source_does_not_show_has_failed_and_can_be_retried(db, analyst, asked, systems, ldap):
    ldap.blind = True
    done = carry_out(started(analyst, "suspend", person("Ann", "ldap")), systems)
    line = done.account_lines.get(verb="suspend")
    assert (line.status, "retry looks again" in line.why) == ("failed", True)
    assert done.account_lines.get(verb="end-sessions", system="ldap").warnings == [
        "the source did not show the change when it was asked again"
    ]
    ldap.blind = False
    again = carry_out(services.retry(by=analyst, remediation_id=done.pk), systems)
    assert again.failed == 0


def test_a_connection_that_went_away_fails_its_lines_in_words(db, analyst, asked, systems, ldap):
    one = started(analyst, "suspend", person("Ann", "ldap"))
    freeze_accounts(one, systems=systems, now=NOW)
    del systems["ldap"]
    done = carry_out(one, systems)
    assert "the connection “ldap” is gone" in done.account_lines.get(verb="suspend").why


def test_an_account_nobody_may_act_on_and_a_person_without_any_are_lines_too(db, analyst, asked, systems):
    done = carry_out(started(analyst, "suspend", person("Ann", "okta"), person("Zoe")), systems)
    whys = {line.owner_name: line.why for line in done.account_lines.filter(status="skipped")}
    assert "no connection may act on this account" in whys["Ann"]
    assert whys["Zoe"] == "no account of this person is known"
    # The mailbox of the first is known to the mail server all the same.
    assert done.account_lines.get(system="mail", owner_name="Ann").status == "changed"


def test_a_name_nobody_is_known_by_is_tried_at_the_systems_that_know_it(db, analyst, asked, systems, mail):
    aimed = people_of([], ["Bob@Corp.example", "nobody@corp.example"])
    assert aimed.names == ("bob@corp.example", "nobody@corp.example")
    one = services.start(by=analyst, name="Kick", reason="seen", action="require-sign-in", targets=aimed, at=NOW)
    done = carry_out(one, systems)
    assert sorted(ledger(done)) == [("", "end-sessions", "skipped"), ("mail", "end-sessions", "changed")]
    assert done.account_lines.get(status="skipped").why == "no connection knows an account by this name"


def test_names_of_known_people_become_those_people(db):
    ann = person("Ann", "ldap")
    assert people_of([ann], ["ANN@corp.example"]) == People((ann,))


def test_one_account_alone_can_be_chosen(db, analyst, asked, systems, ldap, mail):
    aimed = People((person("Ann", "ldap"),), only=("ldap|ann",))
    one = services.start(by=analyst, name="Lock", reason="seen", action="suspend", targets=aimed, at=NOW)
    done = carry_out(one, systems)
    assert {line.system for line in done.account_lines.all()} == {"ldap"}
    assert mail.log == []


def test_confirming_sets_the_risk_high_and_the_ticked_steps_follow_in_order(db, analyst, asked, systems, ldap, mail):
    ann = person("Ann", "ldap")
    done = carry_out(started(analyst, "confirm-compromised", ann, options=("suspend", "mail-traces")), systems)
    lines = ledger(done)
    assert lines[0] == ("", "confirm-compromised", "changed")
    assert [verb for _, verb, _ in lines] == [
        "confirm-compromised", "suspend", "stop-delegation", "stop-forwarding", "stop-rules", "stop-forwarding",
        "end-sessions", "end-sessions",
    ]  # fmt: skip
    risk = DirectoryPerson.objects.get(pk=ann).risk
    assert (risk.level, risk.state) == ("high", "confirmedCompromised")
    assert done.account_lines.first().words == ["risk none became high"]


def test_confirming_alone_touches_no_directory_that_keeps_no_risk(db, analyst, asked, systems, ldap):
    done = carry_out(started(analyst, "confirm-compromised", person("Ann", "ldap")), systems)
    assert ledger(done) == [("", "confirm-compromised", "changed")]
    assert ldap.log == []


def test_dismissing_takes_the_risk_back_and_says_so(db, analyst, asked, systems):
    ann = person("Ann", "ldap")
    carry_out(started(analyst, "confirm-compromised", ann), systems)
    carry_out(started(analyst, "dismiss-risk", ann), systems)
    assert DirectoryPerson.objects.get(pk=ann).risk.state == "dismissed"


def test_stopping_ends_between_people_never_between_lock_and_kick(db, analyst, asked, systems, ldap, mail):
    one = started(analyst, "suspend", person("Ann", "ldap"), person("Bob", "ldap"))
    begin(one.pk, now=NOW)
    freeze_accounts(one, systems=systems, now=NOW)
    services.stop(by=analyst, remediation_id=one.pk)
    assert work_accounts(one, systems=systems, clock=lambda: NOW) == 0
    assert finish(one.pk, now=NOW).status == RemediationStatus.STOPPED
    assert ldap.log == []


def test_many_people_are_done_in_batches_that_tear_nobody_apart(db, analyst, asked, systems, ldap, mail):
    services.change_policy(by=analyst, second_person_over_people=0)
    people = []
    for number in range(45):
        name = f"P{number:02}"
        ldap.accounts[name.lower()] = account()
        mail.accounts[f"{name.lower()}@corp.example"] = account()
        people.append(person(name, "ldap"))
    done = carry_out(started(analyst, "suspend", *people), systems)
    assert (done.total, done.changed) == (135, 135)
    for number in range(45):
        assert ldap.log.index(("do", "suspend", f"p{number:02}")) < mail.log.index(
            ("do", "end-sessions", f"p{number:02}@corp.example")
        ) + len(ldap.log)


def test_a_temporary_password_is_sealed_shown_once_to_who_decided_and_gone_after_a_day(db, analyst, asked, systems):
    from watchfloor.access.models import AuditEntry
    from watchfloor.kernel.errors import Forbidden, NotFound
    from watchfloor.response.accounts.passwords import forget_passwords, show_passwords, waiting_passwords

    ann = person("Ann", "ldap")
    done = carry_out(started(analyst, "reset-password", ann), systems)
    line = done.account_lines.get()
    assert line.secret
    assert "Temp-1234" not in line.secret
    assert waiting_passwords(done, now=NOW) == 1
    other = Actor("person:2", "Max", EVERY_RIGHT)
    with pytest.raises(Forbidden, match="Ada"):
        show_passwords(by=other, remediation_id=done.pk, now=NOW)
    (shown,) = show_passwords(by=analyst, remediation_id=done.pk, now=NOW)
    assert (shown.name, shown.password) == ("ann@corp.example", "Temp-1234")
    assert "Temp-1234" not in repr(shown)
    assert not any("Temp-1234" in str(entry.after) for entry in AuditEntry.objects.all())
    with pytest.raises(NotFound):
        show_passwords(by=analyst, remediation_id=done.pk, now=NOW)
    late = carry_out(started(analyst, "reset-password", ann), systems)
    assert forget_passwords(now=NOW + timedelta(hours=25)) == 1
    assert late.account_lines.get().secret == ""
