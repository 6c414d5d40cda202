"""The queue as it is filtered, grouped and counted; and figures about reports for other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from watchfloor.response.submissions.contracts import Mark, Reason, Via
from watchfloor.response.submissions.models import ReportGroup, Submission, UserReport
from watchfloor.response.submissions.policy import current

PERIODS = {"1d": ("24 hours", 1), "7d": ("7 days", 7), "30d": ("30 days", 30), "90d": ("90 days", 90)}
SIZES = (25, 50, 100, 200)
GROUPS = {
    "sender": "Sender",
    "reporter": "Reported by",
    "result": "Result",
    "reason": "Reported reason",
    "source": "Reported from",
    "marked_as": "Marked as",
    "is_converted": "Converted",
    "tags": "Tags",
}
SORTS = ("last_at", "first_at", "reporters", "subject", "sender", "marked_at")
KINDS = {"emails": "mail", "attachments": "file", "urls": "url"}
QUICK = {
    "threats": ("Threats", Reason.PHISH.value),
    "spam": ("Spam", Reason.SPAM.value),
    "clean": ("No threats", Reason.CLEAN.value),
}
SIMULATIONS = "simulations"
"""The fourth quick filter: by what the mail is, whatever it was reported as."""
OPEN = "open"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the queue asks for; "" means any."""

    quick: str = ""
    mark: str = ""
    result: str = ""
    via: str = ""
    source: str = ""
    converted: str = ""
    period: str = "30d"
    search: str = ""
    by: str = ""
    group: str = ""
    sort: str = "-last_at"
    page: int = 1
    size: int = 50

    @property
    def filtered(self) -> bool:
        return any((self.quick, self.mark, self.result, self.via, self.source, self.converted, self.search, self.by))


def asked(parameters: Mapping[str, str]) -> Asked:
    """Read an address; what it cannot mean is as if it did not stand there."""

    def choice(name: str, among: object, default: str = "") -> str:
        value = parameters.get(name, default)
        return value if value in among else default  # type: ignore[operator]

    return Asked(
        quick=choice("show", (*QUICK, SIMULATIONS)),
        mark=choice("mark", (OPEN, *(one.value for one in Mark))),
        result=parameters.get("result", "")[:60],
        via=parameters.get("via", "")[:20],
        source=parameters.get("source", "")[:60],
        converted=choice("converted", ("yes", "no")),
        period=choice("period", PERIODS, "30d"),
        search=parameters.get("q", "").strip().replace("\0", "")[:200],
        by=parameters.get("by", "").strip().replace("\0", "")[:320],
        group=choice("group", GROUPS),
        sort=choice("sort", (*SORTS, *(f"-{one}" for one in SORTS)), "-last_at"),
        page=_number(parameters.get("page", ""), 1),
        size=_number(parameters.get("size", ""), 50) if _number(parameters.get("size", ""), 50) in SIZES else 50,
    )


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 7 else default


def groups(asked: Asked, *, now: datetime) -> QuerySet[ReportGroup]:
    """The cards asked for, in their order."""
    found = ReportGroup.objects.filter(last_at__gte=now - timedelta(days=PERIODS[asked.period][1]), reports__gt=0)
    if asked.quick == SIMULATIONS:
        found = found.exclude(simulation="")
    elif asked.quick:
        found = found.filter(reason=QUICK[asked.quick][1], simulation="")
    if asked.mark:
        found = found.filter(marked_as="" if asked.mark == OPEN else asked.mark)
    if asked.result:
        found = found.filter(result=asked.result)
    found = found.annotate(is_converted=Exists(Submission.objects.filter(group=OuterRef("pk"))))
    if asked.converted:
        found = found.filter(is_converted=asked.converted == "yes")
    if asked.via or asked.source or asked.by:
        lines = UserReport.objects.filter(
            **{k: v for k, v in (("via", asked.via), ("reported_from", asked.source)) if v},
            **({"reporter__icontains": asked.by} if asked.by else {}),
        )
        found = found.filter(pk__in=lines.values("group"))
    if asked.search:
        found = found.filter(
            Q(subject__icontains=asked.search)
            | Q(sender__icontains=asked.search)
            | Q(network_message_id=asked.search.lower())
            | Q(pk__in=UserReport.objects.filter(reporter__icontains=asked.search).values("group"))
        )
    lines = UserReport.objects.filter(group=OuterRef("pk"))
    if asked.group == "reporter":
        found = found.annotate(reporter=lines.order_by("reporter").values("reporter")[:1])
    elif asked.group == "source":
        found = found.annotate(source=lines.order_by("reported_from").values("reported_from")[:1])
    order = [asked.group, asked.sort, "-pk"] if asked.group else [asked.sort, "-pk"]
    return found.order_by(*order)


def head_of(group: ReportGroup, field: str) -> str:
    """What stands above cards that are grouped by a key of GROUPS."""
    value = getattr(group, field)
    if field == "is_converted":
        return "Converted to submission" if value else "Not converted"
    if field == "tags":
        return ", ".join(value) or "No tags"
    if field == "reporter" and group.reporters > 1:
        return f"{value} and {group.reporters - 1} more"
    return str(value or {"marked_as": "Not marked", "result": "None yet"}.get(field, "Unknown"))


