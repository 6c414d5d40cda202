"""Small words of the screen: relative times, initials, the tones of severities and threats."""

from datetime import datetime

from watchfloor.ui.contracts import Tone

SEVERITY_TONES = {
    "high": Tone.DANGER,
    "medium": Tone.WARNING,
    "low": Tone.INFO,
    "informational": Tone.NEUTRAL,
}
THREAT_TONES = {"malware": Tone.DANGER, "phish": Tone.DANGER, "spam": Tone.WARNING}

STEPS = ((60, "second", 1), (3600, "minute", 60), (86400, "hour", 3600), (30 * 86400, "day", 86400))


def relative(value: datetime, *, now: datetime) -> str:
    """“3 minutes ago”, “in 2 days”; beyond 30 days the date itself."""
    seconds = (now - value).total_seconds()
    distance = abs(seconds)
    if distance < 10:
        return "just now"
    for limit, unit, size in STEPS:
        if distance < limit:
            count = int(distance // size)
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return value.strftime("%Y-%m-%d")


def initials(name: str) -> str:
    """At most two letters for a person's round mark."""
    parts = [part for part in name.split("@")[0].replace(".", " ").split() if part[:1].isalnum()]
    if not parts:
        return "?"
    letters = parts[0][0] + (parts[1][0] if len(parts) > 1 else "")
    return letters.upper()
