"""Settings > Import events: a file of records that another product exported."""

import tempfile
from pathlib import Path

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.connectors import services
from watchfloor.connectors.contracts import EventsImported, Refused
from watchfloor.connectors.event_intake import SHAPE_SETTINGS
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput

LARGEST_MB = 500
MOST_SHOWN = 200
_RECORDS, _MAPPING = SHAPE_SETTINGS


class EventsForm(forms.Form):
    """A file and how its records are read."""

    file = forms.FileField(
        label="File",
        help_text=f"JSON, JSON lines, CSV or log lines, as they are or in .gz or .zip; at most {LARGEST_MB} MB",
    )
    records = forms.ChoiceField(label=_RECORDS.label, choices=_RECORDS.options)
    mapping = forms.CharField(
        label=_MAPPING.label, required=False, help_text=_MAPPING.help, widget=forms.Textarea(attrs={"rows": 6})
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_MB * 2**20:
            raise forms.ValidationError(f"The file has more than {LARGEST_MB} MB; use “watchfloor import-events”.")
        return file


@require_http_methods(["GET", "POST"])
@requires(Permission.CONNECTION_MANAGE)
def import_events(request: HttpRequest) -> HttpResponse:
    """The form, and after an upload what came of it with each refused record's reason."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = EventsForm(request.POST or None, request.FILES or None)
    done: EventsImported | None = None
    refused: list[Refused] = []
    if request.method == "POST" and form.is_valid():
        try:
            done = _bring(form, actor, refused)
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
    context = {
        "form": form,
        "done": done,
        "refused": refused,
        "more": max(0, (done.refused if done else 0) - MOST_SHOWN),
    }
    return render(request, "connectors/import_events.html", context, status=400 if form.errors else 200)


def _bring(form: EventsForm, actor: Actor, refused: list[Refused]) -> EventsImported:
    file: UploadedFile[bytes] = form.cleaned_data["file"]

    def refuse(one: Refused) -> None:
        if len(refused) < MOST_SHOWN:
            refused.append(one)

    with tempfile.TemporaryDirectory(prefix="watchfloor-events-") as folder:
        path = Path(folder) / (Path(file.name or "").name or "upload")
        with path.open("wb") as handle:
            for chunk in file.chunks():
                handle.write(chunk)
        return services.import_events(
            paths=[path],
            by=actor,
            now=utc_now(),
            shape=form.cleaned_data["records"],
            mapping=form.cleaned_data["mapping"],
            refused=refuse,
        )
