"""The Top tabs: the values that occur most in a query, each with the address that narrows to it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from watchfloor.hunting.explorer.catalogue import TOP_ROWS
from watchfloor.hunting.explorer.contracts import Reader, TopRow
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.identities.selectors import people_by_address
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator

ACTIONS = ("Blocked", "Junked", "Delivered")


@dataclass(frozen=True, slots=True)
class TopList:
    """One list of a tab: `heads` name the counts of its rows; `empty` says what none means."""

    title: str
    value_label: str
    heads: tuple[str, ...]
    rows: tuple[TopRow, ...]
    empty: str


def narrowing(state: ExplorerState, column: str, value: str) -> str:
    """Explorer's table, narrowed to one value; empty where one condition more would widen."""
    if not state.narrowable:
        return ""
    return state.with_filter(Condition(column, Operator.EQUAL_ANY, (value,))).address()


def top_list(
    state: ExplorerState,
    *,
    column: str,
    title: str,
    label: str,
    empty: str,
    distinct: str = "",
    counted: str = "Messages",
) -> TopList:
    """The commonest values of `column`; with `distinct`, counted by different values of that column."""
    found = [pair for pair in lake.top(state.query, column=column, limit=TOP_ROWS, distinct=distinct) if pair[0]]
    rows = tuple(TopRow(visible(value), (count,), narrowing(state, column, value)) for value, count in found)
    return TopList(title, label, (counted,), rows, empty)


def top_urls(state: ExplorerState) -> tuple[TopList, ...]:
    """TE-088: URLs with messages blocked, junked, delivered. One question for the URLs, one for each action."""
    column, empty = "EmailUrlInfo.Url", "No URL was found in these mails."
    domains = top_list(state, column="EmailUrlInfo.UrlDomain", title="URL domains", label="Domain", empty=empty)
    if not state.narrowable:
        return (top_list(state, column=column, title="URLs", label="URL", empty=empty), domains)
    total = [(url, count) for url, count in lake.top(state.query, column=column, limit=TOP_ROWS) if url]
    by_action = [_counts_of(state, column, action) for action in ACTIONS] if total else []
    rows = tuple(
        TopRow(visible(url), (*(counts.get(url, 0) for counts in by_action), count), narrowing(state, column, url))
        for url, count in total
    )
    return (TopList("URLs", "URL", (*ACTIONS, "Messages"), rows, empty), domains)


def _counts_of(state: ExplorerState, column: str, action: str) -> dict[str, int]:
    """How often the commonest values occur in mail that met with `action` at delivery."""
    met = Condition("DeliveryAction", Operator.EQUAL_ANY, (action,))
    query = replace(state.query, required=(*state.query.required, met))
    return dict(lake.top(query, column=column, limit=TOP_ROWS * 10))


def top_targets(state: ExplorerState) -> tuple[TopList, ...]:
    """TE-092: the people who got most of it, by name, with their tags."""
    column = state.view.person
    found = lake.top(state.query, column=column, limit=TOP_ROWS)
    people = people_by_address(address for address, _ in found)
    rows = []
    for address, count in found:
        known = people.get(address.lower())
        rows.append(
            TopRow(
                value=visible(known.name if known else address),
                counts=(count,),
                narrow=narrowing(state, column, address),
                note=visible(address) if known else "",
                badge=visible(known.tags[0]) if known and known.tags else "",
            )
        )
    return (
        TopList(
            "Top targeted users",
            "Recipient",
            (f"{state.view.noun.capitalize()}s",),
            tuple(rows),
            "Nobody received any of these.",
        ),
    )


def top_senders(state: ExplorerState) -> tuple[TopList, ...]:
    return (
        top_list(state, column="SenderFromAddress", title="Senders", label="Address", empty="No sender is known."),
        top_list(state, column="SenderFromDomain", title="Sender domains", label="Domain", empty="No sender is known."),
        top_list(state, column="SenderIP", title="Sender IPs", label="Address", empty="No sending address is known."),
    )


def top_attachments(state: ExplorerState) -> tuple[TopList, ...]:
    empty = "No attachment was found in these mails."
    return (
        top_list(state, column="EmailAttachmentInfo.FileName", title="File names", label="Name", empty=empty),
        top_list(state, column="EmailAttachmentInfo.SHA256", title="Files by SHA-256", label="SHA-256", empty=empty),
        top_list(state, column="EmailAttachmentInfo.FileType", title="File types", label="Type", empty=empty),
    )


def top_campaigns(state: ExplorerState) -> tuple[TopList, ...]:
    """Mails of one likeness (the same EmailClusterId), by rows and by different recipients."""
    column = "EmailClusterId"
    found = [
        (value, count)
        for value, count in lake.top(state.query, column=column, limit=TOP_ROWS)
        if value not in ("", "0")
    ]
    people = dict(
        lake.top(state.query, column=column, limit=TOP_ROWS * 3, distinct="RecipientEmailAddress") if found else ()
    )
    rows = tuple(
        TopRow(f"Cluster {value}", (count, people.get(value, 0)), narrowing(state, column, value))
        for value, count in found
    )
    heads = ("Messages", "Recipients")
    return (TopList("Clusters of like mail", "Cluster", heads, rows, "No two of these mails are alike."),)


TOPS: dict[str, Callable[[ExplorerState], tuple[TopList, ...]]] = {
    "urls": top_urls,
    "targets": top_targets,
    "senders": top_senders,
    "attachments": top_attachments,
    "campaigns": top_campaigns,
}


def tops_tab(lists: Callable[[ExplorerState], tuple[TopList, ...]], state: ExplorerState, _: Reader) -> dict[str, Any]:
    """What a tab of rankings is given."""
    return {"tops": lists(state)}
