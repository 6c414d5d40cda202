"""The recipients' own page: who holds the link is let in, whoever does not learns nothing, and nothing of a hostile mail runs."""

import pytest
from django.test import Client

from watchfloor.access.models import AuditEntry
from watchfloor.kernel.errors import NotFound
from watchfloor.response.models import Remediation
from watchfloor.response.quarantine import links, own, own_views, senders
from watchfloor.response.quarantine.contracts import (
    BORDER_DEFAULTS,
    BorderRule,
    BorderThreat,
    CopyStatus,
    Preset,
    UserMay,
)
from watchfloor.response.quarantine.models import QuarantinedCopy
from watchfloor.response.quarantine.page_models import DigestSettings, MailboxSender
from watchfloor.response.quarantine.policies import change_border_policy
from watchfloor.response.tests.quarantined import ANN, BOB, NOW, SENDER, copy_of, days, hold, name
from watchfloor.response.tests.test_quarantine_verbs import BOSS


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    own_views.requests.forget()
    own_views.wrong_links.forget()
    monkeypatch.setattr(own_views, "utc_now", lambda: NOW + days(0.05))


@pytest.fixture
def stranger(db) -> Client:
    """A browser that never signed in, and keeps no form's cookie."""
    return Client(enforce_csrf_checks=True)


def home(recipient: str = ANN) -> str:
    return f"/quarantine/mine/{links.token_for(recipient, said=links.digest_settings())}"


def entries(verb: str) -> list[str]:
    return list(AuditEntry.objects.filter(verb=verb, outcome="success").values_list("actor_name", flat=True))


def let(threat: BorderThreat, may: UserMay) -> None:
    change_border_policy(by=BOSS, rules={**BORDER_DEFAULTS, threat: BorderRule(may=may)}, exempt=[], at=NOW)


def test_a_recipient_sees_the_own_mail_and_nobody_elses(stranger):
    hold(ANN, BOB, key="1", subject="For both")
    hold(BOB, key="2", subject="For Bob")
    page = stranger.get(home())
    assert page.status_code == 200
    assert "For both" in page.content.decode()
    assert "For Bob" not in page.content.decode()
    assert BOB not in page.content.decode()


def test_the_link_leaks_to_nobody_and_sets_no_cookie(stranger):
    hold(ANN)
    for answer in (stranger.get(home()), stranger.get("/quarantine/mine/forged")):
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]
        assert not answer.cookies
        assert "http://" not in answer.content.decode().replace("http://www.w3.org", "")


@pytest.mark.parametrize("wrong", ["forged", "", "x" * 5000, "eyJh.b.c", "WyJhbm5AY29ycC5leGFtcGxlIl0.1.AAAA"])
def test_a_forged_link_is_answered_as_an_old_one(stranger, wrong):
    hold(ANN)
    old = stranger.get("/quarantine/mine/old.1.x")
    answer = stranger.get(f"/quarantine/mine/{wrong or 'a'}")
    assert (answer.status_code, answer.content) == (404, old.content)


def test_a_link_ends_by_age_and_by_a_new_key_and_names_one_recipient(db, monkeypatch):
    said = links.digest_settings()
    token = links.token_for(ANN, said=said)
    assert links.recipient_of(token, said=said) == ANN
    with pytest.raises(NotFound):
        links.recipient_of(token, said=DigestSettings(links=2))
    _payload, stamp, signature = links.token_for(BOB, said=said).split(".")
    with pytest.raises(NotFound):
        links.recipient_of(".".join([token.split(".")[0], stamp, signature]), said=said)
    import django.core.signing as signing

    real = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + 15 * 86_400)
    with pytest.raises(NotFound):
        links.recipient_of(token, said=said)


def test_looking_changes_nothing_and_effects_are_posts(stranger):
    mail = hold(ANN)
    copy = copy_of(ANN)
    for verb in ("release", "request", "delete", "block", "allow"):
        assert stranger.get(f"{home()}/{copy.pk}/do/{verb}").status_code == 405
    assert stranger.get(f"{home()}/{copy.pk}/look/html").status_code == 405
    mail.refresh_from_db()
    assert mail.status == CopyStatus.NEEDS_REVIEW
    assert not entries("quarantine.preview")


def test_a_preview_is_inert_and_audited_as_the_recipients(stranger):
    hold(ANN)
    copy = copy_of(ANN)
    page = stranger.post(f"{home()}/{copy.pk}/look/html")
    assert page.status_code == 200
    assert 'sandbox referrerpolicy="no-referrer"' in page.content.decode()
    assert entries("quarantine.preview") == [ANN]
    body = stranger.get(page.context["body_address"])
    assert "<script" not in body.content.decode()
    assert "sandbox" in body["Content-Security-Policy"]
    assert body["Referrer-Policy"] == "no-referrer"
    bobs = page.context["body_address"].replace(page.context["home"], home(BOB))
    assert stranger.get(bobs).status_code == 403
    assert stranger.get(f"{home()}/{copy.pk}/body?pass=x").status_code == 403


