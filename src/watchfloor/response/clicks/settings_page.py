"""Settings > Click protection: the policy, where links lead, and what happened in the last seven days."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.clicks import policy
from watchfloor.response.clicks.journal import folder
from watchfloor.response.clicks.keeping import TABLE
from watchfloor.response.clicks.models import KnownBad
from watchfloor.response.clicks.policy import Policy
from watchfloor.response.clicks.tokens import Link, sign

HERE = "/settings/click-protection"
SPAN = timedelta(days=7)
OWN_MACHINE = {"127.0.0.1", "localhost", "::1"}


class ClickPolicyForm(forms.Form):
    """The questions of the policy."""

    enabled = forms.BooleanField(
        required=False,
        label="Protect the links of mail that comes in",
        help_text="At the milter in “enforce”: links of mail to your own people lead here first and are checked at each click.",
    )
    internal = forms.BooleanField(required=False, label="Also of mail between your own people")
    override = forms.BooleanField(
        required=False,
        label="People may go on past the page about a threat",
        help_text="Never past what your own block list stops. Whoever goes on is recorded, and an alert is raised.",
    )
    signed = forms.BooleanField(
        required=False,
        label="Also of mail that its sender signed",
        help_text="S/MIME and PGP: the mail program then says that the mail was changed. Without it, what only looks signed is protected, "
        "and what is signed in truth stays, by whomever.",
    )
    exempt_domains = forms.CharField(
        required=False,
        label="Links to these domains stay as they are",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line; those below are meant too.",
    )
    exempt_recipients = forms.CharField(
        required=False,
        label="Mail to these people or domains stays as it is",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line. A mail to several people stays as it is for all of them.",
    )


@requires(Permission.SETTINGS_READ)
@require_http_methods(["GET", "POST"])
def click_protection(request: HttpRequest) -> HttpResponse:
    """Show the policy; change it with the right to."""
    kept, now = policy.current(), utc_now()
    form = ClickPolicyForm(request.POST or None, initial=_initial(kept))
    may_change = request.actor.may(Permission.CONNECTION_MANAGE)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid() and _changed(request, form, now):
        messages.success(request, "The click protection is changed; it applies to the next mail.")
        return HttpResponseRedirect(HERE)
    address = policy.public_address()
    context = {
        "form": form,
        "may_change": may_change,
        "kept": kept,
        "address": address,
        "only_here": urlsplit(address).hostname in OWN_MACHINE,
        "test_link": _test_link(kept, address),
        "reached": "reached" in request.GET,
        "status": _status(now) if kept.key else (),
    }
    return render(request, "response/clicks/settings.html", context, status=400 if form.errors else 200)


def _initial(kept: Policy) -> dict[str, object]:
    lists = {name: "\n".join(sorted(getattr(kept, name))) for name in ("exempt_domains", "exempt_recipients")}
    return {
        "enabled": kept.enabled,
        "internal": kept.internal,
        "override": kept.override,
        "signed": kept.signed,
        **lists,
    }


def _changed(request: HttpRequest, form: ClickPolicyForm, now: datetime) -> bool:
    said = form.cleaned_data
    try:
        policy.change(
            by=request.actor,  # type: ignore[attr-defined]
            enabled=said["enabled"],
            internal=said["internal"],
            override=said["override"],
            signed=said["signed"],
            exempt_domains=said["exempt_domains"].splitlines(),
            exempt_recipients=said["exempt_recipients"].splitlines(),
            at=now,
        )
    except BadInput as error:
        form.add_error(error.place if error.place in form.fields else None, error.message)
        return False
    return True


def _test_link(kept: Policy, address: str) -> str:
    """A signed link of no mail that leads back to this page; following it proves the whole way."""
    if kept.key is None:
        return ""
    return f"{address}/click/{sign(Link(f'{address}{HERE}?reached=1'), key=kept.key)}"


def _status(now: datetime) -> tuple[tuple[str, object, str], ...]:
    """(label, value, href) of what can be counted."""
    start = now - SPAN
    stopped = Condition("ActionType", Operator.EQUAL_ANY, ("ClickBlocked", "ClickBlockedByTenantPolicy"))
    went_on = Condition("ActionType", Operator.EQUAL_ANY, ("Block page override",))
    ours = Condition("SourceSystem", Operator.EQUAL_ANY, ("Watchfloor",)) if _has_source() else None

    def told(label: str, *conditions: Condition) -> tuple[str, object, str]:
        query = Query(TABLE, start, now, tuple(filter(None, conditions)))
        return label, lake.count(query), f"/explorer?{lake.parameters_of(query)}"

    waiting = sum(path.stat().st_size for path in folder().glob("*.jsonl"))
    return (
        told("Clicks in seven days", *([ours] if ours else [])),
        told("Stopped", stopped),
        told("Went on past the page", went_on),
        ("URLs, hosts and mails known to be bad", KnownBad.objects.count(), ""),
        ("Bytes of clicks in the journal", waiting, ""),
    )


def _has_source() -> bool:
    return lake.table(TABLE).column("SourceSystem").filterable
