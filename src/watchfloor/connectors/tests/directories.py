"""What the tests of directories share: reading what was observed, and following a lab's slapd."""

from datetime import UTC, datetime

from watchfloor.connectors.contracts import Account, DirectoryGroup, ObservedKind
from watchfloor.connectors.models import Observed
from watchfloor.connectors.observing import observed_after
from watchfloor.connectors.protocols.ldap_settings import server_of
from watchfloor.connectors.systems.openldap import SYSTEM
from watchfloor.connectors.systems.openldap.following import Follower
from watchfloor.connectors.systems.openldap.system import what_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def usual(slapd, **more):
    """The settings of a connection as the form would store them."""
    defaults = {one.name: one.default for one in SYSTEM.settings}
    return {**defaults, **slapd.settings(), **more}


def follower(slapd, **more):
    settings = usual(slapd, **more)
    return Follower(server_of(settings), what_of(settings), name="corp")


class Seen:
    """What was observed since this was made or asked last."""

    def __init__(self):
        self.position = Observed.objects.order_by("-position").values_list("position", flat=True).first() or 0

    def news(self):
        batches = observed_after(self.position, kinds=list(ObservedKind), limit=10_000)
        self.position = batches[-1].position if batches else self.position
        said = {
            kind: [item for batch in batches if batch.kind is kind for item in batch.items] for kind in ObservedKind
        }
        accounts = [Account.from_json(item) for item in said[ObservedKind.ACCOUNTS]]
        groups = [DirectoryGroup.from_json(item) for item in said[ObservedKind.GROUPS]]
        return accounts, groups, said[ObservedKind.EVENTS]
