"""The shop of the scale benchmark: the same every time, with keys, and days of news that are nothing but news.

What it costs to run on it is measured by `make bench`, not tested.
"""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from benchmarks.shop import ENDS_AT, KEYS, Scale, source, write_day, write_shop
from dagster_project.sources.config import Source
from dagster_project.sources.platforms import contract_entities

TINY = Scale(lines=5_000, products=500)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny shop with two days of news."""
    folder = tmp_path_factory.mktemp("bench") / "shop"
    write_shop(folder, TINY)
    assert [write_day(folder, TINY, day) for day in (1, 2)] == [date(2026, 1, 1), date(2026, 1, 2)]
    return folder


def _rows(query: str) -> list[tuple]:
    return duckdb.sql(query).fetchall()


def test_it_is_the_same_shop_every_time(shop: Path, tmp_path: Path):
    write_shop(tmp_path / "again", TINY)
    for entity in KEYS:
        files = f"'{shop}/{entity}-000.parquet'", f"'{tmp_path}/again/{entity}-000.parquet'"
        for one, other in (files, files[::-1]):
            assert _rows(f"select count(*) from (from {one} except all from {other})") == [(0,)], entity


def test_it_is_about_as_large_as_its_scale_says(shop: Path):
    [(lines,)] = _rows(f"select count(*) from '{shop}/order_lines-000.parquet'")
    assert lines == pytest.approx(TINY.lines, rel=0.2)


def test_keys_are_unique_among_what_was_known_at_once(shop: Path):
    for entity, key in KEYS.items():
        columns = ", ".join(key)
        for file in shop.glob(f"{entity}-*.parquet"):
            assert _rows(f"select {columns} from '{file}' group by all having count(*) > 1") == [], file.name


def test_lines_belong_to_orders_and_add_up_to_them(shop: Path):
    assert (
        _rows(f"""
        select order_id
        from '{shop}/orders-000.parquet' as orders
        full join (
            select order_id, sum(gross_amount - discount_amount + tax_amount) as amount
            from '{shop}/order_lines-000.parquet' group by order_id
        ) as lines using (order_id)
        where amount + shipping_amount is distinct from total_amount
    """)
        == []
    )


def test_a_day_brings_nothing_that_changed_before_it(shop: Path):
    news = sorted(shop.glob("*-2026-01-01.parquet"))
    assert len(news) > 10
    for file in news:
        assert _rows(f"select 1 from '{file}' where updated_at < '{ENDS_AT}'") == [], file.name
    assert _rows(f"select 1 from '{shop}/orders-000.parquet' where updated_at >= '{ENDS_AT}'") == []


def test_a_day_changes_older_orders_too(shop: Path):
    [(changed, new)] = _rows(f"""
        select count(*) filter (where ordered_at < '{ENDS_AT}'), count(*) filter (where ordered_at >= '{ENDS_AT}')
        from '{shop}/orders-2026-01-01.parquet'
    """)
    assert new == TINY.orders_a_day
    assert changed


def test_its_entry_describes_tables_of_the_contract(shop: Path):
    entry = Source.model_validate(source(shop))
    assert {*entry.system("shop").tables} <= {*contract_entities()}
