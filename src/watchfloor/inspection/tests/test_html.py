"""HTML as its reader sees it, and what it hides."""

import time

import pytest
from selectolax.lexbor import SelectolaxError

from watchfloor.inspection import html
from watchfloor.inspection.html import Link, read_html
from watchfloor.inspection.limits import Limits


def test_text_breaks_where_blocks_break_and_nowhere_else():
    page = read_html("<p>Hello <b>pay</b>pal</p><div>next<br>line</div><style>p{}</style><script>x</script>", Limits())
    assert page.text == "Hello paypal\nnext\nline"


def test_links_after_the_end_of_the_document_count():
    page = read_html("<html><body>x</body></html><a href='http://late.example/'>late</a>", Limits())
    assert page.links == (Link("http://late.example/", "late"),)


def test_a_link_broken_over_lines_is_what_a_browser_opens():
    assert read_html("<a href=' ht\ntp://e\tvil.example/ '>x</a>", Limits()).links[0].href == "http://evil.example/"


def test_a_picture_lends_its_link_no_text_but_is_counted():
    page = read_html("<a href='http://a.example'><img src='http://b.example/i.png'></a>", Limits())
    assert (page.linked_images, page.images) == (1, ("http://b.example/i.png",))


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : NONE",
        "font-size:0",
        "font-size:0px;",
        "visibility:hidden",
        "opacity:0",
        "mso-hide:all",
    ],
)
def test_text_styled_away_is_hidden_and_not_read(style):
    page = read_html(f"<p>seen</p><div style='{style}'>secret <i style='{style}'>words</i></div>", Limits())
    assert page.text == "seen"
    assert page.hidden == "secret words"


@pytest.mark.parametrize(
    "style", ["background-color:transparent", "font-size:10px", "opacity:0.5", "display:block", "color:#000"]
)
def test_ordinary_style_hides_nothing(style):
    assert read_html(f"<p style='{style}'>seen</p>", Limits()).text == "seen"


def test_forms_frames_and_refreshes_are_targets():
    page = read_html(
        "<form action='http://f.example/'><input type=Password></form><iframe src='http://i.example/'></iframe>"
        "<meta http-equiv=Refresh content='0; url=http://r.example/'>",
        Limits(),
    )
    assert page.targets == ("http://f.example/", "http://i.example/", "http://r.example/")
    assert page.has_form
    assert page.has_password


@pytest.mark.parametrize("tag", ["div", "b", "table", "font", "DIV"])
def test_depth_is_cut_and_the_rest_is_kept_for_the_search(tag):
    cuts = Limits()
    started = time.process_time()
    page = read_html(f"<p>seen</p>{f'<{tag}>' * 100_000}<a href='http://deep.example/'>", cuts)
    assert time.process_time() - started < 1
    assert cuts.hit[0] in (
        "HTML cut where its nesting defeats parsers",
        "HTML cut where open formatting multiplies it",
    )
    assert "seen" in page.text
    assert "deep.example" in page.rest or len(page.rest) == 1 << 20


def test_closing_tags_of_nothing_do_not_hide_depth():
    cuts = Limits()
    began = time.process_time()
    read_html("<div></x>" * 100_000, cuts)
    assert time.process_time() - began < 2
    assert cuts.hit == ("HTML cut where its nesting defeats parsers",)


@pytest.mark.parametrize(
    "round_",
    [
        "<div><object></div></object>",
        "<div><table><td></div></table>",
        "<div><select></div></select>",
        "<div><template></div></template>",
        "<span><div></span></div>",
        "<div><!--</div>-->",
        '<div><i x="</div>"></i>',
        '<i ="x><b y=" z="></i><div></div></b>">',
        "<div><title></div></title>",
        "<svg><title><div></title></svg>",
        "<div><script><!--<script></script></div>--></script>",
        "<svg><![CDATA[</div>]]><div>",
        "<font id=1><!--</font>--><p>x",
        "<a href=x><object>",
        "<i style='display:none'>x<b style='display:none'>",
        "<ul><li>",
        "<b><p></b>",
        "<",
        "<i " + " ".join(f"a{number}" for number in range(2_000)) + ">",
    ],
)
def test_nothing_that_hides_depth_from_a_count_costs_seconds(round_):
    cuts = Limits()
    began = time.process_time()
    read_html(round_ * (1_900_000 // len(round_)), cuts)
    assert time.process_time() - began < 2


def test_a_tag_of_many_attributes_costs_no_seconds():
    cuts = Limits()
    began = time.process_time()
    read_html("<div " + " ".join(f"a{number}=1" for number in range(150_000)) + ">x", cuts)
    assert time.process_time() - began < 1
    assert cuts.hit == ("HTML cut where its nesting defeats parsers",)


def test_links_that_lie_in_one_another_are_read_within_bounds():
    began = time.process_time()
    read_html("<a href=x><object>" * 900 + "x" * 1_900_000, Limits())
    assert time.process_time() - began < 2


def test_formatting_that_multiplies_is_cut_and_what_follows_is_still_searched():
    cuts = Limits()
    began = time.process_time()
    bomb = "<p>" + "".join(f"<b id={number}>" for number in range(450)) + "<p>x" * 150_000
    page = read_html(f"{bomb}<a href='https://evil.example/'>Sign in</a>", cuts)
    assert time.process_time() - began < 5
    assert cuts.hit == ("HTML cut where open formatting multiplies it",)
    assert "https://evil.example/" in page.rest


def test_a_body_that_the_parser_gives_up_is_searched_as_text(monkeypatch):
    def give_up(_: str) -> None:
        raise SelectolaxError("no memory")

    monkeypatch.setattr(html, "LexborHTMLParser", give_up)
    cuts = Limits()
    assert "evil.example" in read_html("<a href='https://evil.example/'>Sign in</a>", cuts).rest
    assert cuts.hit


def test_honest_formatting_is_not_cut():
    cuts = Limits()
    read_html("<font color=red><b>" + "<p><b>word</b> <i>word</i>" * 5_000, cuts)
    assert not cuts.hit


def test_closed_tags_do_not_count_as_depth():
    cuts = Limits()
    read_html("<div><span>x</span></div>" * 5_000 + "<p>a<br>" * 5_000 + "<table>" + "<tr><td>c" * 5_000, cuts)
    assert cuts.hit == ()


def test_size_is_cut():
    cuts = Limits()
    read_html("x" * 3_000_000, cuts)
    assert cuts.hit == ("HTML cut at 2 MB",)


@pytest.mark.parametrize(
    "source", ["", "<", "<!DOCTYPE", "\x00", "<a href>x</a>", "<svg><style><a href=x>", "&#x110000;", "<a href='&#0;'>"]
)
def test_no_source_makes_reading_fail(source):
    assert isinstance(read_html(source, Limits()).text, str)


def test_scripts_and_data_are_given_whole():
    page = read_html("<img src='data:image/png;base64,AAAA'><script>location='https://go.example/'</script>", Limits())
    assert page.data == ("data:image/png;base64,AAAA",)
    assert "https://go.example/" in page.scripts


def test_buttons_and_objects_lead_somewhere_too():
    page = read_html("<button formaction='https://b.example/'>x</button><object data='https://o.example/'>", Limits())
    assert page.targets == ("https://b.example/", "https://o.example/")


def test_a_picture_deep_in_a_link_is_linked():
    page = read_html("<a href=x><table><tr><td><div><img src=i></div></table></a><img src=j>", Limits())
    assert page.linked_images == 1
