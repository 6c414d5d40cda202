"""The home page's cards as a person sees them: allowed ones only, and a card in trouble does not take the others with it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.portal.cards import CARDS
from watchfloor.portal.contracts import Card

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card to draw: `waiting` is still to be fetched; `trouble` is why it could not be filled, in words."""

    card: Card
    context: Mapping[str, Any] = field(default_factory=dict)
    waiting: bool = False
    trouble: str = ""

    @property
    def template(self) -> str:
        return f"portal/cards/{self.card.key}.html"


def shown_cards(*, actor: Actor, now: datetime, complete: bool = False) -> tuple[ShownCard, ...]:
    """All cards this person may see; lazy ones are left waiting, unless the page must be `complete` (without JavaScript)."""
    allowed = [card for card in CARDS if actor.may(card.permission)]
    return tuple(
        ShownCard(card, waiting=True) if card.lazy and not complete else filled(card, now=now) for card in allowed
    )


def filled(card: Card, *, now: datetime) -> ShownCard:
    """A card with its data, or with the reason why it has none. Only our own errors are caught: others are bugs."""
    try:
        return ShownCard(card, card.context(now=now))
    except WatchfloorError as error:
        log.warning("card %s: %s", card.key, error)
        return ShownCard(card, trouble=str(error))
