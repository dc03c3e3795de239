"""Parquet files: DuckDB reads them in place, also from object stores, with their own types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import duckdb

from dagster_project.sources.config import Table
from dagster_project.sources.readers.content import Scan, SourceFile, Workplace


@dataclass(frozen=True)
class ParquetContent:
    """A Parquet file."""

    file: SourceFile
    table: Table
    workplace: Workplace

    @cached_property
    def columns(self) -> Mapping[str, str]:
        try:
            found = self._query(f"describe select * from {self.scan.relation()}")
        except duckdb.Error:
            raise self.file.error("cannot be read as Parquet") from None
        return {row[0]: row[1] for row in found}

    @property
    def types(self) -> Mapping[str, str]:
        return {}

    def has_rows(self) -> bool:
        return bool(self._query(f"select 1 from {self.scan.relation()} limit 1"))

    @property
    def scan(self) -> Scan:
        return Scan("read_parquet(", self.file.path, ", hive_partitioning = false)")

    def lines(self, numbers: Sequence[int]) -> Mapping[int, int]:
        return {number: number for number in numbers}

    def _query(self, query: str) -> Sequence[tuple]:
        return self.workplace.connection.cursor().execute(query).fetchall()
