"""New rows as a fragment, asked for about once a second."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.hunting.explorer.live import new_rows, read_cursor
from watchfloor.hunting.explorer.parts import chosen_columns
from watchfloor.hunting.explorer.rights import asked_by, readable
from watchfloor.hunting.explorer.state import read_state
from watchfloor.hunting.explorer.views import Asked
from watchfloor.kernel.clock import utc_now


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def live(request: Asked) -> HttpResponse:
    """Rows after the cursor `after`. Headers: the next cursor, how many there were, and whether to read the page anew."""
    now = utc_now()
    state = asked_by(read_state(request.GET, now=now), request.actor)
    columns = readable(chosen_columns(request.user, table=state.view.table), request.actor)
    found = new_rows(state, columns=columns, after=read_cursor(request.GET.get("after", "")), now=now)
    answer = render(request, "hunting/explorer/live_rows.html", {"state": state, "rows": found.rows})
    answer["X-Live-Cursor"] = str(found.cursor)
    answer["X-Live-Found"] = str(found.found)
    answer["X-Live-Stale"] = str(int(found.stale))
    answer["Cache-Control"] = "no-store"
    return answer
