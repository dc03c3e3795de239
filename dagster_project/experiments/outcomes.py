"""What the people of an experiment did, from the daily facts: by intention to treat, everybody drawn counts.

Rows of people are made here, in SQL; numbers about arms (analysis.py) are not.
"""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import sql
from dagster_project.experiments.config import Experiment

if TYPE_CHECKING:
    import pandas
    from duckdb import DuckDBPyConnection

# Customers who were found to be one person are one. All were drawn at once: the arm of the smallest key counts.
PEOPLE = """
    with drawn as (
        select
            coalesce(redirects.customer_key, files.customer_key) as customer_key,
            files.customer_key as former_key, files.arm, files.split_value
        from read_parquet({path}) as files
        left join core.int_customer_redirect as redirects on redirects.former_key = files.customer_key
    )
    select
        customer_key,
        first(arm order by former_key) as arm,
        first(split_value order by former_key) as split_value,
        count(*) > 1 as is_merged,
        count(distinct arm) > 1 as is_across_arms
    from drawn
    group by customer_key
    order by customer_key
"""
# What is known by the last day that counts, and of the time before by the eve: what comes later changes no result.
OUTCOMES = """
    with people as ({people}),
    days as (
        select customer_key, order_date, sum(orders) as orders, sum(net_amount) as net_amount
        from core.fct_customer_daily
        where order_date between $from and $end
            and effective_date <= case when order_date < $start then $eve else $end end
        group by customer_key, order_date
    )
    select
        people.*,
        cast(coalesce({metric}, 0) as double) as outcome,
        cast(coalesce(sum(days.net_amount) filter (where days.order_date < $start), 0) as double) as pre_spend
    from people
    left join days using (customer_key)
    group by all
    order by customer_key
"""
METRICS = {
    "net_revenue": "sum(days.net_amount) filter (where days.order_date >= $start)",
    "orders": "sum(days.orders) filter (where days.order_date >= $start)",
    "occasions": "count(*) filter (where days.order_date >= $start and days.orders > 0)",
    "converted": "max(cast(days.orders > 0 as int)) filter (where days.order_date >= $start)",
}


def people_of(path: Path) -> str:
    """One row per person drawn, as SQL: customer_key, arm, split_value, is_merged, is_across_arms."""
    return PEOPLE.format(path=sql.text(path))


def people(connection: "DuckDBPyConnection", path: Path) -> "pandas.DataFrame":
    """Those rows."""
    return connection.execute(people_of(path)).df()


def outcomes(connection: "DuckDBPyConnection", path: Path, experiment: Experiment) -> "pandas.DataFrame":
    """The same with `outcome`, the metric from start to end, and `pre_spend`, the net revenue of pre_days before."""
    query = OUTCOMES.format(people=people_of(path), metric=METRICS[experiment.metric])
    dates = {
        "from": experiment.start - timedelta(days=experiment.pre_days),
        "start": experiment.start,
        "eve": experiment.eve,
        "end": experiment.end,
    }
    return connection.execute(query, dates).df()
