"""The list of erased people: keyed hashes of what they were known by, and nothing that can be read.

Belongs here: the list's files and how a value becomes a hash. Does not belong here: who is erased (people.py), and what
that does to rows (rows.py).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from dagster_project import sql
from dagster_project.errors import WarehouseError
from dagster_project.files import write_text
from dagster_project.home import Home
from dagster_project.parquet import write_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# A value as it is compared. E-mails like dbt's normalised_email; numbers are what is left of them without punctuation,
# and a whole number is the same in a column of fractions.
TRIMMED = "trim({0}, ' ' || chr(9) || chr(10) || chr(13) || chr(160))"
FORMS = {
    "email": f"case when {TRIMMED} like '%_@_%' then lower({TRIMMED}) end",
    "phone": "nullif(regexp_replace({0}, '[^0-9+]', '', 'g'), '')",
}
# An e-mail that too many share names only the guests that gave it: rows without an id. A phone that a request gave
# beside something else is known as asked for, whomever it names.
GUEST_EMAIL, REQUEST_PHONE = "guest_email", "request_phone"
FORMS |= {GUEST_EMAIL: FORMS["email"], REQUEST_PHONE: FORMS["phone"]}
ID_FORM = "nullif(regexp_replace(trim({0}), '\\.0+$', ''), '')"
# An entry bears the number and the date of the erasure that it came with, or after which it was learnt.
COLUMNS = {"identifier": "varchar", "erasure": "integer", "as_of_date": "date"}


class ErasureError(WarehouseError):
    """People cannot be erased, or were not wholly; the message names files and tables, never a value."""


@dataclass(frozen=True)
class Erased:
    """The list, as table `erased` of a connection; `answered` has the requests that are carried out on it."""

    connection: "DuckDBPyConnection"
    home: Home

    @classmethod
    def on(cls, connection: "DuckDBPyConnection", home: Home) -> "Erased":
        """The list on a connection; where nobody was erased yet it is empty, and has no file.

        Raises ErasureError where there is a list and no key.
        """
        erased = cls(connection, home)
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"create or replace temp table erased ({columns})")
        connection.execute("create or replace temp table answered (identifier varchar)")
        if home.erased.exists():
            connection.execute(f"insert into erased from read_parquet({sql.text(home.erased)})")
            erased._use_key()
        return erased

    def __bool__(self) -> bool:
        return bool(self.connection.execute("select count(*) from erased").fetchone()[0])

    def put(self, values: Sequence[tuple[str, str, str]], as_of: date) -> int:
        """Put values (kind, system, value) on the list, which they may begin; returns how many were not there."""
        if not self.home.erasure_key.exists():
            write_text(self.home.erasure_key, secrets.token_hex(32), mode=0o600)
        self._use_key()
        if not values:
            return 0
        self.connection.execute(
            "create or replace temp table given as select unnest(?) as kind, unnest(?) as system, unnest(?) as value",
            [list(column) for column in zip(*values, strict=True)],
        )
        groups = self.connection.execute("select distinct kind, system from given order by all").fetchall()
        queries = [
            f"""
            select {hashed(kind, system, "value")}
            from given where kind = {sql.text(kind)} and system = {sql.text(system)}"""
            for kind, system in groups
        ]
        return self._add(" union all ".join(queries), self.erasures + 1, as_of)

    def learn(self, identifiers: str) -> int:
        """Add what a query of one column of `hashed` values yields to the latest erasure; returns how many were new."""
        (as_of,) = self.connection.execute("select max(as_of_date) from erased").fetchone()
        return self._add(identifiers, self.erasures, as_of)

    @property
    def erasures(self) -> int:
        """How many there were."""
        return self.connection.execute("select coalesce(max(erasure), 0) from erased").fetchone()[0]

    def _add(self, identifiers: str, erasure: int, as_of: date) -> int:
        added = self.connection.execute(
            f"""
            insert into erased
            select distinct identifier, cast(? as integer), cast(? as date)
            from ({identifiers}) as given (identifier)
            where identifier is not null and identifier not in (select identifier from erased)
            """,
            [erasure, as_of],
        ).fetchone()[0]
        if added:
            write_parquet(self.connection, "from erased order by identifier", self.home.erased)
        return added

    def _use_key(self) -> None:
        if not self.home.erasure_key.exists():
            raise ErasureError(
                f"{self.home.relative(self.home.erasure_key)} is missing, without which nobody can tell whom "
                f"{self.home.relative(self.home.erased)} lists: give it back from the backup of state/."
            )
        self.connection.execute(f"set variable erasure_key = {sql.text(self.home.erasure_key.read_text())}")


def hashed(kind: str, system: str, value: str) -> str:
    """What the list holds of a value (SQL text) of a system, in SQL; NULL where it is no value of that kind.

    E-mails and phone numbers are the same in all systems, ids are not.
    """
    place = sql.text(f"|{kind}|{'' if kind in FORMS else system}|")
    form = FORMS.get(kind, ID_FORM).format(f"cast({value} as varchar)")
    return f"sha256(getvariable('erasure_key') || {place} || {form})"
