"""Preview and download: only with the right, only on the record, and nothing in them acts."""

import io
import time
from html import unescape

import pytest
import pyzipper

from watchfloor.access.models import AuditEntry
from watchfloor.mail.inert import inert_page

FRAME = 'src="'


def looks(verb: str) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(verb=verb).order_by("id").values_list("actor_name", "outcome"))


def body_of(client, key: str):
    """The answer that the frame of a preview gets."""
    page = client.get(f"/email/{key}/preview").content.decode()
    frame = page[page.index("<iframe") :]
    return client.get(unescape(frame[frame.index(FRAME) + len(FRAME) :].split('"')[0]))


def test_a_preview_stands_in_the_audit_log_and_in_the_timeline(as_ada, received):
    key = received()
    assert as_ada.get(f"/email/{key}/preview").status_code == 200
    assert looks("email.preview") == [("Ada", "attempt"), ("Ada", "success")]
    assert "Email preview" in as_ada.get(f"/email/{key}").content.decode()


def test_the_frame_is_sandboxed_without_scripts_and_origin(as_ada, received):
    page = as_ada.get(f"/email/{received()}/preview").content.decode()
    frame = page[page.index("<iframe") : page.index("</iframe>")]
    assert " sandbox " in frame
    assert "allow-" not in frame


def test_the_body_has_its_own_policy_that_loads_nothing(as_ada, received):
    answer = body_of(as_ada, received())
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert policy.endswith("sandbox")
    assert "script-src" not in policy


def test_the_body_shows_the_text_and_where_its_links_really_lead(as_ada, received):
    body = body_of(as_ada, received()).content.decode()
    assert "Your mailbox is full." in body
    assert "[https://evil.example/login?u=ann]" in body
    for active in ("<script", "<a ", "href=", "pixel.gif", "alert(1)"):
        assert active not in body


def test_the_body_without_the_pass_of_an_audited_preview_is_refused(as_ada, received):
    key = received()
    assert as_ada.get(f"/email/{key}/preview/body").status_code == 403
    assert as_ada.get(f"/email/{key}/preview/body?pass=forged").status_code == 403
    assert looks("email.preview") == []


def test_a_pass_opens_only_the_mail_it_was_given_for(as_ada, received):
    one, other = received(subject="one"), received(subject="other")
    page = as_ada.get(f"/email/{one}/preview").content.decode()
    frame = page[page.index("<iframe") :]
    address = unescape(frame[frame.index(FRAME) + len(FRAME) :].split('"')[0])
    assert as_ada.get(address.replace(one, other)).status_code == 403


def test_the_manager_without_preview_reads_no_content(as_max, received):
    key = received()
    for part in ("preview", "preview/body", "download"):
        assert as_max.get(f"/email/{key}/{part}").status_code == 403


def test_pictures_left_out_and_links_are_told_in_words(as_ada, received):
    page = unescape(as_ada.get(f"/email/{received()}/preview").content.decode())
    assert "1 picture was not loaded, as loading tells the sender." in page
    assert "1 link is shown as text with the real target beside it." in page


def test_attachments_are_listed_by_name_only(as_ada, received):
    key = received(files=(("bill\u202efdp.exe", b"MZ"),))
    page = as_ada.get(f"/email/{key}/preview").content.decode()
    assert "bill⟨RLO⟩fdp.exe" in page


