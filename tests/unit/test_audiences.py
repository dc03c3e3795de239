"""Whom an audience holds and leaves out, what its files hold, and what came and went, on warehouses made by hand.

What audiences.yml may say (test_audience_config.py), cells as such (test_audience_cells.py) and sets of people at large
(test_audience_changes.py) do not belong here.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.experiments.assignment import DEFINITION
from dagster_project.experiments.config import Experiment
from dagster_project.experiments.draw import draw
from dagster_project.home import Home
from dagster_project.parquet import write_parquet
from dagster_project.publish.audience_config import Audience, AudienceError, Audiences, Channel
from dagster_project.publish.audiences import write_audiences

CHANNELS = ("email", "sms", "push", "post", "ads")
TEXTS = ("email", "phone", "ads_email", "ads_phone", "shop_system", "shop_customer_id", "first_name", "language")
# Known by everything, contactable by everything, without a ticket.
REACHABLE = {
    **{f"is_contactable_by_{channel}": True for channel in CHANNELS},
    "open_tickets": 0,
    "shop_system": "shop",
    "first_name": "Ann",
    "language": "de",
}
MAIL = {"name": "vips", "segment": "vip", "channel": "email", "format": "csv", "destination": "mail"}


@pytest.fixture
def connection():
    with duckdb.connect() as database:
        database.execute("create schema core; create schema segments")
        columns = ", ".join(f"{name} varchar" for name in ("customer_key", *TEXTS))
        flags = ", ".join(f"is_contactable_by_{channel} boolean" for channel in CHANNELS)
        database.execute(f"create table segments.int_audience_customer ({columns}, {flags}, open_tickets bigint)")
        database.execute("create table segments.segment_membership (customer_key varchar, segment varchar)")
        database.execute("create table core.int_customer_redirect (former_key varchar, customer_key varchar)")
        yield database


def _add(connection: duckdb.DuckDBPyConnection, *people: Mapping[str, object], segment: str = "vip") -> None:
    """Members of the segment; what is not said of them is as in REACHABLE, their addresses follow their key."""
    for person in people:
        key = str(person["customer_key"])
        ids = {"email": f"{key}@x.de", "phone": "+49170" + "".join(str(ord(letter)) for letter in key[:3])}
        row = {**REACHABLE, **ids, "shop_customer_id": f"id {key}", **person}
        row = {"ads_email": row["email"], "ads_phone": row["phone"], **row}
        names, places = ", ".join(row), ", ".join("?" for _ in row)
        connection.execute(f"insert into segments.int_audience_customer ({names}) values ({places})", [*row.values()])
        connection.execute("insert into segments.segment_membership values (?, ?)", [key, segment])


@pytest.fixture
def write(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., tuple[Path, dict]]:
    """Writes one audience as a publication of that name, after `previous`; returns its folder and what it says."""

    def written(run: str = "run", previous: Path | None = None, holdout: float = 0, **changes: object):
        audiences = Audiences(global_holdout=holdout, audiences=(Audience(**{**MAIL, **changes}),))
        folder = tmp_path / run
        folder.mkdir()
        home = Home(tmp_path / "home")
        said = write_audiences(connection, folder, previous or tmp_path / "none", audiences, home)
        (folder / "manifest.json").write_text(json.dumps({"audiences": said}))
        return folder, said["vips"]

    return written


def _rows(folder: Path, kind: str = "full", destination: str = "mail") -> list[dict[str, str]]:
    with (folder / "audiences" / destination / f"vips_{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _emails(folder: Path, kind: str = "full") -> list[str]:
    return [row["email"] for row in _rows(folder, kind)]


# A word on each channel that is against writing, and what is not known: nobody of these may be in a file.
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("is_contactable", [False, None])
def test_who_is_not_known_to_be_contactable_is_left_out(connection, write, channel: Channel, is_contactable):
    _add(connection, {"customer_key": "yes"}, {"customer_key": "no", f"is_contactable_by_{channel}": is_contactable})
    folder, said = write(channel=channel, columns=() if channel == "ads" else ("customer_key",))
    assert said["members"] == 2
    assert said["left_out"] == {"not_contactable": 1, "no_address": 0, "held_out": 0}
    (row,) = _rows(folder)
    if channel == "ads":
        assert row["email_sha256"] == hashlib.sha256(b"yes@x.de").hexdigest()
    else:
        assert row["customer_key"] == "yes"


def test_the_consent_of_one_channel_is_not_that_of_another(connection, write):
    only_sms = {f"is_contactable_by_{channel}": channel == "sms" for channel in CHANNELS}
    _add(connection, {"customer_key": "ann", **only_sms})
    assert [write(channel, channel=channel)[1]["files"]["full"]["rows"] for channel in CHANNELS] == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("channel", "lacks"),
    [("email", "email"), ("sms", "phone"), ("push", "shop_customer_id"), ("post", "shop_customer_id")],
)
def test_who_has_no_address_for_the_channel_is_left_out(connection, write, channel: Channel, lacks: str):
    nothing = {lacks: None, **({"shop_system": None} if lacks == "shop_customer_id" else {})}
    _add(connection, {"customer_key": "yes"}, {"customer_key": "no", **nothing})
    folder, said = write(channel=channel, columns=("customer_key",))
    assert [row["customer_key"] for row in _rows(folder)] == ["yes"]
    assert said["left_out"]["no_address"] == 1


def test_ads_need_an_email_or_a_phone(connection, write):
    _add(
        connection,
        {"customer_key": "ann", "phone": None},
        {"customer_key": "bob", "email": None, "phone": "+491701111111"},
        {"customer_key": "cleo", "email": None, "phone": None},
    )
    folder, said = write(channel="ads")
    assert said["left_out"]["no_address"] == 1
    assert [row["email_sha256"] for row in _rows(folder)] == [hashlib.sha256(b"ann@x.de").hexdigest(), ""]
    assert [row["phone_sha256"] for row in _rows(folder)] == ["", hashlib.sha256(b"+491701111111").hexdigest()]


def test_an_address_that_would_run_as_a_formula_is_no_address_of_a_csv(connection, write):
    """Written so that it does not, it would be another one."""
    emails = {"ann": "=ann@x.de", "bob": "+bob@x.de", "cleo": "c;=cleo@x.de"}
    _add(connection, *({"customer_key": key, "email": email} for key, email in emails.items()))
    assert write()[1]["left_out"]["no_address"] == 3
    parquet, said = write("as parquet", format="parquet")
    assert said["files"]["full"]["rows"] == 3
    # They are removed from where the audience had them, as a cell that does not run.
    removed = _rows(write("as csv again", previous=parquet)[0], "remove")
    assert [row["email"] for row in removed] == ["'+bob@x.de", "'=ann@x.de", "c,=cleo@x.de"]


def test_who_is_in_a_segment_and_unknown_to_the_contacts_is_left_out(connection, write):
    connection.execute("insert into segments.segment_membership values ('nobody', 'vip')")
    folder, said = write()
    assert (_rows(folder), said["left_out"]["not_contactable"]) == ([], 1)


def test_only_members_of_the_segment(connection, write):
    _add(connection, {"customer_key": "ann"})
    _add(connection, {"customer_key": "bob"}, segment="by_country:DE")
    assert _emails(write()[0]) == ["ann@x.de"]
    assert _emails(write("germans", segment="by_country:DE")[0]) == ["bob@x.de"]


@pytest.mark.parametrize("open_tickets", [1, None])
def test_open_tickets_are_left_out_when_asked(connection, write, open_tickets):
    """A shop whose tickets are not known cannot say that there is none."""
    _add(connection, {"customer_key": "ann"}, {"customer_key": "bob", "open_tickets": open_tickets})
    assert _emails(write()[0]) == ["ann@x.de", "bob@x.de"]
    folder, said = write("without tickets", leave_out_open_tickets=True)
    assert (_emails(folder), said["left_out"]["open_ticket"]) == (["ann@x.de"], 1)


def test_the_holdout_is_a_share_that_stays_the_same(connection, write):
    _add(connection, {"customer_key": "customer 0"})
    connection.execute("""
        insert into segments.int_audience_customer
        select first.* replace ('customer ' || number as customer_key, number || '@x.de' as email)
        from segments.int_audience_customer as first, range(1, 2000) as numbers (number);
        insert into segments.segment_membership select 'customer ' || range, 'vip' from range(1, 2000)
    """)
    keys = {f"customer {number}" for number in range(2000)}

    def held_out(run: str, holdout: float, **changes: object) -> set[str]:
        folder, said = write(run, holdout=holdout, columns=("customer_key",), **changes)
        left = keys - {row["customer_key"] for row in _rows(folder)}
        assert said["left_out"]["held_out"] == len(left)
        return left

    few = held_out("few", 0.1)
    # 200 are expected, with a standard deviation of 13.
    assert 150 <= len(few) <= 250
    by_hand = {
        key for key in keys if int(hashlib.sha256(f"global_holdout:{key}".encode()).hexdigest()[:16], 16) < 0.1 * 2**64
    }
    assert few == by_hand
    connection.execute(
        "create or replace table segments.segment_membership as from segments.segment_membership order by 1"
    )
    assert held_out("again", 0.1, channel="push") == few
    assert few < held_out("more", 0.2)
    assert held_out("none", 0) == set()


LETTER = Experiment(
    name="letter",
    segment="vip",
    arms={"control": 0.5, "letter": 0.4, "two_letters": 0.1},
    start=date(2026, 3, 2),
    metric="orders",
    horizon_days=28,
)


def _assign(tmp_path: Path, arms: Mapping[str, str]) -> None:
    file = Home(tmp_path / "home").assignment("letter")
    rows = ", ".join(f"('{customer}', '{arm}', date '2026-03-01', null)" for customer, arm in arms.items())
    drawn = f"from (values {rows}) as drawn (customer_key, arm, assigned_as_of, split_value)"
    with duckdb.connect() as memory:
        write_parquet(memory, drawn, file, {DEFINITION: LETTER.model_dump_json()})


def test_only_the_arm_under_todays_keys(connection, write, tmp_path: Path):
    """Whoever is not drawn, or became one person with somebody of another arm, is in no arm."""
    drawn = {"ann": "letter", "bob": "control", "former cleo": "letter", "dora": "letter", "former dora": "control"}
    _assign(tmp_path, {**drawn, "emil": "letter", "former emil": "letter"})
    connection.execute("""
        insert into core.int_customer_redirect
        values ('former cleo', 'cleo'), ('former dora', 'dora'), ('former emil', 'emil'), ('former', 'frieda')
    """)
    _add(connection, *({"customer_key": key} for key in ("ann", "bob", "cleo", "dora", "emil", "frieda")))
    folder, said = write(experiment="letter", arm="letter")
    assert _emails(folder) == ["ann@x.de", "cleo@x.de", "emil@x.de"]
    assert said["left_out"]["other_arm"] == 3
    assert _emails(write("the other arm", experiment="letter", arm="control")[0]) == ["bob@x.de"]


def test_without_assignments_nothing_is_written(connection, write, tmp_path: Path):
    _add(connection, {"customer_key": "ann"})
    with pytest.raises(
        AudienceError, match="vips is for the arm a of the experiment letter, which nobody has been drawn"
    ):
        write(experiment="letter", arm="a")
    assert not list(tmp_path.rglob("vips_*"))
    _assign(tmp_path, {"ann": "control", "bob": "letter"})
    with pytest.raises(AudienceError, match="letter, which has the arms control, letter, two_letters"):
        write("other", experiment="letter", arm="a")


def test_an_arm_that_nobody_was_drawn_into_is_an_empty_audience(connection, write, tmp_path: Path):
    """Nor does it stop a publication that an erasure left nobody in the arm."""
    _add(connection, {"customer_key": "ann"}, {"customer_key": "bob"})
    _assign(tmp_path, {"ann": "control", "bob": "letter"})
    folder, said = write(experiment="letter", arm="two_letters")
    assert _emails(folder) == []
    assert said["left_out"]["other_arm"] == 2


@pytest.mark.parametrize(
    ("column", "changes"),
    [
        ("is_contactable_by_email", {}),
        ("open_tickets", {"leave_out_open_tickets": True}),
        ("email", {}),
        ("is_contactable_by_ads", {"channel": "ads"}),
    ],
)
def test_without_a_column_of_a_filter_nothing_is_written(connection, write, tmp_path: Path, column: str, changes):
    _add(connection, {"customer_key": "ann"})
    connection.execute(f"alter table segments.int_audience_customer drop column {column}")
    with pytest.raises(duckdb.BinderException, match=column):
        write(**changes)
    assert not list(tmp_path.rglob("vips_*"))


# The hashes of John_Smith@gmail.com and 16505551212 are Meta's own examples of its customer information parameters.
def test_ads_hold_the_hashes_that_platforms_make_themselves(connection, write):
    _add(connection, {"customer_key": "john", "email": "john_smith@gmail.com", "phone": "+16505551212"})
    (row,) = _rows(write(channel="ads")[0])
    assert row == {
        "email_sha256": "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        "phone_sha256": hashlib.sha256(b"+16505551212").hexdigest(),
        "phone_digits_sha256": "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
    }


def test_ads_name_the_address_that_consented_to_ads(connection, write):
    others = {"email": "mail@x.de", "phone": "+491701111111"}
    _add(connection, {"customer_key": "ann", **others, "ads_email": "ads@x.de", "ads_phone": "+491702222222"})
    assert _rows(write(channel="ads")[0])[0] == {
        "email_sha256": hashlib.sha256(b"ads@x.de").hexdigest(),
        "phone_sha256": hashlib.sha256(b"+491702222222").hexdigest(),
        "phone_digits_sha256": hashlib.sha256(b"491702222222").hexdigest(),
    }


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_no_clear_text_is_in_files_for_ads(connection, write, format_: str):
    _add(
        connection,
        {"customer_key": "anonymous", "email": "ann@x.de", "phone": "+491701111111", "first_name": "Annette"},
    )
    folder, said = write(channel="ads", format=format_)
    files = list(folder.rglob("vips_*"))
    assert len(files) == 3
    if format_ == "parquet":
        content = "".join(
            str(duckdb.execute("from read_parquet(?)", [str(file)]).fetchall()) for file in files
        ).encode()
    else:
        content = b"".join(file.read_bytes() for file in files)
    assert hashlib.sha256(b"ann@x.de").hexdigest().encode() in content
    for clear in (b"ann", b"x.de", b"491701111111", b"Annette", b"anonymous", b"shop"):
        assert clear not in content
    assert said["files"]["full"]["rows"] == 1


def test_merge_fields_follow_the_address_and_formulas_are_text(connection, write):
    _add(
        connection,
        {"customer_key": "ann", "first_name": '=HYPERLINK("http://x.de")'},
        {"customer_key": "bob", "first_name": 'B, "Bo"\nb'},
        {"customer_key": "cleo", "first_name": None, "language": "-1+1"},
    )
    folder, _ = write(columns=("first_name", "language"))
    content = (folder / "audiences" / "mail" / "vips_full.csv").read_text()
    assert content.splitlines()[0] == '"email","first_name","language"'
    assert [tuple(row.values()) for row in _rows(folder)] == [
        ("ann@x.de", '\'=HYPERLINK("http://x.de")', "de"),
        ("bob@x.de", 'B, "Bo" b', "de"),
        ("cleo@x.de", "", "'-1+1"),
    ]
    parquet, _ = write("parquet", format="parquet", columns=("language",))
    rows = duckdb.execute("from read_parquet(?)", [str(parquet / "audiences" / "mail" / "vips_full.parquet")])
    assert rows.fetchall() == [("ann@x.de", "de"), ("bob@x.de", "de"), ("cleo@x.de", "-1+1")]


def test_audiences_of_one_publication_do_not_mix(connection, tmp_path: Path):
    """Each has its own columns, members, filters and folder."""
    _assign(tmp_path, {"bob": "letter"})
    _add(connection, {"customer_key": "ann", "open_tickets": 1})
    _add(connection, {"customer_key": "bob", "phone": "+491701111111"}, segment="lapsed")
    given = (
        Audience(**{**MAIL, "leave_out_open_tickets": True}),
        Audience(**{**MAIL, "name": "drawn", "segment": "lapsed", "experiment": "letter", "arm": "letter"}),
        Audience(**{**MAIL, "name": "texts", "segment": "lapsed", "channel": "sms", "destination": "texts"}),
        Audience(**{**MAIL, "name": "all_vips", "columns": ("language",)}),
    )
    said = write_audiences(connection, tmp_path, tmp_path, Audiences(audiences=given), Home(tmp_path / "home"))
    written = {file.name: file.read_text() for file in (tmp_path / "audiences").rglob("*_full.csv")}
    assert written == {
        "vips_full.csv": '"email"\n',
        "drawn_full.csv": '"email"\n"bob@x.de"\n',
        "texts_full.csv": '"phone"\n"+491701111111"\n',
        "all_vips_full.csv": '"email","language"\n"ann@x.de","de"\n',
    }
    assert {name: audience["files"]["full"]["rows"] for name, audience in said.items()} == {
        "vips": 0,
        "drawn": 1,
        "texts": 1,
        "all_vips": 1,
    }
    assert (tmp_path / "audiences").stat().st_mode & 0o077 == 0


def test_text_messages_keep_the_plus(connection, write):
    _add(connection, {"customer_key": "ann", "phone": "+491701111111"})
    assert _rows(write(channel="sms")[0]) == [{"phone": "+491701111111"}]


def test_the_manifest_tells_each_file_and_names_nobody(connection, write):
    _add(connection, {"customer_key": "ann"}, {"customer_key": "bob", "is_contactable_by_email": False})
    folder, said = write()
    assert (said["segment"], said["channel"], said["destination"], said["members"]) == ("vip", "email", "mail", 2)
    for kind, rows in {"full": 1, "add": 1, "remove": 0}.items():
        content = (folder / said["files"][kind]["file"]).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        file = f"audiences/mail/vips_{kind}.csv"
        assert said["files"][kind] == {"file": file, "rows": rows, "bytes": len(content), "sha256": digest}
    assert "x.de" not in json.dumps(said)


def test_the_first_time_everybody_is_an_addition(connection, write):
    _add(connection, {"customer_key": "ann"}, {"customer_key": "bob"})
    folder, _ = write(columns=("first_name",))
    assert _rows(folder, "add") == _rows(folder)
    assert (folder / "audiences" / "mail" / "vips_remove.csv").read_text() == '"email"\n'


def test_a_new_address_is_a_removal_and_an_addition_and_a_new_name_is_neither(connection, write):
    _add(connection, {"customer_key": "ann"}, {"customer_key": "bob"}, {"customer_key": "cleo"})
    first, _ = write("first", columns=("first_name",))
    connection.execute("""
        update segments.int_audience_customer set email = 'new@x.de' where customer_key = 'ann';
        update segments.int_audience_customer set first_name = 'Robert' where customer_key = 'bob';
        update segments.int_audience_customer set is_contactable_by_email = false where customer_key = 'cleo'
    """)
    second, _ = write("second", previous=first, columns=("first_name", "language"))
    assert _rows(second, "add") == [{"email": "new@x.de", "first_name": "Ann", "language": "de"}]
    assert _rows(second, "remove") == [{"email": "ann@x.de"}, {"email": "cleo@x.de"}]
    assert [row["first_name"] for row in _rows(second)] == ["Robert", "Ann"]
    third, _ = write("third", previous=second, columns=("first_name", "language"))
    assert (_rows(third, "add"), _rows(third, "remove")) == ([], [])


@pytest.mark.parametrize("change", [{"channel": "sms"}, {"destination": "other"}])
def test_another_channel_or_destination_is_a_new_audience(connection, write, change: dict):
    _add(connection, {"customer_key": "ann"})
    first, _ = write("first")
    _, said = write("second", previous=first, **change)
    assert [said["files"][kind]["rows"] for kind in ("full", "add", "remove")] == [1, 1, 0]


def test_another_format_is_the_same_audience(connection, write):
    _add(connection, {"customer_key": "ann"})
    first, _ = write("first", format="parquet")
    connection.execute("update segments.int_audience_customer set email = 'new@x.de'")
    second, _ = write("second", previous=first)
    assert (_emails(second, "add"), _emails(second, "remove")) == (["new@x.de"], ["ann@x.de"])


def test_after_an_erasure_everybody_is_an_addition_again(connection, write):
    """It deletes the files of earlier publications, which name the person."""
    _add(connection, {"customer_key": "ann"}, {"customer_key": "bob"})
    first, _ = write("first")
    for file in first.rglob("vips_*"):
        file.unlink()
    second, _ = write("second", previous=first)
    assert (len(_rows(second, "add")), _rows(second, "remove")) == (2, [])


def test_the_draw_is_spread_evenly():
    assert abs(sum(draw("global_holdout", str(number)) for number in range(10000)) / 10000 - 0.5) < 0.015
