"""The page that shows how alerts find their incident (LM-16)."""

from django.http import HttpRequest, HttpResponse

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.incidents.contracts import WORDS, Correlation
from watchfloor.incidents.correlation import ubiquitous_hosts
from watchfloor.ui.services import render_page


@requires(Permission.SETTINGS_READ)
def correlation(request: HttpRequest) -> HttpResponse:
    """The same numbers that correlation uses, in words."""
    rules = Correlation()
    context = {
        "rules": rules,
        "weights": [(WORDS[kind], weight) for kind, weight in rules.weights.items()],
        "hosts": sorted(ubiquitous_hosts()[0]),
    }
    return render_page(request, "incidents/correlation.html", context)
