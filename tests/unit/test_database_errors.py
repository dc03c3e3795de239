"""What dbt says and logs of a value that a model cannot read: where it is, and not the value itself."""

import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.transform.database_errors import without_values
from dagster_project.transform.project import DBT_FOLDER, DbtProject, TransformError, raise_failures

EMAIL, NUMBER = "ann@example.org", 493_090_182_736
JSON = f'{{"email": "{EMAIL}", oops'
# SQL on the columns mail, json, pattern and number, and what is said of it.
FAILING = {
    "cast(mail as int)": "Conversion Error: Could not convert string, in the column mail: create table t as",
    "cast(mail as timestamp)": "Conversion Error: invalid timestamp field format, in the column mail: create table",
    "cast(mail as int[])": "Conversion Error: a value does not fit, in the column mail: create table t as",
    "cast(lower(mail) as int)": "Conversion Error: Could not convert string: create table t as select",
    "cast(json as json)": "Conversion Error: Malformed JSON, in the column json: create table t as select cast(json as",
    "json_extract_string(json, '$.email')": "Invalid Input Error: Malformed JSON",
    "strptime(mail, '%Y')": "Invalid Input Error: Could not parse string",
    "cast(number as int)": "Conversion Error: a value does not fit, in the column number: create table",
    "number * 9223372036854775807": "Out of Range Error: Overflow in multiplication",
    "timezone(mail, timestamp '2026-01-01')": "Not implemented Error: a value does not fit",
    "regexp_matches('a', pattern)": "Invalid Input Error: a value does not fit",
    "error(mail)": "Invalid Input Error: a value does not fit",
    "error(mail || chr(10) || chr(10) || 'LINE 1: ' || mail)": "Invalid Input Error: a value does not fit",
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("raw") / "rows.parquet"
    duckdb.from_query(
        "select ? as mail, ? as json, ? as pattern, ? as number", params=[EMAIL, JSON, f"({EMAIL}", NUMBER]
    ).write_parquet(str(file))
    return file


@pytest.mark.parametrize(("computed", "said"), FAILING.items())
def test_an_error_says_where_and_quotes_nobody(rows: Path, computed: str, said: str):
    query = f"create table t as select {computed} as value from read_parquet('{rows}')"
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as raised:
        connection.execute(query)
    told = without_values(raised.value, query)
    assert told.startswith(said)
    assert not [value for value in (EMAIL, str(NUMBER)) if value in told]


def test_what_is_wrong_with_the_query_is_said_as_it_is(rows: Path):
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as raised:
        connection.execute("select nothing from t")
    assert without_values(raised.value, "select nothing from t") == str(raised.value)


def test_dbt_neither_says_nor_logs_a_value_of_a_staging_model(rows: Path, tmp_path: Path):
    """Staging is views: the model that reads them fails."""
    folder = tmp_path / "dbt"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("{name: shop, profile: warehouse, models: {+materialized: view}}")
    shutil.copy(DBT_FOLDER / "profiles.yml", folder)
    staged = f"select\n  cast(mail as timestamp) as ordered_at\nfrom read_parquet('{rows}')"
    (folder / "models" / "stg_orders.sql").write_text(staged)
    read = "{{ config(materialized='table') }} select ordered_at from {{ ref('stg_orders') }}"
    (folder / "models" / "orders_rows.sql").write_text(read)
    home = Home(tmp_path / "home")
    home.folder.mkdir()
    with pytest.raises(TransformError) as raised:
        raise_failures(DbtProject(folder, home, {"systems": []}, threads=1).build(["*"]))
    assert "orders_rows: Conversion Error: invalid timestamp field format, in the column mail" in str(raised.value)
    assert EMAIL not in str(raised.value)
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert "in the column mail" in (home.dbt / "logs" / "dbt.log").read_text()
    assert [path.name for path in files if EMAIL.encode() in path.read_bytes()] == []
