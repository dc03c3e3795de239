"""The publication once more as a schema of a PostgreSQL database, for tools that want a server.

All tables are written into a schema of another name and take the place of the former ones in the same transaction, so
that nobody sees half and a failure leaves everything as it was. The schema's comment says which publication it holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dagster_project import sql
from dagster_project.attach import NO_DOWNLOADS, address, attach_server, load_extension, options
from dagster_project.errors import WarehouseError
from dagster_project.publish.manifest import read_manifest
from dagster_project.publish.marts import Mart
from dagster_project.warehouse import engine_settings

MARK = "Marts of the segment warehouse"  # how the comment of a schema begins that is ours to replace
PATIENCE_SECONDS = 60  # how long a publication waits for transactions that have read the former tables
STILL_OPEN = "a transaction that has read the former marts is still open: end it, and run again"
DEPENDS = " depends on "
LOCK_SECONDS = 2  # so long others may have to wait meanwhile, before it steps back and tries again


class PostgresError(WarehouseError):
    """The marts could not be published to PostgreSQL; the message says why, without the password."""


def publish_to_postgres(
    publication: Path, marts: Sequence[Mart], url: str, schema: str, patience_seconds: int = PATIENCE_SECONDS
) -> bool:
    """Let the schema of the database hold the tables of the publication, with their comments and keys and the rights
    that the former ones had. Returns False where it holds that publication already, so that nothing is written.

    Raises PostgresError where the database cannot be reached, refuses something, or its schema is somebody else's.
    """
    parsed = _parsed(url)
    with _told(parsed), duckdb.connect(config={**NO_DOWNLOADS, **engine_settings()}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach {sql.text(publication / 'marts.duckdb')} as published (read_only)")
        load_extension(connection, "postgres_scanner")
        attach_server(connection, "server", "postgres", {**address(parsed, "dbname"), **options(parsed)})
        connection.begin()
        database = _Database(connection)
        comment = _comment(read_manifest(publication))
        former = database.comment_of(schema)
        if former == comment:
            return False
        if former is not None and not former.startswith(MARK):
            raise PostgresError(
                f"The schema {schema} of the PostgreSQL database holds something else than the marts of this "
                "warehouse: set WAREHOUSE_PUBLISH_SCHEMA to a name that is free there."
            )
        unfinished = f"{schema}__unfinished"
        connection.execute(f"create schema server.{unfinished}")
        for mart in marts:
            connection.execute(f"create table server.{unfinished}.{mart.name} as from published.{mart.name}")
            database.execute(*_described(unfinished, mart))
        database.execute(f"comment on schema {unfinished} is {sql.text(comment)}")
        if former is not None:
            database.execute(*database.rights(schema, unfinished))
            database.drop(schema, patience_seconds)
        database.execute(f"alter schema {unfinished} rename to {schema}")
        connection.commit()
    return True


class _Database:
    """The attached database, in DuckDB's transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, *statements: str) -> None:
        """Run statements of PostgreSQL's own SQL."""
        if statements:
            self._connection.execute("call postgres_execute('server', ?)", ["; ".join(statements)])

    def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        """What a query in PostgreSQL's own SQL answers."""
        return self._connection.execute(f"from postgres_query('server', {sql.text(query)})").fetchall()

    def comment_of(self, schema: str) -> str | None:
        """The comment of a schema, empty where it has none; None where there is no such schema."""
        found = self.rows(
            "select coalesce(obj_description(oid, 'pg_namespace'), '')::text as comment from pg_namespace "
            f"where nspname = {sql.text(schema)}"
        )
        return found[0][0] if found else None

    def rights(self, schema: str, successor: str) -> Sequence[str]:
        """What grants others the rights on the successor that they have on the schema and on its tables by their names.
        A table that is new is for those who may read all tables of the former schema."""
        return [
            statement
            for (statement,) in self.rows(f"""
                with tables as (
                    select c.oid, c.relname, c.relacl, c.relowner
                    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                    where n.nspname = {sql.text(schema)} and c.relkind = 'r'
                ),
                granted as (
                    select t.relname, a.grantee, a.privilege_type
                    from tables as t cross join aclexplode(t.relacl) as a
                    where a.grantee <> t.relowner
                ),
                successors as (
                    select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                    where n.nspname = {sql.text(successor)} and c.relkind = 'r'
                ),
                readers as (
                    select grantee from granted where privilege_type = 'SELECT'
                    group by grantee having count(*) = (select count(*) from tables)
                ),
                needed as (
                    select 'schema ' || quote_ident({sql.text(successor)}) as place, a.grantee, a.privilege_type
                    from pg_namespace as n cross join aclexplode(n.nspacl) as a
                    where n.nspname = {sql.text(schema)} and a.grantee <> n.nspowner
                    union all
                    select format('table %I.%I', {sql.text(successor)}, relname), grantee, privilege_type
                    from granted where relname in (select relname from successors)
                    union all
                    select format('table %I.%I', {sql.text(successor)}, relname), grantee, 'SELECT'
                    from successors cross join readers where relname not in (select relname from tables)
                )
                select format(
                    'grant %s on %s to %s', privilege_type, place,
                    case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end
                ) as statement
                from needed
            """)
        ]

    def drop(self, schema: str, patience_seconds: int) -> None:
        """Drop a schema and its tables, once nobody is in a transaction that has read one of them."""
        found = self.rows(
            f"select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = "
            f"{sql.text(schema)} order by 1"
        )
        tables = ", ".join(name for (name,) in found)
        if tables:
            self.execute(
                f"""
                do $$
                declare
                    begun timestamptz := clock_timestamp();
                begin
                    perform set_config('lock_timeout', '{LOCK_SECONDS}s', true);
                    loop
                        begin
                            lock table {tables} in access exclusive mode;
                            return;
                        exception when lock_not_available then
                            if clock_timestamp() > begun + interval '{patience_seconds} s' then
                                raise exception '{STILL_OPEN}';
                            end if;
                            perform pg_sleep({LOCK_SECONDS});
                        end;
                    end loop;
                end $$
                """,
                f"drop table {tables}",
            )
        self.execute(f"drop schema {schema}")


