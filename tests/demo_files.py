"""Reads what the demo writes as any other program would. Knows nothing of the simulator."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

ZONE = "Europe/Berlin"
KINDS = ["contacts", "consents", "campaigns", "messages"]


def read_shop(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table of the shop."""
    connection = sqlite3.connect(folder / "shop.sqlite")
    try:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return {table: pd.read_sql(f"select * from {table}", connection) for table in tables}
    finally:
        connection.close()


def read_crm(folder: Path) -> dict[str, list[dict]]:
    """Every object of the CRM, by kind."""
    paths = {kind: folder / "crm" / f"{kind}.jsonl" for kind in KINDS}
    return {kind: [json.loads(line) for line in path.read_text().splitlines()] for kind, path in paths.items()}


def properties(objects: list[dict]) -> pd.DataFrame:
    """CRM objects as a table."""
    return pd.DataFrame([{"id": one["id"], "archived": one["archived"], **one["properties"]} for one in objects])


def cutoff(day: date) -> datetime:
    """Local midnight after a business day, as UTC without zone."""
    local = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(ZONE))
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def local_dates(instants: pd.Series) -> pd.Series:
    """The business days of UTC times."""
    return pd.to_datetime(instants, utc=True).dt.tz_convert(ZONE).dt.date


def file_bytes(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
