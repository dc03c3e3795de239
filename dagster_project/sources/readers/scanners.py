"""Databases that DuckDB reads itself: PostgreSQL, MySQL and MariaDB, SQLite.

Belongs here: for each how it is opened on one snapshot that nothing can be written in, what reads its values exactly,
and how it selects rows since a cursor. What holds for all of them is in database.py.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb

from dagster_project import sql
from dagster_project.attach import address, attach_server, load_extension, options
from dagster_project.sources.readers.reader import Since

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

MOST_DIGITS = 38  # of DuckDB's DECIMAL
INSTANT = "TIMESTAMP WITH TIME ZONE"


class _Scanned:
    """A database attached to DuckDB as `source`, in a transaction that is DuckDB's and its own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._begin()

    def begin_again(self) -> None:
        self._connection.rollback()
        self._begin()

    def close(self) -> None:
        """The transaction ends with DuckDB's connection."""

    def _begin(self) -> None:
        """Begin a transaction and take its snapshot."""
        raise NotImplementedError

    def _ask(self, query: str) -> Sequence[tuple]:
        return self._connection.execute(query).fetchall()

    def _types_of(self, relation: str) -> Mapping[str, str]:
        return {name: data_type for name, data_type, *_ in self._ask(f"describe select * from {relation}")}


class PostgreSql(_Scanned):
    """Tables are read by queries of our own, since some types need a cast there. Their results are streamed."""

    # What DuckDB reads as it is; all else is read as PostgreSQL's text.
    NUMBERS = ("bool", "int2", "int4", "int8", "float4", "float8")
    NATIVE = frozenset((*NUMBERS, "text", "varchar", "date", "time", "timestamp", "timestamptz", "bytea"))

    def __init__(self, connection: duckdb.DuckDBPyConnection, url: "URL", schema: str | None) -> None:
        self._schema = schema
        self._expressions: dict[str, Mapping[str, str]] = {}
        load_extension(connection, "postgres_scanner")
        attach_server(connection, "source", "postgres", {**address(url, "dbname"), **options(url)}, "read_only")
        super().__init__(connection)

    def columns(self, table: str) -> Mapping[str, str]:
        in_schema = f"n.nspname = {sql.text(self._schema)}" if self._schema else "pg_table_is_visible(c.oid)"
        # A domain is read as the type below it.
        found = self._query(f"""
            select
                a.attname::text,
                b.typname::text,
                format_type(b.oid, case t.typtype when 'd' then t.typtypmod else a.atttypmod end)
            from pg_attribute as a
            join pg_class as c on c.oid = a.attrelid
            join pg_namespace as n on n.oid = c.relnamespace
            join pg_type as t on t.oid = a.atttypid
            join pg_type as b on b.oid = case t.typtype when 'd' then t.typbasetype else t.oid end
            where
                c.relname = {sql.text(table)} and c.relkind in ('r', 'p', 'v', 'm', 'f') and {in_schema}
                and a.attnum > 0 and not a.attisdropped
                and has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, a.attnum, 'select')
            order by a.attnum
        """)
        if not found:
            return {}
        self._expressions[table] = {name: self._expression(name, kind, full) for name, kind, full in found}
        return self._types_of(self.rows(table, self._expressions[table], None))

    def has_rows(self, table: str) -> bool:
        return self._query(f"select exists (select 1 from {self._place(table)}) as found")[0][0]

    def rows(self, table: str, columns: Collection[str], since: Since | None) -> str:
        values = ", ".join(f"{self._expressions[table][name]} as {sql.name(name)}" for name in columns)
        query = f"select {values} from {self._place(table)}"
        if since:
            cursor = sql.name(since.column)
            query += f" where {cursor} >= {sql.text(since.value)} or {cursor} is null"
        return f"postgres_query('source', {sql.text(query)})"

    def _begin(self) -> None:
        self._connection.begin()
        self._query("select 1 as snapshot")

    def _expression(self, column: str, kind: str, full: str) -> str:
        """What reads a column of the type `full`, which is called `kind` without its size."""
        name = sql.name(column)
        size = re.fullmatch(r"numeric\((\d+),(\d+)\)", full)
        if size and int(size[2]) <= int(size[1]) <= MOST_DIGITS:
            return f"nullif({name}, 'NaN')::{full}"  # DuckDB takes NaN for 0
        return name if kind in self.NATIVE else f"{name}::text"

    def _place(self, table: str) -> str:
        return f"{sql.name(self._schema)}.{sql.name(table)}" if self._schema else sql.name(table)

    def _query(self, query: str) -> Sequence[tuple]:
        return self._ask(f"from postgres_query('source', {sql.text(query)})")


