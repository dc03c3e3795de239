"""Who came and who went is the difference of two sets of people. Whom an audience leaves out stands elsewhere."""

import csv
import hashlib
import json
from collections.abc import Collection
from pathlib import Path

import duckdb
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
