"""Typed settings from the environment and `.env`. Nothing else in the project reads the environment.

What a shop's systems look like is not a setting: it stands in sources.yml (see sources/config.py).
"""

import os
from datetime import date
from pathlib import Path

from dotenv import load_dotenv
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dagster_project.errors import WarehouseError

PROJECT_FOLDER = Path(__file__).resolve().parent.parent


class SettingsError(WarehouseError):
    """A setting is missing or cannot be read; the message says which and what to do."""


class Settings(BaseSettings):
    """The variables that `make` and `.env` set, under the same names in upper case."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    source: str = Field("demo", description="Entry of builtin.yml or sources.yml that is the shop.")
    sources_file: Path = Field(PROJECT_FOLDER / "sources.yml", description="The user's description of their shops.")
    audiences_file: Path = Field(PROJECT_FOLDER / "audiences.yml", description="The user's audiences.")
    as_of: date | None = Field(None, description="As-of date; default the last business day with an order.")
    warehouse_home: Path = Field(Path(".warehouse"), description="Folder that holds everything a run writes.")
    warehouse_max_quarantined_share: float = Field(
        0.01, ge=0, le=1, description="Share of a table's rows or money that may be quarantined."
    )
    warehouse_daily_snapshots: int = Field(
        35, ge=1, description="Snapshots that are kept, the newest, beside those of every month-end."
    )
    warehouse_threads: int = Field(
        default_factory=lambda: min(8, os.cpu_count() or 1), ge=1, description="Threads that DuckDB uses."
    )
    warehouse_memory_mb: int = Field(
        default_factory=lambda: os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 6_000_000,
        ge=500,
        description="Memory in MB that DuckDB uses; what needs more spills into the home. Default a sixth of all.",
    )

    warehouse_publish_postgres: SecretStr | None = Field(
        None, description="URL of a PostgreSQL database that the marts are published to as well."
    )
    warehouse_publish_schema: str = Field(
        "marts", pattern=r"^[a-z_][a-z0-9_]{0,49}$", description="The schema there that holds them and nothing else."
    )

    ui_host: str = Field("127.0.0.1", description="Address that the Dagster UI listens on; it has no login.")
    ui_port: int = Field(3000, ge=1, le=65535, description="Port of the Dagster UI.")
    alert_smtp_url: SecretStr | None = Field(None, description="Mail server of alerts, smtp:// or smtps://.")
    alert_email_from: str | None = Field(None, description="The sender of alerts.")
    alert_email_to: str | None = Field(None, description="Who gets alerts by e-mail, separated by commas.")
    alert_webhook_url: SecretStr | None = Field(None, description="A webhook like Slack's that takes alerts.")
    alert_dagster_url: str | None = Field(None, description="Address of the Dagster UI, for links in alerts.")

    @model_validator(mode="after")
    def _emails_are_complete(self) -> "Settings":
        given = [self.alert_smtp_url, self.alert_email_from, self.alert_email_to]
        if any(given) and not all(given):
            raise ValueError("alerts by e-mail need all of ALERT_SMTP_URL, ALERT_EMAIL_FROM and ALERT_EMAIL_TO")
        if self.alert_smtp_url and not self.alert_smtp_url.get_secret_value().startswith(("smtp://", "smtps://")):
            raise ValueError("ALERT_SMTP_URL begins with smtp:// or smtps://")
        return self

    @field_validator("as_of", mode="before")
    @classmethod
    def _written_as_a_date(cls, value: object) -> object:
        try:
            return date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError(f"{value} is no date; write it as YYYY-MM-DD, such as 2026-06-30") from None


def load_settings() -> Settings:
    """The settings of this process.

    Raises SettingsError where a variable cannot be read.
    """
    load_dotenv(PROJECT_FOLDER / ".env")
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            ": ".join([*(str(part).upper() for part in problem["loc"]), problem["msg"].removeprefix("Value error, ")])
            for problem in error.errors()
        )
        raise SettingsError(f"The settings cannot be read: {problems}.") from None


def environment_variable(name: str, needed_for: str) -> str:
    """The value of a variable that sources.yml names.

    Raises SettingsError where it is not set; the value never appears in a message.
    """
    value = os.environ.get(name)
    if not value:
        raise SettingsError(f"The environment variable {name}, which {needed_for} takes its path from, is not set.")
    return value
