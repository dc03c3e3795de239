"""The publication in PostgreSQL: the rows of marts.duckdb, swapped as a whole, with the rights of the former one."""

import json
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest
import yaml
from dagster import DagsterInstance
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from dagster_project.definitions import build_definitions
from dagster_project.publish.assets import POSTGRESQL
from dagster_project.publish.marts import Mart, public_marts
from dagster_project.publish.postgres import PostgresError, publish_to_postgres
from dagster_project.settings import PROJECT_FOLDER, Settings
from tests.integration.conftest import SMALL_SHOP, Run
from tests.integration.databases import new_database, shown

pytestmark = pytest.mark.data
FEW = ("cohort_retention", "seg_lifecycle")


@pytest.fixture(scope="module")
def marts(finished_shop: Run) -> Sequence[Mart]:
    """The public marts, as dbt described them in the run."""
    (manifest,) = finished_shop.home.dbt.glob("*/manifest.json")
    return public_marts(json.loads(manifest.read_text()))


@pytest.fixture(scope="module")
def few(marts: Sequence[Mart]) -> Sequence[Mart]:
    return [mart for mart in marts if mart.name in FEW]


@pytest.fixture
def database() -> Iterator[Engine]:
    with new_database("postgresql") as engine:
        yield engine


@pytest.fixture
def publication(finished_shop: Run) -> Path:
    return finished_shop.home.published


@pytest.fixture
def later(publication: Path, tmp_path: Path) -> Path:
    """A publication that came after: of the few tables, without the customers whose keys begin with 0."""
    folder = tmp_path / "later"
    folder.mkdir()
    manifest = json.loads((publication / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "run_id": "later"}))
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(f"attach '{publication / 'marts.duckdb'}' as former (read_only)")
        connection.execute(
            "create table cohort_retention as select * replace (-1 as customers) from former.cohort_retention"
        )
        connection.execute("create table seg_lifecycle as from former.seg_lifecycle where customer_key not like '0%'")
    return folder


def publish(engine: Engine, publication: Path, marts: Sequence[Mart], patience_seconds: int = 30) -> bool:
    return publish_to_postgres(publication, marts, shown(engine.url), "marts", patience_seconds)


def answer(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def held(engine: Engine) -> tuple[int, int]:
    """What tells the former publication from the later one, in each of the few tables."""
    ((cohorts,),) = answer(engine, "select max(customers) from marts.cohort_retention")
    ((customers,),) = answer(engine, "select count(*) from marts.seg_lifecycle where customer_key like '0%'")
    return cohorts, customers


def schemas(engine: Engine) -> set[str]:
    return {name for (name,) in answer(engine, "select nspname from pg_namespace where nspname like 'marts%'")}


def test_every_mart_has_the_same_rows_its_comments_and_its_key(database: Engine, publication: Path, marts):
    assert publish(database, publication, marts)
    with duckdb.connect(str(publication / "marts.duckdb"), read_only=True) as connection:
        for mart in marts:
            expected = connection.execute(f"from {mart.name}").fetchall()
            assert Counter(answer(database, f"select * from marts.{mart.name}")) == Counter(expected), mart.name
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() where not internal"
        ).fetchall()
    commented = answer(database, """
        select c.relname, a.attname
        from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = 'marts'::regnamespace and c.relkind = 'r'
            and col_description(c.oid, a.attnum) is not null and obj_description(c.oid, 'pg_class') is not null
    """)  # fmt: skip
    assert set(commented) == set(columns)
    keys = dict(answer(database, """
        select c.relname, array_agg(a.attname::text order by a.attnum)
        from pg_index as i
        join pg_class as c on c.oid = i.indrelid
        join pg_attribute as a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where i.indisunique and c.relnamespace = 'marts'::regnamespace
        group by c.relname
    """))  # fmt: skip
    assert set(keys) == {mart.name for mart in marts} - {"run_summary"}
    assert keys["fct_customer"] == ["customer_key"]
    assert set(keys["cohort_retention"]) == {"cohort_month", "months_since"}
    described = answer(database, "select obj_description('marts.seg_rfm'::regclass, 'pg_class')")[0][0]
    assert described.startswith("One row per buyer")


