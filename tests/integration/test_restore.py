"""A home that is restored from a backup publishes what it published: the commands are those of docs/operate.md.

That raw in another order yields the same does not belong here (test_determinism.py).
"""

import re
import subprocess
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_FOLDER
from tests.integration.conftest import Run, differing_tables

pytestmark = pytest.mark.data


def tar_commands() -> list[str]:
    """How the docs back up and restore, in their order."""
    text = (PROJECT_FOLDER / "docs" / "operate.md").read_text()
    section = text.partition("## Backup and restore")[2].partition("\n## ")[0]
    return [line for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]


def test_a_backup_of_what_cannot_be_made_again_is_enough(
    run_source, small_shop, finished_shop: Run, copy_home, tmp_path: Path
):
    home = copy_home(finished_shop)
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "source").write_text("small_shop\n")  # as `make run` writes it
    (tmp_path / ".warehouse").symlink_to(home)
    back_up, *restore = [command for command in tar_commands() if not command.startswith("make")]
    assert back_up.startswith("tar") and [command.split()[0] for command in restore] == ["mkdir", "tar"]
    subprocess.run(back_up, shell=True, check=True, cwd=tmp_path)
    (tmp_path / ".warehouse").unlink()
    for command in restore:
        subprocess.run(command, shell=True, check=True, cwd=tmp_path)

    restored = run_source(**small_shop, as_of=finished_shop.as_of, home=tmp_path / ".warehouse" / "restored")
    new = restored.warehouse_query("select sum(raw_rows) as raw_rows from contract.raw_reconciliation")
    old = finished_shop.warehouse_query("select sum(raw_rows) as raw_rows from contract.raw_reconciliation")
    assert new.equals(old)
    assert differing_tables(finished_shop.home.published, restored.home.published) == []
