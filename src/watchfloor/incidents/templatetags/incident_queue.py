"""Parts of the queues for the pages of other slices: the filter over a listing, and what changes the chosen incidents."""

from typing import Any

from django.template import Context, Library

from watchfloor.incidents.contracts import SEVERITIES, WORDS
from watchfloor.incidents.filters import ALERT_STATUSES, INCIDENT_STATUSES, RANGES, Filter
from watchfloor.incidents.managing import options_for

register = Library()
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
