"""Time and memory of resolving identity, by step: `python -m benchmarks.identity [records]`.

Customer records, contacts and guests' orders in a made-up contract: seven in ten records stand alone, the others are
pairs and small groups, one is a chain of 20,000, and an e-mail and a phone are shared by thousands. Each step runs as
the pipeline runs it. Does not belong here: whether the result is right (tests/unit/test_identity*.py).
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.stages import THREADS, build, timed
from dagster_project.home import Home
from dagster_project.transform.identity import write_components
from dagster_project.transform.phone import write_phones
from dagster_project.transform.project import DBT_FOLDER, DbtProject
from dagster_project.warehouse import open_warehouse

CHAIN = 20_000
SHARED = 5_000
SYSTEM = {"platform": "none", "entities": [], "tables": [], "shop": "shop"}
VARS = {
    "shop_time_zone": "UTC",
    "shop_currency": "EUR",
    "systems": [{**SYSTEM, "name": "shop"}, {**SYSTEM, "name": "crm"}],
}
LANDED = """
    timestamp '2026-01-01' + to_seconds(number % 1000000) as updated_at,
    timestamp '2026-06-01' + to_days(cast(number % 30 as int)) as loaded_at,
    date '2026-06-01' + cast(number % 30 as int) as landed_as_of,
    md5(cast(number as varchar)) as row_hash,
    'kept' as outcome
"""


def _fill(home: Home, records: int) -> None:
    """Six in ten records are customers, a quarter contacts, the rest guests, who order twice each.

    A contact or guest below `known` is a customer that the shop knows; the chain runs through the first contacts, each
    of which has one customer's e-mail and names the next.
    """
    customers, contacts, guests = records * 6 // 10, records // 4, records * 15 // 100
    known = records * 15 // 100
    mobile = "'+49 15' || cast({0} % 10 as varchar) || lpad(cast({0} as varchar), 8, '0')"
    guest = f"number % {guests}"
    with open_warehouse(home.warehouse) as warehouse:
        warehouse.execute(f"""
            insert into contract.customers_rows by name
            select
                'shop' as source_system,
                cast(number as varchar) as customer_id,
                case when number >= {customers} - {SHARED} then 'nobody@shop.example'
                    else 'Person' || number || '@example.com' end as email,
                case when number % 5 < 3 then {mobile.format("number")} end as phone,
                'DE' as country,
                {LANDED}
            from range({customers}) given (number);
            insert into contract.contacts_rows by name
            select
                'crm' as source_system,
                cast(number as varchar) as contact_id,
                case when number < {known} then 'person' || number || '@example.com '
                    else 'contact' || number || '@example.com' end as email,
                case when number >= {contacts} - {SHARED} then '030 901820'
                    when number % 5 < 2 then {mobile.format(f"({records} + number)")} end as phone,
                case when number < {CHAIN} // 2 then cast(number + 1 as varchar) end as shop_customer_id,
                'DE' as country,
                {LANDED}
            from range({contacts}) given (number);
            insert into contract.orders_rows by name
            select
                'shop' as source_system,
                cast(number as varchar) as order_id,
                case when {guest} < {guests} // 3 then 'person' || ({known} + {guest}) || '@example.com'
                    else 'guest' || ({guest}) || '@example.com' end as email,
                case when {guest} % 5 < 3 then {mobile.format(f"({2 * records} + {guest})")} end as phone,
                'DE' as country,
                {LANDED}
            from range(2 * {guests}) given (number);
        """)


def main(records: int) -> None:
    """Print one line a step."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        project = DbtProject(DBT_FOLDER, home, VARS, THREADS)
        phone, component = home.exchange / "phone.parquet", home.exchange / "identity_component.parquet"

        def in_warehouse(run: Callable, *arguments: object) -> object:
            with open_warehouse(home.warehouse) as warehouse:
                warehouse.execute(f"set threads = {THREADS}")
                return run(warehouse, *arguments)

        project.build(["+int_phone_spelling", "refunds_rows"])  # an empty contract
        _fill(home, records)
        print(f"{records:,} records")
        timed("dbt: phones as written", lambda: build(project, "int_phone_spelling"))
        timed("phones, first time", lambda: in_warehouse(write_phones, phone, "DE"))
        timed("phones, again", lambda: in_warehouse(write_phones, phone, "DE"))
        timed("dbt: identity_stage", lambda: build(project, "tag:identity_stage"))
        timed("links to components, read and written", lambda: in_warehouse(write_components, component))
        timed("dbt: customers and redirects", lambda: build(project, "int_identity", "int_customer_redirect"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
