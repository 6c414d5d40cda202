"""The connection's settings: a token, and how much may be sent with it."""

import time
from collections.abc import Callable

from watchfloor.connectors.contracts import Capability, MailboxActions, Setting, TestReport

SHORTEST_TOKEN = 24


class ScimSystem:
    kind = "scim"
    label = "SCIM 2.0 (people and groups that others send)"
    description = (
        "Takes people and groups from Entra ID, Okta, Keycloak, a personnel system or anything else that provisions by SCIM. "
        "The other side sends each change to /scim/v2 with the token of this connection; nothing is fetched."
    )
    settings = (
        Setting(
            "token",
            "Token",
            kind="secret",
            help=f"At least {SHORTEST_TOKEN} characters, as `openssl rand -hex 24` gives. The other side sends it as a bearer token.",
        ),
        Setting("megabytes", "Largest request, MB", kind="number", required=False, default="5"),
        Setting(
            "per_minute",
            "Requests per minute",
            kind="number",
            required=False,
            default="3000",
            help="Whoever sends more is asked to come again (429)",
        ),
    )
    capabilities = frozenset({Capability.READ_DIRECTORY})

    def test(self, settings: dict[str, str]) -> TestReport:
        """There is nobody to ask: what can be told is whether the token is long enough, and what the other side needs."""
        long = len(settings.get("token", "")) >= SHORTEST_TOKEN
        lines = (
            (long, "the token is long enough" if long else f"the token has fewer than {SHORTEST_TOKEN} characters"),
            (True, "the other side needs the address of this page's server with /scim/v2 behind it, and the token"),
            (True, "may create, change and delete people and groups of this connection, and read them; nothing else"),
        )
        return TestReport(ok=long, lines=lines)

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Nothing is fetched: the web server takes what comes."""
        while not stop():
            time.sleep(0.2)

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None
