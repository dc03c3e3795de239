"""Extraction: what one says of itself, as the raw gate reads it back from the asset's materialization.

Belongs here: the names of that metadata and the facts. Does not belong here: extracting and judging.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dagster import MetadataValue


class ExtractionError(ValueError):
    """A materialization that lacks what the raw gate reads."""


@dataclass(frozen=True)
class Extraction:
    """One extraction of one table.

    files            the newest Parquet files landed, as paths relative to the home; none where none ever was
    rows             rows landed now
    rows_before      rows of the table in raw before
    source_has_rows  whether the source's table holds any row
    missing_columns  columns that raw has or that are required and the source does not have
    retyped_columns  columns of another kind of type than in raw, with both types
    rejected         lines of the source's files that cannot be read
    """

    files: tuple[str, ...]
    rows: int
    rows_before: int
    source_has_rows: bool
    missing_columns: tuple[str, ...]
    retyped_columns: tuple[str, ...]
    rejected: int

    @classmethod
    def of(cls, metadata: Mapping[str, MetadataValue]) -> "Extraction":
        """Read it from a materialization's metadata."""
        values: dict[str, Any] = {}
        for name in cls.__dataclass_fields__:
            if name not in metadata:
                raise ExtractionError(f"its last extraction does not say {name}")
            value = metadata[name].value
            values[name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)

    def facts(self) -> dict[str, bool | int | str]:
        """One row of facts, the batch of the suite raw/landing."""
        return {
            "rows": self.rows,
            "rows_before": self.rows_before,
            "source_has_rows": self.source_has_rows,
            "missing_columns": ", ".join(self.missing_columns),
            "retyped_columns": ", ".join(self.retyped_columns),
            "rejected": self.rejected,
        }
