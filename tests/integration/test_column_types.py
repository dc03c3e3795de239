"""Types of the warehouse's columns, whatever the models' YAML says. What a type is for stands in docs/decisions.md."""

from tests.integration.conftest import Run

AVERAGE_OF_MONEY = "mean_occasion_value"


def test_numbers_of_a_customer_or_an_order_have_at_most_18_digits(finished_shop: Run):
    """DuckDB reads columns of more digits some hundred times as slowly."""
    columns = finished_shop.warehouse_query("""
        select schema_name || '.' || table_name as "table", column_name as name, data_type, numeric_precision as digits
        from duckdb_columns()
        join duckdb_tables() using (schema_name, table_name)
    """)
    of_many_rows = {"customer_key", "customer_number", "order_key", "order_number"}
    tables = {table for table, named in columns.groupby("table") if of_many_rows & {*named["name"]}}
    assert {"core.fct_customer_product_daily", "core.int_order_product", "segments.seg_rfm"} < tables
    decimals = columns[columns["table"].isin(tables) & columns["data_type"].str.startswith("DECIMAL")]
    assert {*decimals.loc[decimals["digits"] > 18, "name"]} == {AVERAGE_OF_MONEY}
