"""Audiences: the files of a publication that a marketer's tools take in, per audience whom it holds now (full), who
came and who went since the publication before (add, remove).

Fails closed: in a file is who is known to be contactable by its channel and to have an address there, and nobody else.
What an audience is stands in audience_config.py, what is known of a customer in dbt (int_audience_customer).
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project import sql
from dagster_project.experiments.assignment import drawn_with
from dagster_project.experiments.draw import draw
from dagster_project.experiments.outcomes import people_of
from dagster_project.home import Home
from dagster_project.publish.audience_config import Audience, AudienceError, Audiences, Channel
from dagster_project.publish.cells import harmless, is_changed
from dagster_project.publish.manifest import describe_file, read_manifest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FOLDER = "audiences"
# What an audience reads; each has to be of the publication's date.
TABLES = {"segment_membership": "segments", "int_audience_customer": "segments"}
READ = {**TABLES, "int_customer_redirect": "core"}
HOLDOUT = "global_holdout"
# What a channel's tools know somebody by. Nobody's device or street is in the warehouse: for push and post it is the
# shop's account. Phones are hashed as Google wants them (E.164) and as Meta does (its digits alone).
ACCOUNT = {"shop_system": "shop_system", "shop_customer_id": "shop_customer_id"}
IDENTIFIERS: Mapping[Channel, Mapping[str, str]] = {
    "email": {"email": "email"},
    "sms": {"phone": "phone"},
    "push": ACCOUNT,
    "post": ACCOUNT,
    "ads": {
        "email_sha256": "sha256(ads_email)",
        "phone_sha256": "sha256(ads_phone)",
        "phone_digits_sha256": "sha256(ltrim(ads_phone, '+'))",
    },
}
# Quotes around every cell keep a spreadsheet with another separator from computing with what follows a phone number.
FORMATS = {"csv": "format csv, header true, force_quote *", "parquet": "format parquet, compression zstd"}


def write_audiences(
    connection: "DuckDBPyConnection", folder: Path, previous_folder: Path, audiences: Audiences, home: Home
) -> Mapping[str, Any]:
    """Write every audience's files into a publication's folder; returns what its manifest says of them.

    `connection` has the warehouse open, `previous_folder` is the publication that stands, if any. Raises AudienceError
    where an audience needs an experiment's assignments and they are not there.
    """
    if not audiences.audiences:
        return {}
    _draw_holdout(connection, audiences.global_holdout)
    # Addresses are for whoever runs the pipeline, not for everybody who reads the marts.
    (folder / FOLDER).mkdir(mode=0o700)
    said = {}
    for audience in audiences.audiences:
        left_out = _choose(connection, audience, home)
        _remember(connection, audience, _standing_file(audience, previous_folder))
        files = _write_files(connection, audience, folder)
        about = audience.model_dump(include={"segment", "channel", "destination"})
        members = sum(left_out.values()) + files["full"]["rows"]
        said[audience.name] = {**about, "members": members, "left_out": left_out, "files": files}
    return said


def _draw_holdout(connection: "DuckDBPyConnection", share: float) -> None:
    """The table audience_customer: every customer, and whether they are held out; without a share nobody is drawn."""
    connection.create_function("draw", lambda customer: draw(HOLDOUT, customer), ["varchar"], "double")
    connection.execute(f"""
        create or replace temp table audience_customer as
        select *, {f"draw(customer_key) < {share}" if share else "false"} as is_held_out
        from segments.int_audience_customer
    """)
    connection.remove_function("draw")


def _choose(connection: "DuckDBPyConnection", audience: Audience, home: Home) -> Mapping[str, int]:
    """The table audience_held, rows as they are written; returns how many members were left out, by reason."""
    if audience.experiment:
        _read_arm(connection, audience, home.assignment(audience.experiment))
    reasons = _reasons(audience)
    cases = " ".join(f"when {condition} then {sql.text(reason)}" for reason, condition in reasons.items())
    connection.execute(f"""
        create or replace temp table audience_member as
        select customers.*, case {cases} end as left_out
        from segments.segment_membership as members
        left join audience_customer as customers on customers.customer_key = members.customer_key
        where members.segment = {sql.text(audience.segment)}
    """)
    written = {**IDENTIFIERS[audience.channel], **{column: sql.name(column) for column in audience.columns}}
    connection.execute(f"""
        create or replace temp table audience_held as
        select {_cells(audience, written)} from audience_member where left_out is null
    """)
    counts = dict(connection.execute("select left_out, count(*) from audience_member group by all").fetchall())
    return {reason: counts.get(reason, 0) for reason in reasons}


def _cells(audience: Audience, written: Mapping[str, str]) -> str:
    """Values (column -> SQL expression) as the audience's files hold them."""
    cell = harmless if audience.format == "csv" else str
    return ", ".join(f"{cell(value)} as {sql.name(column)}" for column, value in written.items())


