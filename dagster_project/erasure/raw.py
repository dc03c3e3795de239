"""Removing erased people from what raw holds. The one place that rewrites a raw file; all others only add.

Belongs here: which files hold them, and proof that nothing is left. Does not belong here: what is left of a row
(rows.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import sql
from dagster_project.erasure.erased import Erased, ErasureError, hashed
from dagster_project.erasure.rows import TableErasure
from dagster_project.home import Home
from dagster_project.parquet import write_parquet
from dagster_project.sources.config import Source
from dagster_project.sources.landed import LOAD_COLUMNS, READ_OPTIONS, Landed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# What in a text may be an e-mail or a phone number. A point behind an address ends a sentence; an apostrophe before it
# is a quote, one within it part of a name.
EMAILS = r"""[^\s"'<>(){}\[\],;:=|\\][^\s"<>(){}\[\],;:=|\\]*@[^\s"'<>(){}\[\],;:=|\\@]*[^\s"'<>(){}\[\],;:=|\\@.]"""
PHONES = r"\+?[0-9][0-9 ()/.-]{4,}[0-9]"


@dataclass(frozen=True)
class Removed:
    """What was done to raw; counts are rows, files those that were written anew."""

    removed: int = 0
    emptied: int = 0
    files: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(self.removed + other.removed, self.emptied + other.emptied, self.files + other.files)


def table_erasures(erased: Erased, source: Source) -> Sequence[TableErasure]:
    """How an erasure treats each table of the source that names people.

    Raises ErasureError where a table does not say whether it does, or raw holds one that the source does not describe.
    """
    tables = [(system, table) for system in source.systems for table in system.tables]
    silent = [f"{system.name}/{table}" for system, table in tables if system.tables[table].person is None]
    if silent:
        more = f" (and {len(silent) - 1} other tables)" if len(silent) > 1 else ""
        raise ErasureError(
            f"An erasure request waits, but it is not said whose rows {silent[0]}{more} holds: give the table a "
            "person, or person: nobody, as docs/add_a_source.md shows."
        )
    described = {erased.home.raw(system.name, table) for system, table in tables}
    held = {file.parent for file in erased.home.folder.glob("raw/*/*/*.parquet")}
    if unknown := sorted(held - described):
        raise ErasureError(
            f"An erasure request waits, but the source does not describe {erased.home.relative(unknown[0])}, and it "
            "is not known whose rows that holds: describe the table again, or delete the folder."
        )
    found = [TableErasure.of(erased, source, system, table) for system, table in tables]
    return [erasure for erasure in found if erasure]


def request_tables(source: Source, asked: Collection[str]) -> Collection[str]:
    """The tables that hold requests to be erased, <system>/<table>.

    Raises ErasureError where it is not said of one that people were asked for by, or of any table of a system that has
    such requests: landing would leave out those of people who were erased, whatever else they name.
    """
    said = {
        f"{system.name}/{name}"
        for system in source.systems
        for name, table in system.tables.items()
        if table.about and table.about.requests
    }
    silent = [f"table {table}" for table in sorted({*asked} - said)]
    silent += [
        f"system {system.name}"
        for system in source.systems
        if "erasure_requests" in system.entities and not any(table.partition("/")[0] == system.name for table in said)
    ]
    if silent:
        raise ErasureError(
            f"An erasure request waits, but it is not said where the {silent[0]} holds such requests: add requests: "
            "true to the person of the table, as docs/add_a_source.md shows."
        )
    return said


def learn_rows(erasures: Sequence[TableErasure], home: Home) -> None:
    """Put the keys of rows that are an erased person's on the list, in the order in which tables hang on each other.

    Raises ErasureError where a table names people by a column that it does not have.
    """
    for erasure in erasures:
        landed = Landed.read(erasure.erased.connection, home.raw(erasure.system, erasure.table))
        if not landed.files:
            continue
        if missing := [name for name in erasure.needed(landed.columns) if name not in landed.columns]:
            raise ErasureError(
                f"The person of the table {erasure.system}/{erasure.table} names the column {missing[0]}, which it "
                "does not have: mend it in the description of the source."
            )
        if erasure.key:
            erasure.learn(landed.relation, landed.columns)
        if erasure.request:
            erasure.answer(landed.relation, landed.columns)


def remove_rows(erasure: TableErasure, folder: Path) -> Removed:
    """Write those files of a raw folder anew that hold an erased person, each in one step; all others stay as they are.

    Columns, the order of rows and what is known of their landing stay.
    """
    connection, done = erasure.erased.connection, Removed()
    for left_by_a_crash in folder.glob("*.tmp"):
        left_by_a_crash.unlink()
    for path in sorted(folder.glob("*.parquet")):
        rows = f"read_parquet({sql.text(path)}, file_row_number = true, hive_partitioning = false)"
        described = connection.execute(f"describe select * exclude (file_row_number) from {rows}").fetchall()
        columns = [name for name, *_ in described if name not in LOAD_COLUMNS]
        affected = connection.execute(f"select count(*) from {rows} where {erasure.affected(columns)}").fetchone()[0]
        if not affected:
            continue
        remaining = f"from {erasure.remaining(rows, columns)} order by file_row_number"
        write_parquet(connection, f"select * exclude (file_row_number) {remaining}", path)
        done += Removed(files=1, **{"removed" if erasure.person.keep is None else "emptied": affected})
    return done


def check_nothing_is_left(erased: Erased, source: Source, home: Home, besides: Collection[str] = ()) -> None:
    """Search every text in raw, `besides` some tables (<system>/<table>), for e-mails and phone numbers on the list.

    Raises ErasureError where one is left: the table's description lacks its column.
    """
    for system in source.systems:
        for table in system.tables:
            if f"{system.name}/{table}" in besides:
                continue
            for path in sorted(home.raw(system.name, table).glob("*.parquet")):
                if column := _column_with_an_erased(erased.connection, path):
                    raise ErasureError(
                        f"The column {column} of the table {system.name}/{table} still holds an e-mail or a phone "
                        "number of an erased person: add it to the person of that table, and run again."
                    )


def _column_with_an_erased(connection: "DuckDBPyConnection", path: Path) -> str | None:
    rows = f"read_parquet({sql.text(path)}, {READ_OPTIONS})"
    described = connection.execute(f"describe select * from {rows}").fetchall()
    for column in [name for name, data_type, *_ in described if data_type == "VARCHAR" and name not in LOAD_COLUMNS]:
        found = connection.execute(
            f"""
            with texts as (select distinct {sql.name(column)} as text from {rows}),
            parts as (
                select 'email' as kind, unnest(regexp_extract_all(text, $emails)) as part from texts
                union all
                select 'phone', unnest(regexp_extract_all(text, $phones)) from texts
            )
            select exists (
                select 1 from (select distinct kind, part from parts)
                where case kind when 'email' then {hashed("email", "", "part")} else {hashed("phone", "", "part")} end
                    in (select identifier from erased)
            )
            """,
            {"emails": EMAILS, "phones": PHONES},
        ).fetchone()[0]
        if found:
            return column
    return None
