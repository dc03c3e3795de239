"""What a user gets wrong is one sentence on the error stream and exit code 1, whatever part of the run finds it.

The command is that of `make run`; where only a step's sentence matters, `failures` gives what the command prints.
Does not belong here: which rules of the catalogue are wrong (tests/unit/test_catalogue.py), what gates expect.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.__main__ import main
from dagster_project.progress import failures
from dagster_project.settings import PROJECT_FOLDER, Settings
from dagster_project.transform.project import DBT_FOLDER
from tests.integration.conftest import Run

PROGRESS = "  "  # how lines begin that tell what was done
Outcome = tuple[int, str, list[str]]


@pytest.fixture
def invoices(tmp_path: Path) -> Path:
    """Two sales of Online Retail as a file of its own."""
    path = tmp_path / "invoices.parquet"
    duckdb.execute(f"""
        copy (
            select * from (values
                ('536365', '85123A', 'HOLDER', 6, timestamp '2010-12-01 08:26:00', 2.55, 17850, 'United Kingdom'),
                ('536366', '22633', 'WARMER', 6, timestamp '2010-12-01 08:28:00', 1.85, 17851, 'United Kingdom')
            ) as t(InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country)
        ) to '{path}' (format parquet)
    """)
    return path


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd) -> Callable[..., Outcome]:
    """Runs the command of `make run` with these variables alone; its exit code, output and error lines."""

    def run(**variables: object) -> Outcome:
        for name in (*Settings.model_fields, "source_path"):
            monkeypatch.delenv(name.upper(), raising=False)
        given = {"WAREHOUSE_HOME": tmp_path / "home", "SOURCES_FILE": tmp_path / "sources.yml", **variables}
        for name, value in given.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["dagster_project", "run"])
        with pytest.raises(SystemExit) as exited:
            main()
        output, errors = capfd.readouterr()
        return exited.value.code, output, errors.splitlines()

    return run


def _process(folder: Path, command: str, **variables: object) -> Outcome:
    """The same in a process of its own, started in a folder that holds the project."""
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project", command],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            **{name: str(value) for name, value in variables.items()},
        },
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr.splitlines()


def _sources(folder: Path, **system: object) -> Path:
    """A sources.yml with one shop of one system."""
    orders = {"system": "till", "table": "orders", "column": "placed_at", "time_zone": "UTC"}
    given = {
        "name": "till",
        "platform": "demo_shop",
        "kind": "sql",
        "url": "sqlite:///till.sqlite",
        "tables": {"orders": None},
    }
    entry = {"time_zone": "Europe/Berlin", "currency": "EUR", "last_order": orders, "systems": [{**given, **system}]}
    path = folder / "sources.yml"
    path.write_text(yaml.safe_dump({"my_shop": entry}))
    return path


def test_no_sources_file(make_run):
    code, _, errors = make_run(SOURCE="my_shop")
    assert code == 1
    assert errors == [
        "SOURCE=my_shop is not built in (demo, complete_journey, online_retail, olist), and there is no sources.yml: "
        "describe your shop there, as docs/add_a_source.md shows."
    ]


def test_an_unknown_platform(make_run, tmp_path: Path):
    code, _, errors = make_run(SOURCE="my_shop", SOURCES_FILE=_sources(tmp_path, platform="shopware"))
    assert code == 1
    assert errors == [
        "sources.yml: the system till is of the platform shopware, for which there are no staging models in "
        "dbt/models/staging/shopware/; known platforms: complete_journey, contract, demo_crm, demo_shop, olist, "
        "online_retail, vendure, woocommerce."
    ]


def test_a_path_that_is_not_there(make_run, tmp_path: Path):
    missing = tmp_path / "invoices.parquet"
    code, _, errors = make_run(SOURCE="online_retail", SOURCE_PATH=missing)
    assert code == 1
    assert errors == [f"The system online_retail is to be read from {missing}, but nothing is there."]


def test_a_wrong_audience(make_run, invoices: Path, tmp_path: Path):
    path = tmp_path / "audiences.yml"
    mail = {"name": "mail", "segment": "vips", "channel": "email", "format": "csv", "destination": "mail"}
    path.write_text(yaml.safe_dump({"audiences": [mail]}))
    code, _, errors = make_run(SOURCE="online_retail", SOURCE_PATH=invoices, AUDIENCES_FILE=path)
    assert code == 1
    assert errors == ["audiences.yml, audience mail: the catalogue has no segment vips."]


def test_a_file_that_is_something_else(make_run, tmp_path: Path):
    other = tmp_path / "sales.csv"
    other.write_text("day,amount\n2026-01-01,5\n")
    code, _, errors = make_run(SOURCE="online_retail", SOURCE_PATH=other)
    assert code == 1
    assert errors == [
        "The table invoice_lines of the system online_retail has no column InvoiceDate, which last_order names."
    ]


def test_a_missing_environment_variable(make_run):
    code, _, errors = make_run(SOURCE="online_retail")
    assert code == 1
    assert errors == [
        "The environment variable SOURCE_PATH, which the system online_retail takes its path from, is not set."
    ]


@pytest.mark.parametrize("given", ["yesterday", "2026-02-30", "1700000000"])
def test_an_as_of_date_that_is_no_date(make_run, given: str):
    code, _, errors = make_run(AS_OF=given)
    assert code == 1
    assert errors == [
        f"The settings cannot be read: AS_OF: {given} is no date; write it as YYYY-MM-DD, such as 2026-06-30."
    ]


def test_a_catalogue_entry_with_a_wrong_rule(invoices: Path, tmp_path: Path):
    for folder in ("dagster_project", "dbt"):
        shutil.copytree(
            PROJECT_FOLDER / folder, tmp_path / "project" / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    catalogue = tmp_path / "project" / "dbt" / "models" / "segments" / "segment_catalog.yml"
    document = yaml.safe_load(catalogue.read_text())
    entry = document["models"][0]["config"]["meta"]["segments"][0]
    entry["rule"] = "(orders >= 3"
    catalogue.write_text(yaml.safe_dump(document))
    code, _, errors = _process(tmp_path / "project", "run", SOURCE="online_retail", SOURCE_PATH=invoices)
    assert code == 1
    assert errors == [
        f"Segment '{entry['name']}' in dbt/models/segments/segment_catalog.yml: its rule cannot be read as a condition "
        "(parentheses, quotes and operators complete?): (orders >= 3."
    ]


def test_a_mapping_that_lacks_a_required_column(run_source: Callable[..., Run], invoices: Path, tmp_path: Path):
    project = Path(shutil.copytree(DBT_FOLDER, tmp_path / "dbt"))
    model = project / "models" / "staging" / "online_retail" / "stg_online_retail__orders.sql"
    sql = model.read_text()
    assert "select * from final" in sql
    model.write_text(sql.replace("select * from final", "select * exclude (ordered_at) from final"))
    run = run_source("online_retail", source_path=invoices, dbt_folder=project, may_fail=True)
    (sentence,) = failures(run.result.all_events)
    assert re.sub(r"\d+ models", "n models", sentence) == (
        "contract_stage failed: dbt: 1 of n models and tests failed. orders_rows: stg_online_retail__orders lacks the "
        "column ordered_at, which every row of orders must have: map it there (models/contract/_orders.yml says what "
        "it means)."
    )


def test_a_failed_gate_says_what_it_expected(run_source: Callable[..., Run], invoices: Path, tmp_path: Path):
    short = tmp_path / "short.parquet"
    duckdb.execute(f"copy (select * exclude (Country) from '{invoices}') to '{short}' (format parquet)")
    run = run_source("online_retail", source_path=short, may_fail=True)
    assert list(failures(run.result.all_events)) == [
        "check_raw_online_retail failed: raw/online_retail/invoice_lines: the source table has every column that it "
        "had or that is required (missing: Country)"
    ]


def test_a_locked_warehouse_and_what_was_done_before_it(make_run, invoices: Path, tmp_path: Path):
    warehouse = tmp_path / "home" / "warehouse.duckdb"
    warehouse.parent.mkdir()
    hold = f"import duckdb, sys; held = duckdb.connect({str(warehouse)!r}); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        code, output, errors = make_run(SOURCE="online_retail", SOURCE_PATH=invoices)
        holder.stdin.close()
    assert code == 1
    assert errors == [
        f"check_raw_online_retail failed: {warehouse} is open in another program (PID {holder.pid}): close it; only "
        "the pipeline opens this file, BI opens published/marts.duckdb."
    ]
    done = [line.split()[0] for line in output.splitlines() if line.startswith(PROGRESS)]
    assert done == ["raw/online_retail/invoice_lines:", "extract_online_retail", "check_raw_online_retail"]


def test_an_unknown_command():
    code, _, errors = _process(PROJECT_FOLDER, "rum")
    assert code != 0
    assert errors[-1].startswith("Error: No such command 'rum'.")


def test_a_date_that_the_source_cannot_have(make_run, invoices: Path):
    code, _, errors = make_run(SOURCE="online_retail", SOURCE_PATH=invoices, AS_OF="2010-11-30")
    assert code == 1
    assert len(errors) == 1
    assert errors[0].startswith("AS_OF=2010-11-30 is no day of the source online_retail: it has 2010-12-01 to ")


def test_a_home_of_another_source(make_run, invoices: Path, tmp_path: Path):
    owner = tmp_path / "home" / "state" / "source"
    owner.parent.mkdir(parents=True)
    owner.write_text("demo\n")
    code, _, errors = make_run(SOURCE="online_retail", SOURCE_PATH=invoices)
    assert code == 1
    assert len(errors) == 1
    assert "belongs to the source demo: give online_retail one of its own" in errors[0]
    assert not (tmp_path / "home" / "raw").exists()


def test_a_home_whose_claim_broke_off_is_nobodys(make_run, invoices: Path, monkeypatch: pytest.MonkeyPatch):
    def cut(file: Path, text: str) -> None:
        file.write_bytes(b"" if file.parent.name == "state" else text.encode())
        if file.parent.name == "state":
            raise InterruptedError

    with monkeypatch.context() as broken, pytest.raises(InterruptedError):
        broken.setattr(Path, "write_text", cut)
        make_run(SOURCE="online_retail", SOURCE_PATH=invoices)
    _, _, errors = make_run(SOURCE="online_retail", SOURCE_PATH=invoices, AS_OF="2010-11-30")
    assert errors[0].startswith("AS_OF=2010-11-30 is no day of the source online_retail")
