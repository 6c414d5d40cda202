"""What lists of an administrator say: the place of an address, the profile of a file. Nothing is ever fetched.

The list `GeoIP` has the columns network, country, state, city, latitude, longitude; the list `FileProfile` a column SHA1, SHA256 or
MD5 and any of the profile's own. A query that needs one nobody uploaded notes it as missing.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.cells import value_of
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.functions.addresses import NUMBER, network_of
from watchfloor.lake.kql.model import Column, ListData, Relation, Typed
from watchfloor.lake.kql.program import Program, Scope, aliased, columns_of
from watchfloor.lake.kql.tabular.combining import qualified
from watchfloor.lake.kql.templates import cast, fill, table_of
from watchfloor.lake.kql.types import SQL_TYPES, Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

PLACES, PROFILES = "GeoIP", "FileProfile"
BITS, NET, HELD = "~bits", "~net", "~place"
"""Names no column of a query has."""
PLACE = ("country", "state", "city", "latitude", "longitude")
HASHES = ("SHA1", "SHA256", "MD5")
PROFILE = (
    ("GlobalPrevalence", Type.LONG), ("GlobalFirstSeen", Type.DATETIME), ("GlobalLastSeen", Type.DATETIME),
    ("Signer", Type.STRING), ("Issuer", Type.STRING), ("SignerHash", Type.STRING), ("IsCertificateValid", Type.BOOL),
    ("IsRootSignerMicrosoft", Type.BOOL), ("IsExecutable", Type.BOOL), ("ThreatName", Type.STRING),
    ("Publisher", Type.STRING), ("SoftwareName", Type.STRING), ("ProfileAvailability", Type.STRING),
)  # fmt: skip


def place_of_address(program: Program, address: Typed) -> Typed:
    """geo_info_from_ip_address(): the bag of the smallest network that holds the address, an empty one when none does."""
    found = program.hosts.watchlists.get(PLACES)
    if found is None:
        program.missing.append(f"list {PLACES} (columns network, {', '.join(PLACE)})")
        return literals.typed(Type.DYNAMIC, {})
    rows = _networks(found)
    name = program.give(ListData(((BITS, Type.LONG), (NET, Type.LONG), (HELD, Type.DYNAMIC)), tuple(rows)), always=True)
    lookups = [_lookup(name, bits, address) for bits in sorted({bits for bits, _, _ in rows}, reverse=True)]
    empty = fill("CAST('{}' AS JSON)")
    return Typed(
        exp.Coalesce(this=lookups[0], expressions=[*lookups[1:], empty]) if lookups else empty, Type.DYNAMIC, null=False
    )


def _networks(found: ListData) -> list[tuple[int, int, dict[str, Any]]]:
    """(bits, the network's number without its host part, its place) of every IPv4 network of the list."""
    at = {name.lower(): number for number, (name, _) in enumerate(found.columns)}
    if "network" not in at:
        raise KqlError(f"the list {PLACES} lacks its column network", kind="missing")
    rows = []
    for row in found.rows:
        network = network_of(str(row[at["network"]]))
        if network is not None:
            place = {key: _measure(key, row[at[key]]) for key in PLACE if key in at and row[at[key]] != ""}
            rows.append((network.prefixlen, int(network.network_address) >> (32 - network.prefixlen), place))
    return rows


def _measure(key: str, cell: Any) -> Any:
    return value_of(cell, Type.REAL) if key in ("latitude", "longitude") else cell


def _lookup(name: str, bits: int, address: Typed) -> exp.Expr:
    """The place of the networks of this many bits: an equality, which the engine answers by hashing."""
    shape = (
        f'SELECT ANY_VALUE("{HELD}") FROM {name} WHERE "{BITS}" = {bits} '  # noqa: S608 (names and numbers of our own)
        f'AND "{NET}" = (({NUMBER}) >> {32 - bits})'
    )
    return fill(f"CAST(({shape}) AS JSON)", address.sql)


def file_profile(binder: "Binder", relation: Relation, call: s.Call, scope: Scope) -> Relation:
    """invoke FileProfile(hash, limit): the profile's columns beside the rows, by the list an administrator uploaded."""
    program = binder.program
    hash_ = _hash(binder, relation, call, scope)
    found = program.hosts.watchlists.get(PROFILES)
    if found is None:
        program.missing.append(f"list {PROFILES} (a column {', '.join(HASHES)}, and those of the profile)")
        return _profiled(binder, relation, {})
    by = _kind_of(found, hash_)
    columns = (
        (by, Type.STRING),
        *((name, kind) for name, kind in PROFILE if any(name == one for one, _ in found.columns)),
    )
    at = {name: number for number, (name, _) in enumerate(found.columns)}
    once = {str(row[at[by]]).lower(): row for row in found.rows}
    rows = tuple((key, *(value_of(row[at[name]], kind) for name, kind in columns[1:])) for key, row in once.items())
    name = program.give(ListData(columns, rows), always=True)
    values = {one: Typed(exp.column(one, table="R", quoted=True), kind) for one, kind in columns[1:]}
    values["ProfileAvailability"] = Typed(
        fill("CASE WHEN _0 IS NULL THEN 'Missing' ELSE 'Available' END", exp.column(by, table="R", quoted=True)),
        Type.STRING,
    )
    key = fill("LOWER(_0)", qualified(convert.to_text(hash_.typed()).sql, "L"))
    joined = exp.EQ(this=key, expression=exp.column(by, table="R", quoted=True))
    return _profiled(binder, relation, values, join=(name, joined))


def _hash(binder: "Binder", relation: Relation, call: s.Call, scope: Scope) -> Column:
    """The column of hashes: SHA1 when nobody says, named plainly or as a text."""
    if not call.args:
        return relation.demand("SHA1", call.span)
    node = call.args[0]
    name = node.name if isinstance(node, s.Name) else binder.scalars.const(node, scope).const
    return relation.demand(str(name), node.span)


def _kind_of(found: ListData, hash_: Column) -> str:
    """Which column of the list the hashes are looked up in: the kind the query's column is named for, else the first there is."""
    has = [kind for kind in HASHES if any(name == kind for name, _ in found.columns)]
    if not has:
        raise KqlError(f"the list {PROFILES} has none of the columns {', '.join(HASHES)}", kind="missing")
    return next((kind for kind in has if hash_.name.endswith(kind)), has[0])


def _profiled(
    binder: "Binder", relation: Relation, values: Mapping[str, Typed], *, join: tuple[str, exp.Expr] | None = None
) -> Relation:
    known = {column.name for column in relation.columns}
    shown = [
        (column.name, Typed(qualified(column.read(), "L"), column.type, null=column.null, json=column.json))
        for column in relation.columns
    ]
    for name, kind in PROFILE:
        if name not in known:
            shown.append((name, values.get(name) or literals.typed(kind, None)))
    made = columns_of(shown)
    select = exp.Select(
        expressions=[
            aliased(
                fill("COALESCE(_0, '')", value.sql)
                if value.type is Type.STRING
                else cast(value.sql, SQL_TYPES[value.type]),
                column,
            )
            for (_, value), column in zip(shown, made, strict=True)
        ]
    ).from_(table_of(relation.source, "L"), copy=False)
    if join is not None:
        select = select.join(table_of(join[0], "R"), on=join[1], join_type="LEFT", copy=False)
    return Relation(binder.program.step(select), made, open=relation.open)