def test_the_queries_of_the_superset_bundle_run_on_it(database: Engine, publication: Path, marts: Sequence[Mart]):
    publish(database, publication, marts)
    files = sorted((PROJECT_FOLDER / "bi" / "superset" / "bundle" / "datasets").rglob("*.yaml"))
    assert files
    for dataset in map(yaml.safe_load, map(Path.read_text, files)):
        measured = ", ".join(metric["expression"] for metric in dataset["metrics"])
        with database.connect() as connection:
            connection.execute(text("set search_path to marts"))
            (row,) = connection.exec_driver_sql(f"select {measured} from ({dataset['sql'].replace('%', '%%')}) as rows")
        assert len(row) == len(dataset["metrics"])


def test_what_is_published_already_is_not_written_again(database: Engine, publication: Path, few):
    tables = "select oid from pg_class where relnamespace = 'marts'::regnamespace order by 1"
    assert publish(database, publication, few)
    before = answer(database, tables)
    assert not publish(database, publication, few)
    assert answer(database, tables) == before


def test_who_is_not_in_the_next_publication_is_in_no_table(database: Engine, publication: Path, later: Path, few):
    publish(database, publication, few)
    assert held(database)[1] > 0
    assert publish(database, later, few)
    assert held(database) == (-1, 0)
    assert schemas(database) == {"marts"}


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_transaction_reads_one_publication_and_the_next_one_waits_for_it(
    database: Engine, publication: Path, later: Path, few, isolation: str
):
    publish(database, publication, few)
    former = held(database)
    swap = threading.Thread(target=publish, args=(database, later, few))
    with database.connect().execution_options(isolation_level=isolation) as reader:
        cohorts = reader.execute(text("select max(customers) from marts.cohort_retention")).scalar_one()
        reader.execute(text("select 1 from marts.seg_lifecycle limit 1"))
        swap.start()
        _wait_for(lambda: answer(database, "select 1 from pg_locks where not granted and relation is not null"))
        query = text("select count(*) from marts.seg_lifecycle where customer_key like '0%'")
        assert (cohorts, reader.execute(query).scalar_one()) == former
    swap.join(30)
    assert held(database) == (-1, 0)


def _wait_for(condition: Callable[[], object]) -> None:
    deadline = threading.Event()
    for _ in range(300):
        if condition():
            return
        deadline.wait(0.1)
    raise AssertionError("waited in vain")


def test_a_transaction_that_stays_open_is_told_and_the_former_one_stands(
    database: Engine, publication: Path, later: Path, few
):
    publish(database, publication, few)
    former = held(database)
    with database.connect() as reader:
        reader.execute(text("select 1 from marts.seg_lifecycle limit 1"))
        with pytest.raises(PostgresError, match=r"a transaction that has read the former marts is still open: end it"):
            publish(database, later, few, patience_seconds=0)
        assert held(database) == former
    assert schemas(database) == {"marts"}
    assert publish(database, later, few)


def test_a_failure_in_the_middle_leaves_the_former_one(database: Engine, publication: Path, later: Path, few):
    publish(database, publication, few)
    former = held(database)
    missing = replace(few[0], name="seg_missing")
    with pytest.raises(PostgresError, match=r"^The marts could not be published to PostgreSQL: .*seg_missing"):
        publish(database, later, [*few, missing])
    assert held(database) == former
    assert schemas(database) == {"marts"}


def test_a_view_that_somebody_made_of_a_mart_is_not_dropped(database: Engine, publication: Path, later: Path, few):
    publish(database, publication, few)
    with database.begin() as connection:
        connection.execute(text("create view public.stages as select lifecycle_stage from marts.seg_lifecycle"))
    with pytest.raises(PostgresError, match=r"cannot drop .*; view stages depends on table marts.seg_lifecycle"):
        publish(database, later, few)
    assert answer(database, "select count(*) from public.stages")[0][0] > 0


def test_no_value_of_a_row_is_in_an_error(database: Engine, publication: Path, later: Path, few):
    with duckdb.connect(str(later / "marts.duckdb")) as connection:
        keys = {key for (key,) in connection.execute("select customer_key from seg_lifecycle").fetchall()}
        connection.execute("insert into seg_lifecycle from seg_lifecycle limit 1")
    with pytest.raises(PostgresError, match="could not create unique index") as error:
        publish(database, later, few)
    assert len(keys) > 100 and not [key for key in keys if key in str(error.value)]


