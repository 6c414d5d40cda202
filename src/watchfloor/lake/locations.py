"""Where an address lies, as a plain fact that scores and pages share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is taken to lie. `country_code` has two letters, `asn` is the name of the network's operator, `network` a CIDR.

    Degrees are those of the country's middle, None where no country is known. `kind` is Public, Private, Loopback,
    LinkLocal, Multicast, Broadcast, Teredo or Reserved, "" for what is no address.
    """

    country_code: str = ""
    country: str = ""
    asn: str = ""
    network: str = ""
    latitude: float | None = None
    longitude: float | None = None
    kind: str = ""

    @property
    def private(self) -> bool:
        """Whether it is an address that only means something inside a network."""
        return self.kind not in {"", "Public"}
