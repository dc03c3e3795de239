"""Delimited text: every way of writing it gives the same rows, and no malformed line is lost, kept or harmful.

Finding files, and the types that a table declares, do not belong here.
"""

import codecs
import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_files import Reading, read_table, write_files

from dagster_project.sources.config import SourceError
from dagster_project.sources.readers.text_file import CHUNK

ROWS = [("1", 'Ännchen; "A"', "a|b\tc"), ("2", None, "two\nlines"), ("3", "12'", "€, and 100 %")]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Reads a text as orders.csv, or as the name given."""

    def run(content: str | bytes, name: str = "orders.csv", **declared: object) -> Reading:
        folder = write_files(tmp_path / "in", {name: content})
        return read_table(folder, tmp_path / "home", format=declared)

    return run


def _written(rows: list[tuple], separator: str = ",", quote: str = '"', line_end: str = "\n") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quotechar=quote, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "name", "note"), *rows])
    return text.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separator_quote_and_line_ends_are_detected(read, separator: str, quote: str, line_end: str):
    reading = read(_written(ROWS, separator, quote, line_end))
    assert reading.rows == ROWS
    assert reading.columns == {"id": "VARCHAR", "name": "VARCHAR", "note": "VARCHAR"}
    assert (reading.rejects, reading.has_rows) == ([], True)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_utf_8_is_read_with_and_without_a_byte_order_mark(read, mark: bytes):
    reading = read(mark + _written(ROWS).encode())
    assert (list(reading.columns), reading.rows) == (["id", "name", "note"], ROWS)


@pytest.mark.parametrize(("mark", "encoding"), [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")])
def test_utf_16_is_known_by_its_byte_order_mark(read, mark: bytes, encoding: str):
    assert read(mark + _written(ROWS).encode(encoding)).rows == ROWS


@pytest.mark.parametrize("encoding", ["windows-1252", "iso-8859-15", "windows-1250", "utf-16-le", "utf-16", "utf-8"])
def test_a_declared_encoding_is_used(read, encoding: str):
    assert read(_written(ROWS).encode(encoding), encoding=encoding).rows == ROWS


def test_a_file_of_another_encoding_asks_for_it_in_one_sentence(read):
    with pytest.raises(SourceError) as error:
        read("id,name\n1,Müller\n2,Jörg\n3,Anna\n".encode("cp1252"))
    assert str(error.value) == (
        "The file orders.csv, the table orders of the system shop, is not utf-8: declare its encoding, such as "
        "format: {encoding: windows-1252}."
    )


def test_a_header_of_another_encoding_asks_for_it(read):
    with pytest.raises(SourceError, match="declare its encoding"):
        read("id,größe\n".encode("cp1252") + b"1,2\n" * 100)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compressed_text_is_read_with_its_faults(read, compression: str):
    sink = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(sink, compression) as out:
        out.write(b"id,note\n1,a\n2\n3,c\n")
    reading = read(sink.getvalue().to_pybytes(), f"orders.csv.{'gz' if compression == 'gzip' else 'zst'}")
    assert (reading.rows, reading.rejected_lines) == ([("1", "a"), ("3", "c")], [3])


def test_a_file_cut_off_in_compression_is_no_short_table(read):
    whole = gzip.compress(b"id,note\n" + b"".join(b"%d,%d\n" % (i, i * 7919 % 1000) for i in range(20_000)))
    with pytest.raises(SourceError, match=r"orders\.csv\.gz.* is damaged"):
        read(whole[:-1000], "orders.csv.gz")


def test_lines_before_the_header_are_detected(read):
    reading = read("Orders, as of today\n\nsep=;\n".replace(",", "") + "id;note\n1;a\n2\n")
    assert (list(reading.columns), reading.rows, reading.rejected_lines) == (["id", "note"], [("1", "a")], [6])


def test_declared_lines_before_the_header_are_skipped_and_counted(read):
    reading = read('made, by, hand\nwith "quotes\n\nid,note\n1,a\n2\n3,c\n', skip_lines=3)
    assert (reading.rows, reading.rejected_lines) == ([("1", "a"), ("3", "c")], [6])


def test_a_separator_that_excel_names_is_taken(read):
    reading = read("sep=;\nid,year;note\n1,2026;a\n")
    assert (list(reading.columns), reading.rows) == (["id,year", "note"], [("1,2026", "a")])


def test_a_single_column_is_read(read):
    reading = read('email\na@example.com\n\n"b@example.com"\n')
    assert (reading.rows, reading.rejects) == ([("a@example.com",), ("b@example.com",)], [])


def test_a_declared_separator_and_no_quotes_are_obeyed(read):
    assert read('id^note\n1^"a,b\n', separator="^", quote="").rows == [("1", '"a,b')]


def test_names_of_columns_are_stripped_completed_and_told_apart(read):
    assert list(read(" id ,,note,Note\n1,2,3,4\n").columns) == ["id", "column1", "note", "Note_1"]


@pytest.mark.parametrize("first_line", ["1001,ada,19.90", "ada,a@example.com,x", "ada,2026-01-31,x", "31.1.2026,a,b"])
def test_a_file_without_a_header_is_refused(read, first_line: str):
    with pytest.raises(SourceError, match=r"orders\.csv, the table orders of the system shop, has no header"):
        read(f"{first_line}\n{first_line}\n")


def test_a_header_with_an_open_quote_is_refused(read):
    with pytest.raises(SourceError, match="has no header that can be read"):
        read('id,"note\n1,a\n2,b\n')


def test_a_header_without_rows_is_an_empty_table(read):
    reading = read("id,note")
    assert (list(reading.columns), reading.rows, reading.rejects, reading.has_rows) == (["id", "note"], [], [], False)


def test_each_malformed_line_is_rejected_with_its_place_and_reason(read):
    reading = read(
        'id,name,note\n'  # 1
        '1,a,"two\nlines"\n'  # 2 and 3
        '2,b\n'  # 4
        '3,c,d,e\n'  # 5
        '\n'  # 6: blank, no line of the table
        '4,"open,d\n'  # 7
        '5,e,f\n'  # 8
        '6,"closed"x,f\n'  # 9
        '7,"g","three\nfields\nand more",too many\n'  # 10 to 12
        '8,5" pipe,h\n'  # 13: a quote within is text
    )  # fmt: skip
    assert reading.rows == [("1", "a", "two\nlines"), ("5", "e", "f"), ("8", '5" pipe', "h")]
    assert reading.rejects == [
        ("orders.csv", 4, "fields: 2 instead of 3"),
        ("orders.csv", 5, "fields: 4 instead of 3"),
        ("orders.csv", 7, "a quote that is not closed, or text after a closing one"),
        ("orders.csv", 9, "a quote that is not closed, or text after a closing one"),
        ("orders.csv", 10, "fields: 4 instead of 3"),
    ]


def test_an_open_quote_swallows_no_rows_up_to_the_end_of_a_large_file(read):
    rows = "".join(f"{number},name {number}\n" for number in range(2, 200_000))
    reading = read(f'id,name\n1,"open\n{rows}')
    assert (len(reading.rows), reading.rejected_lines) == (199_998, [2])


def test_bytes_that_are_not_utf_8_reject_their_line_only(read):
    reading = read(b"id,name\n" + "1,é\n".encode() * 30 + b"2,\xff\n" + b"3,c\n")
    assert (len(reading.rows), reading.rows[-1]) == (31, ("3", "c"))
    assert reading.rejects == [
        ("orders.csv", 32, "bytes that are not utf-8 (declare the encoding where the file has another)")
    ]


def test_bytes_that_a_declared_encoding_lacks_reject_their_line_however_many(read):
    reading = read(b"id,name\n1,\x81\n2,\x81\n3,\xfc\n", encoding="windows-1252")
    assert (reading.rows, reading.rejected_lines) == ([("3", "ü")], [2, 3])


def test_a_line_without_end_is_rejected_and_the_next_is_read(read):
    reading = read("id,note\n1,a\n2," + "x" * 5_000_000 + "\n3,c\n")
    assert reading.rows == [("1", "a"), ("3", "c")]
    assert reading.rejects == [("orders.csv", 3, "more than 2097152 characters")]


def test_mixed_line_ends_are_read(read):
    assert read("id,note\r\n1,a\n2,b\r\n3,c\r4,d").rows == [("1", "a"), ("2", "b"), ("3", "c"), ("4", "d")]


def test_a_line_end_that_two_reads_cut_in_half_is_one(read):
    text = "id,note\r\n1,"
    text += "a" * (CHUNK // 2 - len(text)) + "\r\n2,"
    text += "b" * (CHUNK - 1 - len(text)) + "\r\n"
    reading = read(text + "3\r\n4,d\r\n")
    assert ([row[0] for row in reading.rows], reading.rejected_lines) == (["1", "2", "4"], [4])


def test_text_in_quotes_that_looks_like_rows_stays_text(read):
    """DuckDB's parallel reader takes such lines for rows where a part of a large file begins within."""
    note = "\n".join(f"{number},fake,row" for number in range(300))
    rows = 20_000
    reading = read("id,note,kind\n" + "".join(f'{number},"{note}",real\n' for number in range(rows)))
    assert len(reading.rows) == rows
    assert {(row[1], row[2]) for row in reading.rows} == {(note, "real")}


