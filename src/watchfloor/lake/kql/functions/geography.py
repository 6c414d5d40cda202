"""Distances on the Earth, taken as a sphere as Kusto takes it: a radius of 6,371,010 m. Longitude comes before latitude."""

from watchfloor.lake.kql.functions.registry import sql
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
