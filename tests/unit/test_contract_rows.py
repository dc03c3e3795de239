"""What becomes of each row in the contract: kept, superseded or quarantined, none of them lost.

A platform of its own, whose staging maps nothing, so that a test's rows are the contract's. Faults planted into a
whole shop do not belong here (tests/integration/test_faults.py).
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.transform.project import DBT_FOLDER, DbtProject

LOAD_1 = "timestamp '2026-06-10 03:00:00' as _loaded_at, date '2026-06-09' as _as_of"
LOAD_2 = "timestamp '2026-06-11 03:00:00' as _loaded_at, date '2026-06-10' as _as_of"
ENTITIES = ["consents", "declared_traits", "orders", "refunds", "survey_responses"]

ORDERS = f"""
    select *, {LOAD_1} from (values
        ('twice the same', 'paid', timestamp '2026-06-01', timestamp '2026-06-02', false, 'EUR', 1.0),
        ('twice the same', 'paid', timestamp '2026-06-01', timestamp '2026-06-02', false, 'EUR', 1.0),
        ('two of one age', 'paid', timestamp '2026-06-01', timestamp '2026-06-02', false, 'EUR', 1.0),
        ('two of one age', 'paid', timestamp '2026-06-01', timestamp '2026-06-02', false, 'EUR', 2.0),
        (null, 'paid', timestamp '2026-06-01', timestamp '2026-06-02', false, 'EUR', 1.0),
        (null, 'paid', timestamp '2026-06-01', timestamp '2026-06-02', false, 'EUR', 1.0),
        (null, 'paid', timestamp '2026-06-01', timestamp '2026-06-02', false, 'EUR', 2.0),
        ('not said', 'paid', timestamp '2026-06-01', timestamp '2026-06-09', null, 'EUR', 1.0),
        ('a day ahead', 'paid', timestamp '2026-06-11 03:00:00', null, null, 'EUR', 1.0),
        ('too far ahead', 'paid', timestamp '2026-06-11 03:00:01', null, null, 'EUR', 1.0),
        ('no rate', 'paid', timestamp '2026-06-01', null, null, 'XTS', 1.0)
    ) as given (order_id, status, ordered_at, updated_at, is_deleted, currency, total_amount)
    union all
    select *, {LOAD_2} from (values
        ('not said', 'cancelled', timestamp '2026-06-01', null, null, 'EUR', 1.0),
        ('two of one age', 'paid', timestamp '2026-06-01', timestamp '2026-06-01', false, 'EUR', 3.0)
    ) as given (order_id, status, ordered_at, updated_at, is_deleted, currency, total_amount)
"""
CONSENTS = f"""
    select *, {LOAD_1} from (values
        (null, '7', 'email', 'granted', timestamp '2026-06-01', timestamp '2026-06-02'),
        (null, '7', 'email', 'granted', timestamp '2026-06-01', timestamp '2026-06-02'),
        (null, '7', 'sms', 'granted', timestamp '2026-06-01', timestamp '2026-06-02'),
        ('c', null, 'email', 'granted', timestamp '2026-06-01', timestamp '2026-06-02'),
        (null, null, 'email', 'granted', timestamp '2026-06-01', timestamp '2026-06-02'),
        (null, null, 'email', 'withdrawn', timestamp '2026-06-01', timestamp '2026-06-03'),
        ('c', null, 'email', 'granted', null, timestamp '2026-06-02'),
        ('c', null, 'email', 'withdrawn', null, timestamp '2026-06-03')
    ) as given (contact_id, customer_id, channel, status, occurred_at, updated_at)
    union all
    select *, {LOAD_2} from (values
        (null, '7', 'email', 'withdrawn', timestamp '2026-06-01', timestamp '2026-06-10')
    ) as given (contact_id, customer_id, channel, status, occurred_at, updated_at)
"""
REFUNDS = f"""
    select *, {LOAD_1} from (values
        ('of an order', 'twice the same', null, 1.0),
        ('of a rejected order', 'no rate', null, 1.0),
        ('of no order that is known', 'nowhere', null, 1.0),
        ('of no order', null, 'EUR', 1.0),
        ('of no order, in which currency?', null, null, 1.0)
    ) as given (refund_id, order_id, currency, amount)
    cross join (select timestamp '2026-06-05' as refunded_at)
"""
DECLARED_TRAITS = f"""
    select *, {LOAD_1} from (values
        ('c', null, 'interest', 'tea'),
        ('c', null, 'religion', 'secret'),
        (null, '7', 'health', 'secret'),
        (null, null, 'health', 'secret'),
        (null, '7', 'interest', null)
    ) as given (contact_id, customer_id, trait, value)
    cross join (select timestamp '2026-06-05' as declared_at)
