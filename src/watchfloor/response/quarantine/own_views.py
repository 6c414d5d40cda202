"""The self-service page of recipients (QU-30..32): reached by a signed link, without an account.

Nothing rides along that a browser adds by itself: no cookie, no session. The link alone is the authority, and another site does
not know it, so a form of another site can do nothing and the guard by cookie (CSRF) is not needed. Looking changes nothing;
whatever has an effect, and the preview, whose look is audited, is a POST that link scanners do not make.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound, WatchfloorError
from watchfloor.kernel.often import Counter
from watchfloor.kernel.text import visible
from watchfloor.mail.services import INERT_POLICY
from watchfloor.response.quarantine import own, senders, services
from watchfloor.response.quarantine.links import PATH, digest_settings, recipient_of
from watchfloor.response.quarantine.logo import logo_address
from watchfloor.response.quarantine.own_words import languages, words_of
from watchfloor.response.quarantine.selectors import recipient_may

PASS_SALT = "quarantine.mine.body"  # noqa: S105 - names the purpose, is no secret
PASS_SECONDS = 60
REQUESTS_A_MINUTE = 120
GUESSES_A_MINUTE = 60
DONE = ("release", "request", "delete", "block", "allow", "forget")

wrong_links, requests = Counter(), Counter()

View = Callable[..., HttpResponse]


def by_link(view: View) -> View:
    """Let the holder of a link in as its recipient; whoever has none, an old or a forged one reads the same page."""

    @csrf_exempt
    @wraps(view)
    def gate(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponse:
        said = digest_settings()
        language = request.GET.get("lang", "")
        language = language if language in languages() else said.language
        try:
            recipient = recipient_of(token, said=said)
        except NotFound:
            often = wrong_links.over(request.META.get("REMOTE_ADDR", ""), GUESSES_A_MINUTE)
            return _private(_refusal(request, language, "too_often" if often else "bad_link", 429 if often else 404))
        if requests.over(recipient, REQUESTS_A_MINUTE):
            return _private(_refusal(request, language, "too_often", 429))
        request.recipient, request.language, request.said = recipient, language, said  # type: ignore[attr-defined]
        request.home = f"{PATH}/{token}"  # type: ignore[attr-defined]
        return _private(view(request, *args, **kwargs))

    return gate


@by_link
@require_GET
def mine(request: Any) -> HttpResponse:
    """The recipient's held mail."""
    done = request.GET.get("done", "")
    context = _context(request) | {
        "mails": own.own_mails(request.recipient, language=request.language, now=utc_now()),
        "senders": list(senders.listed_by(request.recipient).items()),
        "done": words_of(request.language).get(f"done_{done}", "") if done in DONE else "",
        "refused": done == "refused",
        "languages": [(one.code, one.name, f"{request.home}?lang={one.code}") for one in languages().values()],
        "logo": logo_address(request.said.logo),
    }
    return render(request, "response/quarantine/mine.html", context)


@by_link
@require_POST
def look(request: Any, copy: int, part: str) -> HttpResponse:
    """The preview, with formatting or as text, or the headers."""
    try:
        if part == "headers":
            found, lines = own.header_lines(recipient=request.recipient, copy=copy)
            return _looked(request, found, {"lines": lines})
        plain = part == "plain"
        found, shown = own.preview(recipient=request.recipient, copy=copy, plain=plain, now=utc_now())
    except WatchfloorError:
        return _to(request, "refused")
    once = signing.dumps([request.recipient, copy, plain], salt=PASS_SALT)
    address = f"{request.home}/{copy}/body?{urlencode({'pass': once})}"
    return _looked(request, found, {"body_address": address, "attachments": shown.attachments, "plain": plain})


@xframe_options_exempt
@by_link
@require_GET
def body(request: Any, copy: int) -> HttpResponse:
    """What stands in the frame: inert, under its own policy, only with the pass that an audited look gave out."""
    try:
        who, which, plain = signing.loads(request.GET.get("pass", ""), salt=PASS_SALT, max_age=PASS_SECONDS)
        if (who, which) != (request.recipient, copy):
            raise signing.BadSignature
        shown = own.body(recipient=request.recipient, copy=copy, plain=bool(plain), now=utc_now())
    except (signing.BadSignature, WatchfloorError, ValueError):
        return HttpResponse(words_of(request.language)["gone"], status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(shown.html, headers={"Content-Security-Policy": INERT_POLICY})


@by_link
@require_POST
def act(request: Any, copy: int, verb: str) -> HttpResponse:
    """Release, request, delete, block or allow."""
    why = request.POST.get("why", "")
    try:
        own.act(recipient=request.recipient, copy=copy, verb=verb, why=why, at=utc_now())
    except WatchfloorError:
        return _to(request, "refused")
    return _to(request, verb)


@by_link
@require_POST
def forget_sender(request: Any) -> HttpResponse:
    """Take a sender off the own list."""
    by = services.recipient_actor(request.recipient)
    senders.forget(by=by, recipient=request.recipient, sender=request.POST.get("sender", ""))
    return _to(request, "forget")


def _looked(request: Any, copy: Any, context: dict[str, Any]) -> HttpResponse:
    mail = copy.mail
    found = {
        "copy": copy,
        "subject": visible(mail.subject),
        "sender": visible(mail.sender or mail.mail_from),
        "own": own.OwnMail(copy, own.open_rights(recipient_may(copy)), mail.reason, copy.status),
    }
    return render(request, "response/quarantine/mine_preview.html", _context(request) | found | context)


def _context(request: Any) -> dict[str, Any]:
    words = words_of(request.language)
    return {
        "words": words,
        "language": request.language,
        "recipient": visible(request.recipient),
        "subtitle": words["subtitle"].format(recipient=visible(request.recipient)),
        "home": request.home,
        "back": f"{request.home}?lang={request.language}",
    }


def _refusal(request: HttpRequest, language: str, key: str, status: int) -> HttpResponse:
    words = words_of(language)
    context = {"words": words, "language": language, "title": words[key], "text": words[f"{key}_text"]}
    answer = render(request, "response/quarantine/mine_refused.html", context, status=status)
    if status == 429:
        answer.headers["Retry-After"] = "60"
    return answer


def _to(request: Any, done: str) -> HttpResponse:
    return HttpResponseRedirect(f"{request.home}?{urlencode({'lang': request.language, 'done': done})}")


def _private(answer: HttpResponse) -> HttpResponse:
    """Nothing is told to other sites, kept by caches, or found by search engines."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store, private"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
