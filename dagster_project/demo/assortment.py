"""What the shop sells: a tree of categories, products in price tiers with variants, and price lists.

Does not belong here: who buys it (baskets.py) and how many are in stock (shop_rows.py counts that from the
orders).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from dagster_project.demo.chance import Weighted, stream
from dagster_project.demo.markets import CURRENCIES, Market

# Three levels; a leaf has a usual price in cents and whether the reduced tax rate applies.
TREE: dict[str, dict[str, dict[str, tuple[int, bool]]]] = {
    "Coffee & tea": {
        "Coffee": {"Espresso beans": (1490, True), "Filter coffee": (1190, True), "Decaf": (1290, True)},
        "Tea": {"Black tea": (890, True), "Green tea": (990, True), "Herbal infusions": (690, True)},
        "Brewing": {"Grinders": (7900, False), "Kettles": (5900, False), "Drippers": (2400, False)},
    },
    "Kitchen": {
        "Cookware": {"Pans": (4900, False), "Pots": (6400, False), "Bakeware": (2200, False)},
        "Knives": {"Chef's knives": (6900, False), "Boards": (2900, False)},
        "Tableware": {"Plates": (1600, False), "Glasses": (1100, False), "Cutlery": (3200, False)},
    },
    "Home": {
        "Textiles": {"Blankets": (4400, False), "Cushions": (2600, False), "Towels": (1900, False)},
        "Light": {"Lamps": (8900, False), "Candles": (1400, False)},
        "Storage": {"Baskets": (2300, False), "Jars": (1200, False)},
    },
    "Outdoor": {
        "Picnic": {"Flasks": (2700, False), "Lunch boxes": (1800, False), "Cool bags": (3600, False)},
        "Garden": {"Tools": (2500, False), "Planters": (2100, False), "Seeds": (450, True)},
        "Camping": {"Stoves": (6200, False), "Lanterns": (3400, False)},
    },
}
BRANDS = ("Nordlicht", "Alder & Ash", "Maison Brun", "Kessel", "Fjordby", "Terra", "Hollis", "Quince")
MODELS = (
    "Classic",
    "Aura",
    "Field",
    "Studio",
    "Heritage",
    "Mono",
    "Duo",
    "Lumen",
    "Sienna",
    "Birch",
    "Atlas",
    "Fern",
)
OPTIONS = ("natural", "black", "sage", "sand")
# Price tiers as factors on the leaf's usual price.
TIERS = (("budget", 0.6), ("mid", 1.0), ("premium", 1.9))
# How a person of each tier weighs products of each.
TIER_TASTE = ((6.0, 2.5, 0.5), (2.0, 6.0, 2.0), (0.5, 2.5, 6.0))

PRODUCTS_PER_LEAF_AT_OPENING = 6
LAUNCH_EVERY_DAYS = 15
DISCONTINUED_SHARE = 0.15
FIRST_PRICE_RISE_DAY = 215
PRICES_RISE_EVERY_DAYS = 365
PRICE_RISE = 1.03


@dataclass(frozen=True, slots=True)
class Leaf:
    """A category of the lowest level."""

    index: int
    path: tuple[str, str, str]
    price_cents: int
    is_reduced_tax: bool


LEAVES = tuple(
    Leaf(index, path, price, reduced)
    for index, (path, price, reduced) in enumerate(
        ((top, middle, leaf), price, reduced)
        for top, middles in TREE.items()
        for middle, leaves in middles.items()
        for leaf, (price, reduced) in leaves.items()
    )
)
# The leaves that a person looks through who likes one: it and those beside it.
NEIGHBOURS = tuple(tuple(leaf.index for leaf in LEAVES if leaf.path[:2] == liked.path[:2]) for liked in LEAVES)


@dataclass(frozen=True, slots=True)
class Product:
    """A product, and the period (of LAUNCH_EVERY_DAYS) in which it comes and, maybe, goes."""

    index: int
    leaf: Leaf | None
    kind: str  # goods, gift_wrap or sample
    title: str
    brand: str | None
    tier: int
    popularity: float
    options: tuple[str, ...]
    price_cents: int
    launched: int  # -1: at opening
    discontinued: int | None


@dataclass(frozen=True, slots=True)
class Variant:
    """What is put into a basket."""

    product: Product
    number: int

    @property
    def sku(self) -> str:
        """The number printed on it."""
        return f"{self.product.kind[:1].upper()}{self.product.index:04}-{self.number + 1}"

    def price_cents(self, currency: str, day: int) -> int:
        """The price including tax, in the currency's minor unit; price lists rise once a year."""
        return _price(self.product.price_cents, self.number, currency, price_rises(day))

    def tax_rate(self, market: Market) -> int:
        """The rate that applies where it is sold, in basis points."""
        leaf = self.product.leaf
        return market.reduced_tax_rate if leaf and leaf.is_reduced_tax else market.tax_rate