class MySql(_Scanned):
    """A table is streamed by DuckDB's scan of it. What a scan cannot do, a query does, whose whole result is held in
    memory: rows without a cursor, where there are any, and numbers of more digits than DuckDB's DECIMAL has."""

    # What a query reads as a scan does; all else it has to read as MySQL's text.
    NUMBERS = ("tinyint", "smallint", "mediumint", "int", "bigint", "float", "double", "bit", "year")
    TIMES = ("date", "datetime", "timestamp")
    BYTES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
    SHAPES = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon")
    NATIVE = frozenset((*NUMBERS, *TIMES, "time", *BYTES, *SHAPES, "geomcollection", "geometrycollection"))
    WIDE = "wide decimal"

    def __init__(self, connection: duckdb.DuckDBPyConnection, url: "URL", schema: str | None) -> None:
        if not url.database:
            raise ValueError("the URL names no database after its host")
        self._schema = schema or url.database
        self._kinds: dict[str, Mapping[str, str]] = {}
        self._types: dict[str, Mapping[str, str]] = {}
        load_extension(connection, "mysql_scanner")
        connection.execute("set mysql_session_time_zone = '+00:00'")
        connection.execute("set mysql_tinyint1_as_boolean = false")  # it may hold other numbers than 0 and 1
        connection.execute("set mysql_incomplete_dates_as_nulls = true")
        connection.execute("set mysql_order_pushdown_enabled = false")  # MySQL orders text otherwise than DuckDB
        connection.execute("set mysql_aggregate_pushdown_enabled = false")  # DuckDB 1.5 fails where it is also filtered
        # What SQLAlchemy's drivers call otherwise; all text is read as UTF-8, whatever the charset.
        said = {"socket" if name == "unix_socket" else name: value for name, value in options(url).items()}
        said.pop("charset", None)
        # Not read_only: DuckDB would not let us say what the server's transaction is to be, which is read-only.
        attach_server(connection, "source", "mysql", {**address(url, "database"), **said})
        super().__init__(connection)

    def columns(self, table: str) -> Mapping[str, str]:
        self._kinds[table] = dict(
            self._query(
                f"""
                select
                    cast(column_name as char),
                    case when numeric_precision > {MOST_DIGITS} and data_type = 'decimal' then '{self.WIDE}'
                    else cast(data_type as char) end
                from information_schema.columns
                where table_schema = ? and table_name = ?
                order by ordinal_position
                """,
                self._schema,
                table,
            )
        )
        if not self._kinds[table]:
            return {}
        types = self._types_of(self._place(table))
        exact = {"timestamp": INSTANT, self.WIDE: "VARCHAR"}
        self._types[table] = {name: exact.get(kind, types[name]) for name, kind in self._kinds[table].items()}
        return self._types[table]

    def has_rows(self, table: str) -> bool:
        return self._exists(table)

    def rows(self, table: str, columns: Collection[str], since: Since | None) -> str:
        kinds = self._kinds[table]
        if self.WIDE in map(kinds.get, columns) or (
            since and self._exists(table, self._is_without(table, since.column))
        ):
            return self._queried(table, columns, since)
        values = ", ".join(self._value(table, name) for name in columns)
        condition = f" where {sql.name(since.column)} >= {_bound(since)}" if since else ""
        return f"(select {values} from {self._place(table)}{condition})"

    def _begin(self) -> None:
        self._connection.begin()
        for statement in (
            "set session transaction isolation level repeatable read, read only",
            "start transaction with consistent snapshot, read only",
        ):
            self._ask(f"from mysql_execute('source', {sql.text(statement)})")

    def _queried(self, table: str, columns: Collection[str], since: Since | None) -> str:
        """A relation of rows, and of those without a cursor, by a query in the snapshot: without streaming."""
        kinds = self._kinds[table]
        expressions = ", ".join(
            _tick(name) if kinds[name] in self.NATIVE else f"cast({_tick(name)} as char) as {_tick(name)}"
            for name in columns
        )
        query = f"select {expressions} from {_tick(self._schema)}.{_tick(table)}"
        if since:
            query += (
                f" where {_tick(since.column)} >= {self._literal(since)} or {self._is_without(table, since.column)}"
            )
        values = ", ".join(self._value(table, name) for name in columns)
        return f"(select {values} from mysql_query('source', {sql.text(query)}, stream_results = false))"

    def _value(self, table: str, column: str) -> str:
        name = sql.name(column)
        if self._kinds[table][column] == "timestamp":
            return f"timezone('UTC', {name}) as {name}"
        return f"cast({name} as {self._types[table][column]}) as {name}"

    def _exists(self, table: str, condition: str = "true") -> bool:
        place = f"{_tick(self._schema)}.{_tick(table)}"
        return self._query(f"select exists (select 1 from {place} where {condition})")[0][0] == 1

    def _is_without(self, table: str, column: str) -> str:
        """Zero dates are read as NULL."""
        name = _tick(column)
        is_zero = f" or {name} < '0001-01-01'" if self._kinds[table][column] in self.TIMES else ""
        return f"{name} is null{is_zero}"

    def _literal(self, since: Since) -> str:
        value = self._ask(f"select cast({_bound(since)} as varchar)")[0][0]
        return value if re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", value) else sql.text(value)

    def _place(self, table: str) -> str:
        return f"source.{sql.name(self._schema)}.{sql.name(table)}"

    def _query(self, query: str, *parameters: str) -> Sequence[tuple]:
        given = f", params = row({', '.join(map(sql.text, parameters))})" if parameters else ""
        return self._ask(f"from mysql_query('source', {sql.text(query)}, stream_results = false{given})")