def _reasons(audience: Audience) -> Mapping[str, str]:
    """Why a member is left out, the first that holds; what is not known counts against being written to."""
    identifiers = IDENTIFIERS[audience.channel].values()
    no_address = f"coalesce({', '.join(identifiers)}) is null"
    if audience.format == "csv":
        # An address that is written otherwise would be another one.
        no_address += "".join(f" or coalesce({is_changed(identifier)}, false)" for identifier in identifiers)
    reasons = {
        "not_contactable": f"is_contactable_by_{audience.channel} is not true",
        "no_address": no_address,
        "held_out": "is_held_out is not false",
    }
    if audience.experiment:
        reasons["other_arm"] = "(customers.customer_key in (from audience_arm)) is not true"
    if audience.leave_out_open_tickets:
        reasons["open_ticket"] = "open_tickets is distinct from 0"
    return reasons


def _read_arm(connection: "DuckDBPyConnection", audience: Audience, assignments: Path) -> None:
    """The table audience_arm: who was drawn into the arm, under today's keys. Who became one person with somebody of
    another arm is in none.

    Raises AudienceError where the experiment has no assignments, or not that arm.
    """
    needs = f"The audience {audience.name} is for the arm {audience.arm} of the experiment {audience.experiment}"
    if not assignments.exists():
        raise AudienceError(
            f"{needs}, which nobody has been drawn for yet: run the day before it starts, or take the audience out of "
            "audiences.yml until then."
        )
    arms = drawn_with(connection, assignments).arms
    if audience.arm not in arms:
        raise AudienceError(f"{needs}, which has the arms {', '.join(arms)}.")
    connection.execute(f"""
        create or replace temp table audience_arm as
        select customer_key from ({people_of(assignments)})
        where arm = {sql.text(audience.arm)} and not is_across_arms
    """)


def _standing_file(audience: Audience, previous_folder: Path) -> Path | None:
    """The audience's full file in the publication before; None where it had none for that channel and destination, or
    an erasure deleted it."""
    manifest = read_manifest(previous_folder) or {}
    said = manifest.get(FOLDER, {}).get(audience.name)
    if said is None or (said["channel"], said["destination"]) != (audience.channel, audience.destination):
        return None
    path = previous_folder / said["files"]["full"]["file"]
    return path if path.exists() else None


def _remember(connection: "DuckDBPyConnection", audience: Audience, standing: Path | None) -> None:
    """The table audience_standing: whom the audience held before, by what its tools know them by."""
    identifiers = ", ".join(map(sql.name, IDENTIFIERS[audience.channel]))
    rows = _rows_of(standing) if standing else "audience_held where false"
    connection.execute(f"create or replace temp table audience_standing as select distinct {identifiers} from {rows}")


def _rows_of(file: Path) -> str:
    """The rows of an audience's file as SQL, every cell of a CSV a text."""
    if file.suffix == ".parquet":
        return f"read_parquet({sql.text(file)})"
    with file.open(encoding="utf-8", newline="") as lines:
        header = next(csv.reader(lines))
    columns = ", ".join(f"{sql.name(column)}: 'varchar'" for column in header)
    dialect = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"'"
    return f"read_csv({sql.text(file)}, {dialect}, columns = {{{columns}}})"


def _write_files(
    connection: "DuckDBPyConnection", audience: Audience, folder: Path
) -> Mapping[str, Mapping[str, int | str]]:
    """Write whom the audience holds now, who came and who went; returns what the manifest says of each file."""
    same = " and ".join(
        f"held.{column} is not distinct from standing.{column}" for column in IDENTIFIERS[audience.channel]
    )
    # The publication before may have had another format.
    gone = _cells(audience, {column: f"standing.{column}" for column in IDENTIFIERS[audience.channel]})
    queries = {
        "full": "from audience_held as held",
        "add": f"from audience_held as held anti join audience_standing as standing on {same}",
        "remove": f"select {gone} from audience_standing as standing anti join audience_held as held on {same}",
    }
    destination = Path(FOLDER, audience.destination)
    (folder / destination).mkdir(exist_ok=True)
    files = {}
    for kind, query in queries.items():
        file = destination / f"{audience.name}_{kind}.{audience.format}"
        copy = f"copy ({query} order by all) to {sql.text(folder / file)} ({FORMATS[audience.format]})"
        rows = connection.execute(copy).fetchone()[0]
        files[kind] = {"file": file.as_posix(), **describe_file(folder / file, rows)}
    return files
