"""Distances, directions and cells on the Earth, taken as a sphere as Kusto takes it: a radius of 6,371,010 m. Longitude comes before latitude."""

from collections.abc import Sequence

from watchfloor.lake.kql import literals
from watchfloor.lake.kql.errors import Span
from watchfloor.lake.kql.functions.registry import add, sql
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill
from watchfloor.lake.kql.types import Type

RADIUS = 6_371_010
ON_EARTH = "ABS(_0) <= 180 AND ABS(_1) <= 90 AND ABS(_2) <= 180 AND ABS(_3) <= 90"
METRES = (
    f"2 * {RADIUS} * ASIN(SQRT(LEAST(1, POW(SIN(RADIANS(_3 - _1) / 2), 2) "
    "+ COS(RADIANS(_1)) * COS(RADIANS(_3)) * POW(SIN(RADIANS(_2 - _0) / 2), 2))))"
)

sql("geo_distance_2points", "real real real real", Type.REAL, f"CASE WHEN {ON_EARTH} THEN {METRES} END")
sql(
    "geo_point_in_circle",
    "real real real real real",
    Type.BOOL,
    f"CASE WHEN {ON_EARTH} AND _4 >= 0 THEN {METRES} <= _4 END",
)
_BEARING = (
    "ATAN2(SIN(RADIANS(_2 - _0)) * COS(RADIANS(_3)), "
    "COS(RADIANS(_1)) * SIN(RADIANS(_3)) - SIN(RADIANS(_1)) * COS(RADIANS(_3)) * COS(RADIANS(_2 - _0)))"
)
"""The direction from the first point to the second, clockwise from the north."""
_APART = "(_0 <> _2 OR _1 <> _3)"


def _turned(angle: str) -> str:
    """An angle from 0 to a whole turn."""
    return f"({angle}) - 2 * PI() * FLOOR(({angle}) / (2 * PI()))"


def _between(shape: str, one: int, other: int) -> str:
    """A shape of two points for the points that begin at these arguments."""
    held = shape.replace("_0", "a0").replace("_1", "a1").replace("_2", "a2").replace("_3", "a3")
    for name, number in (("a0", one), ("a1", one + 1), ("a2", other), ("a3", other + 1)):
        held = held.replace(name, f"_{number}")
    return held


sql("geo_azimuth", "real real real real", Type.REAL, f"CASE WHEN {ON_EARTH} AND {_APART} THEN {_turned(_BEARING)} END")
_ANGLE = _turned(f"{_between(_BEARING, 2, 4)} - {_between(_BEARING, 2, 0)}")
sql(
    "geo_angle",
    "real real real real real real",
    Type.REAL,
    f"CASE WHEN {ON_EARTH} AND {_between(ON_EARTH, 2, 4)} AND {_APART} AND {_between(_APART, 2, 4)} THEN {_ANGLE} END",
)

LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz"
_BIT = (
    "CASE WHEN (5 * c + j) % 2 = 0 THEN g.x >> ((5 * g.n + 1) // 2 - 1 - (5 * c + j) // 2) "
    "ELSE g.y >> (5 * g.n // 2 - 1 - (5 * c + j) // 2) END & 1"
)
_LETTER = f"LIST_SUM(LIST_TRANSFORM(RANGE(0, 5), LAMBDA j : ({_BIT}) << (4 - j)))"
_PLACES = (
    "{'n': CAST(_2 AS BIGINT), "
    "'x': CAST(LEAST(FLOOR((_0 + 180) / 360 * POW(2, (5 * _2 + 1) // 2)), POW(2, (5 * _2 + 1) // 2) - 1) AS BIGINT), "
    "'y': CAST(LEAST(FLOOR((_1 + 90) / 180 * POW(2, 5 * _2 // 2)), POW(2, 5 * _2 // 2) - 1) AS BIGINT)}"
)
_HASH = (
    f"LIST_EXTRACT(LIST_TRANSFORM([{_PLACES}], LAMBDA g : ARRAY_TO_STRING(LIST_TRANSFORM(RANGE(0, g.n), LAMBDA c : "
    f"SUBSTRING('{LETTERS}', CAST({_LETTER} + 1 AS BIGINT), 1)), '')), 1)"
)


def _geohash(args: Sequence[Typed], span: Span) -> Typed:
    """geo_point_to_geohash(longitude, latitude, letters?): the cell of so many letters that holds the point."""
    letters = args[2] if len(args) > 2 else literals.long(5)
    shape = f"COALESCE(CASE WHEN ABS(_0) <= 180 AND ABS(_1) <= 90 AND _2 BETWEEN 1 AND 18 THEN {_HASH} END, '')"
    return Typed(fill(shape, args[0].sql, args[1].sql, letters.sql), Type.STRING, null=False)


add("geo_point_to_geohash", "real real long?", _geohash)
_VALUE = f"STRPOS('{LETTERS}', SUBSTRING(_0, CAST(b // 5 + 1 AS BIGINT), 1)) - 1"
_BITS = "LIST_TRANSFORM(RANGE(0, LENGTH(_0) * 5), LAMBDA b : (({}) >> (4 - b % 5)) & 1)".replace("{}", _VALUE)


def _middle(odd: int, least: int, whole: int) -> str:
    """The middle of the cell along one axis, whose bits stand at the even or odd places."""
    own = f"LIST_FILTER(g, LAMBDA v, i : (i - 1) % 2 = {odd})"
    part = f"LIST_SUM(LIST_TRANSFORM({own}, LAMBDA v, i : v / POW(2, i)))"
    return f"{least} + {whole} * (COALESCE({part}, 0) + 0.5 / POW(2, LEN({own})))"


sql(
    "geo_geohash_to_central_point",
    "text",
    Type.DYNAMIC,
    f"CASE WHEN REGEXP_FULL_MATCH(_0, '[{LETTERS}]{{1,18}}') THEN LIST_EXTRACT(LIST_TRANSFORM([{_BITS}], LAMBDA g : "
    f"JSON_OBJECT('type', 'Point', 'coordinates', [{_middle(0, -180, 360)}, {_middle(1, -90, 180)}])), 1) END",
)
