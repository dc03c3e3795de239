"""No cell of a CSV file runs as a formula, and everything else stays as it is. Whom a file holds stands elsewhere."""

import csv
import unicodedata
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.publish.audiences import FORMATS
from dagster_project.publish.cells import harmless

STARTS = "=+-@＝＋－＠"  # noqa: RUF001
NO_SURROGATE = st.text(st.characters(exclude_categories=["Cs"]))
SPACES = st.text(st.sampled_from(" \t\r\n\u00a0\u3000\u200b\ufeff"), max_size=3)
DANGEROUS = st.one_of(
    st.builds("".join, st.tuples(SPACES, st.sampled_from(STARTS), NO_SURROGATE)),
    st.builds("".join, st.tuples(st.sampled_from("\t\r\n\0"), NO_SURROGATE)),
)
PHONES = st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z").filter(str.isascii)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory):
    """The texts after a way through a CSV file, as Python's csv module reads them."""
    file: Path = tmp_path_factory.mktemp("cells") / "cells.csv"

    connection = duckdb.connect()

    def write(texts: list[str]) -> list[str]:
        rows = "select unnest(range(len($texts))) as place, unnest($texts) as value"
        query = f"select place, {harmless('value')} as value from ({rows}) order by place"
        connection.execute(f"copy ({query}) to '{file}' ({FORMATS['csv']})", {"texts": texts})
        with file.open(encoding="utf-8", newline="") as lines:
            header, *rows = csv.reader(lines)
        assert header == ["place", "value"]
        assert [int(place) for place, _ in rows] == list(range(len(texts)))
        return [value for _, value in rows]

    return write


def _runs(cell: str) -> bool:
    """Whether the first character that is neither white space nor invisible begins a formula, or a control is first."""
    if cell and unicodedata.category(cell[0]) == "Cc":
        return True
    shown = (character for character in cell if unicodedata.category(character)[0] not in "ZC")
    return next(shown, " ") in STARTS


@settings(deadline=None)
@given(st.lists(st.one_of(DANGEROUS, NO_SURROGATE), min_size=1, max_size=20))
def test_no_cell_begins_as_a_formula(written, texts: list[str]):
    for text, cell in zip(texts, written(texts), strict=True):
        assert not _runs(cell)
        assert cell in (text, "'" + text)


@settings(deadline=None)
@given(st.lists(NO_SURROGATE.filter(lambda text: not _runs(text)), min_size=1, max_size=20))
def test_harmless_text_stays_as_it_is(written, texts: list[str]):
    assert written(texts) == texts


@settings(deadline=None)
@given(st.lists(PHONES, min_size=1, max_size=5))
def test_a_phone_number_keeps_its_plus(written, phones: list[str]):
    assert written(phones) == phones


@pytest.mark.parametrize("text", ["+4917012a", "+", "+0170", "+49 170", "+49170\n", "++49170", "=+49170", "-49170"])
def test_what_only_resembles_a_phone_number_is_no_number(written, text: str):
    assert written([text]) == ["'" + text]
