"""The connection's settings, and the line to put into Postfix."""

import asyncio
from collections.abc import Callable

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.listening import cannot_listen
from watchfloor.connectors.systems.milter.listening import IDLE_SECONDS, MOST_CONNECTIONS, Milter


class MilterSystem:
    kind = "milter"
    label = "Milter (see and judge mail before delivery)"
    description = (
        "Postfix or Sendmail shows each mail with its whole envelope before delivery. In “monitor” mail passes untouched; "
        "in “enforce” it is tagged, quarantined, or rejected, and its links may be protected."
    )
    settings = (
        Setting("address", "Listen on", default="127.0.0.1:8891", help="host:port, or the path of a unix socket"),
        Setting(
            "mode",
            "Mode",
            kind="choice",
            default="monitor",
            choices=("monitor", "enforce"),
            labels=("Monitor: mail passes untouched", "Enforce: tag, hold or reject bad mail"),
        ),
        Setting(
            "hold",
            "What is quarantined",
            kind="choice",
            required=False,
            default="here",
            choices=("here", "server"),
            labels=("Is kept here, on the quarantine page", "Waits in the mail server's hold queue"),
            help="What waits in the mail server's queue can only be released there",
        ),
        Setting(
            "on_failure",
            "When Watchfloor fails",
            kind="choice",
            default="accept",
            choices=("accept", "tempfail"),
            labels=("Let mail pass unseen (accept)", "Ask the sender to come again (tempfail)"),
            help="Set Postfix's milter_default_action alike",
        ),
        Setting(
            "connections",
            "Connections at once",
            kind="number",
            required=False,
            default=str(MOST_CONNECTIONS),
            help="More than the mail server has processes. Beyond it, what is set for a failure happens",
        ),
        Setting(
            "idle",
            "End a silent connection after … seconds",
            kind="number",
            required=False,
            default=str(IDLE_SECONDS),
        ),
    )
    capabilities = frozenset({Capability.RECEIVE_MAIL, Capability.JUDGE_INLINE})

    def test(self, settings: dict[str, str]) -> TestReport:
        address = settings["address"]
        problem = cannot_listen(address)
        where = f"unix:{address}" if address.startswith("/") else f"inet:{address}"
        lines = [
            (not problem, problem or f"can listen on {address}, or listens there already"),
            (True, f"in Postfix, main.cf needs: smtpd_milters = {where}"),
        ]
        if settings["mode"] == "enforce":
            lines.append((True, "may add headers, quarantine and reject mail, and protect its links"))
        return TestReport(ok=all(ok for ok, _ in lines), lines=tuple(lines))

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Listen until stopped."""
        milter = Milter(
            name,
            settings["address"],
            enforce=settings["mode"] == "enforce",
            hold_there=settings.get("hold") == "server",
            fail_open=settings["on_failure"] == "accept",
            connections=max(1, int(settings.get("connections") or MOST_CONNECTIONS)),
            idle=max(1, int(settings.get("idle") or IDLE_SECONDS)),
        )
        asyncio.run(milter.serve(stop=stop))

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None
