"""What a sources.yml may say, and the one sentence that a wrong one gives. Runs and landing do not belong here."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from dagster_project.settings import PROJECT_FOLDER, Settings
from dagster_project.sources.config import BUILTIN_FILE, Source, SourceError, load_source
from dagster_project.sources.platforms import platform_entities
from dagster_project.transform.project import dbt_vars

SHOP = {
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "last_order": {"system": "shop", "table": "orders", "column": "placed_at", "time_zone": "UTC"},
    "systems": [
        {
            "name": "shop",
            "platform": "demo_shop",
            "kind": "sql",
            "url": "sqlite:///shop.sqlite",
            "tables": {"orders": None},
        }
    ],
}


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[object], Source]:
    """Loads the entry `mine` of a sources.yml that holds what is given."""

    def load(content: object, entry: str = "mine") -> Source:
        path = tmp_path / "sources.yml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return load_source(Settings(source=entry, sources_file=path))

    return load


@pytest.mark.parametrize("entry", yaml.safe_load(BUILTIN_FILE.read_text()))
def test_built_in_sources_need_no_sources_yml(entry: str, tmp_path: Path):
    source = load_source(Settings(source=entry, sources_file=tmp_path / "sources.yml"))
    assert all(platform_entities(system.platform) for system in source.systems)


@pytest.mark.parametrize("file", [BUILTIN_FILE, PROJECT_FOLDER / "sources.example.yml"], ids=lambda file: file.name)
def test_whose_every_row_is_is_said_of_all_that_is_shipped(file: Path):
    """Without it an erasure request would stop the run."""
    sources = yaml.safe_load(file.read_text()).values()
    tables = [
        (system["name"], *entry) for one in sources for system in one["systems"] for entry in system["tables"].items()
    ]
    assert [(system, table) for system, table, config in tables if "person" not in config] == []


def test_a_table_may_be_named_without_settings(loaded):
    table = loaded({"mine": SHOP}).system("shop").tables["orders"]
    assert (table.cursor, table.required, table.lookup) == (None, (), False)


def test_a_look_back_is_a_time_or_a_number(loaded):
    def look_back(value: object) -> object:
        return loaded(_with_table(cursor="updated_at", look_back=value)).system("shop").tables["orders"].look_back

    assert look_back("90 minutes") == timedelta(minutes=90)
    assert look_back("1 hour") == timedelta(hours=1)
    assert look_back("30 days") == timedelta(days=30)
    assert look_back(500) == 500


def _with(**changes: object) -> dict:
    return {"mine": {**SHOP, **changes}}


def _with_system(**changes: object) -> dict:
    return _with(systems=[{**SHOP["systems"][0], **changes}])


def _with_table(**changes: object) -> dict:
    return _with_system(tables={"orders": changes})


NAMED, VIA_ORDERS = {"key": ["id"], "person": {"email": "email"}}, {"person": {"via": {"orders": "order_id"}}}
VIA_LATER = {"addresses": VIA_ORDERS, "orders": NAMED}
VIA_NOBODY = {"orders": {"key": ["id"], "person": "nobody"}, "reviews": VIA_ORDERS}
# What says where somebody lives, or through another table who they are.
EMPTIED = {"shipping_address_id", "shippingAddress", "Country", "customer_id"}
TOMBSTONES = {"table": "gone", "column": "id", "deleted_at": "at"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (_with(time_zone="Berlin"), "mine.time_zone: Berlin is no IANA time zone, such as Europe/Berlin"),
        (
            _with(last_order={**SHOP["last_order"], "time_zone": "local"}),
            "mine.last_order.time_zone: local is no IANA time zone",
        ),
        (_with(last_order={**SHOP["last_order"], "system": "crm"}), "last_order names the system crm"),
        (_with(last_order={**SHOP["last_order"], "table": "invoices"}), "last_order names the table invoices"),
        (_with(currency="eur"), "mine.currency"),
        (_with(country="UK"), "mine.country: UK is no ISO 3166 country code of two letters, such as DE or GB"),
        (_with(curency="EUR"), "mine.curency: there is no such key"),
        (_with(systems=SHOP["systems"] * 2), "two systems are called shop"),
        (_with_table(person={}), "give the columns that name a person (customer_id, contact_id, email, phone or via)"),
        (_with_table(person={"email": "mail", "keep": ["id", "mail"]}), "keep has mail, which names the person"),
        (
            _with_table(key=["id"], cursor="at", person={"email": "mail", "keep": ["id"]}),
            "keep lacks at, which the row is known by",
        ),
        (
            _with_system(
                tables={"orders": {"person": {"via": {"customers": "customer"}}}, "customers": {"key": ["id"]}}
            ),
            "orders is a person's via customers: list customers before it, with a key of one column and its own person",
        ),
        (_with_system(shop="webshop"), "the shop of the system shop is webshop, which is not listed"),
        (_with_system(url_env="SHOP"), "give either url or url_env"),
        (_with_system(url="postgresql://reader:secret@host/shop"), "holds a password"),
        (_with_system(kind="files"), "mine.systems.0.files.url: there is no such key"),
        (_with_system(name="my shop"), "mine.systems.0.sql.name"),
        (_with_system(name="erasures"), "sql.name: choose another name: raw/erasures is where erasures are counted"),
        (_with_table(look_back="2 hours"), "look_back needs a cursor"),
        (_with_table(cursor="id", look_back="a while"), "write a number for a cursor that counts, else a time"),
        (_with_table(compare_every_days=7), "finding deleted rows needs the key"),
        (_with_table(key=["id"], tombstones=TOMBSTONES), "tombstones need a key of one column, and a cursor"),
        (_with_table(key=["id"], cursor="at", tombstones=TOMBSTONES), "are in gone, which is not listed"),
        (_with_table(file="orders.csv"), "shop is a database: name a table"),
        (_with_table(person={}), "give the columns that name a person (customer_id, contact_id, email, phone or via)"),
        (_with_table(person={"email": "email", "keep": ["email"]}), "keep has email, which names the person"),
        (_with_table(key=["id"], person={"email": "mail", "keep": ["total"]}), "keep lacks id, which the row is known"),
        (_with_system(tables=VIA_LATER), "addresses is a person's via orders: list orders before it"),
        (_with_system(tables=VIA_NOBODY), "reviews is a person's via orders: list orders before it"),
        (_with_system(platform="other"), "is of the platform other, for which there are no staging models"),
        ({"yours": SHOP}, "sources.yml has no entry mine; it has yours"),
        ("- mine", "sources.yml has no entries"),
        ("mine: {", "sources.yml is not valid YAML"),
    ],
)
def test_a_wrong_entry_gives_one_sentence(loaded, content: object, sentence: str):
    with pytest.raises(SourceError) as error:
        loaded(content)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_crm_belongs_to_the_only_shop_or_to_the_one_it_names(loaded):
    shop, crm = SHOP["systems"][0], {"name": "crm", "platform": "demo_crm", "kind": "files", "path": ".", "tables": {}}

    def shops(systems: list[dict]) -> dict[str, str | None]:
        return {system["name"]: system["shop"] for system in dbt_vars(loaded(_with(systems=systems)))["systems"]}

    assert shops([shop, crm]) == {"shop": "shop", "crm": "shop"}
    second = {**shop, "name": "outlet"}
    assert shops([shop, second, crm]) == {"shop": None, "outlet": None, "crm": None}
    assert shops([shop, second, {**crm, "shop": "outlet"}]) == {"shop": None, "outlet": None, "crm": "outlet"}


def test_the_example_is_a_valid_entry():
    example = yaml.safe_load((BUILTIN_FILE.parents[2] / "sources.example.yml").read_text())
    assert [Source.model_validate(entry) for entry in example.values()]


@pytest.mark.parametrize(
    "file", [BUILTIN_FILE, BUILTIN_FILE.parents[2] / "sources.example.yml"], ids=lambda file: file.name
)
def test_every_table_says_whose_its_rows_are_and_keeps_what_staging_needs(file: Path):
    """Of a row that stays everything that it must have stays, but for what names the person."""
    for entry in yaml.safe_load(file.read_text()).values():
        for system in Source.model_validate(entry).systems:
            for name, table in system.tables.items():
                assert table.person is not None, f"{system.name}/{name}"
                if table.about and table.about.keep is not None:
                    emptied = {*table.required} - {*table.about.keep}
                    assert emptied <= EMPTIED | {column for names in table.about.columns.values() for column in names}
