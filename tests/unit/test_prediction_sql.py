"""The SQL that applies the probability model gives numpy's numbers, at every edge and in range."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from compiled_sql import compiled_texts
from prediction_cases import MODELS, TIMES, T, t_x, x

from dagster_project.prediction.spending import SpendingModel

MAX_DAYS = 3_650
SCORES = [
    "{{ probability_alive() }} as alive",
    *(f"{{{{ probability_of_order('probability_alive', {days}) }}}} as order_{days}" for days in TIMES),
    f"{{{{ days_until_next_order('probability_alive', {MAX_DAYS}) }}}} as days_until_next_order",
]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The select lists of the scores and of the value."""
    wanted = [", ".join(SCORES), "{{ expected_occasion_value() }} as expected_value"]
    return tuple(compiled_texts(tmp_path_factory.mktemp("home"), wanted))


@pytest.fixture(scope="module")
def scored(texts) -> pd.DataFrame:
    """A row per model and history: the scores by SQL, and those of numpy under `numpy_…`."""
    frames = []
    for model in MODELS:
        alive = model.probability_alive(x, t_x, T)
        rows = {"repeat_occasions": x.astype(int), "btyd_recency_days": t_x.astype(int), "btyd_age_days": T.astype(int)}
        rows |= {"process": model.process, "r": model.r, "alpha": model.alpha, "a": model.a, "b": model.b}
        rows |= {"probability_alive": alive, "numpy_alive": alive}
        rows |= {f"numpy_order_{days}": model.probability_of_order(x, t_x, T, days) for days in TIMES}
        frames.append(pd.DataFrame(rows))
    with duckdb.connect() as connection:
        connection.register("histories", pd.concat(frames))
        return connection.execute(f"select *, {texts[0]} from histories").df()


@pytest.mark.parametrize("score", ["alive", *(f"order_{days}" for days in TIMES)])
def test_chances_equal_those_of_numpy_and_are_chances(scored, score):
    assert (scored[score] - scored[f"numpy_{score}"]).abs().max() < 1e-9
    assert scored[score].between(0, 1).all()


def test_the_next_order_is_due_when_its_chance_reaches_one_half(scored):
    due = scored[scored["days_until_next_order"].notna()]
    assert 100 < len(due) < len(scored)
    assert (due["days_until_next_order"] >= 1).all()

    def chance_of_order(days: pd.Series) -> pd.Series:
        log_wait = np.log(due["alpha"] + due["btyd_age_days"]) - np.log(due["alpha"] + due["btyd_age_days"] + days)
        return due["numpy_alive"] * (1 - np.exp((due["r"] + due["repeat_occasions"]) * log_wait))

    assert (chance_of_order(due["days_until_next_order"]) >= 0.5 - 1e-9).all()
    assert (chance_of_order(due["days_until_next_order"] - 1) < 0.5 + 1e-9).all()


def test_there_is_no_next_order_where_its_chance_stays_below_one_half(scored):
    never = scored[scored["days_until_next_order"].isna()]
    power, age = never["r"] + never["repeat_occasions"], never["alpha"] + never["btyd_age_days"]
    in_time = never["numpy_alive"] * (1 - (age / (age + MAX_DAYS)) ** power)
    assert (in_time < 0.5 + 1e-9).all()


def test_expected_values_equal_those_of_numpy(texts):
    model = SpendingModel(p=6.25, q=3.74, v=15.44)
    values = pd.DataFrame({"value_occasions": [0, 1, 1, 40], "mean_occasion_value": [np.nan, 0.01, 35.5, 1_000_000]})
    values[["p", "q", "v"]] = model.p, model.q, model.v
    with duckdb.connect() as connection:
        connection.register("given", values)
        found = connection.execute(f"select {texts[1]} from given").df()["expected_value"]
    occasions = values["value_occasions"].to_numpy(float)
    expected = model.expected_value(occasions, values["mean_occasion_value"].fillna(0).to_numpy())
    assert found.to_numpy() == pytest.approx(expected, rel=1e-12)
    # Of whom nothing is known the mean over customers is expected: p v / (q - 1).
    assert found[0] == pytest.approx(6.25 * 15.44 / 2.74)
