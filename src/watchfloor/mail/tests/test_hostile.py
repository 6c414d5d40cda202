"""A mail whose every field attacks the reader: nothing of it acts on any page, and what hides is shown."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from watchfloor.mail.hostile import file_name
from watchfloor.mail.page import TABS, grades, joined

SCRIPT = "<script>alert(1)</script>"
BREAKOUT = "\"'><img src=x onerror=alert(1)>"

RAW = (
    b'From: "<script>alert(1)</script>\xe2\x80\xaegro.elpmaxe" <"><img/src=x>@evil.example>\r\n'
    b"To: ann@corp.example\r\n"
    b"Subject: <script>alert(1)</script>\xe2\x80\xaefdp.exe \"'><img src=x onerror=alert(1)>\r\n"
    b"Message-ID: <\"'><img src=x onerror=alert(1)>@evil.example>\r\n"
    b"X-Evil: one\rSet-Cookie: a=b\r\n"
    b"X-<script>: {{ 7|add:7 }}{% debug %}\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<a href='javascript:alert(1)'>x</a><a href='https://evil.example/&quot;onmouseover=&quot;alert(1)'>y</a>"
    b"<a href='https://evil.example/<script>alert(1)</script>'>z</a>\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''%3Cscript%3Ealert(1)%3C%2Fscript%3E%E2%80%AEfdp.exe\r\n\r\nMZ\r\n"
    b"--b--\r\n"
)


def inert(response) -> str:
    """The page's text, after checking that nothing in it came to life."""
    assert response.status_code == 200
    html = response.content.decode()
    tree = LexborHTMLParser(html)
    for script in tree.css("script"):
        assert (script.attributes.get("src") or "").startswith("/static/") or script.attributes.get(
            "type"
        ) == "application/json"
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            assert not name.startswith("on"), f"{node.tag} {name}"
            if name in ("href", "src", "action", "hx-get", "hx-post"):
                assert (value or "").startswith(("/", "#", "?")), f"{name}={value}"
    assert "\u202e" not in html
    assert "14{" not in html
    return html


@pytest.mark.parametrize("tab", [key for key, _ in TABS])
def test_on_every_tab_of_the_email_page_it_is_inert(as_ada, received, tab):
    inert(as_ada.get(f"/email/{received(raw=RAW)}?tab={tab}"))


def test_in_the_fly_out_it_is_inert(as_ada, received):
    html = inert(as_ada.get(f"/email/{received(raw=RAW)}/summary"))
    assert "⟨RLO⟩fdp.exe" in html


def test_on_the_preview_page_it_is_inert(as_ada, received):
    html = inert(as_ada.get(f"/email/{received(raw=RAW)}/preview"))
    assert "⟨RLO⟩" in html


def test_a_header_cannot_add_a_header_to_our_answer(as_ada, received):
    key = received(raw=RAW)
    for part in ("", "/summary", "/timeline.csv", "/similar.csv", "/preview", "/download"):
        answer = as_ada.get(f"/email/{key}{part}")
        assert "a=b" not in answer.headers.get("Set-Cookie", "")
        assert "\r" not in answer.headers.get("Content-Disposition", "")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('{"Phish":"High"}', "High"),
        ('{"Phish":"High","Spam":"Normal"}', "Phish: High, Spam: Normal"),
        ("", ""),
        ("{broken", "{broken"),
    ],
)
def test_confidence_names_its_threat_only_where_there_are_several(value, words):
    assert grades(value) == words


def test_the_values_of_a_cell_are_made_readable_one_by_one():
    row = {"ThreatNames": ["one\u202etwo", "three"], "DetectionMethods": '{"Phish":["a","b"],"Spam":["b"]}'}
    assert joined(row, "ThreatNames") == "one⟨RLO⟩two, three"
    assert joined(row, "DetectionMethods") == "a, b"
    assert joined({}, "ThreatTypes") == ""


def test_a_download_name_keeps_only_harmless_characters():
    assert file_name("../../etc/passwd\r\n", fallback="mail") == "etc-passwd"
    assert file_name("\u202e", fallback="mail") == "mail"
