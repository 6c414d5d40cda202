"""The page of uploaded lists."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.lake.lists import MOST_BYTES
from watchfloor.lake.selectors import list_states
from watchfloor.lake.services import remove_list, upload_list


class ListForm(forms.Form):
    """A CSV with its names."""

    alias = forms.CharField(
        max_length=120,
        label="Alias",
        help_text="As queries say it: _GetWatchlist('alias'). GeoIP (network, country, country_code, state, city, latitude, longitude, "
        "operator) answers geo_info_from_ip_address() and says where your own networks lie, FileProfile (SHA1, GlobalPrevalence, Signer and so on) answers FileProfile()",
    )
    address = forms.CharField(
        max_length=2000,
        required=False,
        label="Address",
        help_text="externaldata that names this address is given the list; it is never fetched",
    )
    file = forms.FileField(label="CSV file", help_text="UTF-8, the first line names the columns")


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_READ)
def lists(request: HttpRequest) -> HttpResponse:
    """What lists there are; with the right to manage connections, a form to upload one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = ListForm(request.POST, request.FILES) if request.method == "POST" else ListForm()
    if request.method == "POST" and form.is_valid():
        try:
            said = _upload(form, actor)
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
        else:
            messages.success(request, said)
            return redirect("/settings/lists")
    context = {"lists": list_states(), "form": form, "may_change": actor.may(Permission.CONNECTION_MANAGE)}
    return render(request, "lake/lists.html", context, status=400 if form.errors else 200)


def _upload(form: ListForm, actor: Actor) -> str:
    file = form.cleaned_data["file"]
    rows = upload_list(
        alias=form.cleaned_data["alias"],
        address=form.cleaned_data["address"],
        file_name=file.name,
        data=file.read(MOST_BYTES + 1),
        now=utc_now(),
        by=actor,
    )
    return f"{form.cleaned_data['alias']} is here, with {rows} rows."


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def remove(request: HttpRequest) -> HttpResponse:
    """Forget one list."""
    alias = request.POST.get("alias", "")
    remove_list(alias=alias, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, f"{alias} is gone; queries that name it are refused.")
    return redirect("/settings/lists")
