"""A publication: one folder per run with every public mart, which `published` points to after one rename.

Readers open the folder's files only, so they never meet the pipeline's own database. Files and SQL only; what is
public says the dbt project (access: public), when to publish say the assets, what audiences hold says audiences.py,
what a person reads says report/.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.publish.audience_config import Audiences
from dagster_project.publish.audiences import FOLDER as AUDIENCES
from dagster_project.publish.audiences import TABLES as AUDIENCE_TABLES
from dagster_project.publish.audiences import write_audiences
from dagster_project.publish.manifest import describe_file, read_manifest
from dagster_project.warehouse import check_as_of, open_warehouse

KEPT_PUBLICATIONS = 3
NO_AUDIENCES = Audiences()
HOLDS_ERASED = ".holds_erased"  # a file in a publication that tells of people who were erased since
PARQUET = "format parquet, compression zstd, compression_level 1"  # as small as by level 3, in two thirds of the time
STORAGE_VERSION = "v1.2.0"  # the oldest DuckDB that BI drivers still bring


def published_as_of(home: Home) -> date | None:
    """The as-of date of the current publication, None where there is none."""
    manifest = read_manifest(home.published)
    return date.fromisoformat(manifest["as_of_date"]) if manifest else None


def holds_erased(home: Home) -> bool:
    """Whether the current publication tells of people who were erased since, so that it has to be replaced."""
    return (home.published / HOLDS_ERASED).exists()


def withdraw_erased(home: Home) -> None:
    """Leave only the current publication, without its audiences, and mark it: it still says what the marts said of
    erased people, under their customer keys. The next publication removes it."""
    current = home.published.resolve()
    for folder in sorted(home.publications.glob("*/")):
        if folder != current:
            shutil.rmtree(folder)
    if home.published.exists():
        shutil.rmtree(current / AUDIENCES, ignore_errors=True)
        (current / HOLDS_ERASED).touch()


def unfinished_bytes(home: Home) -> int:
    """How much is written so far of the marts of the publication that is being written."""
    written = [*home.publications.glob(".*/marts.duckdb"), *home.publications.glob(".*/parquet/*")]
    return sum(file.stat().st_size for file in written)


def publish(
    home: Home,
    run_id: str,
    as_of: date,
    tables: Mapping[str, str],
    audiences: Audiences = NO_AUDIENCES,
    order_by: Mapping[str, Sequence[str]] = MappingProxyType({}),
    texts: Mapping[str, str] = MappingProxyType({}),
    write_report: Callable[[Path], Mapping[str, Any]] | None = None,
) -> Mapping[str, Any]:
    """Write the tables (name -> schema of the warehouse), the audiences and the report as publication of a run, and let
    `published` point to it. A date older than the published one has no audiences: tools have newer ones. The rows of a
    table are in the order of the columns in `order_by`, which must be a total one, else of all columns. `texts` are
    further files by their paths in the publication; `write_report` is given the folder with the marts.

    Returns the manifest: as-of date, per table rows, bytes and the SHA-256 of its Parquet file, of each audience whom
    it left out and the same of its files, and what the report says of itself.
    """
    for left_by_a_crash in home.publications.glob(".*"):
        shutil.rmtree(left_by_a_crash)
    standing = published_as_of(home)
    if standing and as_of < standing:
        audiences = NO_AUDIENCES
    unfinished = home.publications / f".{run_id}"
    (unfinished / "parquet").mkdir(parents=True)
    with open_warehouse(home.warehouse) as connection:
        check_as_of(connection, as_of, {**tables, **AUDIENCE_TABLES})
        marts = sql.text(unfinished / "marts.duckdb")
        connection.execute(f"attach {marts} as marts (storage_version '{STORAGE_VERSION}')")
        described = {
            name: _write_table(connection, schema, name, unfinished, order_by.get(name, ["all"]))
            for name, schema in tables.items()
        }
        connection.execute("detach marts")
        exported = write_audiences(connection, unfinished, home.published, audiences, home)
    manifest = {"run_id": run_id, "as_of_date": as_of.isoformat(), "tables": described, "audiences": exported}
    for path, text in texts.items():
        (unfinished / path).parent.mkdir(parents=True, exist_ok=True)
        (unfinished / path).write_text(text)
    if write_report:
        manifest["report"] = write_report(unfinished)
    (unfinished / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    finished = home.publications / run_id
    shutil.rmtree(finished, ignore_errors=True)
    unfinished.rename(finished)
    _point_to(home.published, finished)
    _drop_old(home.publications, finished)
    return manifest


def _write_table(
    connection: duckdb.DuckDBPyConnection, schema: str, name: str, folder: Path, order_by: Sequence[str]
) -> Mapping[str, int | str]:
    path = folder / "parquet" / f"{name}.parquet"
    connection.execute(f"create table marts.{name} as select * from {schema}.{name} order by {', '.join(order_by)}")
    rows = connection.execute(f"copy marts.{name} to {sql.text(path)} ({PARQUET})").fetchone()[0]
    return describe_file(path, rows)


def _point_to(link: Path, target: Path) -> None:
    unfinished = link.with_name(link.name + ".tmp")
    unfinished.unlink(missing_ok=True)
    unfinished.symlink_to(target.relative_to(link.parent))
    os.replace(unfinished, link)


def _drop_old(folder: Path, current: Path) -> None:
    finished: Sequence[Path] = sorted(
        (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")),
        key=lambda path: path.stat().st_mtime_ns,
    )
    for path in finished:
        if path != current and (path in finished[:-KEPT_PUBLICATIONS] or (path / HOLDS_ERASED).exists()):
            shutil.rmtree(path)
