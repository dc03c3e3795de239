"""Who is one customer, and by which key, from day to day: random landings in the SQL of dbt's own models.

What is expected is computed here from the landings alone, by sets and repeated merging. Does not belong here:
spellings (test_phone.py, the dbt unit tests) and how components are found (test_identity.py).
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_models import MOST, Day, IdentityModels, Row, outcome

from dagster_project.home import Home

# Numbers as written, each with what it is.
PHONES = {"+49 30 901820": "Berlin", "030 901820": "Berlin", "0151 23456789": "mobile", "030": None}
EVENTS = ("orders", "checkouts")

EMAILS = st.sampled_from([None, "ann@example.org", "bob@example.org", "cem@example.org", "dee@example.org"])
PHONE = st.sampled_from([None, *PHONES])
CUSTOMERS = st.sampled_from([None, "1", "2", "3", "4"])
FAULTY = st.sampled_from([False, False, False, False, True])
ROWS = st.one_of(
    st.builds(Row, st.just("customers"), st.sampled_from("123"), st.none(), EMAILS, PHONE, FAULTY),
    st.builds(Row, st.just("contacts"), st.sampled_from("12"), CUSTOMERS, EMAILS, PHONE, FAULTY),
    st.builds(Row, st.just("orders"), st.sampled_from("12345"), CUSTOMERS, EMAILS, PHONE, FAULTY),
    st.builds(Row, st.just("orders"), st.sampled_from("12345"), st.none(), EMAILS, PHONE, FAULTY),
    st.builds(Row, st.just("checkouts"), st.sampled_from("12"), CUSTOMERS, EMAILS, PHONE, FAULTY),
)
# A record lands at most once a day.
LANDED = st.lists(ROWS, max_size=5, unique_by=lambda row: (row.entity, row.id)).map(tuple)
DAYS = st.lists(LANDED, min_size=1, max_size=5)
OVER_DAYS = settings(max_examples=25, deadline=None)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityModels]:
    models = IdentityModels(Home(tmp_path_factory.mktemp("identity") / "home"))
    yield models
    models.close()


@given(days=DAYS)
@OVER_DAYS
def test_customers_are_who_shares_a_key_and_are_known_by_who_landed_first(identity: IdentityModels, days: list[Day]):
    answer = identity.of(days)
    assert answer.customer_of_origin == _expected(days)
    assert set(answer.record_of_origin.values()) == set(answer.customer_of_record)


@given(days=DAYS)
@OVER_DAYS
def test_the_order_of_rows_changes_nothing(identity: IdentityModels, days: list[Day]):
    assert identity.of(days) == identity.of(days, backward=True)


@given(days=DAYS)
@OVER_DAYS
def test_every_key_ever_a_customers_leads_to_exactly_one_customer(identity: IdentityModels, days: list[Day]):
    published: set[str] = set()
    for last in range(1, len(days) + 1):
        answer = identity.of(days[:last])
        published |= answer.customers
        assert not answer.customers & set(answer.redirect)
        assert published <= answer.customers | set(answer.redirect)
        assert set(answer.redirect.values()) <= answer.customers


@given(days=DAYS)
@OVER_DAYS
def test_a_key_stays_while_who_landed_first_stays(identity: IdentityModels, days: list[Day]):
    """A key changes only when its first record leaves, or somebody joins who landed before."""
    before, after = identity.of(days[:-1]), identity.of(days)
    _, known = _origins(days)
    landed = {origin.key: origin for origin in known.values()}
    for key, members in before.members().items():
        now = after.customer_of_origin[key]
        joined = after.members()[now] - members
        if all(landed[origin] > landed[key] for origin in joined):
            assert now == key


# What is expected, from the landings alone.


class Origin(NamedTuple):
    """What a raw record is known by: when it first landed, when it was created by its own account, and its key."""

    landed: int
    recorded: int
    key: str


def _key(*parts: str) -> str:
    return hashlib.md5("|".join(parts).encode()).hexdigest()


def _expected(days: list[Day]) -> dict[str, str]:
    """The customer of each origin."""
    names, known = _origins(days)
    groups = [{record} for record in set(names.values())]
    for sharers in _shared(days, set(names.values())):
        together = [group for group in groups if group & sharers]
        groups = [group for group in groups if not group & sharers] + [set().union(*together)]
    customers = {}
    for group in groups:
        origins = [known[raw] for raw, record in names.items() if record in group]
        customers |= {origin.key: min(origins).key for origin in origins}
    return customers


def _origins(days: list[Day]) -> tuple[dict, dict]:
    """Per raw record that may name a customer: whom it names now, and what it is known by."""
    names: dict[tuple, tuple] = {}
    seen: dict[tuple, list[tuple[int, int]]] = {}
    guests = {
        (row.entity, row.id)
        for day in days
        for row in day
        if row.entity in EVENTS and not row.customer and (row.email or row.phone)
    }
    for number, day in enumerate(days):
        for row in day:
            raws = {(row.entity, row.id)} if row.entity not in EVENTS else {(row.entity, row.id)} & guests
            if row.entity in EVENTS and row.customer:
                raws.add(("customers", row.customer))
            for raw in raws:
                seen.setdefault(raw, []).append((number, row.recorded))
                if outcome(row, days[number + 1 :]) != "quarantined" and _named(row):
                    names[raw] = _named(row)
    return names, {raw: Origin(*min(landings), _origin_key(*raw)) for raw, landings in seen.items()}


def _origin_key(entity: str, id: str) -> str:
    name = {"customers": "customer", "contacts": "contact"}.get(entity, entity)
    return _key(name, Row(entity, id).system, id)


def _named(row: Row) -> tuple | None:
    """The record that a row names: an account, a contact, or what a guest gave."""
    if row.entity not in EVENTS:
        return (row.entity, row.id)
    if row.customer:
        return ("customers", row.customer)
    if row.email or PHONES.get(row.phone):
        return ("guest", row.email, row.phone)
    return None


def _shared(days: list[Day], records: set[tuple]) -> Iterator[set]:
    """The records that share each key that links."""
    bearers: dict[tuple, set] = {}
    for record in records:
        for key in _keys(record, days):
            bearers.setdefault(key, set()).add(record)
    direct = {key: {_counted(record) for record in found} - {key, None} for key, found in bearers.items()}
    for key, found in bearers.items():
        others = set(direct[key])
        for record in found:
            phone = ("phone", PHONES.get(record[-1]))
            if record[0] == "guest" and key[0] == "email" and len(direct.get(phone, ())) <= MOST:
                others |= direct.get(phone, set()) - {key}
        if len(others) <= MOST:
            yield found | ({key} & records)


def _keys(record: tuple, days: list[Day]) -> list[tuple]:
    """What a record shares with others, by its newest valid version; a customer record is a key itself."""
    if record[0] == "guest":
        newest = Row("orders", "0", None, *record[1:])
    else:
        rows = [(row, days[number + 1 :]) for number, day in enumerate(days) for row in day if row[:2] == record]
        valid = [row for row, later in rows if outcome(row, later) != "quarantined"]
        newest = valid[-1] if valid else Row(*record)
    keys = [("email", newest.email), ("phone", PHONES.get(newest.phone)), ("customers", newest.customer)]
    return [key for key in keys if key[1]]


def _counted(record: tuple) -> tuple | None:
    """Whom a record counts as against a key: a guest is the e-mail that was given."""
    if record[0] != "guest":
        return record
    return ("email", record[1]) if record[1] else None


# What can happen to a person, one after another.


def _customer(id: str, email: str | None = None, phone: str | None = None) -> Row:
    return Row("customers", id, None, email, phone)


def _guest(id: str, email: str | None = None, phone: str | None = None) -> Row:
    return Row("orders", id, None, email, phone)


ORDER_1, ORDER_2 = _origin_key("orders", "1"), _origin_key("orders", "2")
CUSTOMER_1, CUSTOMER_2 = _origin_key("customers", "1"), _origin_key("customers", "2")


def test_a_guest_who_registers_keeps_the_key(identity: IdentityModels):
    guest: Day = (_guest("1", "ann@example.org"),)
    registered: Day = (_customer("1", "ann@example.org"),)
    moved_into_account: Day = (Row("orders", "1", "1", "ann@example.org"),)
    assert identity.of([guest]).customers == {ORDER_1}
    assert identity.of([guest, registered]).customers == {ORDER_1}
    answer = identity.of([guest, registered, moved_into_account])
    assert answer.customers == {ORDER_1}
    assert answer.redirect == {CUSTOMER_1: ORDER_1}


def test_a_merge_keeps_the_older_key_and_redirects_the_other(identity: IdentityModels):
    older: Day = (_customer("2", "ann@example.org"),)
    younger: Day = (_customer("1", "bob@example.org"),)
    assert identity.of([older, younger]).customers == {CUSTOMER_1, CUSTOMER_2}
    merged = identity.of([older, younger, (_customer("1", "ann@example.org"),)])
    assert merged.customers == {CUSTOMER_2}
    assert merged.redirect == {CUSTOMER_1: CUSTOMER_2}


def test_a_merge_that_ends_gives_both_their_keys_back(identity: IdentityModels):
    apart: Day = (_customer("1", "ann@example.org"), _customer("2", "bob@example.org"))
    together: Day = (_customer("2", "ann@example.org"),)
    again: Day = (_customer("2", "bob@example.org"),)
    assert identity.of([apart, together]).redirect == {CUSTOMER_1: CUSTOMER_2}  # 2 was recorded before 1
    answer = identity.of([apart, together, again])
    assert answer.customers == {CUSTOMER_1, CUSTOMER_2}
    assert answer.redirect == {}


def test_a_split_leaves_the_key_with_the_first_record(identity: IdentityModels):
    first: Day = (_guest("1", "ann@example.org"),)
    second: Day = (_guest("2", "ann@example.org"),)
    assert identity.of([first, second]).customers == {ORDER_1}
    answer = identity.of([first, second, (_guest("1", "bob@example.org"),)])
    assert answer.members() == {ORDER_1: {ORDER_1}, ORDER_2: {ORDER_2}}
    assert answer.redirect == {}


def test_a_faulty_version_splits_nobody(identity: IdentityModels):
    first: Day = (_customer("1", "ann@example.org"), _guest("1", "ann@example.org"))
    faulty: Day = (Row("customers", "1", email="bob@example.org", is_faulty=True),)
    assert identity.of([first, faulty]) == identity.of([first])


def test_a_phone_links_across_spellings_and_kinds_of_record(identity: IdentityModels):
    answer = identity.of(
        [
            (_customer("1", phone="+49 30 901820"),),
            (_guest("1", phone="030 901820"), Row("contacts", "1", None, "ann@example.org", "030 901820")),
            (Row("checkouts", "1", None, "ann@example.org"),),
        ]
    )
    assert answer.customers == {CUSTOMER_1}


def test_a_number_that_is_none_links_nobody(identity: IdentityModels):
    assert len(identity.of([(_customer("1", phone="030"), _customer("2", phone="030"))]).customers) == 2
