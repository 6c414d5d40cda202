"""What an action would do, before anybody does it: counts by latest location, by recipient, and what stays untouched and why."""

from collections import Counter
from datetime import datetime, timedelta

from watchfloor.connectors.contracts import Folder
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.action import MailAction
from watchfloor.response.catalogue import actions
from watchfloor.response.contracts import DryRun, Row, Targets, Verdict
from watchfloor.response.freezing import NO_MESSAGE_ID, NO_ORIGIN, origins
from watchfloor.response.targets import BEGINNING, query_of, row_of, sender_of_ours, target_rows

NEEDED = (
    "Timestamp",
    "NetworkMessageId",
    "InternetMessageId",
    "RecipientEmailAddress",
    "SenderFromAddress",
    "EmailDirection",
    "LatestDeliveryLocation",
)
TOP = 10
MOST_COMPARED = 5000
"""So many rows are compared with other emails of the same Message-ID; more would cost more than the warning is worth."""
LOST = "the lake holds no such message for this recipient"


def expected_count(targets: Targets, *, now: datetime) -> int:
    """How many messages in mailboxes are aimed at; one count, no rows read."""
    if not targets.whole_query:
        return len({*targets.rows, *targets.also})
    return max(0, lake.count(query_of(targets.query, now=now)) - len(targets.excepted)) + len(targets.also)


def locations_of(targets: Targets, *, now: datetime) -> Counter[str]:
    """Messages by latest location, rarely wrong by the rows left out of a whole query."""
    if targets.whole_query:
        query = query_of(targets.query, now=now)
        return Counter(dict(lake.top(query, column="LatestDeliveryLocation", limit=50)))
    places: Counter[str] = Counter()
    for rows in target_rows(targets, now=now, columns=NEEDED):
        places.update(row["LatestDeliveryLocation"] or Folder.UNKNOWN.value for row in rows)
    return places


def verdicts(targets: Targets, *, now: datetime, show_all: bool = False) -> tuple[Verdict, ...]:
    """Every action and whether it fits these targets (EA-04); `show_all` also offers those that would only be checked."""
    places = locations_of(targets, now=now)
    known = targets.whole_query or bool(origins(targets.rows))
    offered = [action for action in actions().values() if action.mailboxes and not action.from_quarantine]
    return tuple(_verdict(action, places, show_all, known) for action in offered)


def dry_run(action: MailAction, targets: Targets, *, now: datetime) -> DryRun:
    """Read every row aimed at, once, and count. Nothing is written and no mailbox is asked."""
    places: Counter[str] = Counter()
    people: Counter[str] = Counter()
    untouched: Counter[str] = Counter()
    touched: dict[Row, str] = {}
    senders: set[tuple[str, str]] = set()
    seen = 0
    for rows in target_rows(targets, now=now, columns=NEEDED):
        seen += len(rows)
        origin = origins([row_of(row) for row in rows]) if action.needs_origin else None
        senders.update((row["NetworkMessageId"], sender) for row in rows if (sender := sender_of_ours(row)))
        for row in rows:
            location = row["LatestDeliveryLocation"] or Folder.UNKNOWN.value
            places[location] += 1
            why = action.unreachable(location)
            if not why and not row["InternetMessageId"] and action.mailboxes:
                why = NO_MESSAGE_ID
            if not why and origin is not None and row_of(row) not in origin:
                why = NO_ORIGIN
            if why:
                untouched[why] += 1
            else:
                people[row_of(row).recipient] += 1
                if len(touched) < MOST_COMPARED:
                    touched[row_of(row)] = row["InternetMessageId"]
    lost = 0 if targets.whole_query else len({*targets.rows, *targets.also}) - seen
    if lost:
        untouched[LOST] += lost
    return DryRun(
        total=seen + lost,
        touched=sum(people.values()),
        mailboxes=len(people),
        locations=tuple(places.most_common()),
        recipients=tuple(people.most_common(TOP)),
        untouched=tuple(untouched.most_common()),
        warnings=(*_warnings(action, places, people), *(_twins(touched, now=now) if action.mailboxes else ())),
        senders=len(senders),
    )


def _twins(touched: dict[Row, str], *, now: datetime) -> list[str]:
    """Mailboxes know a mail by its Message-ID, which the sender chooses: say when another email there bears the same one."""
    if not touched:
        return []
    ids = Condition("InternetMessageId", Operator.EQUAL_ANY, tuple(sorted(set(touched.values()))))
    people = Condition("RecipientEmailAddress", Operator.EQUAL_ANY, tuple(sorted({row.recipient for row in touched})))
    query = Query("EmailEvents", BEGINNING, now + timedelta(days=1), (ids, people))
    aimed = {(message_id, row.recipient) for row, message_id in touched.items()}
    found = lake.rows(query, columns=NEEDED, limit=MOST_COMPARED * 4)
    others = {
        row_of(row)
        for row in found
        if row_of(row) not in touched and (row["InternetMessageId"], row_of(row).recipient) in aimed
    }
    if not others:
        return []
    return [
        f"{len(others):,} other message{'' if len(others) == 1 else 's'} in these mailboxes bear the same Message-ID, "
        "which their sender chose; a mailbox cannot tell them apart, so they would be touched too."
    ]


def _warnings(action: MailAction, places: Counter[str], people: Counter[str]) -> list[str]:
    words = []
    if action.destination and (there := places[action.destination.value]):
        words.append(
            f"{there:,} by our knowledge already lie in {action.destination.value}; they are checked, not moved."
        )
    if places[Folder.UNKNOWN.value]:
        words.append(f"{places[Folder.UNKNOWN.value]:,} lie where we do not know; their mailboxes are searched.")
    if not people:
        words.append("Nothing would be touched.")
    return words


def _verdict(action: MailAction, places: Counter[str], show_all: bool, origin_known: bool) -> Verdict:
    if action.needs_origin and not origin_known:
        return Verdict(action.key, action.label, action.description, action.icon, fits=False, why_not=NO_ORIGIN)
    reasons = {location: action.why_not(location) for location in places}
    fits = any(not why for why in reasons.values())
    possible = any(not action.unreachable(location) for location in places)
    why = "" if fits else "; ".join(f"{places[location]:,} × {why}" for location, why in reasons.items())
    return Verdict(
        action=action.key,
        label=action.label,
        description=action.description,
        icon=action.icon,
        fits=fits or (show_all and possible),
        why_not=why or ("" if fits else "none of the chosen messages is known to the lake"),
        dangerous=action.dangerous,
    )