def _described(schema: str, mart: Mart) -> Iterator[str]:
    """What gives a table its comments and its key."""
    table = f"{schema}.{mart.name}"
    yield f"comment on table {table} is {sql.text(mart.description)}"
    for column in mart.columns:
        yield f"comment on column {table}.{sql.name(column.name)} is {sql.text(column.description)}"
    if mart.key:
        columns = ", ".join(map(sql.name, mart.key))
        is_required = {column.name: column.is_required for column in mart.columns}
        if all(is_required[name] for name in mart.key):
            yield f"alter table {table} add primary key ({columns})"
        else:
            yield f"create unique index on {table} ({columns})"


def _comment(manifest: Mapping[str, Any]) -> str:
    return f"{MARK} as of {manifest['as_of_date']}, publication {manifest['run_id']}"


def _parsed(url: str) -> URL:
    """Raises PostgresError where the text is no URL of a PostgreSQL database."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "postgresql" or not parsed.database:
        raise PostgresError(
            "WAREHOUSE_PUBLISH_POSTGRES is no URL of a PostgreSQL database: write it as "
            "postgresql://user:password@host:5432/database."
        )
    return parsed


@contextmanager
def _told(url: URL) -> Iterator[None]:
    """Turn errors into a sentence with what the server answered, without what it was asked and the password."""
    try:
        yield
    except duckdb.Error as error:
        first, *further = str(error).rpartition('": ')[2].strip().splitlines()
        # Other details quote values.
        details = [line.removeprefix("DETAIL:").strip() for line in further if DEPENDS in line]
        reason = "; ".join([first.removeprefix("ERROR:").strip(), *details]).rstrip(".")
        if url.password:
            reason = reason.replace(str(url.password), "***")
        raise PostgresError(f"The marts could not be published to PostgreSQL: {reason}.") from None
