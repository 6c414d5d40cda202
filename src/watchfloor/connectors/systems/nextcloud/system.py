"""The connection's settings, its test, and what it opens."""

import time
from collections.abc import Callable
from typing import Any

from watchfloor.connectors.content import CONTENT_SETTINGS
from watchfloor.connectors.contracts import Capability, FileRef, MailboxActions, Setting, TestReport
from watchfloor.connectors.protocols.rounds import patiently
from watchfloor.connectors.systems.nextcloud.cloud import Basic, Cloud


class NextcloudSystem:
    kind = "nextcloud"
    label = "Nextcloud files"
    description = (
        "Lists the files that one Nextcloud account owns or was given, who owns them and with whom they are shared, links "
        "for anyone included. Nextcloud lets nobody list other people's files, so each account is a connection of its own."
    )
    settings = (
        Setting("url", "Address", help="As https://cloud.corp.example", guards=True),
        Setting("user", "Sign in as", help="The name of the account"),
        Setting(
            "password", "App password", kind="secret", help="From the account's Settings, Security; not its own one"
        ),
        Setting(
            "ca_file",
            "CA file",
            required=False,
            help="PEM file to trust instead of the system's authorities",
            guards=True,
        ),
        Setting(
            "domain",
            "Domain of user ids",
            required=False,
            help="As corp.example, where the user ada is ada@corp.example. Empty: ids are kept as they are.",
        ),
        Setting("every", "Look every … minutes", kind="number", required=False, default="15"),
        Setting("most", "At most … files per look", kind="number", required=False, default="500000"),
        *CONTENT_SETTINGS,
    )
    capabilities = frozenset({Capability.READ_FILES})

    def test(self, settings: dict[str, str]) -> TestReport:
        """Sign in, list the first folder, read the shares."""
        with _cloud(settings, attempts=2, longest_wait=10.0) as cloud:
            user = cloud.user_id
            _, inside = cloud.listed("")
            shares = cloud.shares()
            links = sum(one.share.link for one in shares)
        return TestReport(
            ok=True,
            lines=(
                (True, f"signed in as {user}"),
                (True, f"can list this account's files; the first folder holds {len(inside)}"),
                (True, f"can read {len(shares)} shares given and received, {links} of them links"),
                (True, "sees nothing that this account neither owns nor was given"),
            ),
        )

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None:
        """Look, wait, look again, until stopped."""
        from watchfloor.connectors.systems.nextcloud.following import Follower

        wait = max(int(settings.get("every") or 15), 1) * 60
        domain, most = settings.get("domain", "").strip().lower(), max(int(settings.get("most") or 500_000), 1)
        while not stop():
            with _cloud(settings, pause=patiently(stop)) as cloud:
                Follower(cloud, name, domain, most, stop).run()
            until = time.monotonic() + wait
            while time.monotonic() < until and not stop():
                time.sleep(0.1)

    def actions(self, settings: dict[str, str]) -> MailboxActions | None:
        return None

    def content_of(self, settings: dict[str, str], file: FileRef, *, most: int) -> bytes:
        """One file's bytes by its path; see ContentSystem."""
        with _cloud(settings, attempts=3, longest_wait=20.0) as cloud:
            return cloud.content(file.path.lstrip("/"), most=most)


def _cloud(settings: dict[str, str], **more: Any) -> Cloud:
    token = Basic(settings["user"].strip(), settings["password"])
    return Cloud(settings["url"].strip(), token, ca_file=settings.get("ca_file", "").strip(), **more)
