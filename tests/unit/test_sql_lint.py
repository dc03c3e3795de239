"""Models and macros keep to portable, clockless, deterministic SQL, and the lint catches what does not."""

from pathlib import Path

import pytest
from sql_lint import lint_project, lint_text

DBT = Path(__file__).parents[2] / "dbt"

BANNED = {
    "ntile(": "select ntile(5) over (order by amount nulls last) from orders",
    "now(": "select now() from orders",
    "today(": "select today() from orders",
    "current_date": "select current_date from orders",
    "current_timestamp": "select current_timestamp() from orders",
    "random(": "select random() from orders",
    "any_value(": "select any_value(country) from orders",
    "first(": "select first(country order by order_date) from orders",
    "last(": "select last(country) from orders",
    "arg_max(": "select arg_max(country, order_date) from orders",
    "max_by(": "select max_by(country, order_date) from orders",
    "mode(": "select mode(country) from orders",
    "row_number() over (partition by country)": "select row_number() over (partition by country) from orders",
    "distinct on (": "select distinct on (customer_key) * from orders",
    "median(": "select median(amount) from orders",
    "quantile_cont(": "select quantile_cont(amount, 0.2) from orders",
    "approx_count_distinct(": "select approx_count_distinct(order_key) from orders",
    "list_distinct(": "select list_distinct(tags) from orders",
    "struct_pack(": "select struct_pack(a := 1) from orders",
    "unnest(": "select unnest(tags) from orders",
    "string_agg(": "select string_agg(sku, ',') from orders",
    "[": "select tags[1] from orders",
    "strftime(": "select strftime(ordered_at, '%Y') from orders",
    "epoch_ms(": "select epoch_ms(ordered_at) from orders",
    "date_diff(": "select date_diff('day', first_date, last_date) from orders",
    "datediff(": "select datediff(last_date, first_date) from orders",
    "timezone(": "select timezone('UTC', ordered_at) from orders",
    "at time zone": "select ordered_at at time zone 'UTC' from orders",
    "regexp_matches(": "select regexp_matches(sku, 'a') from orders",
    "similar to": "select 1 from orders where sku similar to 'a.*'",
    "~": "select 1 from orders where sku ~ 'a'",
    "json_extract_string(": "select json_extract_string(properties, 'a') from orders",
    "->>": "select properties ->> 'a' from orders",
    "read_parquet(": "select * from read_parquet('a.parquet')",
    "hash(": "select hash(sku) from orders",
    "concat(": "select concat(first_name, last_name) from customers",
    "ilike": "select 1 from orders where sku ilike 'a%'",
    "starts_with(": "select 1 from orders where starts_with(sku, 'a')",
    "exclude (": "select * exclude (email) from customers",
    "* replace (": "select * replace (1 as a) from orders",
    "group by all": "select country, count(*) from orders group by all",
    "order by all": "select country from orders order by all",
    "union all by name": "select 1 as a union all by name select 2 as a",
    "qualify": "select * from orders qualify rank() over (order by order_key nulls last) = 1",
    "exists (": "select 1 from orders where not exists (select 1 from refunds)",
    "filter (where": "select count(*) filter (where is_valid) from orders",
    "dayofweek(": "select dayofweek(order_date) from orders",
    "pivot": "pivot orders on country using count(*)",
    "using sample": "select * from orders using sample 10",
    "varchar": "select cast(sku as varchar) from orders",
    "as decimal)": "select cast(amount as decimal) from orders",
    "::": "select amount::int from orders",
    "//": "select units // 2 from orders",
    "^": "select units ^ 2 from orders",
    "order by amount desc": "select rank() over (order by amount desc, b nulls last) from orders",
    "order by b": "select sum(a) over (order by f(c, d) nulls last, b rows unbounded preceding) from orders",
    "run_started_at": "select '{{ run_started_at }}' as loaded_at from orders",
    "modules.datetime": "{% set today = modules.datetime.date.today() %} select 1",
    "invocation_id": "select '{{ invocation_id }}' as run_id from orders",
}

ALLOWED = {
    "line comment": "select 1 -- the customer's: now(), ntile(5), a::int\nfrom orders",
    "block comment": "select /* qualify; it's\n any_value(x) */ 1 from orders",
    "Jinja comment": "{# arg_max(a, b), {{ run_started_at }} #} select 1",
    "Jinja in a comment": "select 1 -- {{ run_started_at }}\nfrom orders",
    "string": "select 'now() or -- current_date :: [a] it''s ~' as label, 'group by all' from orders",
    "quoted name": 'select "first(" from orders',
    "macro call": "select {{ median('a') }}, {{ quantile('a', 0.5) }} from {{ raw('shop', 'orders') }}",
    "pattern in a macro call": "select {{ regexp_like('sku', '^[a-z]~//+$') }} from orders",
    "words within words": "select first_name, last_order_date, is_first, knowledge from orders",
    "columns of a relation": "select orders.mode, orders.first from orders where last is null",
    "null order": "select rank() over (partition by a order by b desc nulls last, c nulls last) from orders",
    "key made by a macro": "select row_number() over (order by {{ row_text('orders') }}) from orders",
    "aggregate window": "select sum(amount) over (partition by customer_key) from orders",
    "Jinja slices and operators": "{% set a = [1, 2][::2] %} {% if a | length // 2 %} select 1 {% endif %}",
    "sentence for a person": "{{ exceptions.raise_compiler_error('no row (or now()) of it') }} select 1",
    "dispatched macro": "{% macro duckdb__days(a) %} date_diff('day', {{ a }}, now()) {% endmacro %}",
    "dispatched macro of Spark": "{%- macro spark__days(a) -%} datediff({{ a }}, now()) {%- endmacro -%}",
}


def _lint(text: str) -> list[str]:
    return [finding.construct for finding in lint_text(text, Path("model.sql"))]


def test_models_and_macros_use_no_banned_construct():
    findings = lint_project(DBT)
    assert not findings, "\n" + "\n".join(map(str, findings))


@pytest.mark.parametrize("construct", BANNED)
def test_banned_construct_is_found(construct: str):
    assert construct in _lint(BANNED[construct])
    assert _lint(BANNED[construct].upper()) or "{" in BANNED[construct]


@pytest.mark.parametrize("case", ALLOWED)
def test_what_only_looks_banned_is_allowed(case: str):
    assert _lint(ALLOWED[case]) == []


def test_sql_that_jinja_passes_to_a_macro_is_linted():
    assert _lint("select {{ money('any_value(amount)') }}, {{ median(\"amount::int\") }} from a") == [
        "any_value(",
        "::",
    ]


def test_macro_that_is_not_dispatched_is_linted():
    text = "{% macro duckdb__a() %} now() {% endmacro %}\n{% macro b() %} today() {% endmacro %}"
    assert _lint(text) == ["today("]


def test_finding_names_file_line_construct_and_what_to_use():
    text = "-- one row per order\n{# a\ncomment #}\nselect 'it''s',\n    ordered_at::date\nfrom orders"
    (finding,) = lint_text(text, Path("models/core/fct_order.sql"))
    assert str(finding) == "models/core/fct_order.sql:5: `::` is not allowed here: use cast(… as …)"


def test_every_folder_of_models_and_macros_is_read(tmp_path: Path):
    for name in ("models/core/a.sql", "models/b.sql", "macros/deep/c.sql"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("select now()")
    assert [str(finding.path) for finding in lint_project(tmp_path)] == [
        "macros/deep/c.sql",
        "models/b.sql",
        "models/core/a.sql",
    ]
