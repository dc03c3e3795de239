"""The removal as a whole: its steps in the order that makes it safe to break off.

First what needs their customer keys, which raw tells only as long as it is whole. Then the list, which makes landing
leave the people out, and by which the next run ends what breaks off from here on. Then the warehouse, so that nothing
is computed of them any more, publications, raw with the requests last, and a note beside it.
"""

from collections.abc import Mapping, Sequence

from dagster_project.erasure.copies import remove_customers, remove_warehouse
from dagster_project.erasure.erased import Erased, ErasureError
from dagster_project.erasure.people import People, Requests
from dagster_project.erasure.raw import (
    Removed,
    check_nothing_is_left,
    learn_rows,
    remove_rows,
    request_tables,
    table_erasures,
)
from dagster_project.erasure.rows import TableErasure
from dagster_project.files import write_text
from dagster_project.home import Home
from dagster_project.publish.publication import withdraw_erased
from dagster_project.sources.config import Source
from dagster_project.sources.readers.connection import open_connection


def is_carried_out(home: Home) -> bool:
    """Whether raw has been through every erasure: not where one broke off, or raw was restored from before it."""
    if not home.erased.exists():
        return True
    with open_connection(home) as (connection, _):
        return Erased.on(connection, home).erasures == _erasures_of_raw(home)


def _erasures_of_raw(home: Home) -> int:
    return int(home.raw_erasures.read_text()) if home.raw_erasures.exists() else 0


def remove(source: Source, home: Home, requests: Requests, people: People) -> Mapping[str, int]:
    """Remove the people of the requests, and all who are listed, from everything under the home; returns what was done,
    in numbers.

    Raises ErasureError where a table does not say whom it names, or something of them is left in raw.
    """
    with open_connection(home) as (connection, _):
        erased = Erased.on(connection, home)
        erasures = table_erasures(erased, source)
        tables_of_requests = request_tables(source, requests.tables)
        rows_of_copies = remove_customers(connection, home, people.customer_keys)
        erased.put(people.identifiers, requests.as_of)
        learn_rows(erasures, home)
        remove_warehouse(home)
        withdraw_erased(home)

        asking = [one for one in erasures if one.person.requests]
        removed = _remove([one for one in erasures if one not in asking], home)
        check_nothing_is_left(erased, source, home, besides=tables_of_requests)
        answered = _remove(asking, home)
        if requests.count and not answered.files:
            raise ErasureError(
                f"The requests of the table {min(requests.tables)} were carried out but stay in it: let its person "
                "name the columns that its staging model takes, and no other."
            )
        write_text(home.raw_erasures, f"{erased.erasures}\n")
    removed += answered
    return {
        "rows_removed": removed.removed,
        "rows_emptied": removed.emptied,
        "files_rewritten": removed.files,
        "rows_of_snapshots_and_experiments": rows_of_copies,
    }


def _remove(erasures: Sequence[TableErasure], home: Home) -> Removed:
    return sum((remove_rows(one, home.raw(one.system, one.table)) for one in erasures), Removed())
