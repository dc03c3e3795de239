"""What the definitions import when they load: what only a step needs waits for that step."""

import subprocess
import sys

from dagster_project.settings import PROJECT_FOLDER

# Each takes a good part of a second or more; dagster-dbt brings dbt's adapters, and nothing may bring the rest.
HEAVY = {"great_expectations", "scipy", "pandas", "numpy", "pyarrow", "sqlalchemy", "altair", "dbt.cli", "dbt.parser"}


def test_the_definitions_load_without_what_only_a_step_needs():
    code = f"import dagster_project.definitions, sys; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_FOLDER, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
