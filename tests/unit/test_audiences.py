"""Whom an audience holds and leaves out, and what its files hold, on warehouses made by hand.

What audiences.yml may say (test_audience_config.py), cells as such (test_audience_cells.py), who is drawn into an
arm or the hold-out (test_audience_draw.py) and who came and went (test_audience_changes.py) do not belong here.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from audience_shop import CHANNELS, MAIL, add, assign, audience_tables, emails, file_rows, writer

from dagster_project.home import Home
from dagster_project.publish.audience_config import Audience, Audiences, Channel
from dagster_project.publish.audiences import write_audiences


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with audience_tables() as tables:
        yield tables


@pytest.fixture
def write(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., tuple[Path, dict]]:
    return writer(connection, tmp_path)


# A word on each channel that is against writing, and what is not known: nobody of these may be in a file.
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("is_contactable", [False, None])
def test_who_is_not_known_to_be_contactable_is_left_out(connection, write, channel: Channel, is_contactable):
    add(connection, {"customer_key": "yes"}, {"customer_key": "no", f"is_contactable_by_{channel}": is_contactable})
    folder, said = write(channel=channel, columns=() if channel == "ads" else ("customer_key",))
    assert said["members"] == 2
    assert said["left_out"] == {"not_contactable": 1, "no_address": 0, "held_out": 0}
    (row,) = file_rows(folder)
    if channel == "ads":
        assert row["email_sha256"] == hashlib.sha256(b"yes@x.de").hexdigest()
    else:
        assert row["customer_key"] == "yes"


def test_the_consent_of_one_channel_is_not_that_of_another(connection, write):
    only_sms = {f"is_contactable_by_{channel}": channel == "sms" for channel in CHANNELS}
    add(connection, {"customer_key": "ann", **only_sms})
    assert [write(channel, channel=channel)[1]["files"]["full"]["rows"] for channel in CHANNELS] == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("channel", "lacks"),
    [("email", "email"), ("sms", "phone"), ("push", "shop_customer_id"), ("post", "shop_customer_id")],
)
def test_who_has_no_address_for_the_channel_is_left_out(connection, write, channel: Channel, lacks: str):
    nothing = {lacks: None, **({"shop_system": None} if lacks == "shop_customer_id" else {})}
    add(connection, {"customer_key": "yes"}, {"customer_key": "no", **nothing})
    folder, said = write(channel=channel, columns=("customer_key",))
    assert [row["customer_key"] for row in file_rows(folder)] == ["yes"]
    assert said["left_out"]["no_address"] == 1


def test_ads_need_an_email_or_a_phone(connection, write):
    add(
        connection,
        {"customer_key": "ann", "phone": None},
        {"customer_key": "bob", "email": None, "phone": "+491701111111"},
        {"customer_key": "cleo", "email": None, "phone": None},
    )
    folder, said = write(channel="ads")
    assert said["left_out"]["no_address"] == 1
    assert [row["email_sha256"] for row in file_rows(folder)] == [hashlib.sha256(b"ann@x.de").hexdigest(), ""]
    assert [row["phone_sha256"] for row in file_rows(folder)] == ["", hashlib.sha256(b"+491701111111").hexdigest()]


def test_an_address_that_would_run_as_a_formula_is_no_address_of_a_csv(connection, write):
    """Written so that it does not, it would be another one."""
    emails = {"ann": "=ann@x.de", "bob": "+bob@x.de", "cleo": "c;=cleo@x.de"}
    add(connection, *({"customer_key": key, "email": email} for key, email in emails.items()))
    assert write()[1]["left_out"]["no_address"] == 3
    parquet, said = write("as parquet", format="parquet")
    assert said["files"]["full"]["rows"] == 3
    # They are removed from where the audience had them, as a cell that does not run.
    removed = file_rows(write("as csv again", previous=parquet)[0], "remove")
    assert [row["email"] for row in removed] == ["'+bob@x.de", "'=ann@x.de", "c,=cleo@x.de"]


def test_who_is_in_a_segment_and_unknown_to_the_contacts_is_left_out(connection, write):
    connection.execute("insert into segments.segment_membership values ('nobody', 'vip')")
    folder, said = write()
    assert (file_rows(folder), said["left_out"]["not_contactable"]) == ([], 1)


def test_only_members_of_the_segment(connection, write):
    add(connection, {"customer_key": "ann"})
    add(connection, {"customer_key": "bob"}, segment="by_country:DE")
    assert emails(write()[0]) == ["ann@x.de"]
    assert emails(write("germans", segment="by_country:DE")[0]) == ["bob@x.de"]


@pytest.mark.parametrize("open_tickets", [1, None])
def test_open_tickets_are_left_out_when_asked(connection, write, open_tickets):
    """A shop whose tickets are not known cannot say that there is none."""
    add(connection, {"customer_key": "ann"}, {"customer_key": "bob", "open_tickets": open_tickets})
    assert emails(write()[0]) == ["ann@x.de", "bob@x.de"]
    folder, said = write("without tickets", leave_out_open_tickets=True)
    assert (emails(folder), said["left_out"]["open_ticket"]) == (["ann@x.de"], 1)


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
    add(connection, {"customer_key": "ann"})
    connection.execute(f"alter table segments.int_audience_customer drop column {column}")
    with pytest.raises(duckdb.BinderException, match=column):
        write(**changes)
    assert not list(tmp_path.rglob("vips_*"))


# The hashes of John_Smith@gmail.com and 16505551212 are Meta's own examples of its customer information parameters.
def test_ads_hold_the_hashes_that_platforms_make_themselves(connection, write):
    add(connection, {"customer_key": "john", "email": "john_smith@gmail.com", "phone": "+16505551212"})
    (row,) = file_rows(write(channel="ads")[0])
    assert row == {
        "email_sha256": "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        "phone_sha256": hashlib.sha256(b"+16505551212").hexdigest(),
        "phone_digits_sha256": "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
    }


def test_ads_name_the_address_that_consented_to_ads(connection, write):
    others = {"email": "mail@x.de", "phone": "+491701111111"}
    add(connection, {"customer_key": "ann", **others, "ads_email": "ads@x.de", "ads_phone": "+491702222222"})
    assert file_rows(write(channel="ads")[0])[0] == {
        "email_sha256": hashlib.sha256(b"ads@x.de").hexdigest(),
        "phone_sha256": hashlib.sha256(b"+491702222222").hexdigest(),
        "phone_digits_sha256": hashlib.sha256(b"491702222222").hexdigest(),
    }


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_no_clear_text_is_in_files_for_ads(connection, write, format_: str):
    add(
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
    add(
        connection,
        {"customer_key": "ann", "first_name": '=HYPERLINK("http://x.de")'},
        {"customer_key": "bob", "first_name": 'B, "Bo"\nb'},
        {"customer_key": "cleo", "first_name": None, "language": "-1+1"},
    )
    folder, _ = write(columns=("first_name", "language"))
    content = (folder / "audiences" / "mail" / "vips_full.csv").read_text()
    assert content.splitlines()[0] == '"email","first_name","language"'
    assert [tuple(row.values()) for row in file_rows(folder)] == [
        ("ann@x.de", '\'=HYPERLINK("http://x.de")', "de"),
        ("bob@x.de", 'B, "Bo" b', "de"),
        ("cleo@x.de", "", "'-1+1"),
    ]
    parquet, _ = write("parquet", format="parquet", columns=("language",))
    rows = duckdb.execute("from read_parquet(?)", [str(parquet / "audiences" / "mail" / "vips_full.parquet")])
    assert rows.fetchall() == [("ann@x.de", "de"), ("bob@x.de", "de"), ("cleo@x.de", "-1+1")]


def test_audiences_of_one_publication_do_not_mix(connection, tmp_path: Path):
    """Each has its own columns, members, filters and folder."""
    assign(tmp_path, {"bob": "letter"})
    add(connection, {"customer_key": "ann", "open_tickets": 1})
    add(connection, {"customer_key": "bob", "phone": "+491701111111"}, segment="lapsed")
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
    add(connection, {"customer_key": "ann", "phone": "+491701111111"})
    assert file_rows(write(channel="sms")[0]) == [{"phone": "+491701111111"}]


def test_the_manifest_tells_each_file_and_names_nobody(connection, write):
    add(connection, {"customer_key": "ann"}, {"customer_key": "bob", "is_contactable_by_email": False})
    folder, said = write()
    assert (said["segment"], said["channel"], said["destination"], said["members"]) == ("vip", "email", "mail", 2)
    for kind, rows in {"full": 1, "add": 1, "remove": 0}.items():
        content = (folder / said["files"][kind]["file"]).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        file = f"audiences/mail/vips_{kind}.csv"
        assert said["files"][kind] == {"file": file, "rows": rows, "bytes": len(content), "sha256": digest}
    assert "x.de" not in json.dumps(said)