def test_what_the_preset_does_not_allow_is_not_shown_and_not_done(stranger):
    let(BorderThreat.SPAM, Preset.LIMITED.may)
    hold(ANN)
    copy = copy_of(ANN)
    page = stranger.get(home()).content.decode()
    assert "/do/request" in page
    assert "/do/release" not in page
    assert "look/headers" not in page
    answer = stranger.post(f"{home()}/{copy.pk}/do/release")
    assert "done=refused" in answer["Location"]
    assert not Remediation.objects.exists()
    assert "done=refused" in stranger.post(f"{home()}/{copy.pk}/look/headers")["Location"]


def test_mail_under_no_access_is_not_even_listed(stranger):
    hold(ANN, reason="Malware")
    assert "Nothing is held for you" in stranger.get(home()).content.decode()
    copy = copy_of(ANN)
    assert "refused" in stranger.post(f"{home()}/{copy.pk}/look/html")["Location"]


def test_malware_is_never_released_by_its_recipient_only_requested(stranger):
    let(BorderThreat.MALWARE, Preset.LIMITED.may)
    name(hold(ANN, reason="Malware"))
    copy = copy_of(ANN)
    assert "refused" in stranger.post(f"{home()}/{copy.pk}/do/release")["Location"]
    answer = stranger.post(f"{home()}/{copy.pk}/do/request", {"why": "I wait for it"})
    assert "done=request" in answer["Location"]
    copy.refresh_from_db()
    assert (copy.status, copy.requested_why) == (CopyStatus.REQUESTED, "I wait for it")


def test_a_recipient_releases_deletes_and_lists_senders(stranger):
    let(BorderThreat.SPAM, UserMay(63))
    name(hold(ANN, key="1"), 1)
    copy = copy_of(ANN)
    for verb in ("block", "allow", "release"):
        assert f"done={verb}" in stranger.post(f"{home()}/{copy.pk}/do/{verb}")["Location"]
    assert Remediation.objects.get().created_by == f"recipient:{ANN}"
    assert senders.listed_by(ANN) == {SENDER: False}
    assert senders.wishes(sender=SENDER.upper(), recipients=[ANN, BOB]) == {ANN: False}
    assert SENDER in stranger.get(home()).content.decode()
    stranger.post(f"{home()}/senders/forget", {"sender": SENDER})
    assert not MailboxSender.objects.exists()
    assert entries("quarantine.release") == [ANN]
    assert entries("quarantine.forget_sender") == [ANN]


def test_a_deleted_mail_is_gone_from_the_page(stranger):
    hold(ANN)
    copy = copy_of(ANN)
    stranger.post(f"{home()}/{copy.pk}/do/delete")
    copy.refresh_from_db()
    assert copy.status == CopyStatus.DELETED
    assert "Your invoice" not in stranger.get(home()).content.decode()


def test_nobody_touches_the_copy_of_another(stranger):
    hold(BOB)
    copy = copy_of(BOB)
    for path in ("do/delete", "do/release", "do/request", "do/block", "look/html", "look/headers", "do/nothing"):
        assert "done=refused" in stranger.post(f"{home()}/{copy.pk}/{path}")["Location"]
    assert "done=refused" in stranger.post(f"{home()}/999999/do/delete")["Location"]
    assert QuarantinedCopy.objects.get().status == CopyStatus.NEEDS_REVIEW
    assert not MailboxSender.objects.exists()


def test_too_many_requests_are_slowed_for_holders_and_guessers(stranger, monkeypatch):
    monkeypatch.setattr(own_views, "REQUESTS_A_MINUTE", 2)
    monkeypatch.setattr(own_views, "GUESSES_A_MINUTE", 2)
    assert [stranger.get(home()).status_code for _ in range(3)] == [200, 200, 429]
    assert stranger.get(home(BOB)).status_code == 200
    assert [stranger.get("/quarantine/mine/guess").status_code for _ in range(3)] == [404, 404, 429]


def test_hostile_words_stay_words(stranger):
    hold(ANN, subject='<img src=x onerror="alert(1)">\u202etxt')
    page = stranger.get(home()).content.decode()
    assert "<img src=x" not in page
    assert "⟨RLO⟩" in page


def test_the_page_speaks_german_too(stranger):
    hold(ANN)
    page = stranger.get(f"{home()}?lang=de").content.decode()
    assert '<html lang="de">' in page
    assert "Ihre Nachrichten in Quarantäne" in page
    assert "Zurückgehalten" in page
    assert '<span aria-current="true">Deutsch</span>' in page
    assert 'lang="fr" hreflang="fr">Français</a>' in page


def test_whoever_may_release_need_not_request():
    assert "request" not in own.open_rights(UserMay.RELEASE | UserMay.REQUEST_RELEASE)
