"""What an experiment's entry may say, and the one sentence that a wrong one gives."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml

from dagster_project.demo import win_back
from dagster_project.experiments.config import Experiment, ExperimentError, check_experiments
from dagster_project.settings import Settings
from dagster_project.sources.config import BUILTIN_FILE, SourceError, load_source
from dagster_project.transform.catalogue import load_labels
from dagster_project.transform.project import DBT_FOLDER

ENTRY = {
    "name": "spring",
    "segment": "vip",
    "arms": {"control": 0.5, "treatment": 0.5},
    "start": date(2026, 3, 2),
    "metric": "orders",
    "horizon_days": 28,
}


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., tuple[Experiment, ...]]:
    """The experiments of a source with these entries."""

    def load(*entries: dict) -> tuple[Experiment, ...]:
        source = {**yaml.safe_load(BUILTIN_FILE.read_text())["demo"], "experiments": list(entries)}
        path = tmp_path / "sources.yml"
        path.write_text(yaml.safe_dump({"mine": source}, sort_keys=False))
        return load_source(Settings(source="mine", sources_file=path)).experiments

    return load


def test_the_least_entry_has_its_defaults(loaded):
    (experiment,) = loaded(ENTRY)
    assert (experiment.unit, experiment.pre_days, experiment.minimum_effect) == ("customer", 90, 0.1)
    assert (experiment.eve, experiment.end) == (date(2026, 3, 1), date(2026, 3, 29))
    check_experiments([experiment], DBT_FOLDER)


def test_the_control_is_called_so_or_comes_first(loaded):
    named, first = loaded(
        {**ENTRY, "arms": {"letter": 0.2, "control": 0.8}},
        {**ENTRY, "name": "autumn", "arms": {"short": 0.2, "long": 0.8}},
    )
    assert (named.control, first.control) == ("control", "short")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arms": {"control": 0.5, "treatment": 0.4}}, "experiments.0: the shares of the arms sum to 0.9, not to 1."),
        ({"arms": {"control": 1.0}}, "experiments.0.arms"),
        ({"arms": {"control": 1.2, "treatment": -0.2}}, "experiments.0.arms.control"),
        ({"name": "../spring"}, "experiments.0.name"),
        ({"metric": "clicks"}, "experiments.0.metric"),
        ({"unit": "phone"}, "experiments.0.unit"),
        ({"horizon_days": 0}, "experiments.0.horizon_days"),
        ({"minimum_effect": 0}, "experiments.0.minimum_effect"),
        ({"start": "in spring"}, "experiments.0.start"),
        ({"horizon": 28}, "experiments.0.horizon: there is no such key."),
    ],
)
def test_a_wrong_entry_is_one_sentence(loaded, change, said):
    with pytest.raises(SourceError, match=re.escape(f"sources.yml, mine.{said}")) as error:
        loaded({**ENTRY, **change})
    assert "\n" not in str(error.value)


def test_two_experiments_of_one_name_are_refused(loaded):
    with pytest.raises(SourceError, match="two experiments are called spring"):
        loaded(ENTRY, ENTRY)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"segment": "vips"}, "The experiment spring is about vips, which is no single segment"),
        ({"segment": "by_gender"}, "is about by_gender, which is no single segment"),  # one of for_each
        ({"segment": "customer_key:1"}, "The experiment spring names the label customer_key; customer_segments has"),
        ({"split_by": "lifecycle"}, "names the label lifecycle; customer_segments has classic_group, shopify_group"),
    ],
)
def test_a_segment_or_label_that_there_is_not_is_one_sentence(change, said):
    with pytest.raises(ExperimentError, match=re.escape(said)):
        check_experiments([Experiment(**{**ENTRY, **change})], DBT_FOLDER)


def test_labels_are_those_of_the_wide_table():
    macro = (DBT_FOLDER / "macros" / "segments" / "catalogue.sql").read_text()
    (listed,) = re.findall(r"macro customer_labels\(\) -%\}(.*?)endmacro", macro, re.DOTALL)
    assert load_labels(DBT_FOLDER) == re.findall(r"'(\w+)'", listed)


def test_the_examples_experiments_are_valid():
    examples = yaml.safe_load((BUILTIN_FILE.parents[2] / "sources.example.yml").read_text())
    experiments = [Experiment(**entry) for shop in examples.values() for entry in shop.get("experiments", [])]
    assert experiments
    check_experiments(experiments, DBT_FOLDER)


def test_the_demos_entry_is_what_its_crm_does():
    (experiment,) = load_source(Settings(source="demo")).experiments
    check_experiments([experiment], DBT_FOLDER)
    assert (experiment.name, experiment.start, experiment.unit) == (win_back.NAME, win_back.STARTS_ON, "email")
    assert dict(experiment.arms) == {"control": win_back.CONTROL_SHARE, "treatment": 1 - win_back.CONTROL_SHARE}
    assert next(iter(experiment.arms)) == "control"
