"""The suites of the insights: good insights pass them, and every expectation fails for its fault."""

from pathlib import Path

import pytest
from suite_faults import database, failures, faulty, sentences, stage_suites

SUITES = stage_suites("insights", {})

GOOD = """
create schema core;
create schema segments;
create schema insights;
create table core.fct_customer as
    select * from (values ('a', 3), ('b', 1), ('c', 0)) as customers (customer_key, occasions);
create table segments.customer_segments as select customer_key from core.fct_customer;
create table segments.segment_catalog as
    select * from (values ('vip', null), ('regulars', null), ('by_country', 'country')) as entries (segment, for_each);
create table segments.segment_membership as
    select * from (values ('a', 'vip'), ('b', 'vip'), ('a', 'regulars'), ('a', 'by_country:DE'))
        as members (customer_key, segment);
create table segments.seg_lifecycle as
    select * from (values ('a', 'active'), ('b', 'lapsed'), ('c', 'prospect'))
        as stages (customer_key, lifecycle_stage);
create table insights.int_snapshot as
    select * from (
        values ('a', date '2026-06-29'), ('b', date '2026-06-29'), ('a', date '2026-06-30'), ('b', date '2026-06-30'),
            ('c', date '2026-06-30')
    ) as rows_of_files (customer_key, as_of_date);
create table insights.segment_history as
    select * from (
        values ('a', 'lifecycle_stage', 'active', null), ('b', 'lifecycle_stage', 'active', date '2026-06-30'),
            ('b', 'lifecycle_stage', 'lapsed', null), ('c', 'lifecycle_stage', 'prospect', null),
            ('a', 'vip', 'in', null), ('b', 'vip', 'in', null), ('a', 'regulars', 'in', null),
            ('b', 'regulars', 'in', date '2026-06-30')
    ) as spans (customer_key, segment, value, valid_to);
create table insights.segment_transition as
    select * from (
        values ('lifecycle_stage', date '2026-06-29', 'active', 'active', 1),
            ('lifecycle_stage', date '2026-06-29', 'active', 'lapsed', 1),
            ('lifecycle_stage', date '2026-06-29', '(absent)', 'prospect', 1)
    ) as movements (segment, from_date, from_value, to_value, customers);
create table insights.segment_overlap as
    select * from (values ('vip', 'regulars', 1, 0.5, 0.5), ('regulars', 'vip', 1, 0.5, 1.0))
        as pairs (segment, other_segment, customers, jaccard, containment);
create table insights.segment_health as
    select * from (
        values ('vip', 'vip', 2, 0.67, 1.0), ('regulars', 'regulars', 1, 0.33, 1.0), ('none', 'by_country', 0, 0.0, 0.0)
    ) as sizes (segment, entry, customers, share, coverage);
create table insights.segment_performance as
    select segment, customers, 0.5 as conversion_30d, 0.5 as engaged_share, 0.5 as next_buy_rate, 10 as nps
    from insights.segment_health where customers > 0;
create table insights.cohort_retention as
    select * from (values (date '2026-05-01', 0, 2, 1.0), (date '2026-05-01', 1, 2, 0.5))
        as cells (cohort_month, months_since, customers, retention);
create table insights.experiment_result as
    select * from (
        values ('spring', 'treatment', '(all)', 'complete', 10, 1.0, 0.5, 0.1, 0.9, 0.04, 0.4, 0.2, 0.6, 0.03, 0.03),
            ('spring', 'treatment', 'country:DE', 'complete', 6, 1.0, 0.5, 0.1, 0.9, 0.04, 0.4, 0.2, 0.6, 0.03, 0.06),
            ('spring', 'treatment', 'country:FR', 'complete', 4, 1, 0, null, null, null, null, null, null, null, null),
            ('autumn', 'treatment', '(all)', 'waiting', 9, null, null, null, null, null, null, null, null, null, null)
    ) as results (
        experiment, arm, segment, status, arm_customers, control_mean, difference, interval_low, interval_high, p_value,
        cuped_difference, cuped_interval_low, cuped_interval_high, cuped_p_value, holm_p_value
    )
    cross join (select date '2026-06-30' as as_of_date, date '2026-06-30' as end_date);
"""

