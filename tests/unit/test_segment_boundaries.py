"""Every segment of the catalogue at its boundary: the compiled rules on customers just inside and just outside.

The customers are in segment_boundaries.yml. Changing one literal or one word of a rule must move one of them, so no
boundary is left untested. How the columns that rules read come about is tested beside their models.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml
from compiled_sql import compiled_nodes, memory_warehouse

from dagster_project.transform.project import DBT_FOLDER

SEGMENTS = DBT_FOLDER / "models" / "segments"
BOUNDARIES = yaml.safe_load(Path(__file__).with_name("segment_boundaries.yml").read_text())
CATALOGUE = yaml.safe_load((SEGMENTS / "segment_catalog.yml").read_text())["models"][0]["config"]["meta"]["segments"]
SINGLE = {segment["name"]: segment["rule"] for segment in CATALOGUE if "for_each" not in segment}
FOR_EACH = {segment["name"]: segment["for_each"] for segment in CATALOGUE if "for_each" in segment}
PROFILE = yaml.safe_load((SEGMENTS / "_int_customer_profile.yml").read_text())["models"][0]["columns"]
SIDES = ("inside", "outside")

WORDS = {"and": ["or"], "or": ["and"], "not": [""], ">=": [">", "<"], "<=": ["<", ">="], "<": ["<=", ">="], "=": ["<>"]}
PART = re.compile(r"'[^']*'|\b\d+(?:\.\d+)?\b|\b(?:and|or|not)\b|[<>=]+")


def changed_rules(rule: str) -> Iterator[str]:
    """The rule with one literal, comparison or word changed, in every way."""
    for part in PART.finditer(rule):
        text = part.group()
        if text.startswith("'"):
            changes = ["'another value'"]
        elif text[0].isdigit():
            step = 0.001 if "." in text else 1
            changes = [str(round(float(text) + step, 3)), str(round(float(text) - step, 3))]
        else:
            changes = WORDS.get(text, [])
        for change in changes:
            yield rule[: part.start()] + change + rule[part.end() :]


CHANGES = [(name, changed) for name, rule in SINGLE.items() for changed in changed_rules(rule)]


@pytest.fixture(scope="module")
def rules(tmp_path_factory) -> str:
    """The SQL of int_customer_segment_flag."""
    return compiled_nodes(tmp_path_factory.mktemp("dbt"), ["int_customer_segment_flag"])["int_customer_segment_flag"]


@pytest.fixture(scope="module")
def profile() -> duckdb.DuckDBPyConnection:
    """One customer a case, `<segment> <side> <number>`; one `empty` of whom nothing is known."""
    warehouse = memory_warehouse()
    columns = ", ".join(f"{column['name']} {column['data_type']}" for column in PROFILE)
    warehouse.execute(f"create table warehouse.segments.int_customer_profile ({columns})")
    cases = {"empty": {}}
    for segment, sides in BOUNDARIES.items():
        for side in SIDES:
            cases |= {f"{segment} {side} {number}": case for number, case in enumerate(sides[side])}
    cases |= {f"{segment} inside": {column: "a value"} for segment, column in FOR_EACH.items()}
    for customer, case in cases.items():
        row = {"customer_key": customer, **case}
        warehouse.execute(
            f"insert into warehouse.segments.int_customer_profile ({', '.join(row)}) "
            f"values ({', '.join('?' for _ in row)})",
            list(row.values()),
        )
    return warehouse


def members(profile: duckdb.DuckDBPyConnection, rules: str, segment: str) -> set[str]:
    """The customers whom the rules put into a segment."""
    rows = profile.execute(f"select customer_key from ({rules}) where {segment}").fetchall()
    return {customer for (customer,) in rows}


def test_every_segment_has_cases_on_both_sides():
    assert set(BOUNDARIES) == set(SINGLE)
    assert all(sides[side] for sides in BOUNDARIES.values() for side in SIDES)


@pytest.mark.parametrize("segment", SINGLE)
def test_boundary_of_a_segment(profile, rules, segment):
    own = {customer for customer in members(profile, rules, segment) if customer.split()[0] == segment}

    assert own == {f"{segment} inside {number}" for number in range(len(BOUNDARIES[segment]["inside"]))}


@pytest.mark.parametrize("segment", FOR_EACH)
def test_whoever_has_a_value_is_in_the_segment_of_it(profile, rules, segment):
    inside = members(profile, rules, segment)

    assert f"{segment} inside" in inside
    assert "empty" not in inside


@pytest.mark.parametrize("segment", SINGLE)
def test_nobody_unknown_is_a_member(profile, rules, segment):
    assert "empty" not in members(profile, rules, segment)


@pytest.mark.parametrize(("segment", "changed"), CHANGES)
def test_no_part_of_a_rule_is_untested(profile, rules, segment, changed):
    shipped = f"coalesce({SINGLE[segment]}, false) as {segment}"
    assert rules.count(shipped) == 1

    faulty = rules.replace(shipped, f"coalesce({changed}, false) as {segment}")

    cases = {f"{segment} {side} {number}" for side in SIDES for number in range(len(BOUNDARIES[segment][side]))}
    assert members(profile, faulty, segment) & cases != members(profile, rules, segment) & cases
