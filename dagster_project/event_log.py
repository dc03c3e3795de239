"""Dagster's event log in SQLite with its files kept open: a run writes some 1,500 events, and opening, syncing and
closing two files for each of them is a good part of a small run.

The tables, files and queries are Dagster's own; only how long a connection lives and when SQLite waits for the disk is
decided here. A crash of the machine can lose the last events of a run, never the file.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool


class OpenSqliteEventLogStorage(SqliteEventLogStorage):
    """Keeps the index open, and of the runs the one that was asked for last."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._open: dict[str, Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "OpenSqliteEventLogStorage":
        """What Dagster makes of dagster.yaml; its own class would name itself here."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._open:
            for other in [name for name in self._open if name != INDEX_SHARD_NAME and shard != INDEX_SHARD_NAME]:
                self._open.pop(other).dispose()
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            self._initdb(engine)
            with engine.connect() as connection:
                connection.execute(text("pragma synchronous = normal"))
            self._open[shard] = engine
        return self._open[shard]

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table of that name; one that was there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Close what is open."""
        super().dispose()
        with self._db_lock:
            while self._open:
                self._open.popitem()[1].dispose()
