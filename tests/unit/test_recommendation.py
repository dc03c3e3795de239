"""What is bought alike and what is recommended, by hand and against a slow computation; wording it is tested in dbt."""

import random
from collections import defaultdict
from datetime import date
from math import sqrt
from pathlib import Path

import duckdb
import pytest

from dagster_project.recommendation.assets import write_recommendations
from dagster_project.recommendation.rules import Rules, load_rules
from dagster_project.rules import RulesError
from dagster_project.transform.project import DBT_FOLDER

RULES = load_rules(DBT_FOLDER)
WEIGHTS = {"bought": 1_000_000, "likes": 500_000, "viewed": 200_000}
TABLES = """
    create schema core;
    create table core.int_sold_product (product_number int, is_available boolean, is_repeat_purchase boolean);
    create table core.int_customer_product (
        customer_number int, product_number int, is_kept boolean, days_bought int, last_order_date date
    );
    create table core.int_customer_interest (
        customer_number int, product_number int, did varchar, interest decimal(9, 6), place int, bought_place int
    )
"""


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        yield connection


def _fill(warehouse, products, bought, interests) -> None:
    """By numbers of customers and products; products say whether they can be had and bought again, `bought` says kept,
    days and date, `interests` kind, place and place among the bought."""
    for number, said in products.items():
        warehouse.execute("insert into core.int_sold_product values (?, ?, ?)", [number, *said])
    for pair, row in bought.items():
        warehouse.execute("insert into core.int_customer_product values (?, ?, ?, ?, ?)", [*pair, *row])
    for (customer, product), (did, place, bought_place) in interests.items():
        warehouse.execute(
            "insert into core.int_customer_interest values (?, ?, ?, ?, ?, ?)",
            [customer, product, did, WEIGHTS[did] / 1_000_000, place, bought_place],
        )


def _written(folder: Path) -> tuple[list, list]:
    """Neighbours by product and place; recommendations by customer, kind and place."""
    neighbours = duckdb.sql(f"""
        select product_number, neighbour_number, common_buyers, cast(round(cosine * 1e9) as bigint), place
        from '{folder}/product_neighbour.parquet' order by product_number, place
    """).fetchall()
    recommendations = duckdb.sql(f"""
        select
            customer_number, kind, place, product_number, cast(round(score * 1e9) as bigint), voter_number, did,
            days_bought
        from '{folder}/recommendation.parquet' order by customer_number, kind, place
    """).fetchall()
    return neighbours, recommendations


def test_neighbours_are_by_cosine_and_have_two_common_buyers(warehouse, tmp_path: Path):
    """1 and 2 share 2 of 2 and 3 buyers, cosine 2 / sqrt(6); 2 and 3 share one, too few; third places do not vote."""
    rules = RULES.model_copy(update={"recommendation_products": 2, "recommendation_min_common_buyers": 2})
    places = {(1, 1): 2, (1, 2): 1, (1, 3): 3, (2, 1): 1, (2, 2): 2, (3, 2): 1, (3, 3): 2}
    interests = {pair: ("bought", place, place) for pair, place in places.items()}
    _fill(warehouse, dict.fromkeys([1, 2, 3], (True, False)), {}, interests)
    assert write_recommendations(warehouse, tmp_path, rules)[0] == 2
    assert _written(tmp_path)[0] == [(1, 2, 2, 816496581, 1), (2, 1, 2, 816496581, 1)]


def test_nobody_and_nothing(warehouse, tmp_path: Path):
    assert write_recommendations(warehouse, tmp_path, RULES) == (0, 0)
    assert _written(tmp_path) == ([], [])


def test_a_kind_of_interest_without_weight_still_votes(warehouse, tmp_path: Path):
    """Two who bought both make 1 and 2 alike; who only viewed 1, at no weight, is recommended 2 with score 0."""
    both = {(customer, product): ("bought", product, product) for customer in (1, 2) for product in (1, 2)}
    _fill(warehouse, dict.fromkeys([1, 2], (True, False)), {}, {**both, (3, 1): ("viewed", 1, None)})
    warehouse.execute("update core.int_customer_interest set interest = 0 where did = 'viewed'")
    write_recommendations(warehouse, tmp_path, RULES)
    assert [row for row in _written(tmp_path)[1] if row[0] == 3] == [(3, "new", 1, 2, 0, 1, "viewed", 0)]


@pytest.mark.parametrize("seed", range(5))
def test_as_a_slow_computation_says(warehouse, tmp_path: Path, seed: int):
    """Shops of many ties, small limits, products that cannot be had, things returned and bought again."""
    rules = RULES.model_copy(update={"recommendation_neighbours": 4, "suggestions_per_customer": 3})
    chance = random.Random(seed)
    customers, numbers = range(1, 60), range(1, 25)
    products = {number: (chance.random() < 0.8, chance.random() < 0.4) for number in numbers}
    bought, interests = {}, {}
    for customer in customers:
        places = iter(range(1, 100))
        for product in chance.sample(numbers, chance.randint(0, 10)):
            did = chance.choice(list(WEIGHTS))
            interests[customer, product] = (did, next(places), product if did == "bought" else None)
            if did == "bought" or chance.random() < 0.2:
                day = date(2026, 6, chance.randint(1, 3))
                bought[customer, product] = (did == "bought", chance.randint(1, 2), day)
    _fill(warehouse, products, bought, interests)
    write_recommendations(warehouse, tmp_path, rules)
    assert _written(tmp_path) == _slowly(products, bought, interests, rules)


def _slowly(products, bought, interests, rules: Rules) -> tuple[list, list]:
    buyers = defaultdict(set)
    for (customer, product), (_, _, bought_place) in interests.items():
        if bought_place is not None:
            buyers[product].add(customer)
    neighbours = []
    for product in sorted(buyers):
        alike = []
        for other in buyers:
            common = len(buyers[product] & buyers[other])
            if other != product and common >= rules.recommendation_min_common_buyers:
                cosine = round(common / sqrt(len(buyers[product]) * len(buyers[other])) * 1e9)
                alike.append((-cosine, -common, other))
        for place, (cosine, common, other) in enumerate(sorted(alike)[: rules.recommendation_neighbours], 1):
            neighbours.append((product, other, -common, -cosine, place))
    votes = defaultdict(list)
    for (customer, voter), (did, *_) in interests.items():
        for product, other, _, cosine, _ in neighbours:
            if product == voter and products[other][0]:
                votes[customer, other].append((-round(cosine * WEIGHTS[did] / 1_000_000 + 1e-7), voter, did))
    ranked = defaultdict(list)
    for (customer, product), cast in votes.items():
        score, (_, voter, did) = -sum(vote for vote, _, _ in cast), min(cast)
        is_kept, days, day = bought.get((customer, product), (None, 0, date.min))
        if is_kept is None or (is_kept and products[product][1]):
            kind = "new" if is_kept is None else "again"
            ranked[customer, kind].append((-days, -day.toordinal(), -score, product, voter, did))
    recommendations = [
        (customer, kind, place, product, -score, voter, did, -days)
        for (customer, kind), rows in sorted(ranked.items())
        for place, (days, _, score, product, voter, did) in enumerate(sorted(rows)[: rules.suggestions_per_customer], 1)
    ]
    return neighbours, recommendations


def test_a_missing_var_is_named(tmp_path: Path):
    (tmp_path / "dbt_project.yml").write_text("vars: {recommendation_products: 100, suggestions_per_customer: 10}")
    with pytest.raises(RulesError, match="recommendation_neighbours"):
        load_rules(tmp_path)
