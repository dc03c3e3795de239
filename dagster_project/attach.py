"""What DuckDB reads and writes beside its own files: its extensions, and the database servers that it attaches by them.

What is asked of a server does not belong here.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from dagster_project import sql

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

# Extensions come from wheels: a query downloads none.
NO_DOWNLOADS = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load a DuckDB extension from its wheel; a bare LOAD would try to download it."""
    folder = Path(find_spec(f"duckdb_extension_{name}").submodule_search_locations[0])
    extension = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    connection.execute(f"load {sql.text(extension)}")


def attach_server(
    connection: duckdb.DuckDBPyConnection, alias: str, kind: str, options: Mapping[str, str], *settings: str
) -> None:
    """Attach a server's database. What it takes to connect is in a secret, which DuckDB's messages do not show."""
    names = ", ".join(f"{sql.name(name)} ${number}" for number, name in enumerate(options, start=1))
    connection.execute(f"create secret {alias} (type {kind}, {names})", [*options.values()])
    connection.execute(f"attach '' as {alias} ({', '.join([f'type {kind}', f'secret {alias}', *settings])})")


def address(url: "URL", database: str) -> Mapping[str, str]:
    """Where the server is and who logs in, under DuckDB's names; `database` is the one of the database."""
    parts = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "password": url.password,
        database: url.database,
    }
    return {name: str(value) for name, value in parts.items() if value}


def options(url: "URL") -> Mapping[str, str]:
    """What the URL says after its question mark."""
    return {name: ",".join(values) for name, values in url.normalized_query.items()}
