"""Integer arithmetic on minor units, as the shop's till does it: halves away from zero, no cent lost.

Does not belong here: prices and discounts themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

BASIS = 10_000


def share(total: int, part: int, whole: int) -> int:
    """The part of a total that `part` is of `whole`, rounded to the cent."""
    return (2 * total * part + whole) // (2 * whole) if whole else 0


def excluding_tax(cents: int, tax_rate: int) -> int:
    """An amount that includes tax (rate in basis points), without it, rounded to the cent."""
    return share(cents, BASIS, BASIS + tax_rate)


def spread(total: int, values: Sequence[int]) -> list[int]:
    """A total over lines by their value, to the cent; the last line of any value takes what remains."""
    whole = sum(values)
    parts = [share(total, value, whole) for value in values]
    last = max((place for place, value in enumerate(values) if value), default=None)
    if last is not None:
        parts[last] += total - sum(parts)
    return parts
