"""docs/data_dictionary.md: the public marts, their columns, the metrics. Text only; what is public says marts.py."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

from dagster_project.publish.marts import Mart, Metric, metrics, public_marts
from dagster_project.settings import PROJECT_FOLDER

DICTIONARY_FILE = PROJECT_FOLDER / "docs" / "data_dictionary.md"
INTRODUCTION = """\
# Data dictionary

Every published table with its columns, and the metrics. This file is made from the YAML beside the dbt models by
`.venv/bin/python -m dagster_project dictionary`: change the description there and run that again.
"""


def dictionary(manifest: Mapping[str, Any]) -> str:
    """The whole text of the file, from dbt's manifest."""
    marts = public_marts(manifest)
    parts = (_contents(marts), *map(_section, marts), _metrics(metrics(manifest)))
    return "\n".join(line for part in parts for line in part)


def _contents(marts: Sequence[Mart]) -> Iterator[str]:
    yield INTRODUCTION
    yield _paragraph(", ".join(f"[{mart.name}](#{mart.name})" for mart in marts))
    yield ""


def _metrics(found: Sequence[Metric]) -> Iterator[str]:
    yield "## Metrics"
    yield ""
    yield "What `mf query` answers, each defined once: [bi.md](bi.md#metrics)."
    yield ""
    yield "| metric | meaning |"
    yield "|---|---|"
    for metric in found:
        yield f"| `{metric.name}` | {_cell(metric.description)} |"
    yield ""


def _section(mart: Mart) -> Iterator[str]:
    yield f"## {mart.name}"
    yield ""
    yield _paragraph(mart.description)
    yield ""
    if mart.key:
        yield _paragraph(f"Unique: {', '.join(f'`{column}`' for column in mart.key)}.")
        yield ""
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for column in mart.columns:
        yield f"| `{column.name}` | {column.type} | {_cell(column.description)} |"
    yield ""


def _paragraph(text: str) -> str:
    return fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _cell(text: str) -> str:
    """A text that a table's cell may hold as it is."""
    return text.replace("|", "\\|")
