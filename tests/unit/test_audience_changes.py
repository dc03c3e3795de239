"""Who came and who went since the publication before. Whom an audience leaves out stands elsewhere."""

import csv
import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import duckdb
import pytest
from audience_shop import add, audience_tables, emails, file_rows, writer
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.home import Home
from dagster_project.publish.audience_config import Audience, Audiences
from dagster_project.publish.audiences import write_audiences

MAIL = {"name": "vips", "segment": "vip", "destination": "mail"}
PAIRS = st.tuples(
    st.sampled_from([None, "a@x.de", "b@x.de", "c,c@x.de", 'd"@x.de', "ü@x.de"]),
    st.sampled_from([None, "+491", "+492", "+493"]),
)
SETS = st.sets(PAIRS.filter(any), max_size=8)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with audience_tables() as tables:
        yield tables


@pytest.fixture
def write(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., tuple[Path, dict]]:
    return writer(connection, tmp_path)


@settings(deadline=None, max_examples=40)
@given(before=SETS, after=SETS, format_=st.sampled_from(["csv", "parquet"]), channel=st.sampled_from(["ads", "email"]))
def test_what_came_and_went_is_the_difference_of_the_sets(tmp_path_factory, before, after, format_, channel):
    """Of hashes, of which one may be missing, and of addresses that a CSV has to quote."""
    audiences = Audiences(audiences=(Audience(**{**MAIL, "channel": channel, "format": format_}),))
    root = tmp_path_factory.mktemp("runs")
    held = {}
    for run, people in {"before": before, "after": after}.items():
        people = {pair if channel == "ads" else (pair[0], None) for pair in people} - {(None, None)}
        with duckdb.connect() as connection:
            _make_people(connection, people)
            (root / run).mkdir()
            said = write_audiences(connection, root / run, root / "before", audiences, Home(root))
        (root / run / "manifest.json").write_text(json.dumps({"audiences": said}))
        held[run] = {_as_written(pair) if channel == "ads" else (pair[0],) for pair in people}
        assert _set(root / run, said, "full") == held[run]
    assert _set(root / "after", said, "add") == held["after"] - held["before"]
    assert _set(root / "after", said, "remove") == held["before"] - held["after"]


def _make_people(connection: duckdb.DuckDBPyConnection, people: Collection[tuple[str | None, str | None]]) -> None:
    connection.execute("create schema segments")
    connection.execute("""
        create table segments.int_audience_customer
            (customer_key varchar, email varchar, ads_email varchar, ads_phone varchar);
        create table segments.segment_membership (customer_key varchar, segment varchar);
    """)
    for number, (email, phone) in enumerate(people):
        row = [str(number), email, phone]
        connection.execute("insert into segments.int_audience_customer values ($1, $2, $2, $3)", row)
        connection.execute("insert into segments.segment_membership values (?, 'vip')", [str(number)])
    connection.execute(
        "alter table segments.int_audience_customer add column is_contactable_by_ads boolean default true"
    )
    connection.execute(
        "alter table segments.int_audience_customer add column is_contactable_by_email boolean default true"
    )


def _as_written(pair: tuple[str | None, str | None]) -> tuple[str | None, ...]:
    email, phone = pair
    digits = phone.removeprefix("+") if phone else None
    return tuple(value and hashlib.sha256(value.encode()).hexdigest() for value in (email, phone, digits))


def _set(folder: Path, said: dict, kind: str) -> set[tuple[str | None, ...]]:
    file = folder / said["vips"]["files"][kind]["file"]
    if file.suffix == ".parquet":
        rows = duckdb.execute("from read_parquet(?)", [str(file)]).fetchall()
    else:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = [tuple(cell or None for cell in row) for row in csv.reader(lines)][1:]
    assert len(set(rows)) == len(rows) == said["vips"]["files"][kind]["rows"]
    return set(rows)


def test_the_first_time_everybody_is_an_addition(connection, write):
    add(connection, {"customer_key": "ann"}, {"customer_key": "bob"})
    folder, _ = write(columns=("first_name",))
    assert file_rows(folder, "add") == file_rows(folder)
    assert (folder / "audiences" / "mail" / "vips_remove.csv").read_text() == '"email"\n'


def test_a_new_address_is_a_removal_and_an_addition_and_a_new_name_is_neither(connection, write):
    add(connection, {"customer_key": "ann"}, {"customer_key": "bob"}, {"customer_key": "cleo"})
    first, _ = write("first", columns=("first_name",))
    connection.execute("""
        update segments.int_audience_customer set email = 'new@x.de' where customer_key = 'ann';
        update segments.int_audience_customer set first_name = 'Robert' where customer_key = 'bob';
        update segments.int_audience_customer set is_contactable_by_email = false where customer_key = 'cleo'
    """)
    second, _ = write("second", previous=first, columns=("first_name", "language"))
    assert file_rows(second, "add") == [{"email": "new@x.de", "first_name": "Ann", "language": "de"}]
    assert file_rows(second, "remove") == [{"email": "ann@x.de"}, {"email": "cleo@x.de"}]
    assert [row["first_name"] for row in file_rows(second)] == ["Robert", "Ann"]
    third, _ = write("third", previous=second, columns=("first_name", "language"))
    assert (file_rows(third, "add"), file_rows(third, "remove")) == ([], [])


@pytest.mark.parametrize("change", [{"channel": "sms"}, {"destination": "other"}])
def test_another_channel_or_destination_is_a_new_audience(connection, write, change: dict):
    add(connection, {"customer_key": "ann"})
    first, _ = write("first")
    _, said = write("second", previous=first, **change)
    assert [said["files"][kind]["rows"] for kind in ("full", "add", "remove")] == [1, 1, 0]


def test_another_format_is_the_same_audience(connection, write):
    add(connection, {"customer_key": "ann"})
    first, _ = write("first", format="parquet")
    connection.execute("update segments.int_audience_customer set email = 'new@x.de'")
    second, _ = write("second", previous=first)
    assert (emails(second, "add"), emails(second, "remove")) == (["new@x.de"], ["ann@x.de"])


def test_after_an_erasure_everybody_is_an_addition_again(connection, write):
    """It deletes the files of earlier publications, which name the person."""
    add(connection, {"customer_key": "ann"}, {"customer_key": "bob"})
    first, _ = write("first")
    for file in first.rglob("vips_*"):
        file.unlink()
    second, _ = write("second", previous=first)
    assert (len(file_rows(second, "add")), file_rows(second, "remove")) == (2, [])