def test_a_mail_without_html_shows_its_text(as_ada, received):
    body = body_of(as_ada, received(html="", text="<script>alert(1)</script>\nplain words"))
    assert b"<pre>&lt;script&gt;alert(1)&lt;/script&gt;\nplain words" in body.content


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
        "<iframe src='javascript:alert(1)'></iframe>",
        "<form action='https://evil.example'><input name=password><button>Go</button></form>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<base href='https://evil.example'>",
        "<link rel=stylesheet href='https://evil.example/x.css'>",
        "<style>@import 'https://evil.example/x.css'; body{background:url(https://evil.example)}</style>",
        "<div style=\"background:url('https://evil.example/x')\" onclick=alert(1)>x</div>",
        "<img src='https://evil.example/x.png' srcset='https://evil.example/y.png 2x'>",
        "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+'>",
        "<video src='https://evil.example/x.mp4' autoplay></video>",
        "<a href='javascript:alert(1)'>click</a>",
        '<a href="https://evil.example/\'><script>alert(1)</script>">click</a>',
        "<a href='data:text/html,<script>alert(1)</script>'>click</a>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<template><script>alert(1)</script></template>",
        "<object data='https://evil.example/x.swf'></object><embed src='https://evil.example/x'>",
        "<!--><script>alert(1)</script-->",
    ],
)
def test_hostile_html_is_inert(html):
    from selectolax.lexbor import LexborHTMLParser

    page = inert_page(html=html, text="").html
    tree = LexborHTMLParser(page)
    assert tree.css_first("script, iframe, form, input, button, svg, math, object, embed, base, link, video, a") is None
    assert len(tree.css("style")) == 1
    assert len(tree.css("meta")) == 1
    for node in tree.css("body *"):
        assert set(node.attributes) <= {"class", "alt", "colspan", "rowspan", "src"}
        assert (node.attributes.get("src") or "data:image/png;base64,").startswith("data:image/")
        assert "svg" not in (node.attributes.get("src") or "")


def test_a_javascript_link_is_shown_for_what_it_is():
    page = inert_page(html="<a href='javascript:alert(1)'>Your invoice</a>", text="").html
    assert "[javascript:alert(1)]" in page


def test_characters_that_turn_the_line_are_shown_in_the_body():
    assert "invoice⟨RLO⟩fdp.exe" in inert_page(html="<p>invoice\u202efdp.exe</p>", text="").html
    assert "invoice⟨RLO⟩fdp.exe" in inert_page(html="", text="invoice\u202efdp.exe").html


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<div>" * 200_000 + "x", "nested too deep"),
        ("<b>" * 20_000 + "x", "nested"),
        ("x" * (2 << 20), "2,097,152 characters"),
    ],
)
def test_html_that_would_choke_the_sanitiser_is_shown_as_text_in_no_time(html, words):
    began = time.monotonic()
    shown = inert_page(html=html, text="the words")
    assert time.monotonic() - began < 1
    assert "<pre>the words</pre>" in shown.html
    assert any(words in note for note in shown.notes)


def test_html_of_the_allowed_depth_is_sanitised_quickly():
    began = time.monotonic()
    inert_page(html="<div>" * 1_000 + "x", text="")
    assert time.monotonic() - began < 1


def test_a_download_is_a_zip_that_opens_only_with_its_password(as_ada, received):
    key = received()
    form = as_ada.get(f"/email/{key}/download").content.decode()
    password = form.split('id="password"')[1].split('value="')[1].split('"')[0]
    answer = as_ada.post(f"/email/{key}/download", {"reason": "sample for the lab", "password": password})
    assert answer["Content-Type"] == "application/zip"
    archive = pyzipper.AESZipFile(io.BytesIO(answer.content))
    with pytest.raises(RuntimeError, match="password"):
        archive.read(f"{key}.eml")
    assert b"Subject: Mailbox full" in archive.read(f"{key}.eml", pwd=password.encode())


def test_a_download_stands_in_the_audit_log_with_its_reason(as_ada, received):
    key = received()
    as_ada.post(f"/email/{key}/download", {"reason": "sample for the lab", "password": "long enough"})
    entry = AuditEntry.objects.get(verb="email.download", outcome="success")
    assert (entry.target, entry.reason) == (key, "sample for the lab")


@pytest.mark.parametrize(
    ("reason", "password", "words"),
    [("", "long enough", "say why you need the mail"), ("lab", "short", "at least 8 characters")],
)
def test_a_download_without_reason_or_with_a_short_password_is_refused_at_the_field(
    as_ada, received, reason, password, words
):
    answer = as_ada.post(f"/email/{received()}/download", {"reason": reason, "password": password})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert looks("email.download") == []


def test_a_raw_mail_that_retention_removed_is_said_so(as_ada, received):
    from watchfloor.connectors.intake import raw_root
    from watchfloor.connectors.store import path_of
    from watchfloor.mail.selectors import entity

    key = received()
    path_of(raw_root(), entity(key).record.sha256).unlink()
    answer = as_ada.get(f"/email/{key}/preview")
    assert answer.status_code == 404
    assert "no longer kept" in answer.content.decode()
    assert looks("email.preview") == [("Ada", "attempt"), ("Ada", "failure")]
