"""Whoever judges mail is told what the organisation knows: the directory's and our own people, entries, policy."""

from watchfloor.access.selectors import people
from watchfloor.config.entry_news import raise_alerts
from watchfloor.identities.selectors import directory_version, everyone
from watchfloor.intelligence.selectors import tenant_facts
from watchfloor.intelligence.services import take_people_from, tell_news_to
from watchfloor.lake.services import take_facts_from


class Organisation:
    """The directory and the people who sign in, one line per address."""

    def version(self) -> object:
        """Changes with every import of the directory and every account."""
        return directory_version(), self._accounts()

    def people(self) -> tuple[tuple[str, str], ...]:
        """(name, address), the directory's name where both know somebody."""
        known = {address: name for name, address in self._accounts()}
        known |= {entry.address: entry.name for entry in everyone()}
        return tuple((name, address) for address, name in known.items() if name)

    def _accounts(self) -> tuple[tuple[str, str], ...]:
        return tuple(people().prefetch_related(None).values_list("name", "email"))


def know_the_organisation() -> None:
    """Name the providers of this process; it asks them before each round of mail."""
    take_people_from(Organisation())
    take_facts_from(tenant_facts)
    tell_news_to(raise_alerts)
