"""The published customers against the simulation's truth file, which the pipeline never reads.

How the simulation behaves does not belong here (tests/unit/test_demo*.py).
"""

from datetime import timedelta

import pandas as pd
import pytest

from tests.integration.conftest import Run

# Some tills upload their orders that late.
UPLOADED_WITHIN = timedelta(days=3)


@pytest.fixture(scope="module")
def truth(finished_shop: Run) -> pd.DataFrame:
    return pd.read_parquet(finished_shop.home.demo / "truth.parquet")


@pytest.fixture(scope="module")
def persons(finished_shop: Run, truth: pd.DataFrame) -> pd.DataFrame:
    """One row per record of a person and the customer it was resolved to: columns person_id, customer_key."""
    records = finished_shop.warehouse_query(
        "select record_type || ' ' || record_id as record, customer_key from core.int_identity "
        "where record_id is not null "
        "union all select 'order ' || order_id, customer_key from core.fct_order where customer_key is not null"
    )
    named = [
        truth[["person_id", column]]
        .explode(column)
        .dropna()
        .assign(record=lambda frame, t=kind, c=column: t + frame[c].astype(str))
        for kind, column in (("customer ", "customer_ids"), ("contact ", "contact_ids"), ("order ", "order_ids"))
    ]
    return pd.concat(named).merge(records, on="record")[["person_id", "customer_key"]].drop_duplicates()


def test_no_customer_is_two_persons(persons: pd.DataFrame):
    assert persons["customer_key"].is_unique


def test_every_person_is_one_customer(persons: pd.DataFrame):
    split = persons["person_id"].value_counts()
    assert split[split > 1].empty


def test_occasions_are_the_true_purchase_days(finished_shop: Run, truth: pd.DataFrame, persons: pd.DataFrame):
    settled = finished_shop.as_of - UPLOADED_WITHIN
    occasions = finished_shop.warehouse_query("select customer_key, order_date from core.int_customer_occasion")
    found = occasions.merge(persons, on="customer_key")
    found["order_date"] = found["order_date"].dt.date
    true = truth.merge(persons, on="person_id")[["person_id", "purchase_dates"]].explode("purchase_dates").dropna()
    true_days = {(person, day) for person, day in true.itertuples(index=False) if day <= settled}
    found_days = {(row.person_id, row.order_date) for row in found.itertuples() if row.order_date <= settled}
    assert len(true_days) > 500
    assert found_days == true_days
