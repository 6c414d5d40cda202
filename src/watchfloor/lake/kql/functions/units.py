"""One unit into another: numbers of bytes as people read them, and the measures of convert_length() and its like."""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.functions.registry import add, const
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill
from watchfloor.lake.kql.types import Type

R, S = Type.REAL, Type.STRING
UNITS: Mapping[str, Mapping[str, float]] = {
    "angle": {
        "Degree": 1, "Arcminute": 1 / 60, "Arcsecond": 1 / 3600, "Radian": 57.29577951308232, "Gradian": 0.9, "Revolution": 360,
    },
    "energy": {
        "Joule": 1, "Kilojoule": 1e3, "Megajoule": 1e6, "WattHour": 3600, "KilowattHour": 3.6e6, "Calorie": 4.184,
        "Kilocalorie": 4184, "BritishThermalUnit": 1055.05585262, "ElectronVolt": 1.602176565e-19,
    },
    "force": {"Newton": 1, "Decanewton": 10, "Kilonewton": 1e3, "Meganewton": 1e6, "Dyn": 1e-5},
    "length": {
        "Meter": 1, "Kilometer": 1e3, "Centimeter": 1e-2, "Millimeter": 1e-3, "Micrometer": 1e-6, "Nanometer": 1e-9,
        "Inch": 0.0254, "Foot": 0.3048, "Yard": 0.9144, "Mile": 1609.344, "NauticalMile": 1852,
    },
    "mass": {
        "Kilogram": 1, "Gram": 1e-3, "Milligram": 1e-6, "Tonne": 1e3, "Pound": 0.45359237, "Ounce": 0.028349523125, "Stone": 6.35029318,
    },
    "speed": {
        "MeterPerSecond": 1, "KilometerPerHour": 1 / 3.6, "CentimeterPerSecond": 1e-2, "CentimeterPerHour": 1e-2 / 3600,
        "MeterPerHour": 1 / 3600, "KilometerPerSecond": 1e3, "MilePerHour": 0.44704, "FootPerSecond": 0.3048, "Knot": 1852 / 3600,
    },
    "volume": {
        "CubicMeter": 1, "CubicCentimeter": 1e-6, "CubicDecimeter": 1e-3, "Liter": 1e-3, "Milliliter": 1e-6,
        "CubicFoot": 0.028316846592, "CubicInch": 1.6387064e-5, "UsGallon": 0.003785411784, "AcreFoot": 1 / 0.000810714,
    },
}  # fmt: skip
"""Units by measure, each in the first of its kind. A unit that is not here is refused: its size must be certain."""
DEGREES = {
    "Kelvin": (1.0, 0.0), "DegreeCelsius": (1.0, 273.15), "DegreeFahrenheit": (5 / 9, 459.67 * 5 / 9), "DegreeRankine": (5 / 9, 0.0),
}  # fmt: skip
"""Kelvins = factor * degrees + offset."""


def _unit(arg: Typed, known: Mapping[str, object], span: Span) -> str:
    name = str(const(arg, "the unit", span))
    if name not in known:
        raise KqlError(f"“{name}” is no unit here; known are {', '.join(known)}", span, kind="unsupported")
    return name


def _convert(measure: str) -> Callable[[Sequence[Typed], Span], Typed]:
    known = UNITS[measure]

    def make(args: Sequence[Typed], span: Span) -> Typed:
        factor = known[_unit(args[1], known, span)] / known[_unit(args[2], known, span)]
        return Typed(fill("_0 * _1", args[0].sql, _number(factor)), R)

    return make


def _temperature(args: Sequence[Typed], span: Span) -> Typed:
    factor, offset = DEGREES[_unit(args[1], DEGREES, span)]
    other, base = DEGREES[_unit(args[2], DEGREES, span)]
    shape = "(_0 * _1 + _2) / _3"
    return Typed(fill(shape, args[0].sql, _number(factor), _number(offset - base), _number(other)), R)


def _number(value: float) -> exp.Expr:
    return fill(f"CAST('{value!r}' AS DOUBLE)")


for _measure in UNITS:
    add(f"convert_{_measure}", "real string string", _convert(_measure))
add("convert_temperature", "real string string", _temperature)

SIZES = ("Bytes", "KB", "MB", "GB", "TB", "PB", "EB")


def _format_bytes(args: Sequence[Typed], span: Span) -> Typed:
    """format_bytes(count, places?, unit?): in the largest unit of which there is one."""
    places = const(args[1], "the places of format_bytes()", span) if len(args) > 1 else 0
    if not isinstance(places, int) or not 0 <= places <= 15:
        raise KqlError("the places of format_bytes() are a number from 0 to 15", span, kind="type")
    size = f"REGEXP_REPLACE(CAST(ROUND(_0 / CAST({{}} AS DOUBLE), {places}) AS TEXT), '\\.0$', '') || ' {{}}'"
    if len(args) > 2 and args[2].const:
        unit = _unit(args[2], dict.fromkeys(SIZES), span)
        return Typed(fill(size.format(1024 ** SIZES.index(unit), unit), args[0].sql), S)
    steps = [
        f"WHEN ABS(_0) >= {1024**power} THEN {size.format(1024**power, unit)}"
        for power, unit in reversed(list(enumerate(SIZES)))
        if power
    ]
    shape = f"COALESCE(CASE {' '.join(steps)} ELSE {size.format(1, SIZES[0])} END, '')"
    return Typed(fill(shape, args[0].sql), S, null=False)


add("format_bytes", "number long? string?", _format_bytes)
