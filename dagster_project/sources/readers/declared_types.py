"""Reading columns as the types that a table declares: which values fit, and which rows hold one that does not.

Knows SQL only, no files.
"""

from collections.abc import Mapping

from dagster_project import sql

EXACT = "DECIMAL(38, 10)"
WHOLE_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


def typed(relation: str, types: Mapping[str, str]) -> str:
    """The rows of a relation whose values fit their columns' types, as those types."""
    if not types:
        return f"(select * from {relation})"
    casts = ", ".join(f"{_cast(name, data_type)} as {sql.name(name)}" for name, data_type in types.items())
    fitting = " and ".join(_fits(name, data_type) for name, data_type in types.items())
    return f"(select * replace ({casts}) from {relation} where {fitting})"


def misfits(relation: str, types: Mapping[str, str]) -> str:
    """A query of the rows that `typed` leaves out: number (from 1, in the relation's order) and reason."""
    reasons = " ".join(
        f"when not {_fits(name, data_type)} then {sql.text(f'{name} is not {data_type}')}"
        for name, data_type in types.items()
    )
    return f"""
        select number, reason
        from (select row_number() over () as number, case {reasons} end as reason from {relation})
        where reason is not null
        order by number"""


def _cast(column: str, data_type: str) -> str:
    return f"try_cast({sql.name(column)} as {data_type})"


def _fits(column: str, data_type: str) -> str:
    """Numbers must keep their value, since DuckDB rounds 1.5 to a BIGINT."""
    cast = _cast(column, data_type)
    if data_type in WHOLE_NUMBERS or data_type.startswith("DECIMAL"):
        fits = f"coalesce(cast({cast} as {EXACT}) = {_cast(column, EXACT)}, false)"
    else:
        fits = f"{cast} is not null"
    return f"({sql.name(column)} is null or {fits})"