def quick_counts(*, now: datetime, period: str) -> dict[str, int]:
    """How many cards stand under each quick filter (SU-10)."""
    since = now - timedelta(days=PERIODS[period][1])
    found = ReportGroup.objects.filter(last_at__gte=since, reports__gt=0)
    rows = found.values_list("reason", "simulation").annotate(n=Count("pk")).order_by()
    told: dict[tuple[str, bool], int] = {}
    for reason, simulation, number in rows:
        key = (reason, bool(simulation))
        told[key] = told.get(key, 0) + number
    counts = {key: told.get((reason, False), 0) for key, (_, reason) in QUICK.items()}
    return {**counts, SIMULATIONS: sum(number for (_, simulated), number in told.items() if simulated)}


def quick_filters() -> list[tuple[str, str]]:
    """(key, label); simulations only where there are any to tell apart."""
    known = bool(current().simulations) or ReportGroup.objects.exclude(simulation="").exists()
    return [*((key, label) for key, (label, _) in QUICK.items()), *([(SIMULATIONS, "Simulations")] if known else [])]


def choices() -> dict[str, list[tuple[str, str]]]:
    """What the filters offer: what is there."""
    results = ReportGroup.objects.exclude(result="").values_list("result", flat=True).distinct().order_by("result")
    sources = UserReport.objects.exclude(reported_from="").values_list("reported_from", flat=True).distinct()
    return {
        "mark": [(OPEN, "Not marked"), *((one.value, one.value) for one in Mark)],
        "result": [(one, one) for one in results],
        "source": [(one, one) for one in sources.order_by("reported_from")],
        "via": [(one.value, one.value) for one in Via],
        "converted": [("yes", "Converted"), ("no", "Not converted")],
        "period": [(key, f"Last {label}") for key, (label, _) in PERIODS.items()],
        "group": list(GROUPS.items()),
    }


def submissions(kind: str, *, search: str, period: str, now: datetime, disputed: bool = False) -> QuerySet[Submission]:
    """Submissions of one tab (a key of KINDS), newest first."""
    since = now - timedelta(days=PERIODS[period][1])
    found = Submission.objects.filter(kind=KINDS[kind], at__gte=since)
    if search:
        words = (
            Q(name__icontains=search)
            | Q(value__icontains=search)
            | Q(sender__icontains=search)
            | Q(by__icontains=search)
        )
        found = found.filter(words)
    return found.filter(disputed_at__isnull=False) if disputed else found


def open_reports() -> int:
    """How many cards nobody has marked yet."""
    return ReportGroup.objects.filter(marked_as="", reports__gt=0).count()


def reports_per_day(*, since: datetime, until: datetime) -> dict[str, dict[str, int]]:
    """For reports about submissions: day (ISO) to reported reason to number of reports, in one query."""
    from django.db.models.functions import TruncDate

    rows = UserReport.objects.filter(reported_at__gte=since, reported_at__lt=until)
    told: dict[str, dict[str, int]] = {}
    for day, reason, number in (
        rows.annotate(day=TruncDate("reported_at")).values_list("day", "reason").annotate(n=Count("pk")).order_by("day")
    ):
        told.setdefault(day.isoformat(), {})[reason] = number
    return told


def figures(*, since: datetime, until: datetime) -> dict[str, int]:
    """How many reports, of how many people, and what they were marked as, in the time given."""
    rows = UserReport.objects.filter(reported_at__gte=since, reported_at__lt=until)
    told = rows.aggregate(reports=Count("pk"), reporters=Count("reporter", distinct=True))
    marks = dict(rows.values_list("group__marked_as").annotate(n=Count("pk")).order_by())
    return {**told, **{mark.value: marks.get(mark.value, 0) for mark in Mark}, "open": marks.get("", 0)}


def reports_between(*, since: datetime, until: datetime) -> QuerySet[UserReport]:
    """What people reported in the time given, with their cards, newest first; for reports that count by a field."""
    found = UserReport.objects.filter(reported_at__gte=since, reported_at__lt=until).select_related("group")
    return found.order_by("-reported_at", "-pk")


def submissions_between(*, since: datetime, until: datetime) -> QuerySet[Submission]:
    """What analysts handed in in the time given, newest first; for reports that count by a field."""
    return Submission.objects.filter(at__gte=since, at__lt=until).order_by("-at", "-pk")


def reports_of_mail(network_message_id: str) -> list[UserReport]:
    """Who reported one mail, oldest first."""
    return list(UserReport.objects.filter(network_message_id=network_message_id).order_by("reported_at"))


def unmarked_groups(network_message_ids: Sequence[str], *, limit: int) -> tuple[int, ...]:
    """The cards of reports of these mails that nobody has marked, by number; one query."""
    of_mails = UserReport.objects.filter(network_message_id__in=network_message_ids, group__marked_as="")
    return tuple(of_mails.order_by("group").values_list("group", flat=True).distinct()[:limit])
