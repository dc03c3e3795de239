"""Settings come from the environment, and from .env where the environment does not say."""

from pathlib import Path

import pytest

from dagster_project import settings
from dagster_project.warehouse import open_warehouse


@pytest.fixture
def with_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A .env beside the project, whose variables are gone again after the test."""
    monkeypatch.setattr(settings, "PROJECT_FOLDER", tmp_path)
    monkeypatch.delenv("PYTHON_DOTENV_DISABLED")
    for name in ("AS_OF", "WAREHOUSE_THREADS", "MY_SHOP_DATABASE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path / ".env"


def test_dotenv_sets_what_the_environment_does_not(with_dotenv: Path, monkeypatch: pytest.MonkeyPatch):
    with_dotenv.write_text("AS_OF=2026-01-31\nWAREHOUSE_THREADS=7\nMY_SHOP_DATABASE=shop.sqlite\n")
    monkeypatch.setenv("AS_OF", "2026-02-28")
    loaded = settings.load_settings()
    assert (loaded.as_of.isoformat(), loaded.warehouse_threads) == ("2026-02-28", 7)
    assert settings.environment_variable("MY_SHOP_DATABASE", "the shop") == "shop.sqlite"


def test_a_wrong_value_is_named(with_dotenv: Path):
    with_dotenv.write_text("WAREHOUSE_THREADS=many\n")
    with pytest.raises(settings.SettingsError, match="WAREHOUSE_THREADS"):
        settings.load_settings()


def test_the_warehouse_is_opened_with_what_it_may_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WAREHOUSE_THREADS", "3")
    monkeypatch.setenv("WAREHOUSE_MEMORY_MB", "1024")
    with open_warehouse(tmp_path / "warehouse.duckdb") as warehouse:
        said = warehouse.execute("select current_setting('threads'), current_setting('memory_limit')").fetchone()
    assert said == (3, "976.5 MiB")  # 1,024,000,000 bytes
