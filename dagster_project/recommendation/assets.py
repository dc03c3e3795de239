"""Recommendations as Dagster assets: what is bought alike, and what each customer is recommended, as of a date.

Reads core.int_customer_interest, int_customer_product and int_sold_product, writes exchange/product_neighbour.parquet
and recommendation.parquet, which dbt puts into words. The computation and the rules stand beside this file.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    PartitionsDefinition,
    multi_asset,
)

from dagster_project.automation import run_dates
from dagster_project.files import put_in_place
from dagster_project.home import Home
from dagster_project.owners import CUSTOMER_ANALYTICS
from dagster_project.parquet import standing_file, write_parquet
from dagster_project.recommendation.rules import Rules, load_rules
from dagster_project.transform.assets import WRITER_POOL
from dagster_project.transform.project import DbtProject
from dagster_project.transform.translator import exchange_file, exchange_key
from dagster_project.warehouse import check_as_of, open_warehouse

if TYPE_CHECKING:
    import pyarrow
    from duckdb import DuckDBPyConnection
    from numpy import ndarray

    from dagster_project.recommendation.scoring import Suggestions

NEIGHBOUR, RECOMMENDATION = exchange_key("product_neighbour"), exchange_key("recommendation")
TABLES = (
    "core.int_customer_interest",
    "core.int_customer_product",
    "core.int_sold_product",
)
# The gate is on the customer facts: who does not pass it is recommended nothing.
FACTS = "core.fct_customer"
CUSTOMERS_AT_ONCE = 250_000
ROW_GROUP = 122_880
LAST_CUSTOMER = "select coalesce(max(customer_number), 0) from core.int_customer_interest"
PRODUCTS = "select product_number, is_available from core.int_sold_product order by product_number"
BOUGHT = """
    select customer_number as customer, product_number as product
    from core.int_customer_interest
    where bought_place <= $voters
    order by customer, product
"""
KINDS = """
    select did, cast(max(interest) * 1000000 as bigint) as weight
    from core.int_customer_interest
    group by did
    order by did
"""
INTERESTS = """
    select
        customer_number - $first as customer,
        product_number as product,
        list_position($dids, did) - 1 as kind
    from core.int_customer_interest
    where place <= $voters and customer_number >= $first and customer_number < $end
    order by customer, product
"""
OWNED = """
    select
        bought.customer_number - $first as customer,
        products.product_number as product,
        bought.is_kept and products.is_repeat_purchase as is_worth_repeating,
        bought.days_bought,
        bought.last_order_date - date '1970-01-01' as last_order_date
    from core.int_customer_product as bought
    inner join core.int_sold_product as products on products.product_number = bought.product_number
    where bought.customer_number >= $first and bought.customer_number < $end
    order by customer, product
"""
SCHEMA = {
    "customer_number": "int32",
    "product_number": "int32",
    "kind": "string",
    "place": "int32",
    "score": "float64",
    "voter_number": "int32",
    "did": "string",
    "days_bought": "int32",
}


def build_recommendation_asset(project: DbtProject, home: Home, daily: PartitionsDefinition) -> AssetsDefinition:
    """What is bought alike and recommended, as of the run's date."""
    read = [AssetKey(table.split(".")) for table in (FACTS, *TABLES)]
    about = {
        "group_name": "segments",
        "kinds": {"scipy", "parquet"},
        "owners": CUSTOMER_ANALYTICS,
        "deps": read,
    }

    @multi_asset(
        name="exchange__recommendation",
        specs=[
            AssetSpec(NEIGHBOUR, description="The products that buyers of each product buy most alike.", **about),
            AssetSpec(RECOMMENDATION, description="The products recommended to each customer, as numbers.", **about),
        ],
        partitions_def=daily,
        backfill_policy=BackfillPolicy.single_run(),
        pool=WRITER_POOL,
    )
    def recommendation(context: AssetExecutionContext) -> Iterator[MaterializeResult]:
        """Let what customers bought, like and viewed vote for what is bought alike."""
        rows = refresh_recommendations(project, home, run_dates(context)[-1])
        for number, key in enumerate((NEIGHBOUR, RECOMMENDATION)):
            told = {"dagster/row_count": rows[number]} if rows else standing_file(exchange_file(home, key))
            yield MaterializeResult(asset_key=key, metadata=told)

    return recommendation


