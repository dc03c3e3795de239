"""JSON lines: one object a line. Objects and lists within are JSON text; dates are text as well."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import PurePath

from dagster_project import sql
from dagster_project.sources.config import Table
from dagster_project.sources.readers.content import Scan, SourceFile, Workplace, column_names
from dagster_project.sources.readers.text_file import (
    LONGEST_RECORD,
    UNDECODED,
    Piece,
    TextFile,
    count_lines,
    row_lines,
)

# What is judged here DuckDB's own reader then takes: both use one parser.
FAULTY_LINES = """
    with lines as (
        select unnest(lines) as line, generate_subscripts(lines, 1) as number
        from (select string_split(cast($text as varchar), chr(10)) as lines)
    )
    select
        number,
        case
            when length(line) > $longest then 'more than ' || $longest || ' characters'
            when not json_valid(line) then if(trim(line, e' \\t\\r') = '', null, 'no valid JSON')
            when json_type(line) <> 'OBJECT' then 'no JSON object'
        end as fault
    from lines
    where fault is not null
"""
# Kinds of JSON values that a column can have, with its type then; it is text where it has any other.
TYPES = (
    ({"BOOLEAN"}, "BOOLEAN"),
    ({"BIGINT", "UBIGINT"}, "BIGINT"),
    ({"BIGINT", "UBIGINT", "DOUBLE"}, "DOUBLE"),
)


@dataclass(frozen=True)
class JsonLinesContent:
    """A file of JSON lines. Its columns are those that the table declares, else all keys of its objects."""

    file: SourceFile
    table: Table
    workplace: Workplace

    @cached_property
    def columns(self) -> Mapping[str, str]:
        return dict.fromkeys(self.table.columns or column_names(self._keys), "VARCHAR")

    @cached_property
    def types(self) -> Mapping[str, str]:
        """Numbers and booleans are such where all values of a column keep their form."""
        if self.table.columns or not self._keys:
            return {}
        kinds = ", ".join(f"list(distinct kinds[{position}])" for position in range(1, len(self._keys) + 1))
        found = self._query(
            f"select {kinds} from (select json_type(json, {self._pointers}) as kinds from {self._objects.relation()})"
        )
        types = {name: _type({*kinds} - {None, "NULL"}) for name, kinds in zip(self.columns, found[0], strict=True)}
        types = {name: data_type for name, data_type in types.items() if data_type}
        if not types:
            return {}
        kept = self._query(f"select {', '.join(map(_keeps_form, types, types.values()))} from {self.scan.relation()}")
        return {name: types[name] for name, is_kept in zip(types, kept[0], strict=True) if is_kept}

    def has_rows(self) -> bool:
        return any(is_row for piece in self._pieces() if not piece.fault for _, is_row in _records(piece.text))

    @cached_property
    def scan(self) -> Scan:
        values = ", ".join(f"fields[{position}] as {sql.name(name)}" for position, name in enumerate(self.columns, 1))
        objects = self._objects
        return Scan(
            before=f"(select {values} from (select json_extract_string(json, {self._pointers}) as fields "
            f"from {objects.before}",
            path=objects.path,
            after=f"{objects.after}))",
            rejects=objects.rejects,
        )

    def lines(self, numbers: Sequence[int]) -> Mapping[int, int]:
        return row_lines(self._pieces(), _records, numbers, first=1)

    @cached_property
    def _objects(self) -> Scan:
        is_json = ".json" in PurePath(self.file.name.lower()).suffixes
        if is_json and next(self._text.chunks(1 << 10), "").lstrip().startswith("["):
            raise self.file.error("is one JSON list: write one object a line")
        mended = self._text.mend(self._pieces, self.workplace.copy)
        after = f", compression = {sql.text(mended.compression)}, hive_partitioning = false)"
        return Scan("read_ndjson_objects(", mended.path, after, mended.rejects)

    @cached_property
    def _keys(self) -> Sequence[str]:
        """The keys of all objects, in the order in which they come up."""
        found = self._query(f"""
            select key
            from (
                select number, unnest(keys) as key, generate_subscripts(keys, 1) as place
                from (
                    select row_number() over () as number, json_keys(json) as keys
                    from {self._objects.relation()}
                )
            )
            group by key
            order by min(row(number, place))""")
        return [key for (key,) in found]

    @property
    def _pointers(self) -> str:
        """A list of JSON pointers to the columns, in SQL."""
        keys = self.table.columns or self._keys
        return "[" + ", ".join(sql.text("/" + key.replace("~", "~0").replace("/", "~1")) for key in keys) + "]"

    def _query(self, query: str, parameters: Mapping[str, object] | None = None) -> Sequence[tuple]:
        return self.workplace.connection.cursor().execute(query, parameters).fetchall()

    @cached_property
    def _text(self) -> TextFile:
        return TextFile(self.file, self.table.format.encoding)

    def _pieces(self) -> Iterator[Piece]:
        rest, line = "", 1
        for chunk in self._text.chunks():
            whole, line_end, rest = (rest + chunk).rpartition("\n")
            yield from self._split(whole + line_end, line)
            line += count_lines(whole + line_end)
        yield from self._split(rest, line)

    def _split(self, text: str, line: int) -> Iterator[Piece]:
        """Whole lines, the first of which is `line`, as runs of well-formed ones, and faults."""
        faults = self._faults(text)
        if not faults:
            yield Piece(text, line)
            return
        for is_fault, numbered in groupby(enumerate(_lines(text), 1), lambda numbered: numbered[0] in faults):
            for number, lines in numbered if is_fault else [_run(numbered)]:
                undecodable = self._text.undecodable if UNDECODED in lines else None
                yield Piece(lines, line + number - 1, undecodable or faults.get(number))

    def _faults(self, text: str) -> Mapping[int, str]:
        """What is wrong with the lines of a text, by their numbers in it."""
        # A control character makes a line as invalid as bytes that could not be decoded.
        parameters = {"text": text.replace(UNDECODED, "\1"), "longest": LONGEST_RECORD}
        return dict(self._query(FAULTY_LINES, parameters))


def _type(kinds: set[str]) -> str | None:
    return next((data_type for all_kinds, data_type in TYPES if kinds and kinds <= all_kinds), None)


def _keeps_form(column: str, kind: str) -> str:
    """Whether all values of a column are the same as text when read as a kind: a long number is not as DOUBLE."""
    text = sql.name(column)
    read = f"cast(try_cast({text} as {kind}) as varchar)"
    return f"bool_and({text} is null or coalesce({read} in ({text}, {text} || '.0'), false))"


def _lines(text: str) -> Sequence[str]:
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def _run(numbered: Iterator[tuple[int, str]]) -> tuple[int, str]:
    """Consecutive lines as one text, with the number of the first."""
    numbers, lines = zip(*numbered, strict=True)
    return numbers[0], "".join(lines)


def _records(text: str) -> Iterator[tuple[str, bool]]:
    for line in _lines(text):
        yield line, bool(line.strip(" \t\r\n"))