class Sqlite(_Scanned):
    """Columns have the types that they are declared with, and times are mostly text."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, url: "URL", schema: str | None) -> None:
        load_extension(connection, "sqlite_scanner")
        connection.execute("set sqlite_disable_multithreaded_scans = true")  # the threads would see other snapshots
        connection.execute(f"attach {sql.text(url.database)} as source (type sqlite, read_only)")
        super().__init__(connection)

    def columns(self, table: str) -> Mapping[str, str]:
        is_there = self._query(
            f"select 1 from sqlite_master where type in ('table', 'view') and name = {sql.text(table)} collate nocase"
        )
        return self._types_of(f"source.{sql.name(table)}") if is_there else {}

    def has_rows(self, table: str) -> bool:
        return self._ask(f"select exists (from source.{sql.name(table)})")[0][0]

    def rows(self, table: str, columns: Collection[str], since: Since | None) -> str:
        condition = f" where {since.condition}" if since else ""
        return f"(select {', '.join(map(sql.name, columns))} from source.{sql.name(table)}{condition})"

    def _begin(self) -> None:
        self._connection.begin()
        self._query("select 1 from sqlite_master")

    def _query(self, query: str) -> Sequence[tuple]:
        return self._ask(f"from sqlite_query('source', {sql.text(query)})")


def _bound(since: Since) -> str:
    """The cursor's value as DuckDB's SQL, times as MySQL has them: of no zone, in UTC."""
    value = f"cast({sql.text(since.value)} as {since.data_type})"
    return f"timezone('UTC', {value})" if since.data_type == INSTANT else value


def _tick(name: str) -> str:
    """A name as MySQL quotes it."""
    return "`" + name.replace("`", "``") + "`"