def refresh_recommendations(project: DbtProject, home: Home, as_of: date) -> tuple[int, int] | None:
    """Compute what is recommended on a date, unless what stands is made from the same; returns what
    write_recommendations does, or None.

    Raises AsOfError where the warehouse holds the customers of another date.
    """
    made = project.made("exchange.recommendation", home.exchange / "recommendation.parquet", TABLES, as_of)
    if made.stands():
        return None
    with open_warehouse(home.warehouse) as warehouse:
        check_as_of(warehouse, as_of, {"fct_customer": "core"})
        written = write_recommendations(warehouse, home.exchange, load_rules(project.folder))
    made.note()
    return written


def write_recommendations(connection: "DuckDBPyConnection", exchange: Path, rules: Rules) -> tuple[int, int]:
    """Write product_neighbour and recommendation; returns how many rows each has."""
    import numpy
    import pyarrow
    from pyarrow import parquet

    from dagster_project.recommendation import scoring

    sold = _arrays(connection, PRODUCTS)
    products = int(sold["product_number"].max(initial=0)) + 1
    is_available = numpy.zeros(products, bool)
    is_available[sold["product_number"]] = sold["is_available"]
    (threads,) = connection.execute("select current_setting('threads')").fetchone()
    voters = {"voters": rules.recommendation_products}
    bought = _arrays(connection, BOUGHT, **voters)
    neighbours = scoring.find_neighbours(**bought, products=products, rules=rules, threads=threads)
    alike = pyarrow.table({
        "product_number": neighbours.product,
        "neighbour_number": neighbours.neighbour,
        "common_buyers": neighbours.common_buyers,
        "cosine": neighbours.cosine / scoring.BILLION,
        "place": neighbours.place,
    })  # fmt: skip
    connection.register("alike", alike)
    write_parquet(connection, "from alike", exchange / "product_neighbour.parquet")

    kinds = connection.execute(KINDS).fetchall()
    dids = [did for did, _ in kinds]
    votes = scoring.count_votes(neighbours, [weight for _, weight in kinds], is_available)
    (last,) = connection.execute(LAST_CUSTOMER).fetchone()
    path = exchange / "recommendation.parquet"
    unfinished = path.with_suffix(".tmp")
    rows = 0
    with parquet.ParquetWriter(unfinished, _schema(), compression="zstd") as writer:
        for first in range(0, last + 1, CUSTOMERS_AT_ONCE):
            some = {"first": first, "end": first + CUSTOMERS_AT_ONCE}
            interests = scoring.Interests(**_arrays(connection, INTERESTS, dids=dids, **voters, **some))
            owned = scoring.Owned(**_arrays(connection, OWNED, **some))
            suggestions = scoring.recommend(interests, owned, votes, rules, threads)
            tables = [_table(part, first, dids) for part in suggestions]
            if tables:
                writer.write_table(pyarrow.concat_tables(tables), row_group_size=ROW_GROUP)
                rows += sum(table.num_rows for table in tables)
    put_in_place(unfinished, path)
    return alike.num_rows, rows


def _arrays(connection: "DuckDBPyConnection", query: str, **parameters: object) -> "dict[str, ndarray]":
    """The columns of a query, in which nothing is NULL."""
    import numpy

    columns = connection.execute(query, parameters).fetchnumpy()
    return {name: numpy.asarray(values) for name, values in columns.items()}


def _schema() -> "pyarrow.Schema":
    import pyarrow

    return pyarrow.schema([(name, pyarrow.type_for_alias(kind)) for name, kind in SCHEMA.items()])


def _table(part: "Suggestions", first: int, dids: Sequence[str]) -> "pyarrow.Table":
    """Suggestions to customers who are numbered from `first` on, as rows of recommendation."""
    import numpy
    import pyarrow

    from dagster_project.recommendation import scoring

    columns = {
        "customer_number": part.customer + first,
        "product_number": part.product,
        "kind": pyarrow.array(["new", "again"]).take(pyarrow.array(part.is_again.astype(numpy.int8))),
        "place": part.place,
        "score": part.score / scoring.BILLION,
        "voter_number": part.voter,
        "did": pyarrow.array(dids, pyarrow.string()).take(pyarrow.array(part.kind)),
        "days_bought": part.days_bought,
    }
    return pyarrow.table(columns).cast(_schema())