# (table, sentence): a fault, and what the failure then shows.
FAULTS = {
    ("segment_transition", "the columns of a label sum to the customers of the date"): (
        "update insights.segment_transition set customers = 2 where to_value = 'lapsed'",
        "rows fail: lifecycle_stage 2026-06-29",
    ),
    ("segment_transition", "the rows of a label sum to the customers of the earlier date"): (
        "update insights.segment_transition set from_value = 'active'",
        "rows fail: lifecycle_stage 2026-06-29",
    ),
    ("segment_overlap", "each pair has its mirror image"): (
        "delete from insights.segment_overlap where segment = 'vip'",
        "rows fail: regulars vip",
    ),
    ("segment_overlap", "shares lie between 0 and 1, and no pair has more of both than of one"): (
        "update insights.segment_overlap set containment = 0.4 where segment = 'vip'",
        "rows fail: vip regulars",
    ),
    ("segment_history", "whoever is in a segment by the history is so by the marts, and the reverse"): (
        "delete from insights.segment_history where customer_key = 'a' and segment = 'vip'",
        "rows fail: a vip",
    ),
    ("segment_history", "the last lifecycle stage of the history is the one of the marts"): (
        "update insights.segment_history set value = 'cooling' where value = 'active' and valid_to is null",
        "rows fail: a",
    ),
    ("segment_health", "no segment is larger than what is known"): (
        "update insights.segment_health set coverage = 0.5 where segment = 'vip'",
        "rows fail: vip",
    ),
    ("segment_health", "every entry of the catalogue is measured"): (
        "delete from insights.segment_health where entry = 'by_country'",
        "segment: by_country",
    ),
    ("segment_performance", "it has as many members as segment_health counts"): (
        "delete from insights.segment_performance where segment = 'vip'",
        "rows fail: vip",
    ),
    ("segment_performance", "shares lie between 0 and 1, and the net promoter score between -100 and 100"): (
        "update insights.segment_performance set nps = 101 where segment = 'vip'",
        "rows fail: vip",
    ),
    ("experiment_result", "outcomes are told once the last day is over"): (
        "update insights.experiment_result set status = 'running' where segment = 'country:DE'",
        "rows fail: spring treatment country:DE",
    ),
    ("experiment_result", "a difference lies within its interval, and Holm lowers no p-value"): (
        "update insights.experiment_result set holm_p_value = 0.02 where segment = '(all)'",
        "rows fail: spring treatment (all)",
    ),
    ("experiment_result", "the customers of the values sum to everybody drawn"): (
        "update insights.experiment_result set arm_customers = 5 where segment = 'country:DE'",
        "rows fail: spring treatment",
    ),
    ("cohort_retention", "the cohorts sum to the buyers"): (
        "update insights.cohort_retention set customers = 3 where months_since = 0",
        "customers: 3",
    ),
    ("cohort_retention", "shares lie between 0 and 1, and the first month has everybody"): (
        "update insights.cohort_retention set retention = 0.9 where months_since = 0",
        "rows fail: 2026-05-01 0",
    ),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    return database(tmp_path_factory.mktemp("insights") / "warehouse.duckdb", GOOD)


def test_every_expectation_has_its_fault():
    assert sentences(SUITES) == set(FAULTS)


@pytest.mark.parametrize("table", SUITES)
def test_good_insights_pass(good, table):
    assert not failures(good, SUITES[table], "insights")


@pytest.mark.parametrize(("table", "sentence"), FAULTS)
def test_a_fault_fails_its_expectation(good, tmp_path, table, sentence):
    fault, shown = FAULTS[table, sentence]

    assert shown in failures(faulty(good, tmp_path, fault), SUITES[table], "insights")[sentence]
