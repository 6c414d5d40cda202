"""Which URLs of a mail its verdict speaks of."""

from watchfloor.kernel.text import visible
from watchfloor.mail.contracts import EmailEntity


def threats_of(url: str, host: str, found: EmailEntity) -> tuple[str, ...]:
    """Threats of the reasons that name this URL or its host; a verdict on the mail as a whole is none on each of its links."""
    said = (found.summary.get("verdict") or {}).get("reasons") or ()
    bad = [one for one in said if float(one["points"]) > 0 and _names(str(one["words"]), url, host)]
    return tuple(dict.fromkeys(visible(one.get("threat") or "Suspicious") for one in bad))


def _names(words: str, url: str, host: str) -> bool:
    return bool(url and url in words) or bool(host and host in words)
