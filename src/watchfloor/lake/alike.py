"""Mails that are like one another, and the campaign they make, as pages show them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SimilarMail:
    """A mail like another: `likeness` is 0 to 1, 0 for one joined by its attachment alone; `threat` is what it is taken for now.

    `in_campaign` is False for one that is somewhat alike but belongs to another campaign.
    """

    network_message_id: str
    at: datetime
    sender: str
    subject: str
    recipients: int
    threat: str
    likeness: float
    in_campaign: bool


@dataclass(frozen=True, slots=True)
class CampaignOfMail:
    """The campaign of one mail. `ids` are its EmailClusterIds: its own first, then those of campaigns that turned out to be it.

    `threat` is what the whole is taken for, "" for none, `words` why, `judged_by` says who: members or person; `similar` are
    the mails most like the one asked for; `spam`, `phish` and `malware` count members found so without the campaign's help.
    """

    ids: tuple[int, ...]
    mails: int
    first_at: datetime
    last_at: datetime
    threat: str
    words: str
    similar: tuple[SimilarMail, ...] = ()
    judged_by: str = ""
    spam: int = 0
    phish: int = 0
    malware: int = 0
