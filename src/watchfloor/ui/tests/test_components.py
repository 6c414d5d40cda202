"""The component tags: what they say, what they refuse, what they do with hostile text."""

from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.template import TemplateSyntaxError, engines
from django.utils.html import format_html
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from watchfloor.kernel.errors import BadInput

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOSTILE = '" onload="x" \'><script>alert(1)</script>'


def drawn(source, **context):
    return engines["django"].from_string(source).render(context)


def test_an_icon_is_decoration_unless_it_has_a_label():
    assert 'aria-hidden="true"' in drawn('{% icon name="bell" %}')
    labelled = drawn('{% icon name="bell" label=words %}', words=HOSTILE)
    assert 'role="img"' in labelled
    assert "<script>" not in labelled


def test_an_unknown_icon_is_refused_with_the_names_there_are():
    with pytest.raises(BadInput, match="alert-triangle"):
        drawn('{% icon name="no-such-icon" %}')


def test_a_wrong_argument_fails_when_the_template_compiles():
    with pytest.raises(TemplateSyntaxError, match="unexpected keyword argument 'colour'"):
        engines["django"].from_string('{% badge text="x" colour="red" %}')
    with pytest.raises(TemplateSyntaxError):
        engines["django"].from_string('{% badge "positional" %}')


@pytest.mark.parametrize(
    "source",
    [
        "{% badge text=value %}",
        "{% notice text=value title=value %}",
        "{% stat label=value value=value href=value %}",
        "{% button label=value href=value title=value name=value attrs=attrs %}",
        "{% empty title=value text=value href=value label=value %}",
        "{% person name=value email=value href=value %}",
        "{% copy text=value label=value %}",
        "{% card title=value href=value %}{{ value }}{% endcard %}",
        "{% tabs items=items current=value label=value %}",
        "{% facts items=items %}",
        "{% progress value=1 total=2 label=value %}",
        "{% threat value=value %}{% severity value=value %}",
        "{% pager page=1 total=2 size=1 href=value label=value %}",
        '{% chart id="c" kind="bar" title=value data=data href=value %}',
    ],
)
def test_hostile_text_stays_text(source):
    data = {"categories": [HOSTILE], "series": [{"name": HOSTILE, "values": [1]}]}
    page = drawn(source, value=HOSTILE, attrs={"data-x": HOSTILE}, items=[(HOSTILE, HOSTILE, HOSTILE)], data=data)
    tree = HTMLParser(page)
    assert not tree.css('script:not([type="application/json"])')
    assert not [name for node in tree.css("*") for name in node.attributes if name.startswith("on")]


def test_a_tone_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="purple"):
        drawn('{% badge text="x" tone="purple" %}')


@pytest.mark.parametrize(
    ("value", "tone"),
    [("High", "danger"), ("medium", "warning"), ("low", "info"), ("informational", "neutral"), ("odd", "neutral")],
)
def test_a_severity_has_its_tone_in_any_case(value, tone):
    assert f"severity-{tone}" in drawn("{% severity value=value %}", value=value)


def test_a_threat_says_none_when_there_is_none():
    assert "None" in drawn('{% threat value="" %}')
    assert "badge-danger" in drawn('{% threat value="Phish" %}')


def test_a_moment_is_relative_with_the_exact_time_in_its_title():
    page = drawn("{% when value=value now=now %}", value=NOW - timedelta(minutes=3), now=NOW)
    assert 'title="2026-11-22 11:57:00 UTC"' in page
    assert ">3 minutes ago<" in page


def test_an_exact_moment_stands_the_other_way_round():
    page = drawn("{% when value=value now=now exact=True %}", value=NOW - timedelta(hours=1), now=NOW)
    assert ">2026-11-22 11:00:00<" in page
    assert 'title="1 hour ago"' in page


def test_no_moment_is_a_dash():
    assert "–" in drawn("{% when value=None %}")


def test_a_button_with_an_address_is_a_link_and_a_disabled_one_is_not():
    assert drawn('{% button label="Go" href="/x" %}').startswith("<a ")
    disabled = drawn('{% button label="Go" href="/x" disabled=True %}')
    assert disabled.startswith("<button ")
    assert " disabled" in disabled


def test_a_button_without_label_is_named_by_its_title():
    assert 'aria-label="Refresh"' in drawn('{% button icon="refresh" title="Refresh" %}')


def test_a_button_takes_htmx_attributes_but_no_event_handlers():
    page = drawn(
        "{% button label='x' attrs=attrs %}", attrs={"hx-get": "/a?b=1&c=2", "data-on": True, "data-off": None}
    )
    assert 'hx-get="/a?b=1&amp;c=2"' in page
    assert " data-on>" in page
    assert "data-off" not in page
    with pytest.raises(BadInput, match="onclick"):
        drawn("{% button label='x' attrs=attrs %}", attrs={"onclick": "alert(1)"})


