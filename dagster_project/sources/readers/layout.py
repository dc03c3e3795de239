"""The layout of delimited text: what a well-formed record is, and how a file's first lines show which layout it has.

The grammar is DuckDB's strict one, so that DuckDB reads without fault what passes here. Opens no file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from dagster_project.sources.config import FileFormat
from dagster_project.sources.readers.text_file import LONGEST_RECORD, UNDECODED, Piece, count_lines

SEPARATORS = (",", ";", "\t", "|")
LONGEST_PREAMBLE = 20  # lines before a header that are detected
LINE_END = r"(?:\r\n?|\n)"
LINE = re.compile(rf"[^\r\n]*+{LINE_END}|[^\r\n]++\Z")
# Excel's way of naming the separator on the first line.
SEPARATOR_LINE = re.compile(r"sep=(.)\s*")


@dataclass(frozen=True)
class Grammar:
    """What a well-formed record is: `width` fields between separators, some in quotes, a quote within doubled.

    quote     may be empty: then no field is in quotes
    line_end  of most records
    """

    separator: str
    quote: str
    width: int
    line_end: str = "\n"

    def pieces(self, chunks: Iterator[str], line: int = 1, undecodable: str = "") -> Iterator[Piece]:
        """A text, whose first line is `line`, as runs of plain records, others one by one, and faults.

        A record whose quotes are well-formed but that has too few or many fields is one fault. Where quotes are not
        well-formed each line is one, and reading goes on so that a stray quote swallows no rows.
        `undecodable` is the fault of records with bytes that could not be decoded.
        """
        for piece in self._pieces(chunks, line):
            if UNDECODED in piece.text:
                yield from self._decodable(piece, undecodable)
            else:
                yield piece

    def records(self, text: str) -> Iterator[tuple[str, bool]]:
        """The records of well-formed text, each with whether it is a row: blank lines are none."""
        for match in self._record.finditer(text):
            yield match.group(), bool(match.group().strip("\r\n"))

    def fields(self, text: str) -> tuple[str, ...] | None:
        """The fields of the first record, however many; None where its quotes are broken."""
        record = self._any_record.match(text)
        return tuple(self._value(match.group(1)) for match in self._fields.finditer(record.group())) if record else None

    def _pieces(self, chunks: Iterator[str], line: int) -> Iterator[Piece]:
        text, is_last = "", False
        while not is_last:
            chunk = next(chunks, None)
            is_last = chunk is None
            text += chunk or ""
            if is_last and text and text[-1] not in "\r\n":
                text += self.line_end
            position = 0
            while pieces := self._next(text, position, line):
                if pieces[0].fault and not is_last and len(text) - position < LONGEST_RECORD:
                    break  # it may go on in the next chunk
                for piece in pieces:
                    yield piece
                    position += len(piece.text)
                    line += piece.lines
            text = text[position:]

    def _next(self, text: str, position: int, line: int) -> Sequence[Piece]:
        """What begins at a position; nothing where its line does not end in the text."""
        first_line = LINE.match(text, position)
        if not first_line or first_line.group()[-1] not in "\r\n":
            return ()
        if first_line.end() - position > LONGEST_RECORD:
            return [Piece(first_line.group(), line, f"more than {LONGEST_RECORD} characters")]
        if run := self._plain_run.match(text, position).group():
            return [Piece(run, line)]
        if run := self._run.match(text, position).group():
            return [Piece(run, line, spans_lines=True)]
        if record := self._record.match(text, position):
            return [self._with_other_line_end(record.group(), line)]
        return self._faults(text, position, line)

    def _with_other_line_end(self, record: str, line: int) -> Piece:
        body = record.removesuffix("\n").removesuffix("\r")
        is_row = body or self.width > 1
        return Piece(record, line, instead=body + self.line_end if is_row else "", spans_lines=count_lines(body) > 0)

    def _faults(self, text: str, position: int, line: int) -> Sequence[Piece]:
        lines = self._lines_of_broken_record(text, position)
        record = self._any_record.match(text, position)
        if record and record.group() == "".join(lines):
            fault = f"fields: {len(self.fields(record.group()))} instead of {self.width}"
            return [Piece(record.group(), line, fault)]
        fault = "a quote that is not closed, or text after a closing one"
        return [Piece(broken, line + offset, fault) for offset, broken in enumerate(lines)]

    def _lines_of_broken_record(self, text: str, position: int) -> Sequence[str]:
        """The line at a position and, where it leaves a quote open, the lines up to the one that closes it. Where a
        record begins before, the open quote is a stray one and the line stands alone."""
        lines: list[str] = []
        for match in LINE.finditer(text, position, position + LONGEST_RECORD):
            if lines and self._strict_record.match(text, match.start()):
                break
            lines.append(match.group())
            is_odd = bool(self.quote) and match.group().count(self.quote) % 2 == 1
            if is_odd == (len(lines) > 1):
                return lines
        return lines[:1]

    def _decodable(self, piece: Piece, undecodable: str) -> Iterator[Piece]:
        """A piece with bytes that could not be decoded, without the records that hold them, and those."""
        if piece.fault:
            yield Piece(piece.text, piece.line, undecodable)
            return
        start, line = 0, piece.line
        for match in self._record.finditer(piece.text):
            if UNDECODED not in match.group():
                continue
            if match.start() > start:
                yield Piece(piece.text[start : match.start()], line, spans_lines=piece.spans_lines)
            line += count_lines(piece.text[start : match.start()])
            yield Piece(match.group(), line, undecodable)
            line += count_lines(match.group())
            start = match.end()
        if start < len(piece.text):
            yield Piece(piece.text[start:], line, spans_lines=piece.spans_lines)

    def _value(self, field: str) -> str:
        if self.quote and field.strip(" ").startswith(self.quote):
            return field.strip(" ")[1:-1].replace(self.quote * 2, self.quote)
        return field

    def _field(self, in_one_line: bool = False, is_strict: bool = False) -> str:
        """A field; a strict one has quotes only around it."""
        separator, quote = re.escape(self.separator), re.escape(self.quote)
        if not quote:
            return rf"[^{separator}\r\n]*+"
        text = rf"[^{quote}\r\n]*+" if in_one_line else f"[^{quote}]*+"
        in_quotes = rf"{quote}{text}(?:{quote}{quote}{text})*+{quote} *+"
        bare = rf"[^{separator}{quote}\r\n ][^{separator}{quote if is_strict else ''}\r\n]*+"
        return rf" *+(?:{bare}|{in_quotes}|)"

    def _of_width(self, field: str, line_end: str) -> str:
        return rf"(?![\r\n])(?:{field}{re.escape(self.separator)}){{{self.width - 1}}}{field}{line_end}"

    def _many(self, field: str) -> re.Pattern:
        """As many records as follow each other. Blank lines between them are nothing to DuckDB where there are
        several columns."""
        blank = f"|{self.line_end}" if self.width > 1 else ""
        return re.compile(rf"(?>{self._of_width(field, self.line_end)}{blank})*+")

    @cached_property
    def _plain_run(self) -> re.Pattern:
        return self._many(self._field(in_one_line=True))

    @cached_property
    def _run(self) -> re.Pattern:
        return self._many(self._field())

    @cached_property
    def _record(self) -> re.Pattern:
        return re.compile(rf"(?>{self._of_width(self._field(), LINE_END)}|{LINE_END})")

    @cached_property
    def _strict_record(self) -> re.Pattern:
        return re.compile(self._of_width(self._field(is_strict=True), LINE_END))

    @cached_property
    def _any_record(self) -> re.Pattern:
        return re.compile(rf"{self._field()}(?:{re.escape(self.separator)}{self._field()})*+{LINE_END}")

    @cached_property
    def _fields(self) -> re.Pattern:
        return re.compile(rf"({self._field()})(?:{re.escape(self.separator)}|{LINE_END})")


@dataclass(frozen=True)
class Layout:
    """How one file is written: its grammar, how many lines stand before its header, and its header."""

    grammar: Grammar
    skip_lines: int
    header: tuple[str, ...]


def detect(sample: str, declared: FileFormat) -> Layout | None:
    """The layout of a file by its first lines, what is declared taken as it is; None where no header can be read.

    The separator is the one by which most records have as many fields as the header. Lines before the header are
    those without a separator.
    """
    quote = ("'" if sample.lstrip().startswith("'") else '"') if declared.quote is None else declared.quote
    named = SEPARATOR_LINE.match(sample)
    separators = declared.separator or (named.group(1) if named else SEPARATORS)
    lines = LINE.findall(sample)
    tried = [found for separator in separators if (found := _try(lines, separator, quote, declared.skip_lines))]
    likely = [
        (rows, layout.grammar.width, layout)
        for layout, rows, others in tried
        if layout.grammar.width > 1 and (rows >= others or (rows > 1 and not layout.skip_lines))
    ]
    if likely:
        return max(likely, key=itemgetter(0, 1))[-1]
    others = [layout for layout, _, _ in tried if layout.grammar.width == 1 or declared.separator]
    # A header with a quote within is rather one whose quotes are broken.
    return others[0] if others and not (quote and quote in others[0].header[0]) else None


def _try(lines: Sequence[str], separator: str, quote: str, skip_lines: int | None) -> tuple[Layout, int, int] | None:
    """The layout that lines have by a separator, how many records there are then, and how many other lines."""
    passed_over = 0
    if skip_lines is None:
        skip_lines = _before_header(lines, separator)
        passed_over = sum(bool(line.strip()) and not SEPARATOR_LINE.fullmatch(line) for line in lines[:skip_lines])
    text = "".join(lines[skip_lines:])
    line_end = re.search(LINE_END, text)
    grammar = Grammar(separator, quote, 1, line_end.group() if line_end else "\n")
    header = grammar.fields(text if line_end else text + "\n")
    if not text or header is None:
        return None
    grammar = Grammar(separator, quote, len(header), grammar.line_end)
    pieces = list(grammar.pieces(iter([text])))
    rows = sum(is_row for piece in pieces if not piece.fault for _, is_row in grammar.records(piece.text))
    return Layout(grammar, skip_lines, header), rows, passed_over + sum(bool(piece.fault) for piece in pieces)


def _before_header(lines: Sequence[str], separator: str) -> int:
    for number, line in enumerate(lines[: LONGEST_PREAMBLE + 1]):
        if separator in line and not SEPARATOR_LINE.fullmatch(line):
            return number
    return next((number for number, line in enumerate(lines) if line.strip()), 0)
