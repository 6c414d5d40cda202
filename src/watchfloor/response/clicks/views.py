"""The address that protected links lead to. Nobody signs in: the signature in the link is the right to be sent on."""

import json
import logging
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.encoding import iri_to_uri
from django.views.decorators.csrf import csrf_exempt

from watchfloor.inspection.services import take_apart
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.ids import uuid7
from watchfloor.response.clicks.deciding import Decision, Page, decide
from watchfloor.response.clicks.floods import SAME, WRONG
from watchfloor.response.clicks.journal import JOURNAL
from watchfloor.response.clicks.long_urls import whole
from watchfloor.response.clicks.scanners import made_by_nobody
from watchfloor.response.clicks.snapshot import WATCH, Snapshot
from watchfloor.response.clicks.tokens import Link, verify

log = logging.getLogger(__name__)
LONGEST_TOLD = 8000
"""Characters of a URL in its row of UrlClickEvents."""
METHOD = "URL malicious reputation"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' http: https:; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No script at all; browsers hold a form's redirects against form-action too, and whoever goes on is redirected elsewhere."""


@csrf_exempt  # as `click`
def form(request: HttpRequest, token: str) -> HttpResponse:
    """Send what was filled into a mail's form where it was to go, or stop it; what it says is neither read nor kept.

    Whoever goes on past the page goes to the address alone, without what was filled in.
    """
    return click(request, token, sent=True)


@csrf_exempt  # there is no session to misuse; whoever posts holds the signed link itself
def click(request: HttpRequest, token: str, *, sent: bool = False) -> HttpResponse:
    """Follow a link (GET), or go on past a page about it where the policy lets people (POST)."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    try:
        answer = _answer(request, token, sent)
    except (WatchfloorError, OSError):
        log.exception("a click could not be checked or kept")
        answer = _page(request, "response/clicks/later.html", {}, status=503)
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _answer(request: HttpRequest, token: str, sent: bool) -> HttpResponse:
    known = WATCH.snapshot()
    named = verify(token, key=known.policy.key) if known.policy.key else None
    link = whole(named) if named else None
    if link is None:
        passed = WRONG.passed(_ip(request))
        return _page(request, "response/clicks/unsigned.html", {}, status=404 if passed else 429)
    if not SAME.passed(_name_of(link)):
        return _page(request, "response/clicks/later.html", {}, status=429)
    onward = _onward_url(request, link, sent=sent)
    decision = decide(link.url, link.mail, facts=known.facts, bad=known.bad)
    if decision.page is Page.GO and onward != link.url:  # what was filled in decides, too, and is not kept
        filled = decide(onward, link.mail, facts=known.facts, bad=known.bad)
        decision = replace(filled, chain=decision.chain) if filled.page is not Page.GO else decision
    may = _may_go_on(decision, known)
    went_on = may and request.method == "POST" and not sent
    if link.mail and not made_by_nobody(request.method or "", request.headers):
        JOURNAL.keep(row_of(link, decision, request, went_on=went_on, at=utc_now()))
    if decision.page is Page.GO or went_on:
        return _onward(request, link.url if went_on else onward, went_on=went_on, sent=sent)
    return _shown(request, link, decision, may, token)


def _onward_url(request: HttpRequest, link: Link, *, sent: bool) -> str:
    """Of a form sent with GET the fields take the place of the query, as browsers do it."""
    if sent and request.method != "POST" and request.META.get("QUERY_STRING"):
        return f"{link.url.partition('#')[0].partition('?')[0]}?{request.META['QUERY_STRING']}"
    return link.url


def _onward(request: HttpRequest, url: str, *, went_on: bool, sent: bool) -> HttpResponse:
    """307 keeps what a form posts."""
    status = 303 if went_on else 307 if sent and request.method == "POST" else 302
    return HttpResponse(status=status, headers={"Location": location_of(url)})


def _name_of(link: Link) -> str:
    """A link by what it says: its token can be written in several ways."""
    said = "\0".join((link.mail, link.recipient, link.url)).encode("utf-8", "replace")
    return blake2b(said, digest_size=16).hexdigest()


def _may_go_on(decision: Decision, known: Snapshot) -> bool:
    if decision.page is Page.WARN:
        return True
    return decision.page is Page.BLOCK and known.policy.override and not decision.own


def _shown(request: HttpRequest, link: Link, decision: Decision, may: bool, token: str) -> HttpResponse:
    parts = take_apart(link.url)
    context = {
        "link": link,
        "host": parts.host if parts else "",
        "decision": decision,
        "warns": decision.page is Page.WARN,
        "may_go_on": may,
        "path": f"/click/{token}",
    }
    return _page(request, "response/clicks/stopped.html", context, status=200)


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    answer = render(request, template, context, status=status)
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


def location_of(url: str) -> str:
    """The URL as a header may carry it."""
    return iri_to_uri("".join(one for one in url if one.isprintable())) or "/"


def row_of(link: Link, decision: Decision, request: HttpRequest, *, went_on: bool, at: datetime) -> dict[str, Any]:
    """The click as a row of UrlClickEvents; `mail` becomes its NetworkMessageId on the way into the lake."""
    went = decision.page is Page.GO or went_on
    row = {
        "Timestamp": at.isoformat(),
        "ReportId": str(uuid7(at=at)),
        "Url": link.url[:LONGEST_TOLD],
        "ActionType": decision.action(went_on=went_on),
        "AccountUpn": link.recipient,
        "Workload": "Email",
        "IPAddress": _ip(request),
        "IsClickedThrough": went,
        "UrlChain": json.dumps(decision.chain),
        "ThreatTypes": decision.threat,
        "AppName": "Email link",
        "AppVersion": request.headers.get("User-Agent", "")[:300],
        "SourceSystem": "Watchfloor",
        "Context": _context(link, decision),
        "mail": link.mail,
    }
    if decision.threat:
        row["DetectionMethods"] = json.dumps({decision.threat: [METHOD]})
    return row


def _context(link: Link, decision: Decision) -> str:
    who = "The link was protected for this recipient alone." if link.recipient else "The mail had several recipients."
    met = f" It met the entry {decision.entry}." if decision.entry else f" {decision.why}" if decision.why else ""
    return who + met


def _ip(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