def test_a_button_of_an_unknown_kind_is_refused():
    with pytest.raises(BadInput, match="huge"):
        drawn('{% button label="x" kind="huge" %}')


def test_the_current_tab_says_so_and_counts_have_commas():
    page = drawn("{% tabs items=items current='b' %}", items=[("a", "All", "/a"), ("b", "Some", "/b", 12345)])
    assert page.count('aria-current="page"') == 1
    assert "12,345" in page


def test_facts_offer_to_copy_long_values_and_show_a_dash_for_none():
    page = drawn(
        "{% facts items=items %}", items=[("Hash", "a" * 64), ("Short", "b"), ("Nothing", None), ("Seen", NOW)]
    )
    assert page.count('data-behaviour="copy"') == 1
    assert f'data-text="{"a" * 64}"' in page
    assert "–" in page
    assert "<time" in page


def test_facts_write_out_characters_that_deceive_but_copy_the_original():
    name = "invoice-for-november-\u202efdp.exe"
    page = drawn("{% facts items=items %}", items=[("File", name)])
    assert "⟨RLO⟩fdp.exe" in page
    assert f'data-text="{name}"' in page


def test_facts_keep_markup_that_our_own_code_made():
    value = format_html("<b>{}</b>", HOSTILE)
    page = drawn("{% facts items=items %}", items=[("Marked", value)])
    assert "<b>&quot; onload" in page


def test_the_filter_visible_writes_out_directions_and_zero_widths():
    assert drawn("{{ text|visible }}", text="a\u200bb\u202ec\x00d") == "a⟨ZWSP⟩b⟨RLO⟩c⟨NUL⟩d"
    assert drawn("{{ text|visible }}", text="Grüße 👩‍💻 日本\tx") == "Grüße 👩‍💻 日本\tx"


def test_a_chart_comes_with_its_table_and_its_data_as_json():
    data = {"categories": ["Mon", "Tue"], "series": [{"name": "Phish", "values": [1, 2]}]}
    page = drawn('{% chart id="c" kind="stacked" title="Mail" data=data %}', data=data)
    assert '<script id="c-data" type="application/json">' in page
    assert "<td>Tue</td><td>2</td>" in page
    assert 'aria-controls="c-table"' in page


def test_a_chart_of_nothing_says_so():
    page = drawn('{% chart id="c" kind="bar" title="Mail" data=data %}', data={"categories": [], "series": []})
    assert "Nothing to draw" in page


def test_a_graphs_table_names_the_ends_of_its_links():
    data = {
        "nodes": [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Mail"}],
        "links": [{"source": "1", "target": "2", "label": "got"}],
    }
    assert "<td>Ada</td><td>got</td><td>Mail</td>" in drawn(
        '{% chart id="c" kind="graph" title="x" data=data %}', data=data
    )


def test_a_map_lists_its_countries_beside_it_most_first():
    countries = [{"name": "DE", "label": "Germany", "value": 3}, {"name": "CN", "label": "China", "value": 40}]
    page = drawn('{% chart id="c" kind="map" title="x" data=data %}', data={"countries": countries, "noun": "mails"})
    assert page.index("<td>China") < page.index("<td>Germany")
    assert "mails" in page


def test_a_chart_of_an_unknown_kind_is_refused():
    with pytest.raises(BadInput, match="pie-in-the-sky"):
        drawn('{% chart id="c" kind="pie-in-the-sky" title="x" data=data %}', data={})


class Form(forms.Form):
    name = forms.CharField(help_text="As people see it.")
    on = forms.BooleanField(required=False)


def test_a_field_ties_label_help_and_error_to_its_control():
    form = Form({"name": ""})
    page = drawn("{% field field=form.name %}{% field field=form.on %}", form=form)
    assert '<label for="id_name">' in page
    assert 'aria-describedby="id_name-help id_name-error"' in page
    assert 'aria-invalid="true"' in page
    assert "field-check" in page


def test_the_pager_says_where_we_are_and_links_to_the_neighbours():
    page = drawn('{% pager page=2 total=1234 size=20 href="/x?a=1" %}')
    assert "21–40 of 1,234" in page
    assert "/x?a=1&amp;page=3" in page
    assert "Nothing to show" in drawn('{% pager page=1 total=0 size=20 href="/x" %}')


def test_a_page_shows_its_title_in_the_tab_and_as_heading(rf):
    source = '{% extends "ui/page.html" %}{% block title %}Mail <b>{{ x }}</b>{% endblock %}'
    page = engines["django"].from_string(source).render({"x": HOSTILE}, rf.get("/"))
    assert "<title>Mail &quot; onload=&quot;x&quot; &#x27;&gt;&lt;script&gt;" in page
    assert "· Watchfloor</title>" in page
    assert "<h1>Mail <b>&quot; onload" in page
