"""How the rules that people keep are doing, told where all parts of the product tell it."""

from collections.abc import Sequence

from watchfloor.hunting.models import CustomDetection, SigmaEntry
from watchfloor.runtime.selectors import health
from watchfloor.runtime.services import report_health

SIGMA, CUSTOM = "Sigma rules", "Custom detections"
NAMED = 3


def report_rules() -> None:
    """Both parts, each written only when it changed: the failing ones by name, or that all is well."""
    known = {one.part: (one.state, one.sentence) for one in health()}
    for part, rows in ((SIGMA, SigmaEntry.objects.exclude(kql="")), (CUSTOM, CustomDetection.objects.all())):
        enabled = rows.filter(enabled=True)
        failing = list(enabled.filter(last_state="failing").values_list("title", flat=True)[:1000])
        told = words(failing, enabled.count())
        if part in known or told[0] != "ok":
            _tell(part, told, known.get(part))


def _tell(part: str, told: tuple[str, str], known: tuple[str, str] | None) -> None:
    if told != known:
        report_health(part, state=told[0], sentence=told[1])


def words(failing: Sequence[str], enabled: int) -> tuple[str, str]:
    """State and sentence: failing when none of them works, warning when some do not."""
    if not enabled:
        return "ok", "none is on"
    if not failing:
        return "ok", f"{enabled:,} are on, and the last run of each was well"
    named = ", ".join(f"“{title}”" for title in failing[:NAMED])
    more = f" and {len(failing) - NAMED:,} more" if len(failing) > NAMED else ""
    sentence = f"{len(failing):,} of {enabled:,} failed at the last run: {named}{more}; their pages say why"
    return ("failing" if len(failing) == enabled else "warning"), sentence
