"""No cell of a CSV file runs as a formula, and everything else stays as it is. Whom a file holds stands elsewhere."""

import csv
import re
import unicodedata
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
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
# What ends a cell, or hides in it, for a program that expects another separator.
FALLING_APART = st.text(st.sampled_from(';;"\t\r\n=+-@＝ ,x\u00a0'))  # noqa: RUF001
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
PHONES = st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z").filter(str.isascii)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory):
    """The texts after a way through a CSV file, as Python's csv module reads them."""
    file: Path = tmp_path_factory.mktemp("cells") / "cells.csv"

    connection = duckdb.connect()

    def read(separator: str) -> list[list[str]]:
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.reader(lines, delimiter=separator))

    def write(texts: list[str], before: str = "cell") -> list[str]:
        rows = "select unnest(range(len($texts))) as place, unnest($texts) as value"
        query = f"select $before as before, {harmless('value')} as value from ({rows}) order by place"
        connection.execute(f"copy ({query}) to '{file}' ({FORMATS['csv']})", {"texts": texts, "before": before})
        header, *rows = read(",")
        assert header == ["before", "value"]
        assert [one for one, _ in rows] == [before] * len(texts)
        return [value for _, value in rows]

    write.read = read
    return write


def _runs(cell: str) -> bool:
    """Whether the first character that is neither white space nor invisible begins a formula, or a control is first."""
    if cell and unicodedata.category(cell[0]) == "Cc":
        return True
    # A character that is not assigned is shown, as a box.
    kinds = ((character, unicodedata.category(character)) for character in cell)
    shown = (character for character, kind in kinds if kind[0] not in "ZC" or kind == "Cn")
    return next(shown, " ") in STARTS


@settings(deadline=None)
@given(st.lists(st.one_of(DANGEROUS, FALLING_APART, NO_SURROGATE), min_size=1, max_size=20))
@example(["\U00018cd6="])
def test_no_cell_begins_as_a_formula_by_any_separator(written, texts: list[str]):
    for text, cell in zip(texts, written(texts), strict=True):
        assert cell.removeprefix("'").replace(",", ";") == CONTROLS.sub(" ", text).removeprefix("'").replace(",", ";")
    for separator in ",;\t":
        assert not [cell for row in written.read(separator) for cell in row if _runs(cell)]


@settings(deadline=None)
@given(st.lists(NO_SURROGATE.filter(lambda text: not (_runs(text) or ";" in text)), min_size=1, max_size=20))
def test_harmless_text_stays_as_it_is(written, texts: list[str]):
    texts = [CONTROLS.sub("", text) for text in texts]
    assert written(texts) == texts


@pytest.mark.parametrize("text", ["Salt &amp; Pepper", "a;b;c", "x; y = 5", 'the "best"; ever', "5 - 3", "o'neill"])
def test_ordinary_punctuation_stays(written, text: str):
    assert written([text]) == [text]


@pytest.mark.parametrize(
    ("text", "cell"),
    [("x;=cmd()", "x,=cmd()"), ('x; "+1', 'x, "+1'), ("x;", "x,"), ("x\t=cmd()", "x =cmd()"), ("x\r\n@a", "x @a")],
)
def test_what_another_separator_would_split_off_stays_in_its_cell(written, text: str, cell: str):
    assert written([text]) == [cell]


@settings(deadline=None)
@given(st.lists(PHONES, min_size=1, max_size=5))
def test_a_phone_number_keeps_its_plus(written, phones: list[str]):
    assert written(phones) == phones


@settings(deadline=None)
@given(phone=PHONES, name=st.one_of(FALLING_APART, NO_SURROGATE))
@example(phone="+491701234567", name="5*cmd|' /C calc'!A0")
def test_what_follows_a_phone_number_is_a_text_to_a_spreadsheet_that_joins_them(written, phone: str, name: str):
    """Where commas are decimal, the first line's one cell would otherwise be a sum that begins with the number."""
    written([name], before=phone)
    _, (cell, *_), *_ = written.read(";")
    assert re.fullmatch(r'\+[0-9]+,"([^"]|"")*"?', cell)


@pytest.mark.parametrize("text", ["+4917012a", "+", "+0170", "+49 170", "++49170", "=+49170", "-49170"])
def test_what_only_resembles_a_phone_number_is_no_number(written, text: str):
    assert written([text]) == ["'" + text]
