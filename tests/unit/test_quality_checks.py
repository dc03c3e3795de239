"""Gates in real Dagster jobs: what they read, what they say, and that a failed one stops all after it."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from dagster import (
    AssetChecksDefinition,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    AssetSpec,
    DagsterInstance,
    DailyPartitionsDefinition,
    Definitions,
    ExecuteInProcessResult,
    MaterializeResult,
    asset,
    define_asset_job,
    multi_asset,
)

from dagster_project.quality.checks import Memory, build_raw_checks, build_table_checks
from dagster_project.quality.suites import SuiteError

DAILY = DailyPartitionsDefinition("2024-01-01")
DAY = "2024-02-01"
NOTHING_NEW = {
    "files": [],
    "rows": 0,
    "rows_before": 10,
    "source_has_rows": True,
    "missing_columns": [],
    "retyped_columns": [],
    "rejected": 0,
}
PARAMETERS = {"max_quarantined_share": 0.01}


def suite(name: str, *expectations: Mapping) -> dict:
    return {"name": name, "sentence": f"What {name} must be.", "expectations": list(expectations)}


def not_null(column: str, sentence: str) -> dict:
    kwargs = {"column": column, "mostly": 0.9}
    meta = {"sentence": sentence, "sample": ["id"]}
    return {"type": "expect_column_values_to_not_be_null", "kwargs": kwargs, "meta": meta}


def share(limit: str) -> dict:
    query = f"select id from {{batch}} where quarantined > {limit} * rows"
    meta = {"sentence": f"at most {{{limit[1:-1]}:.0%}} are set aside", "sample": ["id"]}
    return {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}, "meta": meta}


@pytest.fixture
def suites(tmp_path) -> Path:
    """A folder of suites beside the landing suite that the project ships."""
    root = tmp_path / "expectations"
    landing = Path(__file__).parents[2] / "expectations" / "raw" / "landing.yml"
    written = {
        "raw/landing": yaml.safe_load(landing.read_text()),
        "raw/shop_platform/orders": suite("raw/shop_platform/orders", not_null("placed_at", "orders are dated")),
        "contract/raw_reconciliation": suite("contract/raw_reconciliation", share("{max_share}")),
        "segments/seg_rfm": suite("segments/seg_rfm", not_null("r_score", "buyers have scores")),
    }
    for name, content in written.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / f"{name}.yml").write_text(yaml.safe_dump(content))
    return root


def unknown(held: Mapping[str, str], tables: Collection[str]) -> Mapping[str, str]:
    """Versions of tables of which nothing is known: never the same."""
    return {table: uuid.uuid4().hex for table in tables}


def raw_checks(suites: Path, home: Path, *tables: str, platform_tables: Sequence[str] = ()) -> AssetChecksDefinition:
    """The gate of a shop's tables in a new home."""
    memory = Memory(home / "warehouse.duckdb", unknown)
    about = {"home": home, "parameters": PARAMETERS, "memory": memory, "root": suites}
    return build_raw_checks("shop", "shop_platform", tables, platform_tables=platform_tables, **about)


def raw_asset(table: str, **metadata: object) -> AssetsDefinition:
    @asset(key=AssetKey(["raw", "shop", table]), name=None)
    def extracted() -> MaterializeResult:
        return MaterializeResult(metadata={**NOTHING_NEW, **metadata})

    return extracted


def stages_after(upstream: Sequence[AssetKey]) -> list[AssetsDefinition]:
    """An unpartitioned stage on the raw tables, and a daily-partitioned one on that."""

    @multi_asset(name="contract_stage", specs=[AssetSpec("orders", deps=upstream), AssetSpec("lines", deps=upstream)])
    def contract_stage():
        yield MaterializeResult(asset_key="orders")
        yield MaterializeResult(asset_key="lines")

    @multi_asset(
        name="as_of_stage",
        specs=[AssetSpec(name, deps=["orders"], partitions_def=DAILY) for name in ("facts", "segments")],
    )
    def as_of_stage():
        yield MaterializeResult(asset_key="facts")
        yield MaterializeResult(asset_key="segments")

    return [contract_stage, as_of_stage]


