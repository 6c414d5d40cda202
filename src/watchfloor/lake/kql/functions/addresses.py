"""Functions of internet addresses: IPv4 as whole numbers, IPv6 as its eight groups written out."""

import ipaddress
from collections.abc import Callable, Sequence

from sqlglot import exp

from watchfloor.lake.kql import compare, convert
from watchfloor.lake.kql.errors import NOWHERE, KqlError, Span, unsupported
from watchfloor.lake.kql.functions.registry import add, sql
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill, once, own, paren, some, text
from watchfloor.lake.kql.types import Type

S, L, B, D = Type.STRING, Type.LONG, Type.BOOL, Type.DYNAMIC
OCTET = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)"
V4 = f"({OCTET}\\.){{3}}{OCTET}"
NUMBER = (
    f"CASE WHEN REGEXP_FULL_MATCH(_0, '{V4}(/(3[0-2]|[12]?\\d))?') THEN "
    "CAST(SPLIT_PART(_0, '.', 1) AS BIGINT) * 16777216 + CAST(SPLIT_PART(_0, '.', 2) AS BIGINT) * 65536 "
    "+ CAST(SPLIT_PART(_0, '.', 3) AS BIGINT) * 256 + CAST(SPLIT_PART(SPLIT_PART(_0, '.', 4), '/', 1) AS BIGINT) END"
)
"""An address as a number, null when the text is none; bits after a slash may stand and say nothing here."""
BITS = "COALESCE(TRY_CAST(NULLIF(SPLIT_PART(_0, '/', 2), '') AS BIGINT), 32)"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


def masked(left: str, right: str) -> str:
    """Whether the address `left` lies in the network `right`: as many bits are compared as the shorter prefix has."""
    bits = f"LEAST({BITS.replace('_0', left)}, {BITS.replace('_0', right)})"
    return f"(({NUMBER.replace('_0', left)}) >> (32 - {bits})) = (({NUMBER.replace('_0', right)}) >> (32 - {bits}))"


def _network(cidr: str, span: Span) -> tuple[int, int]:
    try:
        found = ipaddress.IPv4Network(cidr.strip(), strict=False)
    except ValueError:
        raise KqlError(f"“{cidr}” is no IPv4 network", span, kind="type") from None
    return int(found.network_address), int(found.broadcast_address)


def network_of(text: str) -> ipaddress.IPv4Network | None:
    """An IPv4 network as it is written, None for anything else."""
    try:
        return ipaddress.IPv4Network(text.strip(), strict=False)
    except ValueError:
        return None


def _inside(value: Typed, networks: Sequence[str], span: Span) -> Typed:
    number = once(NUMBER, value.sql)
    parts = [
        exp.Between(this=paren(own(number)), low=exp.Literal.number(low), high=exp.Literal.number(high))
        for low, high in (_network(one, span) for one in networks)
    ]
    return Typed(some(*parts) if parts else exp.false(), B)


def _is_private(args: Sequence[Typed], span: Span) -> Typed:
    return _inside(args[0], PRIVATE, span)


def _in_range(args: Sequence[Typed], span: Span) -> Typed:
    if isinstance(args[1].const, str):
        return _inside(args[0], [args[1].const], span)
    return Typed(fill(masked("_0", "_1"), args[0].sql, args[1].sql), B)


def constants(args: Sequence[Typed]) -> list[str] | None:
    """Texts given one by one or as one list; None when they are no constants."""
    if len(args) == 1 and isinstance(args[0].const, list):
        return [str(one) for one in args[0].const]
    if all(isinstance(arg.const, str) for arg in args):
        return [str(arg.const) for arg in args]
    return None


def _in_any(args: Sequence[Typed], span: Span) -> Typed:
    values = constants(args[1:])
    if values is not None:
        return _inside(args[0], values, span)
    if args[1].type is not D:
        parts = [paren(fill(masked("_0", "_1"), args[0].sql, convert.to_text(arg).sql)) for arg in args[1:]]
        return Typed(some(*parts), B)
    shape = f"LEN(LIST_FILTER(FROM_JSON(_1, '[\"VARCHAR\"]'), LAMBDA one : {masked('_0', 'one')})) > 0"
    return Typed(fill(shape, args[0].sql, args[1].sql), B)


