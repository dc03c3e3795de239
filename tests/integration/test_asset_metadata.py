"""What the UI says of every asset: before a run by its definition, after it by what the run told.

How the pages look does not belong here (test_ui.py).
"""

from collections.abc import Iterator, Mapping

import pytest
import yaml
from dagster import AssetKey, Definitions, MetadataValue, TableColumnLineage

from dagster_project.definitions import build_definitions
from dagster_project.quality.suites import is_personal
from dagster_project.settings import Settings
from dagster_project.transform.project import DBT_FOLDER
from tests.integration.conftest import Run

# Not one table each: a simulated shop with all its tables, and everything that is published.
SEVERAL_TABLES = {"demo/simulation", "published/marts"}
# Named like personal columns: the shop's categories, and whether somebody may be written to.
NOBODYS = {
    ("dim_category", "name"),
    ("seg_category_affinity", "category_name"),
    ("seg_upsell", "category_name"),
    ("fct_customer", "email_consent"),
    ("seg_engagement", "is_contactable_by_email"),
}


@pytest.fixture(scope="module")
def definitions(small_shop, finished_shop: Run) -> Definitions:
    return build_definitions(Settings(**small_shop, warehouse_home=finished_shop.home.folder))


@pytest.fixture(scope="module")
def told(finished_shop: Run) -> Mapping[str, Mapping[str, MetadataValue]]:
    """What the run told of each asset."""
    events = finished_shop.result.get_asset_materialization_events()
    return {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization.metadata for event in events
    }


def published_columns() -> Iterator[tuple[str, dict]]:
    """The columns of every published mart, as its YAML has them."""
    for file in DBT_FOLDER.glob("models/**/*.yml"):
        for model in yaml.load(file.read_text(), yaml.CSafeLoader).get("models") or []:
            if "public" in {model.get("access"), model.get("config", {}).get("access")}:
                yield from ((model["name"], column) for column in model["columns"])


def is_marked(column: dict) -> bool:
    return column.get("config", {}).get("meta", {}).get("personal") is True


def test_every_asset_is_described_owned_and_grouped(definitions: Definitions):
    graph = definitions.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        asset = graph.get(key)
        assert asset.description and asset.description.endswith("."), key
        assert asset.owners in (["team:data-engineering"], ["team:customer-analytics"]), key
        assert asset.kinds & {"dbt", "python", "scipy", "parquet", "sqlite"}, key
        assert asset.group_name in {
            "raw", "staging", "contract", "quarantine", "core", "segments", "insights", "published",
        }, key  # fmt: skip


def test_every_table_says_its_columns(definitions: Definitions, told):
    graph = definitions.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        name = key.to_user_string()
        if name in SEVERAL_TABLES:
            continue
        # Of a raw table the source says them, once it is read.
        schema = graph.get(key).metadata.get("dagster/column_schema") or told[name]["dagster/column_schema"].value
        columns = schema.columns
        # The YAML of staging need not say types, and what a raw column means only its source knows.
        assert columns and (name.startswith("staging/") or all(column.type != "?" for column in columns)), name
        assert name.startswith(("raw/", "state/")) or all(column.description for column in columns), name


def test_every_model_says_what_its_columns_are_made_of(definitions: Definitions, told):
    graph = definitions.resolve_asset_graph()
    nodes = {key: graph.get(key).metadata.get("dagster_dbt/unique_id", "") for key in graph.materializable_asset_keys}
    models = {key for key, node in nodes.items() if node.startswith("model.")}
    assert len(models) > 150
    for key in models:
        lineage = told[key.to_user_string()]["dagster/column_lineage"].value
        assert isinstance(lineage, TableColumnLineage)
        origins = {origin.asset_key for deps in lineage.deps_by_column.values() for origin in deps}
        assert origins <= graph.get(key).parent_keys | {key}, key
        assert all(origin.column_name != "*" for deps in lineage.deps_by_column.values() for origin in deps), key


@pytest.mark.parametrize(
    ("model", "column", "origins"),
    [
        ("staging/stg_demo_crm__contacts", "email", {("raw/demo_crm/contacts", "properties")}),
        ("core/int_rejected_line", "line_count", {("exchange/rejected_line", "line_count")}),
        ("segments/seg_rfm", "monetary_amount", {("core/fct_customer", "net_revenue")}),
        ("insights/int_snapshot", "lifecycle_stage", {("published/snapshot", "lifecycle_stage")}),
    ],
)
def test_the_origin_of_a_column(told, model: str, column: str, origins: set[tuple[str, str]]):
    lineage = told[model]["dagster/column_lineage"].value.deps_by_column
    assert {(origin.asset_key.to_user_string(), origin.column_name) for origin in lineage[column]} == origins


