"""Excel workbooks: the cells of one sheet below a header, each column as the type that its cells have.

DuckDB's own reader takes the types of the first row for the whole sheet and ends at the first empty row, so the cells
are read by calamine and handed to DuckDB as Parquet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING

from dagster_project.sources.config import Table
from dagster_project.sources.readers.content import Scan, SourceFile, Workplace, column_names
from dagster_project.sources.readers.layout import LONGEST_PREAMBLE

if TYPE_CHECKING:
    from pyarrow import DataType

# The type of a column by the kinds of cells that it holds; any other mixture is text.
TYPES = (
    (set(), "VARCHAR"),
    ({bool}, "BOOLEAN"),
    ({int, float}, "DOUBLE"),
    ({date}, "DATE"),
    ({date, datetime}, "TIMESTAMP"),
    ({time}, "TIME"),
)


@dataclass(frozen=True)
class WorkbookContent:
    """One sheet of a workbook; empty rows are none."""

    file: SourceFile
    table: Table
    workplace: Workplace

    @cached_property
    def columns(self) -> Mapping[str, str]:
        return {name: _type(self._cells(position)) for name, position in self._header.items()}

    @property
    def types(self) -> Mapping[str, str]:
        return {}

    def has_rows(self) -> bool:
        return bool(self._rows)

    @cached_property
    def scan(self) -> Scan:
        from pyarrow import array, table
        from pyarrow.parquet import write_table

        columns = {
            name: array([_as(data_type, cell) for cell in self._cells(self._header[name])], _arrow_type(data_type))
            for name, data_type in self.columns.items()
        }
        copy = self.workplace.copy(".parquet")
        write_table(table(columns), copy)
        return Scan("read_parquet(", str(copy), ", hive_partitioning = false)")

    def lines(self, numbers: Sequence[int]) -> Mapping[int, int]:
        return {number: self._rows[number - 1][0] for number in numbers}

    @cached_property
    def _sheet(self) -> Sequence[tuple[int, Sequence[object]]]:
        """The rows from the header on that are not empty, with their numbers in the sheet; empty cells are None."""
        from python_calamine import CalamineError, CalamineWorkbook

        try:
            with CalamineWorkbook.from_path(self.file.path) as workbook:
                names, wanted = workbook.sheet_names, self.table.format.sheet
                if wanted is not None and wanted not in names:
                    raise self.file.error(f"has no sheet {wanted}; it has {', '.join(names)}")
                cells = workbook.get_sheet_by_name(wanted or names[0]).iter_rows()
                rows = [[None if cell == "" else cell for cell in row] for row in cells]
        except (CalamineError, OSError):
            raise self.file.error("cannot be read as an Excel workbook") from None
        skip_lines = _before_header(rows) if self.table.format.skip_lines is None else self.table.format.skip_lines
        numbered = enumerate(rows[skip_lines:], skip_lines + 1)
        return [(number, row) for number, row in numbered if _filled(row)]

    @cached_property
    def _header(self) -> Mapping[str, int]:
        """Where each column stands. One without a name is a column where any of its cells holds something."""
        if not self._sheet:
            return {}
        header = self._sheet[0][1]
        if any(cell is not None and not isinstance(cell, str) for cell in header):
            raise self.file.error("has no header: its first row holds values where the names of columns should be")
        names = column_names(cell or "" for cell in header)
        return {
            name: position
            for position, name in enumerate(names)
            if header[position] or any(cell is not None for cell in self._cells(position))
        }

    @property
    def _rows(self) -> Sequence[tuple[int, Sequence[object]]]:
        return self._sheet[1:]

    def _cells(self, position: int) -> Iterable[object]:
        return (row[position] for _, row in self._rows)


def _before_header(rows: Sequence[Sequence[object]]) -> int:
    """How many rows stand before the first one with several cells or, where none has, the first that is not empty."""
    for several in (2, 1):
        for number, row in enumerate(rows[: LONGEST_PREAMBLE + 1]):
            if _filled(row) >= several:
                return number
    return 0


def _filled(row: Iterable[object]) -> int:
    return sum(cell is not None for cell in row)


def _type(cells: Iterable[object]) -> str:
    kinds = {type(cell) for cell in cells if cell is not None}
    return next((data_type for all_kinds, data_type in TYPES if kinds <= all_kinds), "VARCHAR")


def _as(data_type: str, cell: object) -> object:
    """A cell as its column's type."""
    if cell is None:
        return None
    if data_type == "TIMESTAMP" and not isinstance(cell, datetime):
        return datetime.combine(cell, time())
    return _text(cell) if data_type == "VARCHAR" else cell


def _text(cell: object) -> str:
    """Numbers as Excel shows them: without decimals where they have none."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _arrow_type(data_type: str) -> "DataType":
    import pyarrow

    return {
        "VARCHAR": pyarrow.string(),
        "BOOLEAN": pyarrow.bool_(),
        "DOUBLE": pyarrow.float64(),
        "DATE": pyarrow.date32(),
        "TIMESTAMP": pyarrow.timestamp("us"),
        "TIME": pyarrow.time64("us"),
    }[data_type]
