"""Excel workbooks: what types columns have, and that no cell, row or date is lost."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZipFile

import pytest
from source_files import Reading, read_table, write_files

from dagster_project.sources.config import SourceError

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
# Number formats of Excel: general, a date, a date with time, a time.
STYLES = {float: 0, date: 1, datetime: 2, time: 3}
FORMATS = (0, 14, 22, 20)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Reads sheets, each a name with its rows, as one workbook."""

    def run(sheets: dict[str, Sequence[Sequence[object]]], **table: object) -> Reading:
        (tmp_path / "in").mkdir()
        _write_workbook(tmp_path / "in" / "orders.xlsx", sheets)
        return read_table(tmp_path / "in", tmp_path / "home", **table)

    return run


def _write_workbook(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> None:
    with ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>')
        relation = f'<Relationship Id="r" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
        file.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{relation}</Relationships>')
        formats = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in FORMATS)
        file.writestr("xl/styles.xml", f"<styleSheet {NAMESPACE}><cellXfs>{formats}</cellXfs></styleSheet>")
        listed, relations = "", f'<Relationship Id="s" Type="{RELATIONS}/styles" Target="styles.xml"/>'
        for number, (name, rows) in enumerate(sheets.items(), 1):
            listed += f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>'
            relations += f'<Relationship Id="r{number}" Type="{RELATIONS}/worksheet" Target="{number}.xml"/>'
            cells = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
            file.writestr(f"xl/{number}.xml", f"<worksheet {NAMESPACE}><sheetData>{cells}</sheetData></worksheet>")
        file.writestr(
            "xl/workbook.xml", f'<workbook {NAMESPACE} xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>'
        )
        file.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>'
        )


def _cell(value: object) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f'<c s="{STYLES[type(value)]}"><v>{_serial(value)}</v></c>'


def _serial(value: float | date | datetime | time) -> float:
    """Excel counts days since the end of 1899."""
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute) / timedelta(days=1)
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        return (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    return value


def test_cells_keep_their_types(read):
    reading = read(
        {
            "Orders": [
                ["id", "zip", "ordered_on", "placed_at", "hour", "is_paid"],
                [1.0, "01234", date(2026, 1, 31), datetime(2026, 1, 31, 12, 30), time(12, 30), True],
                [2.5, "5678", None, datetime(2026, 2, 1), None, False],
            ]
        }
    )
    assert reading.columns == {
        "id": "DOUBLE",
        "zip": "VARCHAR",
        "ordered_on": "DATE",
        "placed_at": "TIMESTAMP",
        "hour": "TIME",
        "is_paid": "BOOLEAN",
    }
    assert reading.rows == [
        (1.0, "01234", date(2026, 1, 31), datetime(2026, 1, 31, 12, 30), time(12, 30), True),
        (2.5, "5678", None, datetime(2026, 2, 1), None, False),
    ]


def test_a_column_of_several_kinds_is_text_that_loses_nothing(read):
    cells = ["A-1", 17.0, 17.5, date(2026, 2, 1), datetime(2026, 2, 1, 8, 15), True]
    reading = read({"Orders": [["id", "mixed"], *([float(row), cell] for row, cell in enumerate(cells))]})
    assert [mixed for _, mixed in reading.rows] == ["A-1", "17", "17.5", "2026-02-01", "2026-02-01 08:15:00", "true"]


def test_a_date_below_empty_cells_is_a_date(read):
    rows = [["id", "shipped_on"], *([float(row), None] for row in range(500)), [500.0, date(2026, 3, 1)]]
    reading = read({"Orders": rows})
    assert reading.columns["shipped_on"] == "DATE"
    assert reading.rows[-1] == (500.0, date(2026, 3, 1))


def test_rows_below_an_empty_row_are_read(read):
    assert read({"Orders": [["id", "name"], [1.0, "a"], [], [None, None], [2.0, "b"]]}).rows == [(1.0, "a"), (2.0, "b")]


def test_rows_above_the_header_are_no_rows(read):
    reading = read({"Orders": [["Orders of May"], [], ["id", "name"], [1.0, "a"]]})
    assert (list(reading.columns), reading.rows) == (["id", "name"], [(1.0, "a")])


def test_the_sheet_that_is_named_is_read(read):
    sheets = {"Notes": [["a", "b"], ["x", "y"]], "Orders 2026": [["id", "name"], [1.0, "a"]]}
    assert read(sheets, format={"sheet": "Orders 2026"}).rows == [(1.0, "a")]


def test_a_sheet_that_is_not_there_is_an_error_that_lists_those_that_are(read):
    with pytest.raises(SourceError) as error:
        read({"Notes": [["a"]], "Orders": [["id"]]}, format={"sheet": "orders"})
    assert str(error.value) == (
        "The file orders.xlsx, the table orders of the system shop, has no sheet orders; it has Notes, Orders."
    )


def test_a_declared_type_rejects_cells_that_do_not_fit_by_their_row(read):
    reading = read({"Orders": [["id", "name"], [1.0, "a"], [], [2.5, "b"], [3.0, "c"]]}, columns={"id": "BIGINT"})
    assert (reading.columns["id"], reading.rows) == ("BIGINT", [(1, "a"), (3, "c")])
    assert reading.rejects == [("orders.xlsx", 4, "id is not BIGINT")]


def test_cells_without_a_name_above_are_kept_and_empty_columns_are_none(read):
    reading = read({"Orders": [["id", "name", None, None], [1.0, "a", None, "x"]]})
    assert (list(reading.columns), reading.rows) == (["id", "name", "column3"], [(1.0, "a", "x")])


def test_a_sheet_without_a_header_is_refused(read):
    with pytest.raises(SourceError, match=r"orders\.xlsx, the table orders of the system shop, has no header"):
        read({"Orders": [["ada", 19.9], ["bob", 20.0]]})


def test_what_is_no_workbook_is_refused(tmp_path: Path):
    folder = write_files(tmp_path / "in", {"orders.xlsx": "id,name\n"})
    with pytest.raises(SourceError, match=r"orders\.xlsx.* cannot be read as an Excel workbook"):
        read_table(folder, tmp_path / "home")