def _bits(args: Sequence[Typed], prefix: Typed | None) -> exp.Expr:
    """How many bits two addresses are compared by."""
    parts = [fill(BITS, arg.sql) for arg in args[:2]]
    if prefix is not None:
        parts.append(prefix.sql)
    return exp.Anonymous(this="LEAST", expressions=[own(part) for part in parts])


def _compare(args: Sequence[Typed], span: Span) -> Typed:
    bits = _bits(args, args[2] if len(args) > 2 else None)
    left, right = once(NUMBER, args[0].sql), once(NUMBER, args[1].sql)
    shape = "CAST(SIGN((_0 >> CAST(32 - _2 AS BIGINT)) - (_1 >> CAST(32 - _2 AS BIGINT))) AS BIGINT)"
    return Typed(fill(shape, left, right, bits), L)


def _is_match(args: Sequence[Typed], span: Span) -> Typed:
    return Typed(fill("_0 = 0", _compare(args, span).sql), B)


WRITTEN = (
    "CAST(_0 >> 24 AS TEXT) || '.' || CAST((_0 >> 16) & 255 AS TEXT) || '.' || CAST((_0 >> 8) & 255 AS TEXT) || '.' "
    "|| CAST(_0 & 255 AS TEXT)"
)


def _format(*, mask: bool) -> Callable[[Sequence[Typed], Span], Typed]:
    """An address, or a number, cut to its first bits and written out; with `mask` the bits follow after a slash."""

    def make(args: Sequence[Typed], span: Span) -> Typed:
        given = args[0]
        number = given.sql if given.type in (L, Type.INT) else once(NUMBER, convert.to_text(given).sql)
        own_bits = fill("32") if given.type in (L, Type.INT) else fill(BITS, convert.to_text(given).sql)
        asked = args[1].sql if len(args) > 1 else fill("32")
        bits = fill("LEAST(_0, _1)", own_bits, asked)
        cut = fill("(_0 >> CAST(32 - _1 AS BIGINT)) << CAST(32 - _1 AS BIGINT)", number, bits)
        written = once(f"{WRITTEN} || '/' || CAST(_1 AS TEXT)" if mask else WRITTEN, cut, bits)
        shape = "CASE WHEN _1 BETWEEN 0 AND 32 AND _2 BETWEEN 0 AND 4294967295 THEN _0 ELSE '' END"
        return Typed(fill(f"COALESCE({shape}, '')", written, asked, number), S, null=False)

    return make


# --- addresses inside a longer text ---------------------------------------------------------------------------------

AROUND = "(^|[^A-Za-z0-9])", "($|[^A-Za-z0-9])"


def _pattern(written: str, *, prefix: bool) -> str | None:
    """What a text must match to hold the address, or one that begins so; None for what can be no address."""
    parts = written.split(".")
    open_end = prefix and written.endswith(".") and 1 < len(parts) < 5
    given = parts[:-1] if open_end else parts
    if any(not part.isascii() or not part.isdigit() or int(part) > 255 for part in given):
        return None
    if not open_end and len(given) != 4:
        return None
    found = "\\.".join(given) + (f"\\.({OCTET}\\.){{{4 - len(parts)}}}{OCTET}" if open_end else "")
    return AROUND[0] + found + AROUND[1]


def _held(name: str, *, prefix: bool) -> Callable[[Sequence[Typed], Span], Typed]:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        values = constants(args[1:])
        if values is None:
            raise unsupported(f"{name}() with addresses that are no constants", span)
        patterns = [found for one in values if (found := _pattern(one, prefix=prefix)) is not None]
        if not patterns:
            return compare.never()
        return Typed(fill("REGEXP_MATCHES(_0, _1)", args[0].sql, text("|".join(patterns))), B, null=False)

    return make


# --- IPv6 -----------------------------------------------------------------------------------------------------------

