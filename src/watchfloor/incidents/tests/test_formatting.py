"""Comments: Markdown becomes elements of ours, and nothing that somebody writes runs, loads or hides (IN-16)."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.incidents.formatting import formatted

ALLOWED = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a", "span"}
ATTRIBUTES = {"href", "target", "rel", "class", "start"}


class Reader(HTMLParser):
    """Collects every element and attribute."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_comment(self, data):
        self.seen.append(("comment", {}))


def elements(text):
    reader = Reader()
    reader.feed(formatted(text))
    return reader.seen


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "<p>plain</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>two</p>\n<p>three</p>"),
        (
            "**bold** and *it* and _too_ and ~~gone~~",
            "<p><strong>bold</strong> and <em>it</em> and <em>too</em> and <s>gone</s></p>",
        ),
        ("snake_case_name and 2*3*4", "<p>snake_case_name and 2*3*4</p>"),
        ("`a **b** <c>`", "<p><code>a **b** &lt;c&gt;</code></p>"),
        ("- a\n- b", '<ul class="bullets"><li>a</li><li>b</li></ul>'),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("> said\n> so", "<blockquote><p>said<br>so</p></blockquote>"),
        ("# Head", "<p><strong>Head</strong></p>"),
        ("---", "<hr>"),
        ("```\n<b>\n**x**\n```\nafter", "<pre><code>&lt;b&gt;\n**x**</code></pre>\n<p>after</p>"),
        ("see #12", '<p>see <a href="/incidents/12">#12</a></p>'),
        ("color #fff and a#12", "<p>color #fff and a#12</p>"),
        ("[page](/alerts/x)", '<p><a href="/alerts/x">page</a></p>'),
        ("", ""),
    ],
)
def test_marks_become_elements(text, html):
    assert formatted(text) == html


def test_a_link_out_says_where_it_leads_and_tells_nothing():
    html = formatted("[your bank](https://evil.example/x?a=1&b=2)")
    assert 'href="https://evil.example/x?a=1&amp;b=2"' in html
    assert 'rel="noopener noreferrer"' in html
    assert "(evil.example)" in html


def test_a_bare_address_is_a_link_without_the_point_after_it():
    assert ">https://a.example/x</a>." in formatted("See https://a.example/x.")


def test_a_picture_of_strangers_is_a_link_and_not_loaded():
    assert "<img" not in formatted("![x](https://evil.example/pixel.png)")
    assert '<a href="https://evil.example/pixel.png"' in formatted("![x](https://evil.example/pixel.png)")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](//evil.example)",
        "[x](/\\evil.example)",
        '[x](https://a.example/"onmouseover="alert(1))',
        "[<b>](https://a.example)",
        "`</code><script>`",
        "```\n</pre><script>alert(1)</script>\n```",
        "> <svg/onload=alert(1)>",
        "- <iframe src=//x>",
        "**<b onclick=x>**",
        "https://a.example/'onx='y",
        "[x](https://[::1)",
        "<!-- hidden -->",
        "&lt;script&gt;",
        "{{7*7}} {% debug %}",
    ],
)
def test_nothing_hostile_becomes_more_than_text(text):
    for tag, attributes in elements(text):
        assert tag in ALLOWED
        assert set(attributes) <= ATTRIBUTES
        href = attributes.get("href", "/")
        assert re.match(r"https?://|/(?![/\\])", href), href


def test_invisible_and_turning_characters_are_written_out():
    assert "⟨RLO⟩" in formatted("invoice\u202efdp.exe")


@given(st.text(alphabet="*_~`[]()<>#-+.!&\"'/\\:|0a \nhtps\u202e", max_size=300))
def test_whatever_is_typed_only_our_elements_come_out(text):
    for tag, attributes in elements(text):
        assert tag in ALLOWED
        assert set(attributes) <= ATTRIBUTES
        assert re.match(r"https?://|/(?![/\\])", attributes.get("href", "/"))


@pytest.mark.parametrize(
    "unit", ["*a", "**", "[", "[a](", "`", "~~a", "> ", "- ", "_a_", "![x](http://", "#1 ", "(((("]
)
def test_thirty_thousand_characters_take_a_moment_whatever_they_are(unit):
    began = time.process_time()
    formatted(unit * (30_000 // len(unit)))
    formatted((unit + "\n") * (30_000 // (len(unit) + 1)))
    assert time.process_time() - began < 3


@pytest.mark.parametrize("sign", ["#", " ", " #", "\t"])
def test_a_heading_that_never_ends_takes_a_moment_too(sign):
    began = time.process_time()
    formatted(f"# a{sign * (29_990 // len(sign))}x")
    assert time.process_time() - began < 0.5


def test_a_heading_may_be_closed():
    assert formatted("## What we know ##") == formatted("## What we know") == "<p><strong>What we know</strong></p>"
    assert formatted("# C#") == "<p><strong>C</strong></p>"
    assert formatted("# #") == "<p><strong>#</strong></p>"


def test_a_comment_is_shown_formatted_on_the_page(as_ada, findings, make):
    alert = findings.raised(make.message(1), make.sender())
    text = "**Look** at <script>alert(1)</script>\n- first\n- second"
    as_ada.post(f"/incidents/{alert.incident_id}/manage", {"comment": text})
    page = as_ada.get(f"/incidents/{alert.incident_id}?tab=activity").content.decode()
    assert "<strong>Look</strong>" in page
    assert "<li>first</li>" in page
    assert "<script>alert(1)" not in page
