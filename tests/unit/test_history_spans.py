"""The generic tests of segment_history, run as dbt compiles them: each finds its fault and nothing else."""

import pytest
from compiled_sql import compiled_nodes, memory_warehouse

OVERLAP = "spans_without_overlap_segment_history_customer_key__segment"
GAP = "spans_without_gap_segment_history_customer_key__segment"
DAYS = [f"2026-06-0{day}" for day in range(1, 6)]

# name: spans (segment, from, to), and the tests that have to fail. The customer is in every snapshot but that of day 3.
CASES = {
    "one after the other": (
        [("lifecycle_stage", 1, 2), ("lifecycle_stage", 2, 3), ("lifecycle_stage", 4, None)],
        set(),
    ),
    "two at once": ([("lifecycle_stage", 1, 3), ("lifecycle_stage", 2, 3)], {OVERLAP}),
    "an open one before another": ([("lifecycle_stage", 1, None), ("lifecycle_stage", 4, None)], {OVERLAP}),
    "an empty one": ([("vip", 2, 2)], {OVERLAP}),
    "members at two times": ([("vip", 1, 2), ("vip", 4, 5)], set()),
    "a label with a gap while in a snapshot": ([("lifecycle_stage", 1, 2), ("lifecycle_stage", 4, None)], {GAP}),
    "a label with a gap while in none": ([("lifecycle_stage", 1, 3), ("lifecycle_stage", 4, None)], set()),
    "two segments at once": ([("vip", 1, None), ("regulars", 1, None)], set()),
}


@pytest.fixture(scope="module")
def tests(tmp_path_factory) -> dict[str, str]:
    return compiled_nodes(tmp_path_factory.mktemp("home"), [OVERLAP, GAP])


@pytest.mark.parametrize("case", CASES)
def test_a_fault_of_spans_is_found(tests, case):
    spans, faults = CASES[case]
    warehouse = memory_warehouse()
    warehouse.execute("""
        create table warehouse.insights.int_snapshot (customer_key varchar, as_of_date date);
        create table warehouse.insights.segment_history (
            customer_key varchar, segment varchar, value varchar, valid_from date, valid_to date
        )
    """)
    for number in (1, 2, 4, 5):
        warehouse.execute("insert into warehouse.insights.int_snapshot values ('ada', ?)", [DAYS[number - 1]])
    for segment, begins, ends in spans:
        days = [DAYS[begins - 1], DAYS[ends - 1] if ends else None]
        warehouse.execute(
            "insert into warehouse.insights.segment_history values ('ada', ?, 'x', ?, ?)", [segment, *days]
        )
    assert {name for name, text in tests.items() if warehouse.execute(text).fetchall()} == faults
