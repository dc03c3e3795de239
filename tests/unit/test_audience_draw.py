"""Who is drawn into the arm of an experiment or the global hold-out, and what that does to an audience."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from audience_shop import add, assign, audience_tables, emails, file_rows, writer

from dagster_project.experiments.draw import draw
from dagster_project.publish.audience_config import AudienceError


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with audience_tables() as tables:
        yield tables


@pytest.fixture
def write(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., tuple[Path, dict]]:
    return writer(connection, tmp_path)


def test_the_holdout_is_a_share_that_stays_the_same(connection, write):
    add(connection, {"customer_key": "customer 0"})
    connection.execute("""
        insert into segments.int_audience_customer
        select first.* replace ('customer ' || number as customer_key, number || '@x.de' as email)
        from segments.int_audience_customer as first, range(1, 2000) as numbers (number);
        insert into segments.segment_membership select 'customer ' || range, 'vip' from range(1, 2000)
    """)
    keys = {f"customer {number}" for number in range(2000)}

    def held_out(run: str, holdout: float, **changes: object) -> set[str]:
        folder, said = write(run, holdout=holdout, columns=("customer_key",), **changes)
        left = keys - {row["customer_key"] for row in file_rows(folder)}
        assert said["left_out"]["held_out"] == len(left)
        return left

    few = held_out("few", 0.1)
    # 200 are expected, with a standard deviation of 13.
    assert 150 <= len(few) <= 250
    by_hand = {
        key for key in keys if int(hashlib.sha256(f"global_holdout:{key}".encode()).hexdigest()[:16], 16) < 0.1 * 2**64
    }
    assert few == by_hand
    connection.execute(
        "create or replace table segments.segment_membership as from segments.segment_membership order by 1"
    )
    assert held_out("again", 0.1, channel="push") == few
    assert few < held_out("more", 0.2)
    assert held_out("none", 0) == set()


def test_only_the_arm_under_todays_keys(connection, write, tmp_path: Path):
    """Whoever is not drawn, or became one person with somebody of another arm, is in no arm."""
    drawn = {"ann": "letter", "bob": "control", "former cleo": "letter", "dora": "letter", "former dora": "control"}
    assign(tmp_path, {**drawn, "emil": "letter", "former emil": "letter"})
    connection.execute("""
        insert into core.int_customer_redirect
        values ('former cleo', 'cleo'), ('former dora', 'dora'), ('former emil', 'emil'), ('former', 'frieda')
    """)
    add(connection, *({"customer_key": key} for key in ("ann", "bob", "cleo", "dora", "emil", "frieda")))
    folder, said = write(experiment="letter", arm="letter")
    assert emails(folder) == ["ann@x.de", "cleo@x.de", "emil@x.de"]
    assert said["left_out"]["other_arm"] == 3
    assert emails(write("the other arm", experiment="letter", arm="control")[0]) == ["bob@x.de"]


def test_without_assignments_nothing_is_written(connection, write, tmp_path: Path):
    add(connection, {"customer_key": "ann"})
    with pytest.raises(
        AudienceError, match="vips is for the arm a of the experiment letter, which nobody has been drawn"
    ):
        write(experiment="letter", arm="a")
    assert not list(tmp_path.rglob("vips_*"))
    assign(tmp_path, {"ann": "control", "bob": "letter"})
    with pytest.raises(AudienceError, match="letter, which has the arms control, letter, two_letters"):
        write("other", experiment="letter", arm="a")


def test_an_arm_that_nobody_was_drawn_into_is_an_empty_audience(connection, write, tmp_path: Path):
    """Nor does it stop a publication that an erasure left nobody in the arm."""
    add(connection, {"customer_key": "ann"}, {"customer_key": "bob"})
    assign(tmp_path, {"ann": "control", "bob": "letter"})
    folder, said = write(experiment="letter", arm="two_letters")
    assert emails(folder) == []
    assert said["left_out"]["other_arm"] == 2


def test_the_draw_is_spread_evenly():
    assert abs(sum(draw("global_holdout", str(number)) for number in range(10000)) / 10000 - 0.5) < 0.015
