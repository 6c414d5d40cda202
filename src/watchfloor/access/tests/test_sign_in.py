"""Signing in, staying in, being locked out, choosing a password."""

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.utils import timezone

from watchfloor.access.models import AuditEntry
from watchfloor.access.views.sign_in import own_path


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_where_they_wanted(client, max, sign_in):
    answer = client.get("/settings/audit?verb=person.add")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=/settings/audit%3Fverb%3Dperson.add"
    assert 'value="/settings/audit?verb=person.add"' in text(client.get(answer.headers["Location"]))
    assert (
        sign_in(max.email, next="/settings/audit?verb=person.add").headers["Location"]
        == "/settings/audit?verb=person.add"
    )


def test_the_address_is_the_same_in_capitals(max, sign_in):
    assert sign_in(" MAX@corp.example ").status_code == 302


@pytest.mark.parametrize(
    "next_address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:/evil",
        "",
        "evil",
        "///x",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(max, sign_in, next_address):
    assert sign_in(max.email, next=next_address).headers["Location"] == "/"


def test_an_own_path_is_kept():
    assert own_path("/incidents/7?tab=alerts") == "/incidents/7?tab=alerts"


def test_a_wrong_password_says_nothing_about_who_exists(max, sign_in):
    wrong, unknown = sign_in(max.email, "wrong password"), sign_in("nobody@corp.example", "wrong password")
    sentence = "No active person has this address and password"
    assert sentence in text(wrong)
    assert sentence in text(unknown)


def test_a_deactivated_person_cannot_sign_in_and_reads_the_same(max, sign_in):
    max.is_active = False
    max.save()
    assert "No active person" in text(sign_in(max.email))


def test_signing_in_makes_a_new_session(client, max, sign_in):
    client.get("/sign-in")
    client.session["anything"] = 1
    client.session.save()
    before = client.session.session_key
    sign_in(max.email)
    assert client.session.session_key != before


def test_a_session_ends_after_eight_hours(client, max, sign_in):
    sign_in(max.email)
    assert 7.9 * 3600 < client.session.get_expiry_age() <= 8 * 3600
    client.session.flush()
    answer = client.get("/settings/people")
    assert answer.headers["Location"] == "/sign-in?next=/settings/people&ended=1"
    assert "your session ended" in text(client.get(answer.headers["Location"]))


def test_whoever_is_deactivated_is_out_at_once(as_max, max):
    assert as_max.get("/settings/people").status_code == 200
    type(max).objects.filter(pk=max.pk).update(is_active=False)
    assert as_max.get("/settings/people").status_code == 302


def test_signing_out_ends_the_session_and_says_so(as_max):
    answer = as_max.post("/sign-out", follow=True)
    assert "You have signed out" in text(answer)
    assert as_max.get("/settings/people").status_code == 302


def test_signing_out_needs_a_post(as_max):
    assert as_max.get("/sign-out").status_code == 405


def test_an_htmx_request_of_a_stranger_moves_the_whole_page(client, db):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/settings/audit?verb=x"}
    answer = client.get("/settings/audit/1", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/settings/audit%3Fverb%3Dx"


def test_signing_in_and_failing_are_in_the_audit_log(client, max, sign_in):
    sign_in(max.email, "wrong password")
    sign_in("my-secret-typed-here@corp.example", "wrong password")
    sign_in(max.email)
    client.post("/sign-out")
    found = list(AuditEntry.objects.order_by("id").values_list("verb", "outcome", "target"))
    assert found == [
        ("session.sign_in", "failure", "max@corp.example"),
        ("session.sign_in", "failure", "an unknown address"),
        ("session.sign_in", "success", "max@corp.example"),
        ("session.sign_out", "success", ""),
    ]
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {"127.0.0.1"}


def everything_stored():
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            yield from map(str, cursor.fetchall())


def test_no_password_is_stored_in_clear_neither_right_nor_wrong(max, sign_in, password):
    sign_in(max.email, "Tr0ub4dor-and-3")
    sign_in(max.email)
    stored = "\n".join(everything_stored())
    assert "max@corp.example" in stored
    assert password not in stored
    assert "Tr0ub4dor-and-3" not in stored
    assert "argon2" in stored


def lock(sign_in, email):
    for _ in range(5):
        answer = sign_in(email, "wrong password")
    return answer


def test_five_failures_lock_and_the_page_says_when_to_try_again_and_who_unlocks(max, sign_in):
    answer = lock(sign_in, max.email)
    assert answer.status_code == 429
    assert "Try again" in text(answer)
    assert re.search(r"<time [^>]*>in 1[45] minutes", text(answer)), "it names the time"
    assert "Whoever manages people here" in text(answer)
    assert "Max" not in text(answer), "a stranger reads no names"
    assert sign_in(max.email).status_code == 429, "the right password does not help while locked"


def test_failures_while_locked_do_not_prolong_the_lock(max, sign_in):
    lock(sign_in, max.email)
    first = AccessAttempt.objects.get().attempt_time
    sign_in(max.email, "wrong password")
    assert AccessAttempt.objects.get().attempt_time == first


def test_the_lock_opens_by_itself(max, sign_in):
    lock(sign_in, max.email)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(max.email).status_code == 302


def test_the_lock_of_one_address_does_not_lock_another(max, ada, sign_in):
    lock(sign_in, max.email)
    assert sign_in(ada.email).status_code == 302


def one_time(person):
    person.must_change_password = True
    person.save()


def test_a_one_time_password_leads_to_the_password_page_before_anything_else(as_max, max):
    one_time(max)
    assert as_max.get("/settings/people").headers["Location"] == "/password"
    assert as_max.get("/settings/people", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/password"
    assert "one-time password" in text(as_max.get("/password"))


def change(client, old, new):
    return client.post("/password", {"old_password": old, "new_password1": new, "new_password2": new})


def test_choosing_a_password_lets_the_person_go_on_and_ends_other_sessions(as_max, client, max, sign_in, password):
    one_time(max)
    sign_in(max.email)
    assert change(as_max, password, "a whole new sentence").status_code == 302
    assert as_max.get("/settings/people").status_code == 200
    assert client.get("/settings/people").headers["Location"].startswith("/sign-in")
    assert AuditEntry.objects.first().verb == "session.password"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("correct horse battery staple", "correct horse battery staple", "is the old one"),
        ("correct horse battery staple", "short", "too short"),
        ("correct horse battery staple", "password1234", "too common"),
        ("wrong", "a whole new sentence", "entered incorrectly"),
    ],
)
def test_a_password_that_will_not_do_says_why(as_max, max, old, new, why):
    one_time(max)
    assert why in text(change(as_max, old, new))
    max.refresh_from_db()
    assert max.must_change_password


def guess(client, times):
    for number in range(times):
        answer = change(client, f"Tr0ub4dor-{number}", "a whole new sentence")
    return answer


def test_guessing_the_old_password_locks_like_guessing_at_sign_in(as_max, max, sign_in, password):
    assert "entered incorrectly" in text(guess(as_max, 4))
    answer = guess(as_max, 1)
    assert answer.status_code == 429
    assert "Try again" in text(answer)
    assert change(as_max, password, "a whole new sentence").status_code == 429, (
        "the right one does not help while locked"
    )
    assert sign_in(max.email).status_code == 429, "neither here nor at the front door"
    assert as_max.get("/settings/people").status_code == 200, "who is signed in goes on working"
    max.refresh_from_db()
    assert max.check_password(password)


def test_every_wrong_old_password_is_in_the_audit_log_under_who_is_signed_in(as_max, max, password):
    guess(as_max, 6)
    change(as_max, password, "short")
    found = AuditEntry.objects.filter(verb="session.password").order_by("id")
    assert set(found.values_list("actor_name", "outcome", "target")) == {("Max", "failure", max.email)}
    wrong, locked = "the old password was wrong", "locked after too many failures"
    assert list(found.values_list("reason", flat=True)) == [wrong] * 4 + [locked] * 3


def test_no_guess_at_the_old_password_is_stored_in_clear(as_max, password):
    guess(as_max, 2)
    change(as_max, password, "too short")
    stored = "\n".join(everything_stored())
    assert "max@corp.example" in stored
    for secret in ("Tr0ub4dor-0", "Tr0ub4dor-1", password, "a whole new sentence", "too short"):
        assert secret not in stored


def test_a_new_password_forgets_the_failures_before_it(as_max, max, password):
    guess(as_max, 4)
    assert change(as_max, password, "a whole new sentence").status_code == 302
    assert not AccessAttempt.objects.exists()


def test_the_password_page_is_for_people_who_are_signed_in(client, db):
    assert client.get("/password").headers["Location"] == "/sign-in?next=/password"