HEX4 = "LPAD(LOWER(one), 4, '0')"
_PLAIN = "SPLIT_PART(_0, '/', 1)"
_MIXED = f"REGEXP_MATCHES({_PLAIN}, ':{V4}$') OR REGEXP_FULL_MATCH({_PLAIN}, '{V4}')"
_TAIL = f"REGEXP_EXTRACT({_PLAIN}, '([0-9.]+)$', 1)"
_V4_NUMBER = NUMBER.replace("_0", _TAIL)
_AS_HEX = (
    f"CASE WHEN REGEXP_FULL_MATCH({_PLAIN}, '(::)?{V4}') THEN '::ffff:' "
    f"ELSE REGEXP_REPLACE({_PLAIN}, '[0-9.]+$', '') END "
    f"|| LOWER(TO_HEX(({_V4_NUMBER}) >> 16)) || ':' || LOWER(TO_HEX(({_V4_NUMBER}) & 65535))"
)
_HEXES = f"(CASE WHEN {_MIXED} THEN {_AS_HEX} ELSE {_PLAIN} END)"
_GROUPS = "LIST_FILTER(STRING_SPLIT(_0, ':'), LAMBDA one : one <> '')"
_WIDE = (
    "CASE WHEN CONTAINS(_0, '::') THEN REPLACE(_0, '::', ':' || REPEAT('0:', CAST(GREATEST(8 - LEN("
    f"{_GROUPS}), 0) AS INT))) ELSE _0 END"
)
_SHAPE = "([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(([0-9a-fA-F]{1,4}:){0,6}[0-9a-fA-F]{1,4})?::(([0-9a-fA-F]{1,4}:){0,6}[0-9a-fA-F]{1,4})?"
EXPANDED = (
    f"CASE WHEN REGEXP_FULL_MATCH(_0, '{_SHAPE}') AND LEN({_GROUPS}) <= 8 THEN "
    f"ARRAY_TO_STRING(LIST_TRANSFORM({_GROUPS.replace('_0', _WIDE)}, LAMBDA one : {HEX4}), ':') END"
)
"""An address with all its groups, from one without a mask; null when it is none."""


def expanded(value: exp.Expr) -> exp.Expr:
    """The address in full, an IPv4 one mapped into IPv6; null when the text is none."""
    return once(EXPANDED, once(_HEXES, value))


V6_BITS = (
    "COALESCE(TRY_CAST(NULLIF(SPLIT_PART(_0, '/', 2), '') AS BIGINT) + "
    f"CASE WHEN REGEXP_FULL_MATCH({_PLAIN}, '(::)?{V4}') THEN 96 ELSE 0 END, 128)"
)
_DIGITS = "REPLACE(_0, ':', '')"
_CUT = (
    f"SUBSTRING({_DIGITS}, 1, CAST(_1 // 4 AS BIGINT)) || CASE WHEN _1 % 4 = 0 THEN '' ELSE "
    f"TO_HEX((STRPOS('0123456789abcdef', SUBSTRING({_DIGITS}, CAST(_1 // 4 + 1 AS BIGINT), 1)) - 1) >> CAST(4 - _1 % 4 AS INT)) END"
)
"""The first bits of an address in full, as a text that sorts as the bits do."""


def _v6_bits(args: Sequence[Typed], prefix: Typed | None) -> exp.Expr:
    parts = [fill(V6_BITS, arg.sql) for arg in args[:2]]
    if prefix is not None:
        parts.append(prefix.sql)
    return exp.Anonymous(this="LEAST", expressions=[own(part) for part in parts])


def _v6_compare(args: Sequence[Typed], span: Span) -> Typed:
    bits = _v6_bits(args, args[2] if len(args) > 2 else None)
    left, right = (once(_CUT, expanded(arg.sql), bits) for arg in args[:2])
    return Typed(
        once("CAST(CASE WHEN _0 = _1 THEN 0 WHEN _0 < _1 THEN -1 WHEN _0 > _1 THEN 1 END AS BIGINT)", left, right), L
    )


def _v6_match(args: Sequence[Typed], span: Span) -> Typed:
    return Typed(fill("_0 = 0", _v6_compare(args, span).sql), B)


