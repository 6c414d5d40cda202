"""What a function is, and how its arguments are fitted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchfloor.lake.kql import convert
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill
from watchfloor.lake.kql.types import NUMBERS, Type

Make = Callable[[Sequence[Typed], Span], Typed]
"""From fitted arguments to the result."""


@dataclass(frozen=True, slots=True)
class Function:
    """`takes` lists argument kinds: a KQL type, `any`, `number`, `text` (any type, as text); `?` marks one that may be
    missing, `*` one that repeats. `keeps_name` says that an unnamed column takes the first argument's name."""

    name: str
    takes: tuple[str, ...]
    make: Make
    keeps_name: bool = False
    describe: str = ""

    @property
    def least(self) -> int:
        return sum(1 for kind in self.takes if kind[-1] not in "?*")

    @property
    def most(self) -> int | None:
        return None if any(kind[-1] == "*" for kind in self.takes) else len(self.takes)


SCALARS: dict[str, Function] = {}
NAMED_BY_FIRST = frozenset(
    [
        "split",
        "tostring",
        "tohex",
        "todynamic",
        "toobject",
        "tolong",
        "toint",
        "toreal",
        "todouble",
        "todatetime",
        "totimespan",
        "totime",
        "tobool",
        "toboolean",
        "todecimal",
        "toguid",
        "parse_csv",
        "parsejson",
        "parse_json",
        "parse_xml",
        "format_datetime",
        "format_timespan",
        "startofday",
        "bin",
        "floor",
        "bin_at",
        "bin_auto",
        "binary_and",
        "binary_or",
        "binary_xor",
        "binary_not",
        "binary_shift_right",
        "binary_shift_left",
        "bitset_count_ones",
        "series_fir",
        "series_outliers",
        "series_iir",
        "series_fill_backward",
        "series_fill_forward",
        "series_fill_const",
        "series_fill_linear",
        "round",
        "ceiling",
        "pow",
        "sqrt",
        "log",
        "log2",
        "log10",
        "exp",
        "exp2",
        "exp10",
        "cos",
        "sin",
        "tan",
        "acos",
        "asin",
        "atan",
        "atan2",
        "abs",
        "rand",
        "gamma",
        "loggamma",
        "erf",
        "erfc",
        "format_bytes",
    ]
)
"""Functions whose unnamed column is called as their first argument is; all others are numbered."""
PREFIXED = {"strlen": "strlen", "string_size": "string_size", "gettype": "type", "repeat": "repeat"}
"""Functions whose unnamed column is called by a word and the first argument's name."""


def shape(text: str, kind: Type, *, null: bool = True) -> Make:
    """A function that is one SQL shape; a missing last argument must have its own shape."""

    def make(args: Sequence[Typed], span: Span) -> Typed:
        return Typed(fill(text, *(arg.sql for arg in args)), kind, null=null)

    return make


def add(names: str, takes: str, make: Make, *, keeps_name: bool = False, describe: str = "") -> None:
    """Register a function under all its `names` (separated by blanks)."""
    for name in names.split():
        SCALARS[name] = Function(name, tuple(takes.split()), make, keeps_name, describe)


def sql(names: str, takes: str, result: Type, text: str, *, keeps_name: bool = False, describe: str = "") -> None:
    """Register a function that is one SQL shape. A text result is never null."""
    inner = f"COALESCE({text}, '')" if result is Type.STRING else text
    add(names, takes, shape(inner, result, null=result is not Type.STRING), keeps_name=keeps_name, describe=describe)


def call(function: Function, args: Sequence[Typed], spans: Sequence[Span], span: Span) -> Typed:
    """The result of a call; raises KqlError for a wrong number or type of arguments."""
    if len(args) < function.least or (function.most is not None and len(args) > function.most):
        raise KqlError(f"{function.name}() takes {_count(function)}, not {len(args)}", span, kind="type")
    fitted = [
        _fitted(arg, _kind(function, number), place)
        for number, (arg, place) in enumerate(zip(args, spans, strict=True))
    ]
    found = function.make(fitted, span)
    name = args[0].name if args and (function.keeps_name or function.name in NAMED_BY_FIRST) else ""
    if function.name in PREFIXED:
        name = f"{PREFIXED[function.name]}_{args[0].name}"
    return found.named(name)


def _count(function: Function) -> str:
    if function.most is None:
        return f"at least {function.least} arguments"
    if function.most == function.least:
        return f"{function.least} argument{'s' * (function.least != 1)}"
    return f"{function.least} to {function.most} arguments"


def _kind(function: Function, number: int) -> str:
    return function.takes[min(number, len(function.takes) - 1)].rstrip("?*")


def _fitted(arg: Typed, kind: str, span: Span) -> Typed:
    if kind == "any":
        return arg
    if kind == "text":
        return convert.to_text(arg)
    if kind == "number":
        if arg.type in NUMBERS | {Type.TIMESPAN}:
            return arg
        return convert.fit(arg, Type.REAL, span)
    return convert.fit(arg, Type(kind), span)


def const(arg: Typed, what: str, span: Span) -> object:
    """The value of an argument that must be a constant."""
    if not arg.is_const:
        raise KqlError(f"{what} must be a constant here", span, kind="unsupported")
    return arg.const