def test_a_schema_of_somebody_else_is_refused(database: Engine, publication: Path, few):
    with database.begin() as connection:
        connection.execute(text("create schema marts"))
        connection.execute(text("create table marts.precious as select 1 as number"))
    with pytest.raises(PostgresError, match=r"holds something else .* set WAREHOUSE_PUBLISH_SCHEMA"):
        publish(database, publication, few)
    assert answer(database, "select number from marts.precious") == [(1,)]


@contextmanager
def role(engine: Engine) -> Iterator[str]:
    """A role that may do nothing; gone at the end."""
    name = f"reader_{uuid4().hex[:12]}"
    with engine.begin() as connection:
        connection.execute(text(f"create role {name}"))
    yield name
    with engine.begin() as connection:
        connection.execute(text(f"drop owned by {name}"))
        connection.execute(text(f"drop role {name}"))


def may_read(engine: Engine, name: str, table: str) -> bool:
    with engine.connect() as connection:
        connection.execute(text(f"set role {name}"))
        try:
            connection.execute(text(f"select 1 from marts.{table} limit 1"))
        except ProgrammingError:
            return False
        return True


def test_rights_survive_and_who_read_all_reads_what_is_new(
    database: Engine, publication: Path, later: Path, marts: Sequence[Mart], few: Sequence[Mart]
):
    publish(database, publication, [mart for mart in marts if mart.name in {"seg_lifecycle", "seg_rfm"}])
    with role(database) as of_all, role(database) as of_one, role(database) as of_none:
        with database.begin() as connection:
            connection.execute(text(f"grant usage on schema marts to {of_all}, {of_one}"))
            connection.execute(text(f"grant select on all tables in schema marts to {of_all}"))
            connection.execute(text(f"grant select on marts.seg_lifecycle to {of_one}"))
        publish(database, later, few)
        roles = of_all, of_one, of_none
        assert [may_read(database, name, "seg_lifecycle") for name in roles] == [True, True, False]
        assert [may_read(database, name, "cohort_retention") for name in roles] == [True, False, False]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://writer:s3cret@127.0.0.1:1/analytics", "The marts could not be published to PostgreSQL: "),
        ("mysql://writer:s3cret@127.0.0.1/analytics", "WAREHOUSE_PUBLISH_POSTGRES is no URL of a PostgreSQL database"),
        ("writer:s3cret@127.0.0.1", "WAREHOUSE_PUBLISH_POSTGRES is no URL of a PostgreSQL database"),
    ],
)
def test_an_error_is_one_sentence_without_the_password(publication: Path, few, url: str, said: str):
    with pytest.raises(PostgresError) as error:
        publish_to_postgres(publication, few, url, "marts")
    assert str(error.value).startswith(said)
    assert "s3cret" not in str(error.value)


def test_the_asset_is_there_where_the_settings_name_a_database(
    database: Engine, finished_shop: Run, small_shop: dict[str, object], tmp_path: Path
):
    home = shutil.copytree(finished_shop.home.folder, tmp_path / "home", symlinks=True)
    given = {**small_shop, "warehouse_home": home}
    job = lambda settings: build_definitions(settings).get_implicit_global_asset_job_def()  # noqa: E731
    assert POSTGRESQL not in job(Settings(**given)).asset_layer.executable_asset_keys
    settings = Settings(**given, warehouse_publish_postgres=shown(database.url), warehouse_publish_schema="bi")
    assert shown(database.url) not in repr(settings)
    with DagsterInstance.ephemeral() as instance:
        result = job(settings).execute_in_process(
            instance=instance, asset_selection=[POSTGRESQL], partition_key=SMALL_SHOP["end"].isoformat()
        )
    assert result.success
    (materialized,) = result.asset_materializations_for_node("published__postgresql")
    assert materialized.metadata["schema"].value == "bi"
    assert not materialized.metadata["unchanged"].value
    assert answer(database, "select count(*) from bi.fct_customer")[0][0] > 0