def in_network(address: exp.Expr, network: exp.Expr) -> exp.Expr:
    """Whether an address of either kind lies in a network."""
    return _v6_match([Typed(address, S), Typed(network, S)], NOWHERE).sql


def _v6_any(args: Sequence[Typed], span: Span) -> Typed:
    values = constants(args[1:])
    if values is None and args[1].type is D:
        each = _v6_match([args[0], Typed(exp.column("network"), S)], span)
        shape = "LEN(LIST_FILTER(FROM_JSON(_0, '[\"VARCHAR\"]'), LAMBDA network : _1)) > 0"
        return Typed(fill(shape, args[1].sql, each.sql), B)
    if values is None:
        return Typed(some(*(paren(_v6_match([args[0], arg], span).sql) for arg in map(convert.to_text, args[1:]))), B)
    networks = [Typed(text(one), S, const=one) for one in values]
    parts = [paren(_v6_match([args[0], one], span).sql) for one in networks]
    return Typed(some(*parts), B) if parts else compare.never()


def _parse_v6(args: Sequence[Typed], span: Span) -> Typed:
    """The address in full, what lies behind its mask as zeros; parse_ipv6_mask() is told a further mask."""
    bits = fill(V6_BITS, args[0].sql)
    if len(args) > 1:
        bits = fill("LEAST(_0, _1)", bits, args[1].sql)
    whole = expanded(args[0].sql)
    kept = once(_CUT, whole, bits)
    padded = fill("RPAD(LOWER(_0), 32, '0')", _shifted(kept, bits))
    groups = " || ':' || ".join(f"SUBSTRING(_0, {at * 4 + 1}, 4)" for at in range(8))
    return Typed(fill("COALESCE(_0, '')", once(groups, padded)), S, null=False)


def _shifted(kept: exp.Expr, bits: exp.Expr) -> exp.Expr:
    """Back to whole digits: the last one holds its bits on the left."""
    shape = (
        "CASE WHEN _1 % 4 = 0 THEN _0 ELSE SUBSTRING(_0, 1, LENGTH(_0) - 1) || "
        "TO_HEX((STRPOS('0123456789abcdef', LOWER(RIGHT(_0, 1))) - 1) << CAST(4 - _1 % 4 AS INT)) END"
    )
    return once(shape, kept, bits)


sql("parse_ipv4", "text", L, f"(({NUMBER}) >> (32 - {BITS})) << (32 - {BITS})")
sql("ipv4_netmask_suffix", "text", L, f"CASE WHEN ({NUMBER}) IS NOT NULL THEN {BITS} END")
sql(
    "parse_ipv4_mask",
    "text long",
    L,
    f"CASE WHEN _1 BETWEEN 0 AND 32 THEN (({NUMBER}) >> (32 - LEAST(_1, {BITS}))) << (32 - LEAST(_1, {BITS})) END",
)
sql("isipv4", "text", B, f"COALESCE(REGEXP_FULL_MATCH(_0, '{V4}'), FALSE)")
add("parse_ipv6", "text", _parse_v6)
add("parse_ipv6_mask", "text long", _parse_v6)
add("ipv4_is_private", "text", _is_private)
add("ipv4_is_in_range", "text text", _in_range)
add("ipv4_is_in_any_range", "text any any*", _in_any)
add("ipv4_is_match", "text text long?", _is_match)
add("ipv4_compare", "text text long?", _compare)
add("format_ipv4", "any long?", _format(mask=False))
add("format_ipv4_mask", "any long?", _format(mask=True))
add("ipv6_compare", "text text long?", _v6_compare)
add("ipv6_is_match", "text text long?", _v6_match)
add("ipv6_is_in_range", "text text", _v6_match)
add("ipv6_is_in_any_range", "text any any*", _v6_any)
for _name, _prefix in (("ipv4", False), ("any_ipv4", False), ("ipv4_prefix", True), ("any_ipv4_prefix", True)):
    _takes = "text any any*" if "any" in _name else "text any"
    add(f"has_{_name}", _takes, _held(f"has_{_name}", prefix=_prefix))
