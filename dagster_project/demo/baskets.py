"""What is in a basket and what it costs: picks by taste up to a gamma-distributed value, and discounts.

Does not belong here: who orders, and what happens to the order afterwards (orders.py, fulfilment.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from dagster_project.demo.assortment import LEAVES, NEIGHBOURS, Assortment, Variant
from dagster_project.demo.markets import CURRENCIES, MAIN_CURRENCY, Market
from dagster_project.demo.money import BASIS, excluding_tax, share, spread
from dagster_project.demo.population import Person

BASKET_SHAPE = 3.0
MOST_LINES = 8
FAVOURITE_SHARE = 0.62
GIFT_WRAP_SHARE = 0.04
SAMPLE_SHARE = 0.03
SHIPPING_CENTS = 490
SHIPPING_FREE_FROM_CENTS = 6_000
COUPONS = (("WELCOME10", 10), ("spring15", 15), ("LOYAL20", 20))
FIXED_COUPON = ("SAVE5", 500)


@dataclass(slots=True, eq=False)
class Line:
    """A variant in a basket, its money including tax in the minor unit of the basket's currency."""

    variant: Variant
    quantity: int
    unit_price: int
    tax_rate: int
    sale: int = 0  # discount of this line
    coupon: int = 0  # its part of the order's discount
    id: int = 0

    @property
    def gross(self) -> int:
        """Its value before discount."""
        return self.quantity * self.unit_price

    @property
    def paid(self) -> int:
        """What the buyer pays for it."""
        return self.gross - self.sale - self.coupon

    @property
    def paid_excluding_tax(self) -> int:
        """As accounts have it: value and discount are each rounded to the cent before they are subtracted."""
        return excluding_tax(self.gross, self.tax_rate) - excluding_tax(self.sale + self.coupon, self.tax_rate)

    @property
    def is_goods(self) -> bool:
        """Whether it is merchandise."""
        return self.variant.product.kind == "goods"


@dataclass(slots=True)
class Basket:
    """The lines of an order or a cart with their discounts and shipping."""

    market: Market
    lines: list[Line]
    coupon_code: str | None = None
    coupon: int = 0
    shipping: int = 0

    @property
    def items_total(self) -> int:
        """The value of all lines before discount."""
        return sum(line.gross for line in self.lines)

    @property
    def discount(self) -> int:
        """The discount of all lines, their parts of the coupon included."""
        return sum(line.sale + line.coupon for line in self.lines)

    @property
    def discount_tax(self) -> int:
        """The tax in the discount."""
        discounts = [(line.sale + line.coupon, line.tax_rate) for line in self.lines]
        return sum(amount - excluding_tax(amount, rate) for amount, rate in discounts)

    @property
    def shipping_tax(self) -> int:
        """The tax in the shipping."""
        return self.shipping - excluding_tax(self.shipping, self.market.tax_rate)

    @property
    def tax(self) -> int:
        """The tax in the total."""
        return sum(line.paid - line.paid_excluding_tax for line in self.lines) + self.shipping_tax

    @property
    def total(self) -> int:
        """What the buyer pays."""
        return self.items_total - self.discount + self.shipping


def fill(person: Person, market: Market, assortment: Assortment, day: int, chance: Random) -> Basket:
    """What a person puts into a basket, at the market's prices of that day, without discount or shipping."""
    target = chance.gammavariate(BASKET_SHAPE, person.basket_cents / BASKET_SHAPE)
    lines: dict[int, Line] = {}
    value = 0
    for _ in range(2 * MOST_LINES):
        leaf = _leaf(person, chance)
        variant = assortment.choose(leaf, person.tier, day, chance)
        if variant.product.index in lines:
            continue
        quantity = 1 + int(chance.expovariate(0.9)) if LEAVES[leaf].is_reduced_tax else 1 + (chance.random() < 0.12)
        lines[variant.product.index] = line_of(variant, quantity, market, day)
        value += quantity * variant.price_cents(MAIN_CURRENCY, day)
        if value >= target or len(lines) == MOST_LINES:
            break
    return Basket(market, list(lines.values()))


def line_of(variant: Variant, quantity: int, market: Market, day: int) -> Line:
    """A line at the market's price of that day."""
    return Line(variant, quantity, variant.price_cents(market.currency, day), variant.tax_rate(market))


def discounted(basket: Basket, deal_share: float, chance: Random) -> Basket:
    """With sale prices on some lines and a coupon on the order, as often as the person looks for them."""
    if chance.random() < deal_share:
        for line in basket.lines:
            if line.is_goods and chance.random() < 0.5:
                line.sale = share(line.gross, chance.choice((1_000, 2_000, 3_000)), BASIS)
    if chance.random() < deal_share * 0.6:
        value = basket.items_total - sum(line.sale for line in basket.lines)
        code, percent = chance.choice((*COUPONS, (FIXED_COUPON[0], None)))
        coupon = share(value, percent, 100) if percent else FIXED_COUPON[1]
        return with_coupon(basket, code, min(coupon, value // 2))
    return basket


def with_coupon(basket: Basket, code: str, coupon: int) -> Basket:
    """With an order discount, spread over the lines by value."""
    basket.coupon_code, basket.coupon = code, coupon
    for line, part in zip(basket.lines, spread(coupon, [line.gross - line.sale for line in basket.lines]), strict=True):
        line.coupon = part
    return basket


def with_extras(basket: Basket, assortment: Assortment, day: int, chance: Random) -> Basket:
    """With a gift wrap or a free sample now and then: lines that are no merchandise."""
    for variant, extra_share in ((assortment.gift_wrap, GIFT_WRAP_SHARE), (assortment.sample, SAMPLE_SHARE)):
        if chance.random() < extra_share:
            basket.lines.append(line_of(variant, 1, basket.market, day))
    return basket


def shipped(basket: Basket) -> Basket:
    """With what the parcel costs: nothing from a certain value on."""
    factor = CURRENCIES[basket.market.currency][2]
    value = basket.items_total - basket.discount
    basket.shipping = 0 if value >= SHIPPING_FREE_FROM_CENTS * factor else round(SHIPPING_CENTS * factor)
    return basket


def _leaf(person: Person, chance: Random) -> int:
    if chance.random() >= FAVOURITE_SHARE:
        return chance.randrange(len(LEAVES))
    if chance.random() < 0.6:
        return person.favourite
    return chance.choice(NEIGHBOURS[person.favourite])
