"""Any database that SQLAlchemy knows, read in batches of rows: the way for those that DuckDB does not read itself.

Belongs here: which of SQLAlchemy's types are exact in Arrow, and streams of rows. The driver is the user's to install.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING

import duckdb
import sqlalchemy
from sqlalchemy import types
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from dagster_project import sql
from dagster_project.sources.readers.reader import Since

if TYPE_CHECKING:
    import pyarrow
    from sqlalchemy.engine import URL

BATCH_ROWS = 20_000
MOST_DIGITS = 38  # of a DECIMAL of DuckDB
# Isolation levels that are a snapshot where the default one is not; of other databases they would lock what is read.
SNAPSHOTS = {
    "postgresql": "REPEATABLE READ",
    "mysql": "REPEATABLE READ",
    "mariadb": "REPEATABLE READ",
    "oracle": "SERIALIZABLE",
}


class AnyDatabase:
    """A database behind SQLAlchemy, read in one transaction that is never committed."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, url: "URL", schema: str | None) -> None:
        self._connection = connection
        self._schema = schema
        self._tables: dict[str, sqlalchemy.Table] = {}
        self._numbers = count(1)
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        level = SNAPSHOTS.get(engine.dialect.name)
        self._database = engine.connect().execution_options(**({"isolation_level": level} if level else {}))
        self._begin()

    def columns(self, table: str) -> Mapping[str, str]:
        try:
            self._tables[table] = sqlalchemy.Table(
                table, sqlalchemy.MetaData(), schema=self._schema, autoload_with=self._database, resolve_fks=False
            )
        except NoSuchTableError:
            return {}
        rows = self.rows(table, self._tables[table].columns.keys(), None)
        described = self._connection.execute(f"describe select * from {rows}").fetchall()
        return {name: data_type for name, data_type, *_ in described}

    def has_rows(self, table: str) -> bool:
        query = sqlalchemy.select(sqlalchemy.literal(1)).select_from(self._tables[table]).limit(1)
        return self._database.execute(query).first() is not None

    def rows(self, table: str, columns: Collection[str], since: Since | None) -> str:
        """A stream: it can be read once, and not while another one is."""
        import pyarrow

        chosen = [self._tables[table].columns[name] for name in columns]
        query = sqlalchemy.select(*map(_exact, chosen))
        if since:
            cursor = self._tables[table].columns[since.column]
            query = query.where(sqlalchemy.or_(cursor >= self._value(since), cursor.is_(None)))
        schema = pyarrow.schema([(column.name, _arrow_type(column.type) or pyarrow.string()) for column in chosen])
        name = f"batches {next(self._numbers)}"
        stream = pyarrow.RecordBatchReader.from_batches(schema, self._stream(query, schema))
        self._connection.register(name, stream)
        return sql.name(name)

    def begin_again(self) -> None:
        self._database.rollback()
        self._begin()

    def close(self) -> None:
        self._database.close()

    def _begin(self) -> None:
        """Begin a transaction and, where it is one, take its snapshot."""
        self._database.execute(sqlalchemy.select(sqlalchemy.literal(1)))

    def _stream(self, query: sqlalchemy.Select, schema: "pyarrow.Schema") -> Iterator["pyarrow.RecordBatch"]:
        import pyarrow

        try:
            with self._database.execute(query, execution_options={"yield_per": BATCH_ROWS}) as result:
                for rows in result.partitions():
                    columns = zip(zip(*rows, strict=True), schema, strict=True)
                    arrays = [pyarrow.array(values, type=field.type) for values, field in columns]
                    yield pyarrow.record_batch(arrays, schema=schema)
        except SQLAlchemyError:
            self.begin_again()
            raise

    def _value(self, since: Since) -> object:
        return self._connection.execute(f"select cast(? as {since.data_type})", [since.value]).fetchone()[0]


def _arrow_type(kind: types.TypeEngine) -> "pyarrow.DataType | None":
    """What holds every value of a type exactly; None where nothing but text does."""
    import pyarrow

    match kind:
        case types.Boolean():
            return pyarrow.bool_()
        case types.Integer():
            return pyarrow.uint64() if getattr(kind, "unsigned", False) else pyarrow.int64()  # unsigned: MySQL's
        case types.Float():
            return pyarrow.float64()
        case types.Numeric(precision=int(digits), scale=scale) if 0 <= (scale or 0) <= digits <= MOST_DIGITS:
            return pyarrow.decimal128(digits, scale or 0)
        case types.DateTime():
            return pyarrow.timestamp("us", tz="UTC" if kind.timezone else None)
        case types.Date():
            return pyarrow.date32()
        case types.LargeBinary():
            return pyarrow.binary()
        case types.Enum():
            return None
        case types.String():
            return pyarrow.string()
    return None


def _exact(column: sqlalchemy.Column) -> sqlalchemy.ColumnElement:
    """A column as it is read: as text that the database makes where no type is exact."""
    return column if _arrow_type(column.type) else sqlalchemy.cast(column, types.Text).label(column.name)
