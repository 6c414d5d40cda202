"""Parts of the queues for the pages of other slices: the filter over a listing, and what changes the chosen incidents."""

from collections.abc import Sequence
from typing import Any

from django.template import Context, Library
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from watchfloor.incidents.columns import Column, chosen_columns
from watchfloor.incidents.contracts import SEVERITIES, WORDS
from watchfloor.incidents.filters import ALERT_STATUSES, INCIDENT_STATUSES, RANGES, Filter
from watchfloor.incidents.managing import options_for
from watchfloor.ui.templatetags.ui import visible

register = Library()
NUMBER = mark_safe(' class="number"')
WORKABLE = ("active", "inProgress", "resolved")


@register.inclusion_tag("incidents/queue_bulk.html")
def change_selected(*, table: str) -> dict[str, Any]:
    """The fields that change every incident chosen in the grid with this id; inside a form that posts to incidents-bulk."""
    selects = {"data-needs-selection": table}
    return {"severities": SEVERITIES, "selects": selects, **options_for(statuses=WORKABLE)}


@register.inclusion_tag("incidents/queue_filter.html", takes_context=True)
def queue_filter(context: Context, *, chosen: Filter, alerts: bool = False, placeholder: str = "") -> dict[str, Any]:
    """The filter form of a queue of incidents, or of alerts."""
    statuses = ALERT_STATUSES if alerts else INCIDENT_STATUSES
    return {
        "request": context.get("request"),
        "chosen": chosen,
        "hide_tags": alerts,
        "placeholder": placeholder or "Number, name, address, URL, hash",
        "queue_statuses": [(value, WORDS[value]) for value in statuses],
        "severities": SEVERITIES,
        "ranges": [(key, label) for key, (label, _) in RANGES.items()],
        **options_for(statuses=statuses),
    }


@register.simple_tag
def queue_line(*, queue: str, row: Any, columns: Sequence[Column], selectable: bool) -> SafeString:
    """One row of a queue: a box to select it, and its cells in the order of `columns`."""
    cells = format_html_join(
        "", "<td{}>{}</td>", ((NUMBER if column.number else "", column.show(row)) for column in columns)
    )
    return format_html("<tr>{}{}</tr>", _box(queue, row) if selectable else "", cells)


def _box(queue: str, row: Any) -> SafeString:
    value, name = (row.id, f"incident {row.id}") if queue == "incidents" else (row.alert_id, row.title)
    return format_html(
        '<td class="select"><input type="checkbox" name="row" value="{}" aria-label="Select {}"></td>',
        value,
        visible(name),
    )


@register.inclusion_tag("incidents/queue_grid.html", takes_context=True)
def queue_table(context: Context, *, queue: str, rows: Sequence[Any], selectable: bool) -> dict[str, Any]:
    """A table of incidents or of alerts in the columns that this person chose for the queue."""
    return {
        "queue": queue,
        "rows": rows,
        "may_manage": selectable,
        "columns": chosen_columns(queue, context["request"].actor),
        "label": queue.capitalize(),
    }
