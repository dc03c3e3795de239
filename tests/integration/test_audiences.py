"""The audiences of a whole run: their files hold whom the shop's own records allow, and the manifest says so.

Cases that a simulated shop does not have are made by hand in tests/unit/test_audiences.py.
"""

import hashlib
import json

import pandas
import pytest
import yaml
from demo_files import properties, read_crm

from dagster_project.publish.audience_config import EXAMPLE_FILE
from tests.integration.conftest import Run

AGAINST_EMAIL = ["BOUNCE", "SPAMREPORT", "STATUSCHANGE"]
EXAMPLE = yaml.safe_load(EXAMPLE_FILE.read_text())


@pytest.fixture(scope="module")
def manifest(finished_shop: Run) -> dict:
    return json.loads((finished_shop.home.published / "manifest.json").read_text())["audiences"]


@pytest.fixture(scope="module")
def people(finished_shop: Run) -> pandas.DataFrame:
    """Each member of a segment, with what is known of them."""
    return finished_shop.warehouse_query("""
        select members.segment, customers.*
        from segments.segment_membership as members
        inner join segments.int_audience_customer as customers using (customer_key)
    """)


def _rows(run: Run, file: str) -> pandas.DataFrame:
    path = run.home.published / file
    if path.suffix == ".parquet":
        return pandas.read_parquet(path)
    return pandas.read_csv(path, dtype=str, keep_default_na=False)


def test_each_audience_has_its_files_and_the_manifest_counts_everybody(finished_shop: Run, manifest, people):
    assert list(manifest) == [audience["name"] for audience in EXAMPLE["audiences"]]
    said = {file["file"] for audience in manifest.values() for file in audience["files"].values()}
    folder = finished_shop.home.published
    assert said == {path.relative_to(folder).as_posix() for path in (folder / "audiences").rglob("*.*")}
    for audience in manifest.values():
        assert audience["members"] == (people["segment"] == audience["segment"]).sum() > 0
        assert audience["members"] == sum(audience["left_out"].values()) + audience["files"]["full"]["rows"]
        for file in audience["files"].values():
            content = (folder / file["file"]).read_bytes()
            assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
            assert file["rows"] == len(_rows(finished_shop, file["file"]))
        # The first publication: everybody came, nobody went.
        full, add, remove = (
            _rows(finished_shop, audience["files"][kind]["file"]) for kind in ("full", "add", "remove")
        )
        assert full.equals(add)
        assert remove.empty
    assert any(audience["left_out"]["held_out"] for audience in manifest.values())
    assert all(audience["files"]["full"]["rows"] for audience in manifest.values())


@pytest.mark.parametrize("audience", EXAMPLE["audiences"], ids=lambda audience: audience["name"])
def test_a_file_holds_exactly_whom_it_may(finished_shop: Run, manifest, people, audience: dict):
    channel, rows = audience["channel"], people[people["segment"] == audience["segment"]]
    held_out = rows["customer_key"].map(
        lambda key: (
            int(hashlib.sha256(f"global_holdout:{key}".encode()).hexdigest()[:16], 16)
            < EXAMPLE["global_holdout"] * 2**64
        )
    )
    rows = rows[rows[f"is_contactable_by_{channel}"] & ~held_out]
    if audience.get("leave_out_open_tickets"):
        rows = rows[rows["open_tickets"] == 0]
    written = _rows(finished_shop, manifest[audience["name"]]["files"]["full"]["file"])
    if channel == "ads":
        hashes = [hashlib.sha256(email.encode()).hexdigest() for email in rows["ads_email"].dropna()]
        assert sorted(written["email_sha256"][written["email_sha256"] != ""]) == sorted(hashes)
        return
    address = {"email": "email", "sms": "phone"}.get(channel, "shop_customer_id")
    rows = rows.dropna(subset=[address])
    assert sorted(written[address]) == sorted(rows[address])
    known = rows.set_index(address).loc[written[address]]
    for column in audience["columns"]:
        assert list(written[column]) == list(known[column].fillna("")), column


def test_nobody_gets_mail_against_their_word_in_the_crm(finished_shop: Run, manifest):
    """From the CRM's own files: refused, withdrawn, unsubscribed, complained or bounced."""
    crm = {kind: properties(objects) for kind, objects in read_crm(finished_shop.home.demo).items()}
    consents, messages = crm["consents"], crm["messages"]
    by_email = consents[consents["channel"] == "EMAIL"].sort_values("hs_timestamp").groupby("contact_id").last()
    granted = set(by_email.index[by_email["subscription_status"] == "SUBSCRIBED"])
    against = set(messages.loc[messages["type"].isin(AGAINST_EMAIL), "contact_id"])
    emails = crm["contacts"].set_index("id")["email"].dropna().str.strip().str.lower()
    refused = set(emails[[contact in against or contact not in granted for contact in emails.index]])
    assert len(refused) > 100
    mailed = {
        email
        for audience in manifest.values()
        if audience["channel"] == "email"
        for email in _rows(finished_shop, audience["files"]["full"]["file"])["email"]
    }
    assert len(mailed) > 50
    # Of a person's two contacts that share an e-mail one may have no word at all: the person's other one has.
    assert not mailed & {email for email in refused if (emails == email).sum() == 1}


def test_files_for_ads_hold_no_clear_text(finished_shop: Run, manifest, people):
    columns = ["customer_key", "email", "phone", "ads_email", "ads_phone", "first_name", "shop_customer_id"]
    personal = people[columns].melt()["value"].dropna()
    for audience in manifest.values():
        if audience["channel"] == "ads":
            for file in audience["files"].values():
                rows = _rows(finished_shop, file["file"])
                assert list(rows.columns) == ["email_sha256", "phone_sha256", "phone_digits_sha256"]
                assert rows.melt()["value"].str.fullmatch("[0-9a-f]{64}|").all()
                assert not set(personal) & set(rows.melt()["value"])


def test_the_manifest_and_the_metadata_name_nobody(finished_shop: Run, people):
    said = (finished_shop.home.published / "manifest.json").read_text()
    (shown,) = (
        event.materialization.metadata["audiences"].data
        for event in finished_shop.result.get_asset_materialization_events()
        if event.asset_key.path == ["published", "marts"]
    )
    for personal in set(people["email"].dropna()) | set(people["phone"].dropna()) | set(people["customer_key"]):
        assert personal not in said
        assert personal not in json.dumps(shown)
