"""A wrong entry of the segment catalogue is refused before dbt runs, with one sentence that names it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from sql_lint import lint_text

from dagster_project.transform.catalogue import FUNCTIONS, CatalogueError, load_catalogue, validate_catalogue

DBT = Path(__file__).parents[2] / "dbt"
FILE = "dbt/models/segments/segment_catalog.yml"
PROFILE = {
    "customer_key": "string",
    "orders": "bigint",
    "net_revenue": "decimal(18, 4)",
    "country": "string",
    "is_vip": "boolean",
    "last_order_date": "date",
}
ENTRY = {
    "name": "regulars",
    "label": "Regulars",
    "family": "lifecycle",
    "owner": "retention",
    "question": "Who comes back?",
    "action": "Early access",
    "rule": "orders >= 3",
    "version": 1,
}


def _project(folder: Path, *entries: Any) -> Path:
    """A dbt folder with that catalogue and a small profile."""
    segments = folder / "dbt" / "models" / "segments"
    segments.mkdir(parents=True)
    catalogue = {"name": "segment_catalog", "config": {"meta": {"segments": list(entries)}}}
    columns = [{"name": name, "data_type": data_type} for name, data_type in PROFILE.items()]
    profile = {"name": "int_customer_profile", "columns": columns}
    (segments / "segment_catalog.yml").write_text(yaml.safe_dump({"models": [catalogue]}))
    (segments / "_int_customer_profile.yml").write_text(yaml.safe_dump({"models": [profile]}))
    return folder / "dbt"


def _refusal(folder: Path, *entries: Any) -> str:
    with pytest.raises(CatalogueError) as refusal:
        validate_catalogue(_project(folder, *entries))
    return str(refusal.value)


def test_shipped_catalogue_is_valid():
    validate_catalogue(DBT)
    assert len([segment for segment in load_catalogue(DBT) if not segment.for_each]) >= 12


def test_the_recipe_shows_a_valid_entry_and_names_what_a_rule_may_use(tmp_path):
    recipe = (DBT.parent / "docs" / "add_a_segment.md").read_text()
    entry = yaml.safe_load(re.search(r"```yaml\n(.*?)```", recipe, re.DOTALL)[1])
    copy = Path(shutil.copytree(DBT / "models" / "segments", tmp_path / "dbt" / "models" / "segments")).parents[1]
    catalogue = copy / "models" / "segments" / "segment_catalog.yml"
    document = yaml.safe_load(catalogue.read_text())
    document["models"][0]["config"]["meta"]["segments"] += entry
    catalogue.write_text(yaml.safe_dump(document))

    validate_catalogue(copy)

    assert "big_spenders_cooling" in {segment.name for segment in load_catalogue(copy)}
    named = re.search(r"the functions (.*?)\.", recipe, re.DOTALL)[1]
    assert tuple(re.findall(r"\w+", named.replace(" and ", " "))) == FUNCTIONS


def test_shipped_rules_are_portable():
    findings = [
        f"{segment.name}: {finding.construct}"
        for segment in load_catalogue(DBT)
        for finding in lint_text(segment.rule, Path("segment_catalog.yml"))
    ]
    assert findings == []


@pytest.mark.parametrize(
    "rule",
    [
        "orders >= 3",
        "is_vip",
        "not is_vip",
        "country is not null and net_revenue between 10.5 and 20",
        "country in ('DE', 'it''s') or country like 'A%'",
        "coalesce(orders, 0) = 0",
        "case when orders > 1 then is_vip else false end",
        "lower(country) = 'de' and last_order_date < cast('2026-01-01' as date)",
    ],
)
def test_right_rule_passes(tmp_path: Path, rule: str):
    validate_catalogue(_project(tmp_path, ENTRY | {"rule": rule}))


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (
            "net_revnue > 5",
            "its rule names the column 'net_revnue', which int_customer_profile does not have "
            "(did you mean net_revenue?)",
        ),
        ("profile.orders > 5", "its rule names 'profile.orders'; columns are named without a table"),
        ('country = "DE"', 'its rule has "DE" in double quotes; texts take single quotes, columns none'),
        ("orders", "its rule gives bigint, not true or false"),
        ("country", "its rule gives varchar, not true or false"),
        ("(orders > 1", "parentheses, quotes and operators complete?"),
        ("orders > 1) or (is_vip", "parentheses, quotes and operators complete?"),
        ("orders >", "parentheses, quotes and operators complete?"),
        ("country = 'DE", "parentheses, quotes and operators complete?"),
        ("orders in (select 1)", "its rule has a subquery"),
        ("exists (select 1)", "its rule has a subquery"),
        ("select true", "its rule is not one condition"),
        ("is_vip; drop table customers", "its rule is not one condition"),
        ("is_vip as member", "its rule is not one condition"),
        ("is_vip -- and orders > 1", "its rule has a comment"),
        ("sum(orders) > 5", "its rule uses the function 'sum'"),
        ("last_order_date > current_date", "its rule uses the function 'current_date'"),
        ("rank() over (order by orders) = 1", "its rule looks at other customers' rows"),
        ("today_is('sunny')", "its rule uses the function 'today_is'"),
        ("is_vip + orders > 2", "its rule does not work: "),
        ("orders > {{ var('orders') }}", "its rule contains Jinja"),
    ],
)
def test_wrong_rule_is_refused(tmp_path: Path, rule: str, fault: str):
    message = _refusal(tmp_path, ENTRY | {"name": "vip", "rule": rule})
    assert message.startswith(f"Segment 'vip' in {FILE}: ")
    assert fault in message
    assert "\n" not in message


def test_rule_may_name_other_segments(tmp_path: Path):
    later = ENTRY | {"name": "german_regulars", "rule": "regulars and country = 'DE' and not vip"}
    validate_catalogue(_project(tmp_path, later, ENTRY, ENTRY | {"name": "vip", "rule": "is_vip"}))


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"a": "a or is_vip"}, "'a' in {file}: its rule leads back to itself: a needs a."),
        (
            {"a": "is_vip", "b": "a and d", "c": "not b", "d": "c or is_vip"},
            "'b' in {file}: its rule leads back to itself: b needs d needs c needs b.",
        ),
        ({"a": "is_vip", "b": "aa"}, "'b' in {file}: its rule names the column 'aa'"),
    ],
)
def test_wrong_rule_on_segments_is_refused(tmp_path: Path, rules: dict[str, str], sentence: str):
    message = _refusal(tmp_path, *(ENTRY | {"name": name, "rule": rule} for name, rule in rules.items()))
    assert message.startswith("Segment " + sentence.format(file=FILE))
    assert "\n" not in message


def test_rule_may_not_name_an_entry_for_each_value(tmp_path: Path):
    by_country = ENTRY | {"name": "by_country", "rule": "country is not null", "for_each": "country"}
    message = _refusal(tmp_path, by_country, ENTRY | {"rule": "by_country"})
    assert "Segment 'regulars'" in message and "names the column 'by_country'" in message


@pytest.mark.parametrize("field", [field for field in ENTRY if field != "name"])
def test_missing_field_is_named(tmp_path: Path, field: str):
    entry = {key: value for key, value in ENTRY.items() if key != field}
    assert _refusal(tmp_path, entry) == f"Segment 'regulars' in {FILE}: it lacks the field '{field}'."


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "Big Spenders"}, "Segment 'Big Spenders'"),
        ({"name": "orders"}, "its name is also a column of int_customer_profile"),
        ({"name": "order"}, "its name is a reserved word of SQL"),
        ({"version": 0}, "its version is not valid: input should be greater than or equal to 1"),
        ({"label": " "}, "its label is not valid: string should have at least 1 character"),
        ({"ruel": "is_vip"}, "it has the field 'ruel', which an entry does not have (did you mean rule?)"),
        ({"for_each": "contry"}, "its for_each names the column 'contry'"),
        ({"reason": "has {order} orders"}, "its reason names the column 'order'"),
        ({"reason": "has {orders orders"}, "its reason has a brace that encloses no column name"),
    ],
)
def test_wrong_field_is_refused(tmp_path: Path, change: dict, fault: str):
    assert fault in _refusal(tmp_path, ENTRY | change)


def test_entry_without_a_name_is_named_by_its_place(tmp_path: Path):
    nameless = {key: value for key, value in ENTRY.items() if key != "name"}
    assert "Segment number 2 in " in _refusal(tmp_path, ENTRY, nameless)


def test_duplicate_name_is_refused(tmp_path: Path):
    message = _refusal(tmp_path, ENTRY, ENTRY | {"name": "vip"}, ENTRY)
    assert message == f"Segment 'regulars' in {FILE}: its name is used by 2 entries."


def test_every_wrong_entry_has_its_sentence(tmp_path: Path):
    wrong = [ENTRY | {"name": "a", "rule": "x > 1"}, ENTRY | {"name": "b", "rule": "1"}]
    message = _refusal(tmp_path, wrong[0], ENTRY, wrong[1])
    assert [line.split(" in ")[0] for line in message.splitlines()] == ["Segment 'a'", "Segment 'b'"]


def test_empty_catalogue_is_refused(tmp_path: Path):
    assert "has no list of segments" in _refusal(tmp_path)


def test_broken_yaml_is_refused_with_its_line(tmp_path: Path):
    folder = _project(tmp_path, ENTRY)
    file = folder / "models" / "segments" / "segment_catalog.yml"
    file.write_text("models:\n  - name: [segment_catalog\n")
    with pytest.raises(CatalogueError, match=r"segment_catalog\.yml is not valid YAML \(line \d+\)"):
        validate_catalogue(folder)


def test_import_loads_no_parser_and_no_engine():
    code = "import sys, dagster_project.transform.catalogue; print({'duckdb', 'sqlglot'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=DBT.parent)
    assert result.stdout.strip() == "set()"
