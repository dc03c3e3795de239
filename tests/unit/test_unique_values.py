"""What the tests `unique` and `unique_combination` find, also where the hashes of different values are the same."""

from collections import Counter
from itertools import product

import duckdb
import pytest
from compiled_sql import compiled_nodes, compiled_texts

VALUES = "{{ repeated('given', ['name', 'number']) }}"
UNIQUE = "unique_fct_order_order_key"
ROWS = [
    *[("ada", 1), ("ada", 2), ("ada", 2), ("bob", None), ("bob", None), ("bob", None)],
    *[(None, None), (None, 3), ("3", None)],
]


@pytest.fixture(scope="module")
def repeated(tmp_path_factory) -> str:
    (text,) = compiled_texts(tmp_path_factory.mktemp("home"), [VALUES])
    return text


@pytest.mark.parametrize("hashed", ["hash(name, number)", "1"], ids=["hashes", "all hashes alike"])
def test_values_that_several_rows_share_are_found_and_counted(repeated, hashed):
    assert repeated.count("hash(name, number)") == 3
    connection = duckdb.connect()
    connection.execute("create table given (name varchar, number int)")
    connection.executemany("insert into given values (?, ?)", ROWS)
    found = connection.execute(repeated.replace("hash(name, number)", hashed)).fetchall()
    expected = {values: rows for values, rows in Counter(ROWS).items() if rows > 1}
    assert {(name, number): rows for name, number, rows in found} == expected


def test_nothing_is_found_where_every_value_is_another_one(repeated):
    connection = duckdb.connect()
    connection.execute("create table given (name varchar, number int)")
    connection.executemany("insert into given values (?, ?)", [*product("abc", [1, 2, None])])
    assert connection.execute(repeated).fetchall() == []


def test_a_column_with_a_value_twice_is_not_unique_and_null_is_no_value(tmp_path):
    text = compiled_nodes(tmp_path, [UNIQUE])[UNIQUE]
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse; create schema warehouse.core")
    connection.execute("create table warehouse.core.fct_order (order_key varchar)")
    connection.execute("insert into warehouse.core.fct_order values ('a'), ('b'), (null), (null)")
    assert connection.execute(text).fetchall() == []
    connection.execute("insert into warehouse.core.fct_order values ('b')")
    assert connection.execute(text).fetchall() == [("b", 2)]
