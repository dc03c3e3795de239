"""How numbers and dates of the report read. Formats only; computes nothing."""

from datetime import date

UNKNOWN, MINUS, TIMES = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


def number(value: float | None, digits: int = 0) -> str:
    """A count or an amount, as 12,345."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}".replace("-", MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    """A share, as 12.3%."""
    return UNKNOWN if share is None else f"{share:.{digits}%}".replace("-", MINUS)


def change(share: float | None) -> str:
    """A relative change with its sign, as +12.3%."""
    if share is None:
        return UNKNOWN
    return f"{share:+.1%}".replace("-", MINUS) if round(share, 3) else "±0%"


def times(ratio: float | None) -> str:
    """So many times the average, to one decimal."""
    return UNKNOWN if ratio is None else f"{ratio:.1f}{TIMES}"


def day(value: date) -> str:
    """A date, as 1 July 2026."""
    return f"{value.day} {value:%B %Y}"


FILTERS = {function.__name__: function for function in (number, percent, change, times, day)}
