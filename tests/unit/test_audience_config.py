"""What an audiences.yml may say, and the one sentence that a wrong one gives. Files do not belong here."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dagster_project.publish.audience_config import (
    EXAMPLE_FILE,
    AudienceError,
    Audiences,
    load_audiences,
    merge_fields,
    read_audiences,
)
from dagster_project.settings import Settings
from dagster_project.sources.config import load_source
from dagster_project.transform.catalogue import load_catalogue
from dagster_project.transform.project import DBT_FOLDER

SEGMENTS = {"vip": None, "by_country": "country"}
FIELDS = ("first_name", "language")
MAIL = {"name": "vips", "segment": "vip", "channel": "email", "format": "csv", "destination": "mail"}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[object], Audiences]:
    """Reads an audiences.yml that holds what is given."""

    def load(content: object) -> Audiences:
        path = tmp_path / "audiences.yml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return read_audiences(path, SEGMENTS, FIELDS)

    return load


def _with(**changes: object) -> dict:
    return {"audiences": [{key: value for key, value in {**MAIL, **changes}.items() if value is not None}]}


def test_an_audience_may_be_named_without_settings(read):
    audiences = read(_with())
    (audience,) = audiences.audiences
    assert (audiences.global_holdout, audience.columns, audience.leave_out_open_tickets) == (0, (), False)
    assert (audience.experiment, audience.arm) == (None, None)


def test_one_value_of_a_segment_that_is_one_per_value(read):
    assert read(_with(segment="by_country:DE")).audiences[0].segment == "by_country:DE"


def test_an_empty_file_has_no_audiences(read):
    assert read("") == Audiences()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (_with(segment="vips"), "audience vips: the catalogue has no segment vips"),
        (_with(segment="by_country"), "the segment by_country is one per country: write by_country:<value>"),
        (_with(segment="by_country:"), "the segment by_country is one per country: write by_country:<value>"),
        (_with(segment="vip:DE"), "the segment vip is a single one: write it without :DE"),
        (_with(columns=["email"]), "email is no column that it may hold; there are first_name, language"),
        (_with(columns=["language", "language"]), "audience vips: it names the column language twice"),
        (_with(channel="fax"), "audience vips, channel: Input should be 'email', 'sms', 'push', 'post' or 'ads'"),
        (_with(format="xlsx"), "audience vips, format: Input should be 'csv' or 'parquet'"),
        (_with(destination="../mail"), "audience vips, destination: '../mail' cannot name a file or folder"),
        (_with(destination="a\\b"), "cannot name a file or folder: write lower-case letters, digits, - and _"),
        (_with(destination=".."), "'..' cannot name a file or folder"),
        (_with(destination=""), "audience vips, destination: '' cannot name a file or folder"),
        (_with(name="a/b"), "audience a/b, name: 'a/b' cannot name a file or folder"),
        (_with(destination=None), "audience vips, destination: Field required"),
        (_with(colums=["language"]), "audience vips, colums: there is no such key"),
        (_with(channel="ads", columns=["first_name"]), "audience vips: files for ads hold hashes and nothing else"),
        (_with(experiment="letter"), "audience vips: give both experiment and arm, or neither"),
        (_with(arm="letter"), "audience vips: give both experiment and arm, or neither"),
        (_with(experiment="../letter", arm="a"), "audience vips, experiment: '../letter' cannot name a file or folder"),
        ({"audiences": [MAIL, {**MAIL, "destination": "other"}]}, "audiences.yml, two audiences are called vips"),
        ({"audiences": [{"segment": "vip"}]}, "audience 1, name: Field required"),
        ({"audiences": ["vip"]}, "audience 1: Input should be a valid dictionary"),
        ({"global_holdout": 1}, "global_holdout: Input should be less than 1"),
        ({"global_holdout": -0.1}, "global_holdout: Input should be greater than or equal to 0"),
        ({"audience": []}, "audiences.yml, audience: there is no such key"),
        ("- vip", "audiences.yml, Input should be a valid dictionary"),
        ("audiences: [", "audiences.yml is not valid YAML"),
    ],
)
def test_a_wrong_entry_gives_one_sentence(read, content: object, sentence: str):
    with pytest.raises(AudienceError) as error:
        read(content)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.fixture
def load() -> Callable[..., Audiences]:
    """Loads the audiences of a built-in source, with the catalogue and the columns of the project."""

    def loaded(source: str, **settings: object) -> Audiences:
        given = Settings(source=source, **settings)
        segments = {segment.name: segment.for_each for segment in load_catalogue(DBT_FOLDER)}
        return load_audiences(given, load_source(given), segments, _declared_merge_fields())

    return loaded


def _declared_merge_fields() -> list[str]:
    """As the YAML of dbt has them, in the form in which the manifest holds them."""
    path = DBT_FOLDER / "models" / "segments" / "_int_audience_customer.yml"
    (model,) = yaml.load(path.read_text(), yaml.CSafeLoader)["models"]
    columns = {
        column["name"]: {"name": column["name"], "config": {"meta": {}, **column.get("config", {})}}
        for column in model["columns"]
    }
    return list(merge_fields({"nodes": {"model": {"name": model["name"], "columns": columns}}}))


def test_no_address_and_no_filter_is_a_merge_field():
    assert {"customer_key", "first_name", "next_product_3", "voucher_hint"} <= set(_declared_merge_fields())
    assert not {"email", "phone", "shop_customer_id", "open_tickets", "as_of_date"} & set(_declared_merge_fields())
    assert not [name for name in _declared_merge_fields() if name.startswith("is_contactable")]


def test_the_example_is_valid(load):
    example = load("olist", audiences_file=EXAMPLE_FILE)
    assert {audience.channel for audience in example.audiences} == {"email", "sms", "push", "post", "ads"}


def test_only_the_simulated_shop_has_audiences_without_a_file(load):
    if Settings().audiences_file.exists():
        pytest.skip("not in CI: this checkout has an audiences.yml of its own")
    assert load("olist") == Audiences()
    assert load("demo") == load("demo", audiences_file=EXAMPLE_FILE)


def test_a_file_that_was_asked_for_has_to_be_there(load, tmp_path: Path):
    with pytest.raises(AudienceError, match=r"AUDIENCES_FILE names .*mine\.yml, but nothing is there"):
        load("demo", audiences_file=tmp_path / "mine.yml")
