"""Delimited text: how DuckDB reads a file of it, without the records that are malformed. Every value is text.

What a well-formed record is, and how a file's layout is detected, do not belong here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from dagster_project import sql
from dagster_project.sources.config import Table
from dagster_project.sources.readers.content import Scan, SourceFile, Workplace, column_names
from dagster_project.sources.readers.layout import LINE_END, Layout, detect
from dagster_project.sources.readers.text_file import (
    CHUNK,
    LONGEST_RECORD,
    UNDECODED,
    Piece,
    TextFile,
    row_lines,
)

LONGEST_LINE = 4 * (CHUNK + LONGEST_RECORD)  # bytes, of which a character has up to four
SAMPLE = 1 << 18  # bytes that the layout is detected in
# Numbers, dates and e-mail addresses are no names of columns.
VALUE = re.compile(r"[-+]?\d+(?:[.,]\d+)*|\d{4}-\d\d-\d\d\b.*|\d\d?[./]\d\d?[./]\d{2,4}\b.*|[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class DelimitedContent:
    """A file of delimited text with a header."""

    file: SourceFile
    table: Table
    workplace: Workplace

    @cached_property
    def columns(self) -> Mapping[str, str]:
        return dict.fromkeys(column_names(self._layout.header), "VARCHAR") if self._layout else {}

    @property
    def types(self) -> Mapping[str, str]:
        return {}

    def has_rows(self) -> bool:
        if not self._layout:
            return False
        readable = (self._layout.grammar.records(piece.text) for piece in self._pieces() if not piece.fault)
        rows = (record for record, is_row in chain.from_iterable(readable) if is_row)
        return next(islice(rows, 1, None), None) is not None

    @cached_property
    def scan(self) -> Scan:
        layout = self._layout
        if not layout:
            return Scan("", self.file.path, "")
        mended = self._text.mend(self._pieces, self.workplace.copy)
        options = {
            "columns": "{" + ", ".join(f"{sql.text(name)}: 'VARCHAR'" for name in self.columns) + "}",
            "delim": sql.text(layout.grammar.separator),
            "quote": sql.text(layout.grammar.quote),
            "escape": sql.text(layout.grammar.quote),
            "skip": 0 if mended.is_copy else layout.skip_lines,
            "compression": sql.text(mended.compression),
            # Read in parallel, DuckDB can take text in quotes for records where that has line ends.
            "parallel": str(not mended.spans_lines).lower(),
            # Left to itself, DuckDB takes a buffer of 16 lines.
            "max_line_size": LONGEST_LINE,
            "buffer_size": 2 * LONGEST_LINE,
        }
        return Scan(
            before="read_csv(",
            path=mended.path,
            after=", header = true, auto_detect = false, strict_mode = true, hive_partitioning = false, "
            + ", ".join(f"{name} = {value}" for name, value in options.items())
            + ")",
            rejects=mended.rejects,
        )

    def lines(self, numbers: Sequence[int]) -> Mapping[int, int]:
        return row_lines(self._pieces(), self._layout.grammar.records, numbers, first=0)

    @cached_property
    def _text(self) -> TextFile:
        return TextFile(self.file, self.table.format.encoding)

    @cached_property
    def _layout(self) -> Layout | None:
        """None where the file is empty."""
        text = self._text
        sample = next(text.chunks(SAMPLE), "")
        if not sample.strip():
            return None
        layout = detect(sample, self.table.format)
        if not layout:
            raise self.file.error("has no header that can be read: its quotes are not closed, or its lines are skipped")
        if any(UNDECODED in name for name in layout.header):
            raise text.other_encoding()
        if any(VALUE.fullmatch(name.strip()) for name in layout.header):
            raise self.file.error("has no header: its first line holds values where the names of columns should be")
        return layout

    def _pieces(self) -> Iterator[Piece]:
        text, skipped = self._text, self._layout.skip_lines
        return self._layout.grammar.pieces(_without_lines(text.chunks(), skipped), skipped + 1, text.undecodable)


def _without_lines(chunks: Iterator[str], count: int) -> Iterator[str]:
    """A text without its first lines."""
    text = ""
    for chunk in chunks:
        text += chunk
        ends = [match.end() for match in islice(re.finditer(LINE_END, text), count)]
        if len(ends) == count:
            yield text[ends[-1] if ends else 0 :]
            yield from chunks