def test_every_table_says_its_rows(definitions: Definitions, finished_shop: Run, told):
    uncounted = {name for name, metadata in told.items() if "dagster/row_count" not in metadata}
    staging = {name for name in told if name.startswith("staging/")}
    assert uncounted == staging | SEVERAL_TABLES | {"state/erased"}
    counted = {name: told[f"core/{name}"]["dagster/row_count"].value for name in ("fct_order", "dim_customer")}
    assert counted == {name: finished_shop.query(f"from {name}").shape[0] for name in counted}
    assert told["contract/orders"]["dagster/row_count"].value == len(
        finished_shop.warehouse_query("from contract.orders")
    )


def test_what_is_published_is_expected_every_day(definitions: Definitions):
    graph = definitions.resolve_asset_graph()
    marts = {model for model, _ in published_columns()}
    fresh = {key.path[-1] for key in graph.materializable_asset_keys if graph.get(key).freshness_policy}
    assert fresh == marts | {"marts", "snapshot"}


def test_every_check_says_in_a_sentence_what_it_asks(definitions: Definitions, finished_shop: Run):
    graph = definitions.resolve_asset_graph()
    sentences = {key: graph.get_check_spec(key).description for key in graph.asset_check_keys}
    assert len(sentences) > 200
    for key, sentence in sentences.items():
        assert sentence and sentence[0].isupper() and sentence.endswith("."), (key, sentence)
        assert "The dbt test" not in sentence, key
    unique = next(key for key in sentences if key.name == "unique_fct_customer_customer_key")
    assert sentences[unique] == "No two rows have the same customer_key."
    for evaluation in finished_shop.result.get_asset_check_evaluations():
        assert evaluation.description, evaluation.asset_check_key


def test_a_column_is_personal_in_every_mart_or_in_none():
    marks: dict[str, set[bool]] = {}
    for model, column in published_columns():
        if model != "fct_declared_trait":  # its column `value` is what somebody said, elsewhere what was measured
            marks.setdefault(column["name"], set()).add(is_marked(column))
    assert [name for name, found in marks.items() if len(found) > 1] == []


def test_what_may_say_who_somebody_is_is_marked_as_personal():
    unmarked = {(model, column["name"]) for model, column in published_columns() if not is_marked(column)}
    assert {(model, name) for model, name in unmarked if is_personal(name)} == NOBODYS
    assert not {(model, name) for model, name in unmarked if "customer_key" in name or name == "order_key"}


def test_previews_show_the_published_marts_without_personal_columns(finished_shop: Run, told):
    personal = {(model, column["name"]) for model, column in published_columns() if is_marked(column)}
    marts = {model for model, _ in published_columns()}
    previews = {
        name.rpartition("/")[2]: metadata["preview"] for name, metadata in told.items() if "preview" in metadata
    }
    with_rows = {mart for mart in marts if len(finished_shop.query(f"from {mart} limit 1"))}
    assert previews.keys() == with_rows and len(previews) > 30
    people = finished_shop.query("select customer_key from dim_customer union select order_key from fct_order")
    hidden = {*people["customer_key"]}
    for mart, preview in previews.items():
        assert 0 < len(preview.records) <= 5
        for record in preview.records:
            assert not {(mart, name) for name in record.data} & personal
            assert not hidden & {*record.data.values()}, mart


def test_a_run_without_news_says_rows_and_previews_again(run_source, small_shop, finished_shop: Run, copy_home, told):
    again = run_source(**small_shop, as_of=finished_shop.as_of, home=copy_home(finished_shop))
    for event in again.result.get_asset_materialization_events():
        metadata = event.step_materialization_data.materialization.metadata
        before = told[event.asset_key.to_user_string()]
        for name in ("dagster/row_count", "preview"):
            assert metadata.get(name) == before.get(name), (event.asset_key, name)
    assert AssetKey(["core", "fct_order"]) in {e.asset_key for e in again.result.get_asset_materialization_events()}