"""
SURVEY_RESPONSES = f"""
    select *, {LOAD_1} from (values
        ('best', 'nps', 10), ('beyond', 'nps', 11), ('worst', 'nps', 0), ('below', 'nps', -1),
        ('happy', 'csat', 5), ('happier', 'csat', 6), ('unhappy', 'csat', 1), ('unhappier', 'csat', 0),
        ('silent', 'nps', null), ('other', 'stars', 3)
    ) as given (response_id, survey_type, score)
    cross join (select 'c' as contact_id, timestamp '2026-06-05' as answered_at)
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[tuple]]:
    """Asks the contract built from the rows above."""
    folder = tmp_path_factory.mktemp("contract")
    dbt = Path(shutil.copytree(DBT_FOLDER, folder / "dbt"))
    home = Home(folder / "shop=o'brien")
    staging = dbt / "models" / "staging" / "plain"
    staging.mkdir()
    tables = ", ".join(f"{{name: {entity}}}" for entity in ENTITIES)
    (staging / "_plain__sources.yml").write_text(f"sources: [{{name: plain, tables: [{tables}]}}]")
    for entity, given in zip(ENTITIES, (CONSENTS, DECLARED_TRAITS, ORDERS, REFUNDS, SURVEY_RESPONSES), strict=True):
        model = "select * from {{ raw('plain', '" + entity + "') }} as rows_of_table"
        (staging / f"stg_plain__{entity}.sql").write_text(model)
        home.raw("plain", entity).mkdir(parents=True)
        duckdb.sql(given).write_parquet(str(home.raw("plain", entity) / "1.parquet"))
    system = {"name": "plain", "platform": "plain", "entities": ENTITIES, "tables": ENTITIES, "shop": None}
    variables = {"shop_time_zone": "UTC", "shop_currency": "EUR", "systems": [system]}
    project = DbtProject(dbt, home, variables, threads=2)
    results = project.build(["+raw_reconciliation"])
    assert {str(result.status) for result in results} == {"success"}

    def ask(columns: str, entity: str) -> list[tuple]:
        with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
            return warehouse.execute(f"select {columns} from contract.{entity} order by all").fetchall()

    return ask


def test_every_order_has_its_outcome(rows):
    assert rows("order_id, total_amount, outcome, reject_reason", "orders_rows") == [
        ("a day ahead", 1, "kept", None),
        ("no rate", 1, "quarantined", "no_rate"),
        ("not said", 1, "kept", None),
        ("not said", 1, "superseded", None),
        ("too far ahead", 1, "quarantined", "future_ordered_at"),
        ("twice the same", 1, "kept", None),
        ("twice the same", 1, "superseded", None),
        *_one_kept_the_other_a_duplicate(rows),
        ("two of one age", 3, "superseded", None),
        (None, 1, "quarantined", "missing_order_id"),
        (None, 1, "superseded", None),
        (None, 2, "quarantined", "missing_order_id"),
    ]


def _one_kept_the_other_a_duplicate(rows) -> list[tuple]:
    """Which one is decided by a hash; an older row of that key, though landed later, is superseded."""
    found = rows("order_id, total_amount, outcome, reject_reason", "orders_rows where total_amount < 3")
    tied = [row for row in found if row[0] == "two of one age"]
    assert sorted((outcome, reason) for _, _, outcome, reason in tied) == [
        ("kept", None),
        ("quarantined", "duplicate_key"),
    ]
    return tied


def test_a_row_whose_age_or_deletion_is_not_said_is_as_old_as_its_load_and_not_deleted(rows):
    assert rows(
        "status, updated_at = loaded_at, is_deleted", "orders_rows where order_id = 'not said' and outcome = 'kept'"
    ) == [("cancelled", True, False)]


def test_a_key_of_several_columns_may_lack_some_of_them(rows):
    assert rows("contact_id, customer_id, channel, status, outcome, reject_reason", "consents_rows") == [
        ("c", None, "email", "granted", "kept", None),
        ("c", None, "email", "granted", "quarantined", "missing_occurred_at"),
        ("c", None, "email", "withdrawn", "quarantined", "missing_occurred_at"),
        (None, "7", "email", "granted", "superseded", None),
        (None, "7", "email", "granted", "superseded", None),
        (None, "7", "email", "withdrawn", "kept", None),
        (None, "7", "sms", "granted", "kept", None),
        (None, None, "email", "granted", "quarantined", "missing_contact_id_or_customer_id"),
        (None, None, "email", "withdrawn", "quarantined", "missing_contact_id_or_customer_id"),
    ]


def test_refunds_follow_their_order(rows):
    assert rows("refund_id, outcome, reject_reason", "refunds_rows") == [
        ("of a rejected order", "quarantined", "parent_rejected"),
        ("of an order", "kept", None),
        ("of no order", "kept", None),
        ("of no order that is known", "quarantined", "orphan"),
        ("of no order, in which currency?", "quarantined", "missing_order_id_or_currency"),
    ]


def test_a_trait_that_is_refused_is_quarantined_without_what_was_said(rows):
    assert rows("contact_id, customer_id, trait, value, outcome, reject_reason", "declared_traits_rows") == [
        ("c", None, "interest", "tea", "kept", None),
        ("c", None, "religion", None, "quarantined", "refused_trait"),
        (None, "7", "health", None, "quarantined", "refused_trait"),
        (None, "7", "interest", None, "quarantined", "missing_value"),
        (None, None, "health", None, "quarantined", "refused_trait"),
    ]


def test_each_survey_has_its_own_range_of_answers(rows):
    assert rows("response_id, reject_reason", "survey_responses_rows") == [
        ("below", "invalid_score"),
        ("best", None),
        ("beyond", "invalid_score"),
        ("happier", "invalid_score"),
        ("happy", None),
        ("other", "unknown_survey_type"),
        ("silent", "missing_score"),
        ("unhappier", "invalid_score"),
        ("unhappy", None),
        ("worst", None),
    ]


def test_no_row_is_lost(rows):
    counted = rows("raw_rows, contract_rows + quarantined_rows + superseded_rows", "raw_reconciliation")
    assert [raw for raw, _ in counted] == [there for _, there in counted] == [5, 5, 9, 10, 13]
