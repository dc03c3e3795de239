"""Macros that read numbers as people write them, and birthdays, against Python's own."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from compiled_sql import compiled_texts
from hypothesis import example, given, settings
from hypothesis import strategies as st

AS_OF = date(2026, 6, 30)  # what compiled_texts compiles for
DAYS = 370


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, object], object]:
    """A macro's SQL, by name, of one value."""
    texts = {
        "comma": "{{ parsed_number('value') }}",
        "point": "{{ parsed_number('value', decimal='.') }}",
        "age": "{{ age_in_years('value') }}",
        "birthday": "{{ days_until_birthday('value', " + str(DAYS) + ") }}",
    }
    compiled = dict(zip(texts, compiled_texts(tmp_path_factory.mktemp("home"), list(texts.values())), strict=True))

    def ask(name: str, value: object) -> object:
        return duckdb.execute(f"select {compiled[name]} from (select ? as value)", [value]).fetchone()[0]

    return ask


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("comma", "1.234,50", "1234.5"),
        ("comma", " -3,5 ", "-3.5"),
        ("comma", "1 234 567", "1234567"),
        ("comma", "1\u00a0234,5", "1234.5"),
        ("comma", "x,000", None),
        ("comma", "12 Stück", None),
        ("comma", "1,2,3", None),
        ("comma", "", None),
        ("comma", None, None),
        ("point", "1,234.50", "1234.5"),
        ("point", "1'234.50", "1234.5"),
        ("point", "+7", "7"),
    ],
)
def test_a_number_as_people_write_it(evaluate, name: str, text: str | None, number: str | None):
    assert evaluate(name, text) == (None if number is None else Decimal(number))


@settings(deadline=None)  # a birthday within a year is a long CASE
@given(born=st.dates(date(1906, 1, 1), date(2027, 1, 1)))
@example(born=date(2000, 2, 29))
@example(born=AS_OF)
def test_the_next_birthday_and_the_age(evaluate, born: date):
    def birthday(year: int) -> date:
        is_leap_day = (born.month, born.day) == (2, 29)
        return date(year, 2, 28) if is_leap_day and year % 4 else born.replace(year=year)

    coming = min(day for year in (2026, 2027) if (day := birthday(year)) > AS_OF)
    assert evaluate("birthday", born) == (coming - AS_OF).days
    had = sum(birthday(year) <= AS_OF for year in range(born.year + 1, 2027))
    assert evaluate("age", born) == (had if born <= AS_OF else None)
