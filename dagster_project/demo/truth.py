"""What is true of each simulated person, for judging the pipeline; the pipeline itself never reads it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from dagster_project.demo.purchases import Life
from dagster_project.demo.world import World


def write_truth(path: Path, world: World) -> None:
    """One row per person: their process, whether they are still alive, the ids of all their records, and what the
    planted experiment was to them (see win_back.py).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    ids: dict[str, dict[int, list[int]]] = {name: defaultdict(list) for name in ("customer", "order", "contact")}
    for account in world.accounts:
        if account.person:
            ids["customer"][account.person.index].append(account.id)
    for order in world.orders:
        if order.person:
            ids["order"][order.person.index].append(order.id)
    for contact in world.contacts:
        ids["contact"][contact.person.index].append(contact.id)
    rows = [_row(world, life, ids) for life in world.lives]
    schema = pa.schema(
        [
            ("person_id", pa.int64()),
            ("kind", pa.string()),
            ("habit", pa.string()),
            ("joined_on", pa.date32()),
            ("purchase_rate", pa.float64()),
            ("dropout_probability", pa.float64()),
            ("is_alive", pa.bool_()),
            ("dropped_out_on", pa.date32()),
            ("purchases", pa.int64()),
            ("purchase_dates", pa.list_(pa.date32())),
            ("customer_ids", pa.list_(pa.int64())),
            ("order_ids", pa.list_(pa.int64())),
            ("contact_ids", pa.list_(pa.int64())),
            ("win_back_arm", pa.string()),
            ("win_back_order_on", pa.date32()),
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema), path, compression="zstd")


def _row(world: World, life: Life, ids: dict[str, dict[int, list[int]]]) -> dict:
    person, clock = life.person, world.clock
    is_buyer = person.kind == "buyer"
    won = world.win_backs.get(person.index)
    caused = won.order_at if won else None
    moments = sorted([*life.purchases, *([] if caused is None else [caused])])
    days = [clock.date_of(int(moment // 1)) for moment in moments]
    return {
        "person_id": person.index,
        "kind": person.kind,
        "habit": person.habit,
        "joined_on": clock.date_of(int(person.joined // 1)),
        "purchase_rate": person.rate if is_buyer else None,
        "dropout_probability": person.dropout if is_buyer else None,
        "is_alive": not life.dropped_out if is_buyer else None,
        "dropped_out_on": days[-1] if life.dropped_out else None,
        "purchases": len(days),
        "purchase_dates": days,
        "customer_ids": ids["customer"][person.index],
        "order_ids": ids["order"][person.index],
        "contact_ids": ids["contact"][person.index],
        "win_back_arm": won and won.arm,
        "win_back_order_on": None if caused is None else clock.date_of(int(caused // 1)),
    }
