"""What raw holds of a table: its files, columns, newest versions, and what earlier landings knew of the source.

Reads raw only. What lands next is decided in landing.py.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project import sql
from dagster_project.files import write_text

LOAD_COLUMNS = ("_loaded_at", "_load_id", "_as_of", "_is_deleted")
READ_OPTIONS = "union_by_name = true, hive_partitioning = false"  # a folder called a=b is no column
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


@dataclass(frozen=True)
class SourceState:
    """What the source was like when its rows were last landed, kept beside them.

    It is written after the rows are in place: where a crash prevents that, the source is read once more and raw
    already holds what it finds.

    files        the fingerprint of each file read
    rejected     lines of each file that could not be read
    compared_at  when the whole table was last read (UTC, naive)
    """

    files: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    compared_at: datetime | None = None

    @classmethod
    def read(cls, raw: Path) -> "SourceState":
        """The state beside the landed files; a new one where nothing has landed."""
        path = _state_file(raw)
        if not path.exists():
            return cls()
        state = json.loads(path.read_text())
        compared_at = state["compared_at"]
        return cls(**{**state, "compared_at": datetime.fromisoformat(compared_at) if compared_at else None})

    def write(self, raw: Path) -> None:
        """Replace the state beside the landed files in one step."""
        write_text(_state_file(raw), json.dumps(asdict(self), default=datetime.isoformat, indent=1))


@dataclass(frozen=True)
class Landed:
    """The rows that raw holds of a table, as a DuckDB relation. `columns` are the source's, with DuckDB types."""

    files: tuple[Path, ...]
    relation: str
    columns: Mapping[str, str]
    rows: int

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection, raw: Path) -> "Landed":
        """What the Parquet files of a raw folder hold."""
        files = tuple(sorted(raw.glob("*.parquet")))
        if not files:
            return cls((), "", {}, 0)
        relation = f"read_parquet([{', '.join(map(sql.text, files))}], {READ_OPTIONS})"
        described = connection.execute(f"describe select * from {relation}").fetchall()
        columns = {name: data_type for name, data_type, *_ in described if name not in LOAD_COLUMNS}
        rows = connection.execute(f"select count(*) from {relation}").fetchone()[0]
        return cls(files, relation, columns, rows)

    def current(self, key: tuple[str, ...], condition: str = "true") -> str:
        """A relation of the newest landing of each key; without a key of everything ever landed."""
        names = ", ".join(map(sql.name, key))
        newest = (
            f"qualify rank() over (partition by {names} order by _loaded_at desc, _load_id desc) = 1" if key else ""
        )
        return f"(select * from {self.relation} where {condition} {newest})"


def retyped(landed: Mapping[str, str], columns: Mapping[str, str]) -> tuple[str, ...]:
    """Columns whose kind of type is another one than raw has, each with both types."""
    return tuple(
        f"{name} ({landed[name]} in raw, now {data_type})"
        for name, data_type in columns.items()
        if name in landed and _family(landed[name]) != _family(data_type)
    )


def version(alias: str, columns: Mapping[str, str], known: Collection[str]) -> str:
    """One value per version of a row of the relation with that alias, whatever its values hold.

    Columns that the relation does not have (that are not `known`) are NULL.
    """
    values = [
        f"try_cast({alias}.{sql.name(name)} as {data_type})" if name in known else f"cast(null as {data_type})"
        for name, data_type in columns.items()
    ]
    return f"md5_number(cast(row({', '.join(values)}) as varchar))"


def _family(data_type: str) -> str:
    """Types between which values pass unchanged: whole numbers of any width, decimals of any size."""
    if data_type in INTEGERS:
        return "INTEGER"
    return data_type.partition("(")[0] if data_type.startswith("DECIMAL") else data_type


def _state_file(raw: Path) -> Path:
    return raw / "_source.json"
