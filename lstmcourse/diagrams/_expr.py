"""Formulas as trees, and the one printer that writes them, in letters or with the numbers of a step.

x = product(Name("f", 0.5), Name("c₋", -2.0))
printed(x)                  # f∘c₋
printed(x, numbers=True)    # 0.50·(−2.00)
"""

from dataclasses import dataclass

from ._ink import number


@dataclass(frozen=True)
class Name:
    """A quantity: its symbol and, for one unit of one step, its value."""

    symbol: str
    value: float


@dataclass(frozen=True)
class Sum:
    """Terms added up. total: with numbers this one is written instead of them (a layer's pre-activation)."""

    terms: tuple["Expr", ...]
    total: float | None = None


@dataclass(frozen=True)
class Product:
    """Factors multiplied, unit by unit."""

    factors: tuple["Expr", ...]


@dataclass(frozen=True)
class Minus:
    """−x."""

    of: "Expr"


@dataclass(frozen=True)
class Call:
    """A function of x; squared: f²(x)."""

    function: str
    of: "Expr"
    squared: bool = False


@dataclass(frozen=True)
class Square:
    """x² of a quantity."""

    of: Name


Expr = Name | Sum | Product | Minus | Call | Square
ONE = Name("1", 1.0)


def product(*factors: Expr) -> Expr:
    """Their product, flat, with the sign of its factors in front."""
    flat: list[Expr] = []
    negative = False
    for factor in factors:
        if isinstance(factor, Minus):
            factor, negative = factor.of, not negative
        flat += factor.factors if isinstance(factor, Product) else [factor]
    out = Product(tuple(flat)) if len(flat) > 1 else flat[0]
    return Minus(out) if negative else out


def one_minus(of: Expr) -> Sum:
    """1 − x."""
    return Sum((ONE, Minus(of)))


def printed(x: Expr, numbers: bool = False) -> str:
    """The formula in symbols, or with its numbers; brackets stand only where they are needed."""
    if isinstance(x, Name):
        return number(x.value) if numbers and x is not ONE else x.symbol
    if isinstance(x, Sum):
        return number(x.total) if numbers and x.total is not None else _sum(x.terms, numbers)
    if isinstance(x, Product):
        return ("·" if numbers else "∘").join(_tight(factor, numbers) for factor in x.factors)
    if isinstance(x, Minus):
        return "−" + _tight(x.of, numbers)
    if isinstance(x, Square):
        return _tight(x.of, numbers) + "²"
    inner = printed(x.of, numbers)
    return f"{x.function}{'²' * x.squared}({inner})" if x.function else inner


def _sum(terms: tuple[Expr, ...], numbers: bool) -> str:
    out = printed(terms[0], numbers)
    for term in terms[1:]:
        if isinstance(term, Minus):
            out += " − " + _tight(term.of, numbers)
        elif isinstance(term, Name) and printed(term, numbers).startswith("−"):
            out += " − " + printed(Name(term.symbol, -term.value), numbers)
        else:
            out += " + " + printed(term, numbers)
    return out


def _tight(x: Expr, numbers: bool) -> str:
    """As a factor: a sum, and a number with a sign, in brackets."""
    out = printed(x, numbers)
    loose = (isinstance(x, Sum) and len(x.terms) > 1) or isinstance(x, Minus) or out.startswith("−")
    return f"({out})" if loose else out