def run(
    assets: Sequence[AssetsDefinition],
    checks: AssetChecksDefinition,
    *,
    instance: DagsterInstance | None = None,
    selection: AssetSelection | None = None,
) -> ExecuteInProcessResult:
    """One job of these assets and checks, for a day where any of them is partitioned."""
    job = define_asset_job("job", selection or AssetSelection.all())
    definitions = Definitions(assets=assets, asset_checks=[checks], jobs=[job])
    partitioned = any(each.partitions_def for definition in assets for each in definition.specs)
    return definitions.resolve_job_def("job").execute_in_process(
        partition_key=DAY if partitioned else None, instance=instance, raise_on_error=False
    )


def run_raw(suites: Path, home: Path, **metadata: object) -> ExecuteInProcessResult:
    """A job of two tables, only the first with the metadata given, their gate and two stages."""
    checks = raw_checks(suites, home, "orders", "customers")
    upstream = AssetKey(["raw", "shop", "customers"])
    return run([raw_asset("orders", **metadata), raw_asset("customers"), *stages_after([upstream])], checks)


def succeeded(result: ExecuteInProcessResult) -> set[str]:
    return {event.step_key for event in result.all_events if event.is_step_success}


def evaluation(result: ExecuteInProcessResult, table: str = "orders"):
    return next(each for each in result.get_asset_check_evaluations() if each.asset_key.path[-1] == table)


def landed(home: Path, frame: pd.DataFrame) -> dict:
    """A landing of one file, as an extraction describes it."""
    (home / "raw/shop/orders").mkdir(parents=True)
    frame.to_parquet(home / "raw/shop/orders/1.parquet")
    return {"files": ["raw/shop/orders/1.parquet"], "rows": len(frame), "rows_before": 0}


GOOD = pd.DataFrame({"id": range(100), "email": "who@example.org", "placed_at": pd.Timestamp("2024-01-01")})
BAD = GOOD.assign(placed_at=GOOD.placed_at.where(GOOD.id >= 40))


def test_a_gate_that_passes_lets_partitioned_and_unpartitioned_stages_run(suites, tmp_path):
    result = run_raw(suites, tmp_path, **landed(tmp_path, GOOD))

    assert result.success
    assert succeeded(result) >= {"check_raw_shop", "contract_stage", "as_of_stage"}
    assert evaluation(result).description == "5 expectations hold (100 rows)"
    assert evaluation(result).metadata["rows"].value == 100


def test_a_gate_that_fails_stops_every_later_stage(suites, tmp_path):
    """The failing table is not even upstream of the stages: all tables of a gate are one op."""
    result = run_raw(suites, tmp_path, **landed(tmp_path, BAD))

    assert not result.success
    assert {"contract_stage", "as_of_stage"}.isdisjoint(succeeded(result))
    assert not evaluation(result).passed
    assert evaluation(result, "customers").passed
    assert evaluation(result).blocking


