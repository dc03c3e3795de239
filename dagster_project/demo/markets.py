"""Where the shop sells: countries with their money, taxes and towns, and the names that people have there.

Constants only. Does not belong here: who lives there (population.py), what is sold (assortment.py).
"""

from __future__ import annotations

from dataclasses import dataclass

MAIN_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Market:
    """A country: its share of the people, its currency, VAT in basis points, and its towns."""

    country: str
    country_name: str
    share: float
    currency: str
    tax_rate: int
    reduced_tax_rate: int
    locale: str
    phone_prefix: str
    towns: tuple[tuple[str, str, str], ...]  # town, region, postal code
    names: str


MARKETS = (
    Market("DE", "Germany", 0.62, "EUR", 1900, 700, "de_DE", "49", (
        ("Berlin", "Berlin", "10115"), ("Hamburg", "Hamburg", "20095"), ("München", "Bayern", "80331"),
        ("Köln", "Nordrhein-Westfalen", "50667"), ("Leipzig", "Sachsen", "04109"),
        ("Freiburg", "Baden-Württemberg", "79098"), ("Kiel", "Schleswig-Holstein", "24103"),
    ), "german"),
    Market("AT", "Austria", 0.12, "EUR", 2000, 1000, "de_AT", "43", (
        ("Wien", "Wien", "1010"), ("Graz", "Steiermark", "8010"), ("Linz", "Oberösterreich", "4020"),
    ), "german"),
    Market("FR", "France", 0.08, "EUR", 2000, 550, "fr_FR", "33", (
        ("Paris", "Île-de-France", "75001"), ("Lyon", "Auvergne-Rhône-Alpes", "69001"),
        ("Lille", "Hauts-de-France", "59000"),
    ), "french"),
    Market("NL", "Netherlands", 0.06, "EUR", 2100, 900, "nl_NL", "31", (
        ("Amsterdam", "Noord-Holland", "1012"), ("Utrecht", "Utrecht", "3511"),
    ), "english"),
    Market("CH", "Switzerland", 0.06, "CHF", 810, 260, "de_CH", "41", (
        ("Zürich", "Zürich", "8001"), ("Basel", "Basel-Stadt", "4051"), ("Bern", "Bern", "3011"),
    ), "german"),
    Market("GB", "United Kingdom", 0.04, "GBP", 2000, 0, "en_GB", "44", (
        ("London", "England", "EC1A 1BB"), ("Leeds", "England", "LS1 4AP"),
        ("Edinburgh", "Scotland", "EH1 1YZ"),
    ), "english"),
    Market("US", "United States", 0.02, "USD", 0, 0, "en_US", "1", (
        ("Boston", "Massachusetts", "02108"), ("Portland", "Oregon", "97201"),
    ), "english"),
)  # fmt: skip

# Where the till stands.
STORE_MARKET = MARKETS[0]

# What one unit was worth in the main currency when the shop opened, and the price list's factor on main-
# currency prices.
CURRENCIES = {
    "EUR": ("Euro", 1.0, 1.0),
    "CHF": ("Swiss franc", 1.035, 1.1),
    "GBP": ("Pound sterling", 1.18, 0.95),
    "USD": ("US dollar", 0.93, 1.2),
}

FEMALE_NAMES = {
    "german": ("Anna", "Lena", "Sophie", "Katharina", "Jule", "Hannah", "Ursula", "Mia", "Jördis", "Petra"),
    "french": ("Camille", "Chloé", "Manon", "Inès", "Juliette", "Hélène", "Louise", "Margaux"),
    "english": ("Emma", "Grace", "Olivia", "Alice", "Charlotte", "Ruby", "Hazel", "Nora"),
}
MALE_NAMES = {
    "german": ("Jonas", "Paul", "Lukas", "Jürgen", "Felix", "Stefan", "Björn", "Karl", "Matthias", "Emil"),
    "french": ("Hugo", "Léo", "Antoine", "Théo", "Gaël", "Olivier", "Luc", "François"),
    "english": ("Jack", "Oliver", "Harry", "George", "Noah", "Arthur", "Oscar", "Liam"),
}
LAST_NAMES = {
    "german": (
        "Müller",
        "Schmidt",
        "Weiß",
        "Fischer",
        "Köhler",
        "Becker",
        "Schulz",
        "Koch",
        "Jäger",
        "Wolf",
        "Brandt",
    ),
    "french": ("Martin", "Lefèvre", "Moreau", "Petit", "Garçon", "Roux", "Blanc", "Dubois"),
    "english": ("Smith", "Jones", "Taylor", "Brown", "Walker", "Hughes", "Green", "Baker"),
}
