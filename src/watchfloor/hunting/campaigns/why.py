"""Why the mails of a campaign are one: what was compared and how alike they are, and what else they share (in words)."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchfloor.hunting.campaigns.figures import narrowed
from watchfloor.hunting.campaigns.one_state import CampaignState
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Measure

SHARED = (
    ("Sender domain", "SenderFromDomain"),
    ("Sender IP", "SenderIP"),
    ("URL domain", "EmailUrlInfo.UrlDomain"),
    ("Attachment", "EmailAttachmentInfo.SHA256"),
    ("Subject", "Subject"),
)
EACH = 3
COMPARED = 50
NEEDED = 0.7
"""What decides in lake.campaigns: the share of equal three-word pieces (see docs/adr/0006-campaigns.md)."""
METHOD = (
    "Each mail's text, without names, numbers and addresses, is cut into pieces of three words. Two mails belong together "
    "when 70% of these pieces are the same, or when the same file of at least 1 kB is attached. Sender, address and link "
    "never join mails: they are counted here because they help to judge."
)


@dataclass(frozen=True, slots=True)
class Shared:
    """How many of the campaign's mails share one value."""

    label: str
    value: str
    mails: int
    share: str


@dataclass(frozen=True, slots=True)
class Why:
    """The reasons as sentences, and what is shared beside them."""

    sentences: tuple[str, ...]
    shared: tuple[Shared, ...]
    method: str = METHOD


def why(state: CampaignState) -> Why:
    """The evidence for the time that is looked at."""
    inside = narrowed(state.query, [state.campaign])
    total = lake.summed(inside, measures=(Measure("mails", "distinct", "NetworkMessageId"),))[0]["mails"]
    said = [*_alike(state), *_judged(state), *_joined(state)]
    return Why(tuple(said), tuple(_shared(state, total)) if total else ())


def _alike(state: CampaignState) -> list[str]:
    """How alike the newest mail and those most like it are."""
    newest = lake.rows(narrowed(state.query, [state.campaign]), columns=("NetworkMessageId",), limit=1)
    found = lake.campaign_of(newest[0]["NetworkMessageId"], limit=COMPARED) if newest else None
    if found is None:
        return ["The texts of these mails were forgotten 90 days after the last one; the grouping stays as it was."]
    inside = [one.likeness for one in found.similar if one.in_campaign]
    texts, files = sorted(one for one in inside if one), sum(1 for one in inside if not one)
    said = []
    if texts:
        share = f"{texts[0]:.0%}" if texts[0] == texts[-1] else f"{texts[0]:.0%} to {texts[-1]:.0%}"
        said.append(
            f"The newest mail and {_mails(len(texts))} of the campaign have {share} of their text in common, by signature."
        )
    if files:
        said.append(f"{_mails(files).capitalize()} joined by the same attachment.")
    return said or ["It is one mail to several recipients."]


def _mails(count: int) -> str:
    return "1 other" if count == 1 else f"{count} others"


def _judged(state: CampaignState) -> list[str]:
    row = state.campaign
    if not row.words:
        return []
    who = "A person said so" if row.judged_by == "person" else "Its mails say so"
    return [f"It is taken for {row.threat}. {who}: {visible(row.words)}."]


def _joined(state: CampaignState) -> list[str]:
    others = state.campaign.ids[1:]
    if not others:
        return []
    names = ", ".join(map(str, others))
    return [
        f"It was found in {len(others) + 1} groups; a mail like two of them showed they are one. The others were {names}."
    ]


def _shared(state: CampaignState, total: int) -> Sequence[Shared]:
    inside = narrowed(state.query, [state.campaign])
    return [
        Shared(label, visible(value), count, f"{count / total:.0%}")
        for label, column in SHARED
        for value, count in lake.top(inside, column=column, limit=EACH, distinct="NetworkMessageId")
        if value and count > 1
    ]
