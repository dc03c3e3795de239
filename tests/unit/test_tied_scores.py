"""Every score, tier, band, group and class of the segments is tested to be equal where its values are equal."""

import re
from pathlib import Path

import yaml

SEGMENTS = Path(__file__).parents[2] / "dbt" / "models" / "segments"
SCORE = re.compile(r"_(score|tier|band|group|class)$")
# The revenue of 30 days ago and the price rank within a category are no columns; the income is what the source says.
WITHOUT_A_VALUE = {"prior_raw_value_tier", "usual_price_tier", "income_band"}


def _columns() -> list[tuple[str, dict]]:
    """Each column of a model with the model's name."""
    documents = [yaml.safe_load(path.read_text()) for path in sorted(SEGMENTS.rglob("*.yml"))]
    models = [model for document in documents for model in document.get("models") or []]
    return [(model["name"], column) for model in models for column in model["columns"]]


def _is_tested_for_ties(column: dict) -> bool:
    return any("equal_values_equal_scores" in test for test in column.get("data_tests") or [])


def test_every_score_of_a_mart_is_tested_for_ties():
    tested = {column["name"] for _, column in _columns() if _is_tested_for_ties(column)}
    scores = {
        column["name"] for model, column in _columns() if model.startswith("seg_") and SCORE.search(column["name"])
    }
    assert scores >= {"r_score", "value_tier", "lapsed_band", "discount_group"}
    assert sorted(scores - tested - WITHOUT_A_VALUE) == []
