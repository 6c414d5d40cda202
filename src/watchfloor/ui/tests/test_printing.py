"""Printed documents: self-contained, on A4, with their charts drawn before anybody prints them."""

import re
import subprocess
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import override_settings

from labs import need
from watchfloor.ui import printing
from watchfloor.ui.services import printed

AT = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
SOURCE = """{% extends "ui/print.html" %}
{% block title %}Mail of {{ name }}{% endblock %}
{% block sentence %}All mail{% endblock %}
{% block content %}
{% chart id="c" kind="stacked" title="Mail per day" data=data %}
<h2>Rows</h2>
<div class="grid-wrap"><table class="grid"><thead><tr><th>Subject</th></tr></thead>
<tbody>{% for n in numbers %}<tr><td>Mail number {{ n }}</td></tr>{% endfor %}</tbody></table></div>
{% endblock %}
{% block scripts %}{% print_charts %}{% endblock %}"""
DATA = {"categories": ["Mon", "Tue"], "series": [{"name": "Phish", "values": [3, 1], "tone": "danger"}]}


@pytest.fixture
def document():
    context = {"name": "<b>Ada</b>", "data": DATA, "numbers": range(120)}
    with override_settings(TEMPLATES=with_template("mail.html", SOURCE)):
        return printed("mail.html", context, by="Ada Byron", at=AT)


def with_template(name, source):
    """Our own template settings with one more template, held in memory."""
    entry = {**settings.TEMPLATES[0], "APP_DIRS": False}
    loaders = [
        ("django.template.loaders.locmem.Loader", {name: source}),
        "django.template.loaders.app_directories.Loader",
    ]
    return [{**entry, "OPTIONS": {**entry["OPTIONS"], "loaders": loaders}}]


def test_a_document_says_who_asked_and_when(document):
    assert "Asked for by Ada Byron" in document
    assert "2026-11-22 12:30 UTC" in document


def test_a_document_loads_nothing_and_hostile_names_stay_text(document):
    assert "<b>Ada" not in document
    markup = re.sub(r"<(script|style)\b.*?</\1>", "", document, flags=re.DOTALL)
    assert not re.search(r"\s(?:src|href)=[\"'](?!#)", markup.replace('use href="/static/ui/icons.svg', "use #"))
    assert "@import" not in printing.styles()
    assert not re.search(r"url\(", printing.styles())


def test_the_script_imports_nothing_and_ends_no_element_early():
    script = printing.chart_script()
    assert not re.search(r"^(?:import|export)\b", script, re.MULTILINE)
    assert "</script" not in script


def test_without_charts_a_document_stays_small():
    plain = printed("ui/print.html", {}, by="Ada", at=AT)
    assert "<script" not in plain
    assert len(plain) < 100_000


def chromium(document, tmp_path, *options):
    """What Chromium makes of a document that it may load nothing for."""
    file = tmp_path / "document.html"
    file.write_text(document)
    offline = ["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    command = [need("chromium"), *offline, f"--user-data-dir={tmp_path / 'profile'}", *options, file.as_uri()]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def test_a_browser_draws_the_charts_as_lines(document, tmp_path):
    drawn = chromium(document, tmp_path, "--dump-dom").decode()
    assert 'data-ready="yes"' in drawn
    assert drawn.count("<path") > 4


def test_a_long_table_breaks_into_pages_of_a4_that_repeat_its_head(document, tmp_path):
    chromium(document, tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'made.pdf'}")
    made = (tmp_path / "made.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", made)) >= 3
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][\d.]* 84[12]", made)
