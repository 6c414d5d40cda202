"""DNS as inspection needs it: one question, a list of answers."""

from typing import Any, Protocol

from watchfloor.kernel.errors import Unreachable


class Resolver(Protocol):
    """Answers DNS questions; given by the caller, so that inspection itself stays off the network."""

    def ask(self, name: str, kind: str) -> list[Any]:
        """The records of `kind` (TXT as bytes, A and AAAA as text, MX as (preference, host)); [] when there are none.

        Raises Unreachable when no server answers in time.
        """
        ...


class DnsResolver:
    """The machine's own resolver, by dnspython, with a short patience in seconds and a memory of its answers."""

    def __init__(self, *, patience: float = 2.0) -> None:
        import dns.resolver

        self._resolver = dns.resolver.Resolver()
        self._resolver.lifetime = patience
        self._resolver.cache = dns.resolver.LRUCache(10_000)

    def ask(self, name: str, kind: str) -> list[Any]:
        """See `Resolver.ask`."""
        import dns.exception
        import dns.resolver

        try:
            answer = self._resolver.resolve(name.rstrip(".") + ".", kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise Unreachable(f"DNS gave no answer: {type(error).__name__}", place=name) from error
        if kind == "TXT":
            return [b"".join(record.strings) for record in answer]
        if kind == "MX":
            return [(record.preference, str(record.exchange).rstrip(".")) for record in answer]
        return [str(record).rstrip(".") for record in answer]
