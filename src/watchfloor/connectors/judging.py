"""Who judges a mail before it is delivered: given by the composition root, asked by whatever sits in the mail's way."""

from watchfloor.connectors.contracts import MailJudge

_judge: list[MailJudge] = []


def set_judge(judge: MailJudge | None) -> None:
    """Name the judge of this process; None takes it away."""
    _judge[:] = [judge] if judge is not None else []


def judge() -> MailJudge | None:
    """The judge, None when nobody was named: then nothing is held up."""
    return _judge[0] if _judge else None
