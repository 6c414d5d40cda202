"""Digests in the organisation's languages and under its logo."""

import re
from email import message_from_bytes, policy
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from watchfloor.connectors.contracts import Attachment
from watchfloor.connectors.models import Connection, Outgoing
from watchfloor.connectors.services import send_mail
from watchfloor.kernel.errors import BadInput
from watchfloor.response.quarantine import digest_page
from watchfloor.response.quarantine.contracts import CopyStatus, HeldReason
from watchfloor.response.quarantine.digest import change_digest, digest_mail, send_digests
from watchfloor.response.quarantine.links import digest_settings, token_for
from watchfloor.response.quarantine.logo import CONTENT_ID, FITS, LARGEST, as_html, logo_address, prepared
from watchfloor.response.quarantine.own_words import languages, reason_in, state_in, words_of
from watchfloor.response.tests.quarantined import ANN, NOW, copy_of, hold
from watchfloor.response.tests.test_quarantine_digest import say, sending  # noqa: F401
from watchfloor.response.tests.test_quarantine_verbs import BOSS

BLANK = re.compile(r"{\w+}")


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 32)) -> bytes:
    drawn = BytesIO()
    Image.new("RGB", size, "navy").save(drawn, kind)
    return drawn.getvalue()


@pytest.mark.parametrize("code", ["de", "en", "es", "fr", "it", "nl", "pt"])
def test_every_language_has_all_words_with_the_same_blanks(code):
    english, other = languages()["en"], languages()[code]
    assert list(other.words) == list(english.words)
    assert all(other.words.values())
    for key, words in english.words.items():
        assert sorted(BLANK.findall(other.words[key])) == sorted(BLANK.findall(words)), key
    assert set(other.reasons) == {str(one) for one in HeldReason}
    assert set(other.states) == {str(one) for one in CopyStatus} - {CopyStatus.DELETED, CopyStatus.EXPIRED}


def test_english_comes_first_and_stands_in_for_a_language_we_do_not_speak():
    assert next(iter(languages())) == "en"
    assert words_of("tlh") == words_of("en")
    assert reason_in("fr", HeldReason.SPAM) == "Courrier indésirable"
    assert reason_in("fr", "something new") == "something new"
    assert state_in("nl", CopyStatus.DENIED) == "Vrijgave geweigerd"


def test_the_digest_and_the_page_speak_french(client, db):
    hold(ANN)
    subject, text = digest_mail(ANN, [copy_of(ANN)], say(language="fr"))
    assert subject == "1 message est retenu en quarantaine pour vous"
    assert "Motif: Courrier indésirable" in text
    page = client.get(f"/quarantine/mine/{token_for(ANN, said=digest_settings())}").content.decode()
    assert '<html lang="fr">' in page
    assert "Vos messages en quarantaine" in page


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_is_made_anew_and_fits(kind):
    made = prepared(picture(kind, (1600, 400)) + b"<script>alert(1)</script>")
    shown = Image.open(BytesIO(made))
    assert shown.format == "PNG"
    assert shown.size == (320, 80)
    assert shown.width <= FITS[0]
    assert b"script" not in made


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg onload='alert(1)'/>", "use PNG or JPEG"),
        (picture("GIF"), "use PNG or JPEG"),
        (picture()[:40], "use PNG or JPEG"),
        (b"x" * (LARGEST + 1), "512 KB"),
        (picture(size=(4000, 1001)), "4 million pixels"),
    ],
)
def test_what_is_no_picture_of_ours_or_too_large_is_refused(content, words):
    with pytest.raises(BadInput, match=words):
        prepared(content)


def test_a_digest_carries_the_logo_and_shows_the_same_words_escaped(sending):  # noqa: F811
    say(logo=picture(), introduction="Ask <b>4711</b> & smile")
    hold(ANN, subject='<a href="https://evil.example">Win</a>')
    assert send_digests(now=NOW) == 1
    mail = message_from_bytes(bytes(Outgoing.objects.get().raw), policy=policy.default)
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert f'<img src="cid:{CONTENT_ID}" alt="">' in html
    assert "Ask &lt;b&gt;4711&lt;/b&gt; &amp; smile" in html
    assert re.findall(r'href="([^"]*)"', html) == re.findall(r"https?://\S+", plain)
    assert "&lt;a href=&quot;https[:]//evil[.]example" in html
    (logo,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert logo["Content-ID"] == f"<{CONTENT_ID}>"
    assert logo.get_content_disposition() == "inline"
    assert Image.open(BytesIO(logo.get_content())).size == (64, 32)


def test_without_a_logo_a_digest_is_plain_text_alone(sending):  # noqa: F811
    say(logo=picture())
    say(logo=b"")
    hold(ANN)
    send_digests(now=NOW)
    mail = message_from_bytes(bytes(Outgoing.objects.get().raw), policy=policy.default)
    assert mail.get_content_type() == "text/plain"
    assert as_html("a\nb\n\nc").count("<p>") == 3


def test_the_settings_take_show_and_remove_a_logo(as_max, client, db):
    said = {"every": "daily", "language": "it", "introduction": "", "link_days": "7"}
    as_max.post(digest_page.HOME, said | {"logo": SimpleUploadedFile("logo.png", picture(), "image/png")})
    kept = digest_settings()
    assert kept.language == "it"
    address = logo_address(kept.logo)
    assert address in as_max.get(digest_page.HOME).content.decode()
    assert address in client.get(f"/quarantine/mine/{token_for(ANN, said=kept)}").content.decode()
    as_max.post(digest_page.HOME, said)
    assert digest_settings().logo is not None
    refused = said | {"logo": SimpleUploadedFile("logo.png", b"<svg/>", "image/png")}
    assert "use PNG or JPEG" in as_max.post(digest_page.HOME, refused, follow=True).content.decode()
    assert digest_settings().logo is not None
    as_max.post(digest_page.HOME, said | {"no_logo": "on"})
    assert digest_settings().logo is None


def test_a_logo_changed_is_told_to_the_audit(db):
    from watchfloor.access.models import AuditEntry

    change_digest(
        by=BOSS, every="daily", language="en", introduction="", with_blocked=False, link_days=3, logo=picture(), at=NOW
    )
    assert (
        AuditEntry.objects.filter(verb="quarantine.digest", outcome="success").latest("pk").after["logo"] == "changed"
    )


def test_pictures_within_a_mail_stand_beside_its_html_and_files_after_it(sending):  # noqa: F811
    assert Connection.objects.count() == 1
    files = [
        Attachment("a.txt", "text/plain", b"a"),
        *(Attachment(f"{n}.png", "image/png", b"p", inline=f"{n}@x") for n in "12"),
    ]
    send_mail(to=[ANN], subject="s", text="t", html="<p>t</p>", attachments=files, dedup_key="k", now=NOW)
    mail = message_from_bytes(bytes(Outgoing.objects.get().raw), policy=policy.default)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/png", "text/plain",
    ]  # fmt: skip
    for wrong in ({"html": ""}, {"attachments": [Attachment("a", "image/png", b"p", inline="a\r\nX: 1@x")]}):
        said = {"html": "<p>t</p>", "attachments": files} | wrong
        with pytest.raises(BadInput):
            send_mail(to=[ANN], subject="s", text="t", dedup_key=f"k{len(wrong)}{next(iter(wrong))}", now=NOW, **said)
