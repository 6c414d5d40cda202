"""The record of searches in held mail: to ask which mails say a word is to read them a little."""

from collections.abc import Sequence

from watchfloor.access.contracts import Actor
from watchfloor.access.services import audit_verb, record
from watchfloor.kernel.often import Counter
from watchfloor.response.quarantine.searching import Term, sentence

audit_verb("quarantine.search", "{actor} searched the text of quarantined mail for {target}")

CONTENT = frozenset({"", "text"})
"""Parts of a search that reach the text; a word without a part is looked for everywhere."""

searches = Counter()


def note_search(*, by: Actor, terms: Sequence[Term]) -> None:
    """Put a search that reaches the text on record before its answer is given, the same one once a minute and process."""
    into = [term for term in terms if term.part in CONTENT]
    if not into:
        return
    words = sentence(into)
    if searches.over(f"{by.id} {words}", 1):
        return
    try:
        record(by=by, verb="quarantine.search", outcome="success", target_type="quarantine", target=words)
    except Exception:
        searches.forget()
        raise
