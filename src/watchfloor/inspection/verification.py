"""SPF, DKIM, ARC and DMARC checked here, with the DNS answers of the resolver that is passed in.

RFC 7208 by pyspf, RFC 6376 and RFC 8617 by dkimpy, RFC 7489 alignment and policy discovery by ourselves.
"""

import importlib
import logging
import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from watchfloor.inspection import limits
from watchfloor.inspection.addresses import domain_of
from watchfloor.inspection.authentication import with_composite
from watchfloor.inspection.contracts import Authentication
from watchfloor.inspection.resolver import Resolver
from watchfloor.inspection.urls import registrable
from watchfloor.kernel.errors import Unreachable

_QUIET = logging.getLogger("watchfloor.inspection.dkim")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False
_TAG = re.compile(rb"\bd\s*=\s*([^;\s]+)")
_SIGNATURES = 5


def verify(raw: bytes, *, ip: str, mail_from: str, helo: str, from_domain: str, resolver: Resolver) -> Authentication:
    """The results as they are now; "temperror" where DNS gave no answer. Over-long mail is not checked for signatures."""
    spf, spf_domain = _spf(ip, mail_from, helo, resolver)
    dkim, signers = _dkim(raw, resolver)
    aligned = [spf_domain] if spf == "pass" else []
    dmarc = _dmarc(from_domain, [*aligned, *signers], resolver)
    found = Authentication(spf=spf, dkim=dkim, dmarc=dmarc, arc=_arc(raw, resolver), source="verified here")
    return with_composite(found)


@lru_cache(maxsize=1)
def _pyspf() -> Any:
    """pyspf, loaded when first needed; compiling its old source warns, which is not our reader's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("spf")


def _spf(ip: str, mail_from: str, helo: str, resolver: Resolver) -> tuple[str, str]:
    """The SPF result and the domain it is about."""
    domain = domain_of(mail_from) or helo
    if not ip or not domain:
        return "none", ""
    spf = _pyspf()

    query = spf.query(i=ip, s=mail_from or f"postmaster@{helo}", h=helo or domain)

    def ask(name: str, kind: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
        """Our resolver in the place of pyspf's own look-ups, with RFC 7208's limit of two empty answers."""
        try:
            found = resolver.ask(str(name), kind) if kind != "SPF" else []
        except Unreachable as error:
            raise spf.TempError(f"DNS {error}") from error
        if not found and not ignore_void:
            query.void_lookups += 1
            if query.void_lookups > 2:
                raise spf.PermError("Void lookup limit of 2 exceeded")
        return [[text] for text in found] if kind == "TXT" else found

    query.dns = ask
    try:
        result = query.check()[0]
    except Exception:
        return "permerror", domain  # pyspf raises bare exceptions on names no DNS knows
    return str(result), domain


def _answers(resolver: Resolver) -> Callable[..., bytes | None]:
    """The look-up dkimpy wants: the first TXT record of a name."""

    def ask(name: bytes | str, timeout: float = 5) -> bytes | None:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        found = resolver.ask(text.rstrip("."), "TXT")
        return bytes(found[0]) if found else None

    return ask


def _dkim(raw: bytes, resolver: Resolver) -> tuple[str, list[str]]:
    """The best result of the first signatures, and the domains whose signature holds."""
    dkim: Any = importlib.import_module("dkim")

    if len(raw) > limits.MAIL:
        return "none", []
    try:
        message = dkim.DKIM(raw, logger=_QUIET, minkey=1024)
    except Exception:
        return "none", []
    signatures = [value for name, value in message.headers if name.lower() == b"dkim-signature"][:_SIGNATURES]
    results, signers = [], []
    for place, value in enumerate(signatures):
        try:
            held = message.verify(idx=place, dnsfunc=_answers(resolver))
            results.append("pass" if held else "fail")
        except Unreachable:
            results.append("temperror")
        except dkim.ValidationError:
            results.append("fail")  # the body's hash is not the signed one, or the signature is no longer valid
        except Exception:
            results.append("permerror")  # keys and signatures broken in every imaginable way
        if results[-1] == "pass" and (domain := _TAG.search(value)):
            signers.append(domain[1].decode("ascii", "replace").lower())
    return next((word for word in ("pass", "temperror", "fail", "permerror") if word in results), "none"), signers


def _arc(raw: bytes, resolver: Resolver) -> str:
    if b"arc-seal" not in raw[: limits.HEADER_BLOCK].lower() or len(raw) > limits.MAIL:
        return "none"
    dkim: Any = importlib.import_module("dkim")

    try:
        word = dkim.ARC(raw, logger=_QUIET).verify(dnsfunc=_answers(resolver))[0]
    except Unreachable:
        return "temperror"
    except Exception:
        return "permerror"
    return {b"pass": "pass", b"fail": "fail"}.get(word, "none")


def _dmarc(domain: str, passed: list[str], resolver: Resolver) -> str:
    """DMARC for the From domain, given the domains that SPF or DKIM authenticated."""
    if not domain:
        return "none"
    try:
        record = _policy(domain, resolver) or _policy(registrable(domain), resolver)
    except Unreachable:
        return "temperror"
    aligned = any(registrable(one) == registrable(domain) for one in passed)
    if not record:
        return "bestguesspass" if aligned else "none"
    return "pass" if aligned else "fail"


def _policy(domain: str, resolver: Resolver) -> bytes:
    found = [text for text in resolver.ask(f"_dmarc.{domain}", "TXT") if text.lower().startswith(b"v=dmarc1")]
    return found[0] if len(found) == 1 else b""
