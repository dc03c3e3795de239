"""What a dbt test asks, as a sentence that a person reads in the UI. Runs nothing; what is tested stands in dbt/."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Values = Mapping[str, Any]
REFERENCE = re.compile(r"ref\('(\w+)'\)")


def sentence(test: Mapping[str, Any]) -> str:
    """What a test of the manifest asks: its own description, else what its kind of test asks of the columns named."""
    if test.get("description"):
        return test["description"]
    asked = test.get("test_metadata") or {}
    say = SENTENCES.get(asked.get("name"))
    if say is None:
        return f"The dbt test {test['name']} finds no row."
    condition = test["config"].get("where")
    return say(asked["kwargs"]) + (f", where {condition}." if condition else ".")


def _several(names: Sequence[object]) -> str:
    *most, last = map(str, names)
    return f"{', '.join(most)} and {last}" if most else last


def _one_of(values: Values) -> str:
    return f"Every {values['column_name']} is one of {', '.join(map(str, values['values']))}"


def _reference(values: Values) -> str:
    named = REFERENCE.search(values["to"])
    return f"Every {values['column_name']} is a {values['field']} of {named[1] if named else values['to']}"


SENTENCES: Mapping[str, Callable[[Values], str]] = {
    "unique": lambda values: f"No two rows have the same {values['column_name']}",
    "not_null": lambda values: f"Every row has a value of {values['column_name']}",
    "accepted_values": _one_of,
    "relationships": _reference,
    "unique_combination": lambda values: f"No two rows have the same {_several(values['columns'])}",
    "equal_values_equal_scores": lambda values: (
        f"Rows with the same {_several(values['values'])} have the same {values['column_name']}"
    ),
    "spans_without_overlap": lambda values: f"No two spans of one {_several(values['keys'])} overlap",
    "spans_without_gap": lambda values: f"Between the spans of one {_several(values['keys'])} is no gap",
}
