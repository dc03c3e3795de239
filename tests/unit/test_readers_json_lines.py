"""JSON lines: which columns and types a file has, and that every line is either a row or a reject."""

import codecs
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_files import Reading, read_table, write_files

from dagster_project.sources.config import SourceError


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Reads a text as contacts.jsonl, or as the name given."""

    def run(content: str | bytes, name: str = "contacts.jsonl", **table: object) -> Reading:
        return read_table(write_files(tmp_path / "in", {name: content}), tmp_path / "home", **table)

    return run


def test_declared_columns_are_read_and_no_others(read):
    columns = {"id": "VARCHAR", "properties": "VARCHAR", "archived": "BOOLEAN", "missing": "DATE"}
    line = {"id": 7, "properties": {"email": "a@example.com", "tags": [1, "é"]}, "archived": False, "more": 1}
    reading = read(json.dumps(line, ensure_ascii=False), columns=columns)
    assert reading.columns == columns
    assert reading.rows == [("7", '{"email":"a@example.com","tags":[1,"é"]}', False, None)]


def test_columns_are_detected_from_the_whole_file(read):
    lines = [
        {"id": 1, "name": "01", "price": 2, "sold": True, "when": "2026-01-31", "more": {"a": [1]}, "none": None},
        *({"id": number} for number in range(2, 30_000)),
        {"id": 30_000, "price": 2.5, "last": -1},
    ]
    reading = read("\n".join(map(json.dumps, lines)))
    assert reading.columns == {
        "id": "BIGINT",
        "name": "VARCHAR",
        "price": "DOUBLE",
        "sold": "BOOLEAN",
        "when": "VARCHAR",
        "more": "VARCHAR",
        "none": "VARCHAR",
        "last": "BIGINT",
    }
    assert reading.rows[0] == (1, "01", 2.0, True, "2026-01-31", '{"a":[1]}', None, None)
    assert reading.rows[-1] == (30_000, None, 2.5, None, None, None, None, -1)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1, "x"], ["1", "x"]),
        ([True, 1], ["true", "1"]),
        ([[1], 1], ["[1]", "1"]),
        ([2**63, 1], ["9223372036854775808", "1"]),
        ([12345678901234567890123, 1.5], ["12345678901234567890123", "1.5"]),
    ],
)
def test_values_that_no_type_can_hold_stay_text(read, values: list, texts: list):
    reading = read("\n".join(json.dumps({"value": value}) for value in values))
    assert (reading.columns, reading.rows) == ({"value": "VARCHAR"}, [(text,) for text in texts])


def test_keys_with_special_characters_and_those_alike_but_for_case_are_columns(read):
    reading = read(json.dumps({"a/b~c": 1, 'd"e': 2, "Id": 3, "id": 4}))
    assert reading.columns == dict.fromkeys(["a/b~c", 'd"e', "Id", "id_1"], "BIGINT")
    assert reading.rows == [(1, 2, 3, 4)]


def test_each_malformed_line_is_rejected_with_its_place_and_reason(read):
    lines = [
        b'{"id": 1}',
        b'{"id": ',
        b"",
        b"[1]",
        b"null",
        b'{"id": 2}{"id": 3}',
        b'{"id": "\xff"}',
        b'{"id": "\\ud800"}',
        b'{"id": 4} \r',
        b'{"id": "five"}',
        b'{"id": 6.5}',
        b" ",
        b'{"id": 7, "id": 8, "Id": 9}',
    ]
    reading = read(b"\n".join(lines), columns={"id": "BIGINT"}, format={"encoding": "utf-8"})
    assert reading.rows == [(1,), (4,), (7,)]
    assert reading.rejects == [
        ("contacts.jsonl", 2, "no valid JSON"),
        ("contacts.jsonl", 4, "no JSON object"),
        ("contacts.jsonl", 5, "no JSON object"),
        ("contacts.jsonl", 6, "no valid JSON"),
        ("contacts.jsonl", 7, "bytes that are not utf-8"),
        ("contacts.jsonl", 8, "no valid JSON"),
        ("contacts.jsonl", 10, "id is not BIGINT"),
        ("contacts.jsonl", 11, "id is not BIGINT"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_fault(read, encoding: str):
    assert read('{"name": "é"}\n'.encode(encoding)).rows == [("é",)]


def test_compressed_json_lines_are_read(read):
    reading = read(gzip.compress(b'{"id": 1}\nx\n{"id": 2}'), "contacts.ndjson.gz")
    assert (reading.rows, reading.rejected_lines) == ([(1,), (2,)], [2])


def test_a_line_of_megabytes_is_rejected_and_the_next_is_read(read):
    reading = read('{"id": 1}\n{"id": "' + "x" * 5_000_000 + '"}\n{"id": 2}\n', columns={"id": "INTEGER"})
    assert reading.rows == [(1,), (2,)]
    assert reading.rejects == [("contacts.jsonl", 2, "more than 2097152 characters")]


def test_an_empty_file_is_an_empty_table_where_columns_are_declared(read):
    reading = read("", columns={"id": "INTEGER"})
    assert (reading.columns, reading.rows, reading.has_rows) == ({"id": "INTEGER"}, [], False)


def test_a_file_of_faults_alone_has_rejects_and_no_rows(read):
    reading = read("x\ny\n", columns={"id": "INTEGER"})
    assert (reading.rows, reading.rejected_lines, reading.has_rows) == ([], [1, 2], False)


def test_a_json_list_is_refused_in_one_sentence(read):
    with pytest.raises(SourceError) as error:
        read(codecs.BOM_UTF8 + b' [{"id": 1}]', "contacts.json")
    assert str(error.value) == (
        "The file contacts.json, the table orders of the system shop, is one JSON list: write one object a line."
    )


_objects = st.dictionaries(st.sampled_from(["id", "name", "é"]), st.text(max_size=5), min_size=1)
_lines = st.one_of(
    st.tuples(st.just("row"), _objects),
    st.tuples(st.just("fault"), st.sampled_from([b"{", b"1", b"[]", b'{"id": \xff}', b'{"id": "\xff"}', b"x\x00y"])),
    st.tuples(st.just("blank"), st.sampled_from([b"", b"  ", b"\t"])),
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(_lines, max_size=25), line_end=st.sampled_from([b"\n", b"\r\n"]), ends=st.booleans())
def test_every_line_is_either_a_row_or_a_reject(lines, line_end: bytes, ends: bool):
    names = ["id", "name", "é"]
    rows = [tuple(value.get(name) for name in names) for kind, value in lines if kind == "row"]
    faulty_lines = [number for number, (kind, _) in enumerate(lines, 1) if kind == "fault"]
    texts = [json.dumps(value).encode() if kind == "row" else value for kind, value in lines]
    with TemporaryDirectory() as folder:
        write_files(Path(folder) / "in", {"contacts.jsonl": line_end.join(texts) + line_end * ends})
        columns = dict.fromkeys(names, "VARCHAR")
        reading = read_table(Path(folder) / "in", Path(folder) / "home", columns=columns, format={"encoding": "utf-8"})
    assert reading.rows == rows
    assert reading.rejected_lines == faulty_lines