def test_a_failed_check_shows_expectation_count_and_ids_and_nobody(suites, tmp_path):
    found = evaluation(run_raw(suites, tmp_path, **landed(tmp_path, BAD)))

    assert found.description == "raw/shop/orders: orders are dated (40 of 100 rows fail: 0, 1, 2, 3, 4, …)"
    table = found.metadata["expectations"].value
    assert "| orders are dated | **failed** | 100 | 40 | 0, 1, 2, 3, 4 |" in table
    assert "example.org" not in f"{found.description}{found.metadata}"
    assert (found.metadata["checked"].value, found.metadata["failed"].value) == (5, 1)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (
            {"source_has_rows": False, "rows_before": 41203},
            "raw/shop/orders: the source table still has rows (rows in raw: 41,203)",
        ),
        (
            {"missing_columns": ["placed_at", "status"]},
            "raw/shop/orders: the source table has every column that it had or that is required "
            "(missing: placed_at, status)",
        ),
        (
            {"retyped_columns": ["total (DOUBLE in raw, now VARCHAR)"]},
            "raw/shop/orders: every column of the source table has the kind of type that it had "
            "(columns in sources.yml can cast it) (retyped: total (DOUBLE in raw, now VARCHAR))",
        ),
        (
            {"rejected": 2, "rows": 100, "rows_before": 0},
            "raw/shop/orders: at most 1.00% of the lines in the source's files cannot be read (rejects/ lists them) "
            "(rejected lines: 2)",
        ),
    ],
)
def test_a_table_fault_of_the_source_stops_the_run(suites, tmp_path, metadata, said):
    result = run_raw(suites, tmp_path, **metadata)

    assert evaluation(result).description == said
    assert {"contract_stage", "as_of_stage"}.isdisjoint(succeeded(result))


def test_a_table_that_never_had_rows_is_no_fault(suites, tmp_path):
    assert run_raw(suites, tmp_path, source_has_rows=False, rows_before=0).success


def test_only_what_the_latest_extraction_landed_is_looked_at(suites, tmp_path):
    """An earlier landing that was bad does not fail a later one."""
    instance = DagsterInstance.ephemeral()
    checks = raw_checks(suites, tmp_path, "orders")
    first = run([raw_asset("orders", **landed(tmp_path, BAD))], checks, instance=instance)
    second = run([raw_asset("orders")], checks, instance=instance)

    assert (first.success, second.success) == (False, True)
    assert "nothing new landed" in evaluation(second).metadata["expectations"].value


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (AssetSelection.all(), "its last extraction does not say files"),
        (AssetSelection.all_asset_checks(), "no run has extracted it"),
    ],
)
def test_an_unknown_landing_fails_the_gate(suites, tmp_path, selection, said):
    checks = raw_checks(suites, tmp_path, "orders")
    silent = asset(key=AssetKey(["raw", "shop", "orders"]))(lambda: None)

    result = run([silent], checks, selection=selection)

    assert evaluation(result).description == f"raw/shop/orders: its last landing is known ({said})"


def test_only_the_selected_checks_run(suites, tmp_path):
    checks = raw_checks(suites, tmp_path, "orders", "customers")
    orders = AssetSelection.assets(AssetKey(["raw", "shop", "orders"]))

    result = run([raw_asset("orders"), raw_asset("customers")], checks, selection=orders)

    assert [each.asset_key.path[-1] for each in result.get_asset_check_evaluations()] == ["orders"]


def test_a_suite_for_a_table_that_is_not_extracted_is_refused(suites, tmp_path):
    with pytest.raises(SuiteError, match=r"raw/shop_platform/orders\.yml: there is no table orders"):
        raw_checks(suites, tmp_path, "customers")

    raw_checks(suites, tmp_path, "customers", platform_tables=["orders"])


