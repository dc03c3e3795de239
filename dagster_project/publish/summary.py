"""What `make run` prints at its end: every segment with its size and its share of revenue, and where things are."""

from datetime import date
from pathlib import Path

import duckdb

from dagster_project.home import Home
from dagster_project.publish.audiences import FOLDER as AUDIENCES
from dagster_project.publish.publication import published_as_of
from dagster_project.publish.report.figures import SEGMENTS
from dagster_project.publish.report.page import FILE as REPORT

SIZES = f"select label, customers, share, revenue_share from ({SEGMENTS}) order by customers desc, label"


def print_summary(home: Home, shown_home: Path, as_of: date) -> None:
    """Print the segments of the publication; `shown_home` is the home as the user wrote it."""
    from rich.console import Console
    from rich.table import Table

    standing = published_as_of(home)
    console = Console()
    if standing != as_of:
        console.print(f"The snapshot of {as_of} is written; the publication stands at {standing}.")
        return
    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as marts:
        rows = marts.execute(SIZES).fetchall()
        customers, revenue = marts.execute("select count(*), sum(net_revenue) from fct_customer").fetchone()
    table = Table(title=f"Segments as of {as_of}: {customers:,} customers, net revenue {revenue or 0:,.2f}")
    table.add_column("segment")
    for heading in ("customers", "of customers", "of revenue"):
        table.add_column(heading, justify="right")
    for label, size, customer_share, revenue_share in rows:
        table.add_row(label, f"{size:,}", _percent(customer_share), _percent(revenue_share))
    console.print(table)
    place = shown_home / "published" / "marts.duckdb"
    console.print(f"Report to open in a browser: {place.with_name(REPORT)}", soft_wrap=True)
    console.print(f"Marts for BI: {place}, as Parquet in the folder beside it.", soft_wrap=True)
    if (home.published / AUDIENCES).exists():
        console.print(f"Audiences for your tools: {place.with_name(AUDIENCES)}", soft_wrap=True)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
