"""Tables of files: which files they are, how several become one table, declared types, increments, plain errors.

What is in a file of one format, and addresses of object stores, do not belong here.
"""

import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from source_files import Reading, read_table, write_files

from dagster_project.home import Home
from dagster_project.sources.config import FilesSystem, SourceError
from dagster_project.sources.readers import open_system
from dagster_project.sources.readers.reader import Since


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose path has characters that SQL and globs give a meaning to."""
    folder = tmp_path / "o'brien [shop] *?{a,b}" / "year=2026"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def read(folder: Path, tmp_path: Path) -> Callable[..., Reading]:
    """Reads the table of files written to the folder."""

    def run(files: dict[str, str | bytes], **table: object) -> Reading:
        return read_table(write_files(folder, files), tmp_path / "home", **table)

    return run


def _parquet(query: str, path: Path) -> None:
    duckdb.sql(query).write_parquet(str(path))


@pytest.mark.parametrize("name", ["a b.csv", "a'b.csv", "a[1].csv", "a*.csv", "a?.csv", "{a}.csv", "ORDERS.CSV"])
def test_a_file_is_read_whatever_its_name(read, name: str):
    reading = read({name: "id,note\n1,a\n", "ax.csv": "id,note\n2,b\n"}, file=name)
    assert (reading.rows, list(reading.files)) == ([("1", "a")], [name])


def test_a_folder_is_all_its_files_of_known_endings(read):
    files = {
        "a.csv": "id,note\n1,a\n",
        "b.tsv": "id\tnote\n2\tb\n",
        "c.txt": "id|note\n3|c\n",
        "d.jsonl": '{"id": "4", "note": "d"}\n',
        "e.NDJSON": '{"id": "5", "note": "e"}\n',
        "readme.md": "no table",
        ".f.csv": "id,note\n6,f\n",
        "~$g.xlsx": "a lock of Excel's",
        "below/h.csv": "id,note\n7,g\n",
    }
    reading = read(files)
    assert sorted(reading.rows) == [("1", "a"), ("2", "b"), ("3", "c"), ("4", "d"), ("5", "e")]
    assert list(reading.files) == ["a.csv", "b.tsv", "c.txt", "d.jsonl", "e.NDJSON"]


def test_a_glob_finds_files_below(read):
    files = {"2025/orders.csv": "id\n1\n", "2026/orders.csv": "id\n2\n", "2026/lines.csv": "id\n3\n"}
    reading = read(files, file="**/orders.csv")
    assert (sorted(reading.rows), list(reading.files)) == ([("1",), ("2",)], ["2025/orders.csv", "2026/orders.csv"])


def test_a_system_can_be_one_file(folder: Path, tmp_path: Path):
    write_files(folder, {"orders.csv": "id,note\n1,a\n", "other.csv": "id,note\n2,b\n"})
    reading = read_table(folder / "orders.csv", tmp_path / "home")
    assert (reading.rows, list(reading.files)) == ([("1", "a")], ["orders.csv"])


def test_columns_that_some_files_lack_are_null_there(read):
    reading = read({"a.csv": "id,note\n1,a\n", "b.csv": "note;id;more\nb;2;x\n", "c.csv": ""})
    assert reading.columns == {"id": "VARCHAR", "note": "VARCHAR", "more": "VARCHAR"}
    assert sorted(reading.rows) == [("1", "a", None), ("2", "b", "x")]


def test_parquet_keeps_its_types_over_several_files(folder: Path, tmp_path: Path):
    _parquet("select 1 as id, 1.50::decimal(10, 2) as price, {'a': [1]} as more", folder / "a.parquet")
    _parquet("select 2::bigint as id, date '2026-01-31' as day", folder / "b.parquet")
    reading = read_table(folder, tmp_path / "home")
    assert reading.columns == {
        "id": "BIGINT",
        "price": "DECIMAL(10,2)",
        "more": "STRUCT(a INTEGER[])",
        "day": "DATE",
    }
    assert sorted(reading.rows) == [
        (1, Decimal("1.50"), {"a": [1]}, None),
        (2, None, None, date(2026, 1, 31)),
    ]


def test_a_folder_named_like_a_partition_adds_no_column(folder: Path, tmp_path: Path):
    _parquet("select 1 as id", folder / "a.parquet")
    write_files(folder, {"b.csv": "id\n2\n"})
    assert list(read_table(folder, tmp_path / "home").columns) == ["id"]


def test_declared_types_are_read_and_what_does_not_fit_is_rejected(read):
    reading = read(
        {
            "orders.csv": 'id,day,price,note\n1,2026-01-31,19.90,"a\nb"\n'
            "2.5,,,\nx,,,\n,,,\n3,31.1.,,\n4,,1.239,\n5,,12,\n"
        },
        columns={"id": "bigint", "day": "date", "price": "decimal(10,2)"},
    )
    assert reading.columns == {"id": "BIGINT", "day": "DATE", "price": "DECIMAL(10,2)", "note": "VARCHAR"}
    assert reading.rows == [
        (1, date(2026, 1, 31), Decimal("19.90"), "a\nb"),
        (None, None, None, None),
        (5, None, Decimal("12.00"), None),
    ]
    assert reading.rejects == [
        ("orders.csv", 4, "id is not BIGINT"),
        ("orders.csv", 5, "id is not BIGINT"),
        ("orders.csv", 7, "day is not DATE"),
        ("orders.csv", 8, "price is not DECIMAL(10,2)"),
    ]


def test_malformed_lines_and_values_that_do_not_fit_are_counted_once_each(read):
    lines = ["id,name", *(f"{number},a" for number in range(1000))]
    lines[10], lines[20], lines[500] = "x,a", "9", "7.5,a"
    reading = read({"orders.csv": "\r\n".join(lines)}, columns={"id": "INTEGER"})
    assert reading.rejected_lines == [11, 21, 501]
    assert [row[0] for row in reading.rows] == [number for number in range(1000) if number not in (9, 19, 499)]


def test_declared_types_of_parquet_are_cast_and_rejected_by_row(folder: Path, tmp_path: Path):
    _parquet("select * from (values ('1', 'a'), ('x', 'b'), ('3', 'c')) as orders (id, name)", folder / "a.parquet")
    reading = read_table(folder, tmp_path / "home", columns={"id": "INTEGER"})
    assert (reading.rows, reading.rejects) == ([(1, "a"), (3, "c")], [("a.parquet", 2, "id is not INTEGER")])


def test_rejects_quote_no_value(read):
    reading = read({"orders.csv": "id,mail\nsecret,a\n1\n2,secret,x\n"}, columns={"id": "INTEGER"})
    assert len(reading.rejects) == 3
    assert "secret" not in str(reading.rejects)


def _open(folder: Path, home: Path, **table: object):
    system = FilesSystem(name="shop", platform="shop", kind="files", path=str(folder), tables={"orders": table})
    return open_system(system, Home(home))


def test_only_the_files_asked_for_are_read_with_all_columns(folder: Path, tmp_path: Path):
    write_files(folder, {"a.csv": "id,note\n1,a\n2\n", "b.csv": "id;more\n3;c\n4\n"})
    with _open(folder, tmp_path / "home") as reader:
        rows = reader.rows("orders", files=["b.csv"])
        assert reader.connection.execute(f"select id, note from {rows}").fetchall() == [("3", None)]
        assert reader.connection.execute(f"select file, line from {reader.rejects('orders')}").fetchall() == [
            ("b.csv", 3)
        ]


def test_rows_are_restricted_to_columns_and_from_a_cursor_on(folder: Path, tmp_path: Path):
    write_files(folder, {"a.csv": "id,at\n1,2026-01-01T00:00:00Z\n2,2026-01-02T00:00:00Z\n3,\n"})
    since = Since("at", "2026-01-02 00:00:00+00", "TIMESTAMP WITH TIME ZONE")
    with _open(folder, tmp_path / "home") as reader:
        rows = reader.rows("orders", columns=["id"], since=since)
        assert reader.connection.execute(f"select * from {rows}").fetchall() == [("2",), ("3",)]


def test_a_fingerprint_changes_with_its_file_only(folder: Path, tmp_path: Path):
    write_files(folder, {"a.csv": "id\n1\n", "b.csv": "id\n2\n"})
    before = read_table(folder, tmp_path / "home").files
    assert read_table(folder, tmp_path / "home").files == before
    stat = os.stat(folder / "b.csv")
    (folder / "b.csv").write_text("id\n3\n")
    os.utime(folder / "b.csv", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    after = read_table(folder, tmp_path / "home").files
    assert (after["a.csv"] == before["a.csv"], after["b.csv"] == before["b.csv"]) == (True, False)


def test_a_copy_without_malformed_lines_is_gone_when_the_reader_closes(folder: Path, tmp_path: Path):
    write_files(folder, {"a.csv": "id,note\n1,a\n2\n"})
    with _open(folder, tmp_path / "home") as reader:
        reader.rows("orders")
        assert [path.suffix for path in (tmp_path / "home").glob("reading/*/*")] == [".txt"]
    assert not list((tmp_path / "home").glob("reading/*/"))


def test_files_without_rows_are_no_error_where_columns_are_known(read):
    reading = read({"a.csv": "", "b.csv": "id,note\n"})
    assert (list(reading.columns), reading.rows, reading.has_rows) == (["id", "note"], [], False)


def test_an_empty_file_has_the_declared_columns(read):
    assert read({"a.csv": ""}, columns={"id": "INTEGER"}).columns == {"id": "INTEGER"}


@pytest.mark.parametrize(
    ("files", "table", "message"),
    [
        (
            {"a.csv": ""},
            {},
            "The table orders of the system shop has no columns: its files are empty, and none are declared.",
        ),
        ({"a.csv": "id\n1\n"}, {"file": "b.csv"}, "The table orders of the system shop is b.csv, which is not there."),
        (
            {"a.csv": "id\n1\n"},
            {"file": "*.parquet"},
            "The table orders of the system shop is *.parquet, which is not there.",
        ),
        (
            {"a.md": "id\n1\n"},
            {},
            "The table orders of the system shop is any file that ends in .csv, .tsv, .txt, .jsonl, .ndjson, .json, "
            ".parquet, .xlsx, which is not there.",
        ),
        (
            {"a.parquet.gz": "x"},
            {"file": "a.parquet.gz"},
            "The file a.parquet.gz, the table orders of the system shop, has an unknown ending: files end in .csv, "
            ".tsv, .txt, .jsonl, .ndjson, .json, .parquet, .xlsx, texts also in .gz or .zst.",
        ),
        (
            {"a.parquet": "id\n1\n"},
            {},
            "The file a.parquet, the table orders of the system shop, cannot be read as Parquet.",
        ),
        (
            {"a.csv.gz": "id\n1\n"},
            {},
            "The file a.csv.gz, the table orders of the system shop, cannot be read to its end: it is damaged or not "
            "what its ending says.",
        ),
        (
            {"a.csv": "id,note\n1,2\n"},
            {"columns": {"id": "NUMBERS"}},
            "The table orders of the system shop declares its column id as NUMBERS, which is no type of DuckDB.",
        ),
        (
            {"a.csv": "id,note\n1,2\n"},
            {"columns": {"ident": "INTEGER"}},
            "The table orders of the system shop declares the column ident, which none of its files has.",
        ),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence(read, files: dict, table: dict, message: str):
    with pytest.raises(SourceError) as error:
        read(files, **table)
    assert str(error.value) == message


@pytest.mark.parametrize("declared", [{"encoding": "latin-99"}, {"separator": ";;"}, {"skip_lines": -1}])
def test_a_format_that_cannot_be_is_refused(declared: dict):
    with pytest.raises(ValueError):
        FilesSystem(name="shop", platform="shop", kind="files", path="x", tables={"orders": {"format": declared}})
