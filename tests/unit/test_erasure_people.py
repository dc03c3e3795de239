"""Whom an erasure request names, and by what rows name them: in the SQL of dbt's own models.

What happens to those rows does not belong here (test_erasure_rows.py).
"""

from collections.abc import Iterator

import duckdb
import pytest
from identity_models import IdentityModels, Row

from dagster_project.erasure.erased import FORMS
from dagster_project.home import Home

# An account, the contact that names it, a guest by each of the two's keys; and somebody else.
ANN = (
    Row("customers", "1", email="ann@example.org"),
    Row("contacts", "1", customer="1", email="Ann.Private@example.org", phone="030 901820"),
    Row("orders", "3", email=" ANN@example.org"),
    Row("orders", "4", phone="+49 30 901820"),
)
BOB = (Row("customers", "2", email="bob@example.org", phone="0151 23456789"), Row("orders", "5", customer="2"))
IS_ANN = {
    ("customer_id", "shop", "1"),
    ("contact_id", "crm", "1"),
    ("email", None, "ann@example.org"),
    ("email", None, "ann.private@example.org"),
    ("phone", None, "030 901820"),
    ("phone", None, "+49 30 901820"),
    ("phone", None, "+4930901820"),
}
# More than may share an address (identity_models.MOST), and two guests who gave it.
CROWD = (
    *(Row("customers", number, email="crowd@example.org") for number in "1234"),
    Row("orders", "5", email="crowd@example.org"),
    Row("orders", "6", email="Crowd@example.org"),
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityModels]:
    models = IdentityModels(Home(tmp_path_factory.mktemp("erasure") / "home"))
    yield models
    models.close()


@pytest.mark.parametrize(
    "request_",
    [
        {"customer_id": "1"},
        {"contact_id": "1"},
        {"email": "ANN@example.org "},
        {"email": "ann.private@example.org"},
        {"phone": "+49 30 901820"},
    ],
)
def test_a_request_by_anything_names_the_whole_person_and_nobody_else(models: IdentityModels, request_: dict):
    asked = {("email", None, value.strip().lower()) for kind, value in request_.items() if kind == "email"}
    assert models.erased((*ANN, *BOB), request_) == IS_ANN | asked


@pytest.mark.parametrize("written", ["\t ZOË@Example.org\n", "zoë@example.org\u00a0", "@example.org", "Zoe", "a@b "])
def test_the_list_compares_addresses_as_identity_does(models: IdentityModels, written: str):
    compared = duckdb.execute(f"select {FORMS['email'].format('$1')}", [written]).fetchone()[0]
    assert {value for _, _, value in models.erased(BOB, {"email": written})} == {compared} - {None}


def test_an_address_of_too_many_names_only_the_guests_who_gave_it(models: IdentityModels):
    assert models.erased(CROWD, {"email": "crowd@example.org"}) == {("guest_email", None, "crowd@example.org")}


def test_who_shares_an_address_with_too_many_is_erased_without_it(models: IdentityModels):
    """It would lead to the others."""
    assert models.erased(CROWD, {"customer_id": "2"}) == {("customer_id", "shop", "2")}


def test_a_phone_of_too_many_names_nobody(models: IdentityModels):
    crowd = tuple(Row("customers", number, phone="030 901820") for number in "1234")
    asked = ("request_phone", None, "030 901820")
    assert models.erased(crowd, {"customer_id": "2", "phone": "030 901820"}) == {("customer_id", "shop", "2"), asked}
    assert models.erased(crowd, {"phone": "030 901820"}) == set()


def test_a_number_that_is_another_one_abroad_is_known_by_its_whole_form_only(models: IdentityModels):
    cleo = Row("customers", "1", phone="0660 1234567", country="AT")
    dora = Row("customers", "2", phone="0660 1234567", country="IT")
    assert models.erased((cleo, dora), {"customer_id": "1"}) == {
        ("customer_id", "shop", "1"),
        ("phone", None, "+436601234567"),
    }


def test_a_request_that_nobody_fits_still_keeps_them_out(models: IdentityModels):
    request = {"email": "Zoe@example.org", "customer_id": "9", "contact_id": "8"}
    assert models.erased((*ANN, *BOB), request) == {
        ("email", None, "zoe@example.org"),
        ("customer_id", "shop", "9"),
        ("contact_id", "crm", "8"),
    }
