"""The cells of the two queues: how each column shows one incident or one alert. Small, for they stand a thousand times on a page."""

from collections.abc import Iterable

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from watchfloor.incidents.contracts import AlertSummary, IncidentSummary
from watchfloor.incidents.templatetags.incident_words import state, word
from watchfloor.kernel.text import spaced
from watchfloor.ui.templatetags.ui import badge, icon, severity, visible, when

NOTHING = mark_safe('<span class="quiet">–</span>')
ROOM = 4


def words(value: str) -> SafeString:
    """A word of our own or a name, a dash when there is none."""
    return format_html("{}", visible(value)) if value else NOTHING


def several(values: Iterable[str]) -> SafeString:
    """“Initial access, Execution and 3 more”; all of them in the title."""
    shown = [visible(value) for value in values]
    if not shown:
        return NOTHING
    text = ", ".join(shown[:ROOM]) + (f" and {len(shown) - ROOM} more" if len(shown) > ROOM else "")
    return format_html('<span class="clip short" title="{}">{}</span>', ", ".join(shown), text)


def incident_name(row: IncidentSummary) -> SafeString:
    return format_html(
        '<div class="named"><a class="clip two" href="{0}" title="{1}">{1}</a><button type="button" '
        'class="button subtle icon-only" hx-get="{0}/summary" hx-target="#flyout" title="Summary of incident {2}" '
        'aria-label="Summary of incident {2}">{3}</button></div>',
        row.href,
        visible(row.name),
        row.id,
        icon(name="layout-list"),
    )


def incident_tags(row: IncidentSummary) -> SafeString:
    """Tags of people plain, those the product gave in a tone of their own (IN-13)."""
    shown = row.tags[:ROOM]
    all_of = format_html_join(" ", "{}", ((badge(text=visible(text), tone=_tone(kind)),) for text, kind in shown))
    more = format_html(' <span class="quiet">and {} more</span>', len(row.tags) - ROOM) if row.tags[ROOM:] else ""
    return format_html("{}{}", all_of, more)


def _tone(kind: str) -> str:
    return "info" if kind == "system" else "neutral"


def incident_alerts(row: IncidentSummary) -> SafeString:
    return format_html(
        '<span title="{} not resolved">{}/{}</span>',
        intcomma(row.active_alerts),
        intcomma(row.active_alerts),
        intcomma(row.alerts),
    )


def impacted(row: IncidentSummary) -> SafeString:
    """“14 mailboxes, 2 users, 1 device”, what there is."""
    counted = [
        (row.mailboxes, "mailbox", "mailboxes"),
        (row.users, "user", "users"),
        (row.devices, "device", "devices"),
    ]
    parts = [f"{number:,} {one if number == 1 else many}" for number, one, many in counted if number]
    return format_html('<span class="clip short" title="{0}">{0}</span>', ", ".join(parts)) if parts else NOTHING


def judged(row: IncidentSummary | AlertSummary) -> SafeString:
    text = word(row.classification)
    return format_html("{}", f"{text}: {word(row.determination).lower()}" if row.determination else text)


def alert_name(row: AlertSummary) -> SafeString:
    link = format_html('<a class="clip two" href="{0}" title="{1}">{1}</a>', row.href, visible(row.title))
    if not row.source:
        return link
    return format_html('{0}<span class="clip short quiet" title="{1}">{1}</span>', link, visible(row.source))


def alert_impacted(row: AlertSummary) -> SafeString:
    if not row.impacted:
        return NOTHING
    more = format_html('<span class="quiet">and {} more</span>', intcomma(row.impacted_count - 1))
    return format_html(
        '<span class="clip short" title="{}">{}</span>{}',
        ", ".join(map(visible, row.impacted)),
        visible(row.impacted[0]),
        more if row.impacted_count > 1 else "",
    )


def alert_incident(row: AlertSummary) -> SafeString:
    name = visible(row.incident_name)
    return format_html('<a class="clip short" href="/incidents/{0}" title="{1}">{0} · {1}</a>', row.incident_id, name)


def techniques(row: AlertSummary) -> SafeString:
    return format_html_join(", ", "<code>{}</code>", ((one,) for one in row.techniques)) or NOTHING


__all__ = [
    "NOTHING", "alert_impacted", "alert_incident", "alert_name", "impacted", "incident_alerts", "incident_name",
    "incident_tags", "judged", "several", "severity", "spaced", "state", "techniques", "when", "word", "words",
]  # fmt: skip
