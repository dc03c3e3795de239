"""A shop and a CRM that export in the contract's shape: the entry of docs/add_a_source.md, on files written by hand.

Belongs here: that such tables reach the contract without a mapping, and what a missing table or column becomes.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.home import Home
from dagster_project.settings import PROJECT_FOLDER, Settings
from dagster_project.sources.config import Source, SourceError, load_source
from dagster_project.sources.landing import Load, land
from dagster_project.sources.platforms import contract_entities
from dagster_project.sources.readers import open_system
from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars

RECIPE = PROJECT_FOLDER / "docs" / "add_a_source.md"
STAGING = DBT_FOLDER / "models" / "staging" / "contract"
LOAD = Load(id="run-1", loaded_at=datetime(2026, 3, 3, 3), as_of=date(2026, 3, 2))

FILES = {
    "customers.csv": """
        customer_id,email,country,shoe_size
        1,Ana@example.com,DE,38
        2,rui@example.com,,
    """,
    "orders-1.csv": """
        order_id,customer_id,email,ordered_at,status,is_test,currency,total_amount,updated_at
        a,1,ana@example.com,2026-03-01 23:30:00,paid,false,EUR,23.80,2026-03-01 23:30:00
        b,2,,2026-03-01T10:00:00Z,paid,,EUR,5,2026-03-01 10:00:00
        c,,guest@example.com,2026-03-02,sent,false,EUR,5,2026-03-02 00:00:00
    """,
    "orders-2.csv": """
        order_id,customer_id,email,ordered_at,status,is_test,currency,total_amount,updated_at,cancelled_at
        b,2,,2026-03-01T10:00:00Z,cancelled,,EUR,5,2026-03-02 09:00:00,2026-03-02 09:00:00
    """,
    "order_lines-1.csv": """
        order_line_id,order_id,product_id,quantity,unit_price,discount_amount
        a1,a,p,2,10.00,0
        b1,b,p,1,4.2017,
        c1,c,p,1,4.2017,
    """,
    "contacts.csv": """
        contact_id,email,shop_customer_id
        k1,ana@example.com,1
    """,
}

Ask = Callable[[str], list[tuple]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """The entry that the recipe shows."""
    file = tmp_path_factory.mktemp("sources") / "sources.yml"
    file.write_text(re.search(r"```yaml\n(my_exports:.*?)```", RECIPE.read_text(), re.DOTALL)[1])
    return load_source(Settings(source="my_exports", sources_file=file))


@pytest.fixture(scope="module")
def ask(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Rows of a warehouse in which the contract is built from the files."""
    folder = tmp_path_factory.mktemp("exports")
    for name, text in FILES.items():
        (folder / name).write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n")
    duckdb.sql("select 'p' as product_id, 'Pan' as title, 11.9 as price").write_parquet(
        str(folder / "products.parquet")
    )
    home = Home(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MY_SHOP_EXPORTS", str(folder))
        patch.setenv("MY_CRM_EXPORTS", str(folder))
        for system in source.systems:
            with open_system(system, home) as reader:
                for name, table in system.tables.items():
                    land(reader, name, table, home.raw(system.name, name), home.rejects(system.name, name), LOAD)
    project = DbtProject(DBT_FOLDER, home, dbt_vars(source), threads=2)
    results = project.build(["+raw_reconciliation", "contract.valid"])
    assert {str(result.status) for result in results} == {"success"}

    def run(sql: str) -> list[tuple]:
        with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()

    return run


def test_every_row_has_a_place_in_the_contract(ask: Ask):
    assert ask("""
        select raw_table, raw_rows, contract_rows, quarantined_rows, superseded_rows
        from contract.raw_reconciliation order by raw_table
    """) == [
        ("crm/contacts", 1, 1, 0, 0),
        ("shop/customers", 2, 2, 0, 0),
        ("shop/order_lines", 3, 2, 1, 0),
        ("shop/orders", 4, 2, 1, 1),
        ("shop/products", 1, 1, 0, 0),
    ]


def test_values_have_the_contracts_types_and_the_newest_row_counts(ask: Ask):
    assert ask(
        "select order_id, customer_id, ordered_at, status, is_test, total_amount from contract.orders order by 1"
    ) == [
        ("a", "1", datetime(2026, 3, 1, 23, 30), "paid", False, Decimal("23.8")),
        ("b", "2", datetime(2026, 3, 1, 10), "cancelled", None, Decimal("5")),
    ]
    assert ask("select order_line_id, quantity, unit_price, gross_amount from contract.order_lines order by 1") == [
        ("a1", 2, 10, None),
        ("b1", 1, Decimal("4.2017"), None),
    ]


def test_what_is_outside_the_contracts_terms_is_quarantined_with_its_reason(ask: Ask):
    assert ask("select order_id, reject_reason from contract.orders_rows where outcome = 'quarantined'") == [
        ("c", "unknown_status")
    ]
    assert ask("select order_line_id, reject_reason from contract.order_lines_rows where outcome = 'quarantined'") == [
        ("c1", "parent_rejected")
    ]


def test_a_table_that_no_system_lists_is_an_empty_entity(source: Source, ask: Ask):
    listed = {name for system in source.systems for name in system.tables}
    counts = {entity: ask(f"select count(*) from contract.{entity}")[0][0] for entity in contract_entities()}
    assert {entity for entity, count in counts.items() if count} == listed
    assert ask(
        "select data_type from duckdb_columns() where table_name = 'refunds_rows' and column_name = 'amount'"
    ) == [("DECIMAL(18,4)",)]


def test_a_crm_in_that_shape_is_not_a_shop(source: Source):
    assert source.shop_of(source.system("crm")) == "shop"


def test_a_table_that_is_no_entity_is_named(source: Source, tmp_path: Path):
    entry = source.model_dump(mode="json", exclude_none=True, by_alias=True)
    entry["systems"][1]["tables"]["invoices"] = {"file": "contacts.csv"}
    file = tmp_path / "sources.yml"
    file.write_text(yaml.safe_dump({"mine": entry}))
    with pytest.raises(SourceError, match="the system crm is in the contract's shape, which has no entity invoices"):
        load_source(Settings(source="mine", sources_file=file))


def test_every_entity_has_its_model_with_the_contracts_columns():
    documents = [yaml.safe_load(file.read_text()) for file in STAGING.glob("*__models.yml")]
    described = {
        model["name"].removeprefix("stg_contract__"): [column["name"] for column in model["columns"]]
        for document in documents
        for model in document["models"]
    }
    assert sorted(described) == list(contract_entities())
    for entity, columns in described.items():
        contract = yaml.safe_load((DBT_FOLDER / "models" / "contract" / f"_{entity}.yml").read_text())
        rows = next(model for model in contract["models"] if model["name"] == f"{entity}_rows")
        assert {column["name"] for column in rows["columns"]} - {*columns} <= {
            "exchange_rate", "raw_table", "loaded_at", "landed_as_of", "row_hash", "outcome", "reject_reason",
        }  # fmt: skip