def price_rises(day: int) -> int:
    """How often the price lists have risen by a business day, that day included."""
    return max(0, (day - FIRST_PRICE_RISE_DAY) // PRICES_RISE_EVERY_DAYS + 1)


@cache
def _price(cents: int, number: int, currency: str, rises: int) -> int:
    if cents == 0:
        return 0
    raw = cents * (1 + 0.15 * number) * CURRENCIES[currency][2] * PRICE_RISE**rises
    return max(1, round(raw / 10)) * 10 - 5


class Assortment:
    """All products that the shop has had by the end of a day, and the offer of any day until then."""

    def __init__(self, seed: int, last_day: int) -> None:
        self.products = list(_opening_products(seed))
        launches = last_day // LAUNCH_EVERY_DAYS if last_day >= 0 else 0
        for period in range(1, launches + 1):
            chance = stream(seed, "launch", period)
            leaf = chance.choice(LEAVES)
            self.products.append(_product(len(self.products), leaf, period, chance))
        self.variants = {
            product.index: [Variant(product, number) for number in range(len(product.options))]
            for product in self.products
        }
        self.gift_wrap = self.variants[0][0]
        self.sample = self.variants[1][0]
        self._of_leaf = {leaf: [one for one in self.products if one.leaf is leaf] for leaf in LEAVES}
        self._offers: dict[tuple[int, int, int], Weighted[Product]] = {}

    def choose(self, leaf: int, tier: int, day: int, chance: Random) -> Variant:
        """A variant out of a leaf category, for somebody of a price tier."""
        product = self._offer(leaf, tier, day // LAUNCH_EVERY_DAYS).pick(chance)
        return chance.choice(self.variants[product.index])

    def _offer(self, leaf: int, tier: int, period: int) -> Weighted[Product]:
        key = (leaf, tier, period)
        if key not in self._offers:
            self._offers[key] = Weighted(
                (product, product.popularity * TIER_TASTE[tier][product.tier])
                for product in self._of_leaf[LEAVES[leaf]]
                if product.launched <= period and (product.discontinued is None or period < product.discontinued)
            )
        return self._offers[key]


def _opening_products(seed: int) -> list[Product]:
    products = [
        Product(0, None, "gift_wrap", "Gift wrap", None, 1, 0, ("",), 350, -1, None),
        Product(1, None, "sample", "Sample of the month", None, 1, 0, ("",), 0, -1, None),
    ]
    for leaf in LEAVES:
        for place in range(PRODUCTS_PER_LEAF_AT_OPENING):
            chance = stream(seed, "product", leaf.index, place)
            products.append(_product(len(products), leaf, -1, chance, tier=place % len(TIERS)))
    return products


def _product(index: int, leaf: Leaf, launched: int, chance: Random, tier: int | None = None) -> Product:
    if tier is None:
        tier = chance.randrange(len(TIERS))
    brand = chance.choice(BRANDS)
    # One product in three stays for good, so that no leaf ever runs out.
    leaves_range = index % 3 != 0 and chance.random() < DISCONTINUED_SHARE
    discontinued = launched + 1 + int(chance.uniform(8, 60))
    return Product(
        index=index,
        leaf=leaf,
        kind="goods",
        title=f"{brand} {chance.choice(MODELS)} {leaf.path[2].lower()} {index}",
        brand=brand,
        tier=tier,
        popularity=chance.paretovariate(1.6),
        options=OPTIONS[: chance.choice((1, 1, 2, 3))],
        price_cents=round(leaf.price_cents * TIERS[tier][1] * chance.uniform(0.85, 1.15)),
        launched=launched,
        discontinued=discontinued if leaves_range else None,
    )