def test_real_exports_are_read_as_python_reads_them(real_data, tmp_path: Path):
    folder = real_data("olist_sample")
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as text:
            header, *rows = csv.reader(text)
        reading = read_table(folder, tmp_path / "home", file=path.name)
        assert list(reading.columns) == header
        assert reading.rows == [tuple(value or None for value in row) for row in rows]
        assert reading.rejects == []


# Texts that need quotes, but that begin with nothing that could close a stray quote before them.
_values = st.text(st.sampled_from('ab 1,;|\t"\n\réÄ€☃😀'), max_size=8).filter(
    lambda text: text[:1] not in tuple(',;|\t"\n\r')
)
_rows = st.tuples(st.just("row"), st.tuples(_values, _values, _values))
_faults = st.tuples(st.just("fault"), st.sampled_from(["few", "many", "open", "after", "bytes"]))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    records=st.lists(st.one_of(_rows, _rows, _faults), max_size=25),
    separator=st.sampled_from(",;|\t"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    before=st.sampled_from(["", "made by hand\n\n"]),
)
def test_every_record_is_either_a_row_or_a_reject(records, separator: str, line_end: str, encoding: str, before: str):
    before = before.replace("\n", line_end)
    text, rows, faulty_lines = before + f"id{separator}name{separator}note{line_end}", [], []
    for kind, value in [("row", ("first", "second", "third")), *records]:
        line = 1 + len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1
        if kind == "row":
            rows.append(tuple(field or None for field in value))
            text += separator.join('"' + field.replace('"', '""') + '"' for field in value) + line_end
        elif value != "bytes" or encoding != "utf-16":
            faulty_lines.append(line)
            fault = {"few": "x,y", "many": "x,y,z,more", "open": 'x,"y,z', "after": 'x,"y"y,z', "bytes": "x,\ue000,z"}
            text += fault[value].replace(",", separator) + line_end
    # What cannot be decoded is planted as a character of its own and replaced in the bytes.
    content = text.encode(encoding).replace("\ue000".encode(), b"\xff")
    with TemporaryDirectory() as folder:
        write_files(Path(folder) / "in", {"orders.csv": content})
        declared = {"encoding": encoding.removesuffix("-sig"), "separator": separator}
        reading = read_table(Path(folder) / "in", Path(folder) / "home", format=declared)
    assert reading.rows == rows
    assert reading.rejected_lines == faulty_lines


def test_what_is_read_is_what_duckdb_reads_of_its_own_csv(tmp_path: Path):
    duckdb.sql(
        "select i as id, 'name ' || i as name, if(i % 3 = 0, 'a \"b\"' || chr(10) || 'c', null) as note "
        "from range(50_000) as numbers (i)"
    ).write_csv(str(tmp_path / "orders.csv"), header=True)
    reading = read_table(tmp_path / "orders.csv", tmp_path / "home")
    expected = [(str(i), f"name {i}", 'a "b"\nc' if i % 3 == 0 else None) for i in range(50_000)]
    assert reading.rows == expected
