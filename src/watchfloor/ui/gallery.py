"""The samples of /gallery: every component with usual, long, empty and hostile values."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from watchfloor.ui.icons import icon_names

LONG = "https://login.micros0ft-support.example/" + "very-long-path-" * 12 + "?token=eyJhbGciOiJIUzI1NiJ9"
HOSTILE = "<script>alert(1)</script>\" onload=alert(1) '\u202eexe.cod"
TONES = ("neutral", "info", "success", "warning", "danger")


class SampleForm(forms.Form):
    """One field of each kind; the gallery shows it filled in wrongly."""

    name = forms.CharField(label="Name", help_text="What people see in the action center.")
    address = forms.EmailField(label="Address")
    password = forms.CharField(label="Password", widget=forms.PasswordInput, required=False)
    port = forms.IntegerField(label="Port", min_value=1, max_value=65535, required=False)
    folder = forms.ChoiceField(label="Folder", choices=[("junk", "Junk folder"), ("inbox", "Inbox")])
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    notify = forms.BooleanField(label="Tell the people concerned", required=False, help_text="By mail, once.")


DOTS = {
    "axis": "number",
    "across": "Links",
    "up": "Points",
    "scatter": [
        {"name": "Phish", "dots": [[3, 82.5], [7, 91], [2, 64]]},
        {"name": "No threat", "dots": [[1, 4], [12, 11.5], [0, 2], [5, 9]]},
    ],
}
"""Mails by how many links they hold and how many points they got."""


def samples(*, now: datetime) -> dict[str, Any]:
    """Template context of the gallery."""
    return {
        "tones": TONES,
        "long": LONG,
        "hostile": HOSTILE,
        "now": now,
        "earlier": now - timedelta(hours=3, minutes=12),
        "later": now + timedelta(days=2),
        "kinds": ("primary", "secondary", "subtle", "danger"),
        "attributes": {"hx-get": "/gallery/flyout?number=2", "hx-target": "#flyout"},
        "asks": {"data-confirm": "Delete 14 mails for good? This cannot be undone."},
        "adds": {"data-add": True},
        "removes": {"data-remove": True},
        "needs_selection": {"data-needs-selection": "sample-grid"},
        "icons": sorted(icon_names()),
        "tabs": (
            ("story", "Attack story", "/gallery#tabs", None),
            ("alerts", "Alerts", "/gallery#tabs", 3),
            ("evidence", "Evidence", "/gallery#tabs", 12345),
        ),
        "facts": (
            ("Subject", "Your invoice 4711"),
            ("Sender", "billing@vendor.example", "/search?q=billing@vendor.example"),
            ("Network message id", "9f1c2a52-5e1b-4a0c-8a7e-0d3f5c9b1a77"),
            ("Received", now - timedelta(minutes=7)),
            ("URL", LONG),
            ("Hostile", HOSTILE),
            ("Campaign", None),
        ),
        "rows": _rows(now),
        "form": SampleForm(),
        "wrong_form": SampleForm({"name": "", "address": "not an address", "port": "70000", "folder": "junk"}),
        **_charts(),
    }


def _rows(now: datetime) -> list[dict[str, Any]]:
    threats = ("Phish", "Malware", "", "Spam")
    severities = ("high", "medium", "low", "informational")
    return [
        {
            "id": f"row-{number}",
            "at": now - timedelta(minutes=37 * number),
            "subject": LONG if number == 2 else HOSTILE if number == 3 else f"Invoice {4711 + number}",
            "sender": f"billing{number}@vendor.example",
            "threat": threats[number % 4],
            "severity": severities[number % 4],
            "recipients": 3**number,
        }
        for number in range(8)
    ]


def _charts() -> dict[str, Any]:
    days = [f"2026-11-{day:02}" for day in range(15, 22)]
    return {
        "volume": {
            "categories": days,
            "series": [
                {"name": "No threat", "values": [410, 388, 502, 471, 499, 120, 98], "tone": "neutral"},
                {"name": "Spam", "values": [40, 61, 52, 38, 44, 22, 31], "tone": "warning"},
                {"name": "Phish", "values": [4, 2, 17, 9, 3, 1, 2], "tone": "danger"},
            ],
        },
        "plain": {
            "horizontal": True,
            "categories": ["Ada", "Max", HOSTILE, LONG],
            "series": [{"name": "Mails", "values": [14, 9, 4, 1]}],
        },
        "line": {
            "categories": days,
            "series": [
                {"name": "Delivered", "values": [3, 4, 8, 1, 0, 0, 2]},
                {"name": "Blocked", "values": [1, 9, 5, 5, 2, 1, 1]},
            ],
        },
        "share": {
            "categories": ["High", "Medium", "Low"],
            "series": [{"name": "Incidents", "values": [2, 5, 9], "tones": ["danger", "warning", "info"]}],
        },
        "nothing": {"categories": [], "series": []},
        "dots": DOTS,
        "flow": {
            "nodes": [
                {"id": "0 ip", "name": "203.0.113.57", "column": 0},
                {"id": "1 yes", "name": "Detected", "column": 1, "tone": "warning"},
                {"id": "1 no", "name": "Not detected", "column": 1, "tone": "danger"},
                {"id": "2 junk", "name": "Junk folder", "column": 2},
                {"id": "2 inbox", "name": "Inbox", "column": 2, "tone": "danger"},
            ],
            "links": [
                {"source": "0 ip", "target": "1 yes", "value": 14},
                {"source": "0 ip", "target": "1 no", "value": 6},
                {"source": "1 yes", "target": "2 junk", "value": 14},
                {"source": "1 no", "target": "2 inbox", "value": 6},
            ],
        },
        "story": {
            "nodes": [
                {"id": "m", "name": "Your invoice 4711", "group": "Mail", "tone": "danger"},
                {"id": "s", "name": "billing@vendor.example", "group": "Sender", "tone": "warning"},
                {"id": "u", "name": "https://login.example/", "group": "URL", "tone": "warning"},
                {"id": "a", "name": "ada@corp.example", "group": "Mailbox", "tone": "info"},
                {"id": "b", "name": "max@corp.example", "group": "Mailbox", "tone": "info"},
            ],
            "links": [
                {"source": "s", "target": "m", "label": "sent"},
                {"source": "m", "target": "u", "label": "links to"},
                {"source": "m", "target": "a", "label": "delivered to"},
                {"source": "m", "target": "b", "label": "delivered to"},
            ],
        },
    }
