"""Text files made fit for DuckDB: decompressed, decoded, looked at whole, their malformed lines set aside.

DuckDB reads a file itself where it is plain UTF-8 without fault, else a copy without the faults. Belongs here: what
delimited text and JSON lines share. Does not belong here: what a well-formed line is.
"""

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dagster_project.sources.config import SourceError
from dagster_project.sources.readers.content import Reject, SourceFile

CHUNK = 1 << 21  # bytes read at once
LONGEST_RECORD = 1 << 21  # characters that a record surely may have; at most this and a chunk more pass
# What bytes that cannot be decoded become: no text file can hold it, since no encoding has it.
UNDECODED = "\udcff"
UNDECODED_NAME = "dagster_project.undecoded"
# From this share of lines with undecodable bytes on, a file is taken to have another encoding.
OTHER_ENCODING = 0.1

codecs.register_error(UNDECODED_NAME, lambda error: (UNDECODED, error.end))


@dataclass(frozen=True)
class Piece:
    """Consecutive records of a text file, or one that cannot be read.

    text         as the file has it, with line ends
    line         where it begins, from 1
    fault        why it is left out
    instead      what DuckDB reads in its place, if not the same
    spans_lines  whether a record has line ends within
    """

    text: str
    line: int
    fault: str | None = None
    instead: str | None = None
    spans_lines: bool = False

    @cached_property
    def lines(self) -> int:
        """How many lines it has."""
        return count_lines(self.text)


@dataclass(frozen=True)
class Mended:
    """A text file that DuckDB reads without fault, and what was left out of it."""

    path: str
    compression: str
    is_copy: bool
    spans_lines: bool
    rejects: Sequence[Reject]


@dataclass(frozen=True)
class TextFile:
    """A text file of a table with the encoding that is declared for it, if any."""

    file: SourceFile
    declared_encoding: str | None

    @cached_property
    def encoding(self) -> str:
        """The declared one, else that of the byte-order mark, else UTF-8."""
        if self.declared_encoding:
            return self.declared_encoding
        return "utf-16" if self._start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"

    @cached_property
    def _start(self) -> bytes:
        return next(self._bytes(3), b"")

    @property
    def _is_plain(self) -> bool:
        """Whether its bytes are what DuckDB takes for text: UTF-8 without a byte-order mark."""
        return codecs.lookup(self.encoding).name == "utf-8" and self._start != codecs.BOM_UTF8

    def chunks(self, size: int = CHUNK) -> Iterator[str]:
        """The text in parts of about `size` bytes each, without its byte-order mark; no part ends within a line end.

        Raises SourceError where the file cannot be decompressed.
        """
        decoder = codecs.getincrementaldecoder(self.encoding)(UNDECODED_NAME)
        text, is_first = "", True
        for data in self._bytes(size):
            text += decoder.decode(data)
            if is_first and text:
                text, is_first = text.removeprefix("\ufeff"), False
            whole = text.removesuffix("\r")
            if whole:
                yield whole
            text = text[len(whole) :]
        rest = text + decoder.decode(b"", final=True)
        if rest:
            yield rest

    def _bytes(self, size: int) -> Iterator[bytes]:
        import pyarrow

        compression = None if self.file.compression == "uncompressed" else self.file.compression
        try:
            with pyarrow.input_stream(self.file.path, compression=compression) as stream:
                while data := stream.read(size):
                    yield data
        except OSError:
            raise self.file.error("cannot be read to its end: it is damaged or not what its ending says") from None

    def mend(self, pieces: Callable[[], Iterator[Piece]], copy: Callable[[str], Path]) -> Mended:
        """The file where DuckDB reads all its pieces as they are, else a copy of those that it can read.

        Raises SourceError where so many lines cannot be decoded that the encoding must be another.
        """
        if self._is_plain:
            spans_lines = False
            for piece in pieces():
                if piece.fault or piece.instead is not None:
                    break
                spans_lines |= piece.spans_lines
            else:
                return Mended(self.file.path, self.file.compression, False, spans_lines, ())
        return self._mended_copy(pieces(), copy(".txt"))

    def _mended_copy(self, pieces: Iterator[Piece], path: Path) -> Mended:
        lines, rejects, undecodable, spans_lines = 0, [], 0, False
        with path.open("w", encoding="utf-8", newline="") as out:
            for piece in pieces:
                lines += piece.lines
                if piece.fault:
                    rejects.append(Reject(piece.line, piece.fault))
                    undecodable += piece.fault == self.undecodable
                else:
                    out.write(piece.text if piece.instead is None else piece.instead)
                    spans_lines |= piece.spans_lines
        if not self.declared_encoding and undecodable > lines * OTHER_ENCODING:
            raise self.other_encoding()
        return Mended(str(path), "uncompressed", True, spans_lines, rejects)

    @property
    def undecodable(self) -> str:
        """The fault of a record with bytes that are not of the encoding."""
        hint = "" if self.declared_encoding else " (declare the encoding where the file has another)"
        return f"bytes that are not {self.encoding}{hint}"

    def other_encoding(self) -> SourceError:
        """The error where the file must have another encoding."""
        return self.file.error(
            f"is not {self.encoding}: declare its encoding, such as format: {{encoding: windows-1252}}"
        )


def count_lines(text: str) -> int:
    """How many lines end in a text, whatever they end with."""
    line_feeds = text.count("\n")
    return line_feeds + text.count("\r") - text.count("\r\n") if "\r" in text else line_feeds


def row_lines(
    pieces: Iterator[Piece], records: Callable[[str], Iterator[tuple[str, bool]]], numbers: Sequence[int], first: int
) -> dict[int, int]:
    """The lines at which rows begin, given by their numbers.

    records  splits the text of a piece into its records, each with whether it is a row
    first    the number of the first row
    """
    wanted, found, number = set(numbers), {}, first
    for piece in pieces:
        if piece.fault:
            continue
        line = piece.line
        for record, is_row in records(piece.text):
            if is_row:
                if number in wanted:
                    found[number] = line
                number += 1
            line += count_lines(record)
        if len(found) == len(wanted):
            break
    return found
