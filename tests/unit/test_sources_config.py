"""What a sources.yml may say, and the one sentence that a wrong one gives. Runs and landing do not belong here."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.home import Home
from dagster_project.settings import Settings
from dagster_project.sources.config import BUILTIN_FILE, Source, SourceError, System, load_source, platform_entities
from dagster_project.sources.readers import relation
from dagster_project.transform.project import dbt_vars

SHOP = {
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "last_order": {"system": "shop", "table": "orders", "column": "placed_at", "time_zone": "UTC"},
    "systems": [
        {"name": "shop", "platform": "demo_shop", "kind": "sql", "path": "shop.sqlite", "tables": {"orders": None}}
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


def test_a_table_may_be_named_without_settings(loaded):
    table = loaded({"mine": SHOP}).system("shop").tables["orders"]
    assert (table.cursor, table.required, table.lookup) == (None, (), False)


def _with(**changes: object) -> dict:
    return {"mine": {**SHOP, **changes}}


def _with_system(**changes: object) -> dict:
    return _with(systems=[{**SHOP["systems"][0], **changes}])


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
        (_with(curency="EUR"), "mine.curency: Extra inputs are not permitted"),
        (_with(systems=SHOP["systems"] * 2), "two systems are called shop"),
        (_with_system(shop="webshop"), "the shop of the system shop is webshop, which is not listed"),
        (_with_system(path_env="SHOP"), "give either path or path_env"),
        (_with_system(name="my shop"), "mine.systems.0.name"),
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


def _files(path: Path, **table: object) -> System:
    return System(name="shop", platform="shop", kind="files", path=str(path), tables={"orders": table})


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("o'brien.csv", "\ufeffid;word\r\n007;a\r\n", None),
        ("orders.jsonl", '{"id": "007", "word": "a"}\n', {"id": "VARCHAR", "word": "VARCHAR"}),
    ],
)
def test_files_are_read_as_they_say(tmp_path: Path, name: str, content: str, columns: dict | None):
    folder = tmp_path / "word=other"
    folder.mkdir()
    (folder / name).write_text(content, newline="")
    with duckdb.connect() as connection:
        orders = relation(connection, _files(folder, file=name, columns=columns), "orders", Home(tmp_path))
        assert connection.execute(f"select id, word from {orders}").fetchall() == [("007", "a")]


@pytest.mark.parametrize(
    ("system", "sentence"),
    [
        ({"file": "orders.csv"}, "is the file orders.csv, which is not there"),
        ({"file": "orders.xml"}, "files can end in .parquet, .csv, .jsonl"),
        ({"file": "orders.jsonl"}, "whose columns and their types have to be listed"),
    ],
)
def test_a_file_that_cannot_be_read_gives_one_sentence(tmp_path: Path, system: dict, sentence: str):
    (tmp_path / "orders.xml").touch()
    (tmp_path / "orders.jsonl").touch()
    with duckdb.connect() as connection, pytest.raises(SourceError, match=sentence):
        relation(connection, _files(tmp_path, **system), "orders", Home(tmp_path))
