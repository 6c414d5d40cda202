"""The sample organisation's border: doubtful mail is judged before delivery, and held as the shipped policy says."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from watchfloor.connectors.contracts import AcceptedMail, Disposition, InlineAnswer
from watchfloor.demo.traffic import Delivery
from watchfloor.inspection.contracts import Envelope
from watchfloor.inspection.services import InspectionPool
from watchfloor.lake.selectors import tenant_facts
from watchfloor.lake.services import judged
from watchfloor.response.services import answer_at_border


class Border:
    """Asks what a milter's judge asks, of the same mail at the time it came."""

    def __init__(self, pool: InspectionPool) -> None:
        self.pool = pool
        self.facts = tenant_facts()

    def held(self, delivery: Delivery, raw: bytes) -> dict[str, Any]:
        """What joins the facts of a mail that is held back; empty for one that is delivered."""
        answer = self._asked(delivery, raw)
        if answer.disposition is not Disposition.HOLD:
            return {}
        facts = {"disposition": str(answer.disposition), "verdict": answer.words, "held": list(answer.held)}
        return {**answer.facts, **facts}

    def _asked(self, delivery: Delivery, raw: bytes) -> InlineAnswer:
        letter, people = delivery.letter, delivery.recipients
        envelope = Envelope(letter.sender[1], people, letter.client_ip, letter.client_host)
        found = self.pool.submit(raw, envelope, letter.at).result()
        mail = AcceptedMail(
            0, found.sha256, "", letter.at, letter.sender[1], people, letter.client_ip, letter.client_host, raw=raw
        )
        [(_, weighed)] = judged([(mail, found)], facts=self.facts)
        return answer_at_border(weighed, recipients=people)


@contextmanager
def border() -> Iterator[Border]:
    """A border with an inspection process of its own, ended with the block."""
    pool = InspectionPool(1, tenant_facts())
    try:
        yield Border(pool)
    finally:
        pool.close()