@pytest.fixture
def warehouse(tmp_path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema contract; create schema segments")
        connection.execute(
            "create table contract.raw_reconciliation as select 'orders' as id, 100 as rows, 2 as quarantined"
        )
        connection.execute("create table segments.seg_rfm as select range as id, 5 as r_score from range(100)")
    return path


@pytest.mark.parametrize(("max_share", "passed"), [(0.01, False), (0.02, True)])
def test_the_contract_gate_takes_its_limits_from_the_settings(suites, warehouse, max_share, passed):
    key = AssetKey(["contract", "raw_reconciliation"])
    checks = build_table_checks(
        "contract",
        [key, AssetKey(["contract", "orders"])],
        parameters={"max_share": max_share},
        memory=Memory(warehouse, unknown),
        root=suites,
    )
    model = asset(key=key)(lambda: None)

    result = run([model, *stages_after([key])], checks)

    assert result.success is passed
    assert ("as_of_stage" in succeeded(result)) is passed
    if not passed:
        said = "contract/raw_reconciliation: at most 1% are set aside (1 of 1 rows fail: orders)"
        assert evaluation(result, "raw_reconciliation").description == said


def test_the_segments_gate_stands_before_publication_and_frees_the_warehouse(suites, warehouse):
    key = AssetKey(["segments", "seg_rfm"])
    checks = build_table_checks("segments", [key], parameters={}, memory=Memory(warehouse, unknown), root=suites)

    @asset(key=key, partitions_def=DAILY)
    def build() -> None:
        with duckdb.connect(str(warehouse), config={"threads": 1}) as writer:
            writer.execute("update segments.seg_rfm set r_score = null where id < 50")

    @asset(deps=[key], partitions_def=DAILY)
    def publish() -> None:
        """Never reached."""

    result = run([build, publish], checks)

    assert evaluation(result, "seg_rfm").description.startswith(
        "segments/seg_rfm: buyers have scores (50 of 100 rows fail: 0, 1,"
    )
    assert "publish" not in succeeded(result)
    duckdb.connect(str(warehouse), config={"threads": 1}).close()


def test_a_table_that_passed_is_looked_at_again_once_it_may_be_another(suites, warehouse):
    key = AssetKey(["segments", "seg_rfm"])
    version = {"segments.seg_rfm": "first"}

    def checked() -> ExecuteInProcessResult:
        memory = Memory(warehouse, lambda held, tables: {table: version[table] for table in tables})
        return run(
            [asset(key=key)(lambda: None)],
            build_table_checks("segments", [key], parameters={}, memory=memory, root=suites),
        )

    assert checked().success
    with duckdb.connect(str(warehouse)) as writer:
        writer.execute("update segments.seg_rfm set r_score = null")
    unchanged = evaluation(checked(), "seg_rfm")
    assert unchanged.passed and unchanged.metadata["unchanged"].value is True

    version["segments.seg_rfm"] = "second"
    assert not checked().success
    version["segments.seg_rfm"] = "first"
    assert not checked().success, "what failed last is not remembered as passed"


def test_a_table_that_passed_is_looked_at_again_once_a_table_that_its_suite_names_may_be_another(suites, warehouse):
    key, version = AssetKey(["segments", "seg_rfm"]), {"segments.seg_rfm": "1", "contract.raw_reconciliation": "1"}
    rows = "select b.id from {batch} as b join contract.raw_reconciliation as r on r.quarantined > 2"
    named = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": rows}}
    content = suite("segments/seg_rfm", {**named, "meta": {"sentence": "little is set aside", "sample": ["id"]}})
    (suites / "segments" / "seg_rfm.yml").write_text(yaml.safe_dump(content))
    memory = Memory(warehouse, lambda held, tables: {table: version[table] for table in tables})

    def checked() -> bool:
        checks = build_table_checks("segments", [key], parameters={}, memory=memory, root=suites)
        return run([asset(key=key)(lambda: None)], checks).success

    assert checked()
    with duckdb.connect(str(warehouse)) as writer:
        writer.execute("update contract.raw_reconciliation set quarantined = 3")
    assert checked()
    version["contract.raw_reconciliation"] = "2"
    assert not checked()


def test_a_suite_for_a_table_that_is_not_built_is_refused(suites, warehouse):
    with pytest.raises(SuiteError, match=r"segments/seg_rfm\.yml: there is no table seg_rfm"):
        build_table_checks("segments", [], parameters={}, memory=Memory(warehouse, unknown), root=suites)


def test_two_tables_of_one_name_are_refused(suites, warehouse):
    keys = [AssetKey(["contract", "raw_reconciliation"]), AssetKey(["quarantine", "raw_reconciliation"])]
    with pytest.raises(ValueError, match="one name"):
        build_table_checks("contract", keys, parameters={}, memory=Memory(warehouse, unknown), root=suites)
