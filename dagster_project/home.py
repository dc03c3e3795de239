"""The one folder that a run writes: where everything lies under it. Paths only; nothing here reads or writes data."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """Paths under WAREHOUSE_HOME. Deleting the folder is a clean start; raw/ and state/ rebuild everything else."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that only the pipeline opens."""
        return self.folder / "warehouse.duckdb"

    @property
    def exchange(self) -> Path:
        """Parquet files that Python assets hand to dbt."""
        return self.folder / "exchange"

    @property
    def source(self) -> Path:
        """The name of the source that the home belongs to."""
        return self.folder / "state" / "source"

    @property
    def erased(self) -> Path:
        """Keyed hashes of what erased people were known by."""
        return self.folder / "state" / "erased.parquet"

    @property
    def erasure_key(self) -> Path:
        """The secret that those hashes are made with."""
        return self.folder / "state" / "erasure.key"

    @property
    def raw_erasures(self) -> Path:
        """How many erasures raw has been through; it lies with raw, so that it goes with a copy of raw."""
        return self.folder / "raw" / "erasures"

    @property
    def experiments(self) -> Path:
        """Who is in which arm of each experiment."""
        return self.folder / "state" / "experiments"

    def assignment(self, experiment: str) -> Path:
        """Who is in which arm of an experiment; written once."""
        return self.experiments / f"{experiment}.parquet"

    @property
    def publications(self) -> Path:
        return self.folder / "publications"

    @property
    def published(self) -> Path:
        """The symlink to the current publication."""
        return self.folder / "published"

    @property
    def dagster(self) -> Path:
        """Dagster's own instance folder (DAGSTER_HOME)."""
        return self.folder / "dagster"

    @property
    def dbt(self) -> Path:
        """dbt's manifests, compiled SQL and logs."""
        return self.folder / "dbt"

    @property
    def demo(self) -> Path:
        """The simulated shop and CRM."""
        return self.folder / "demo"

    def raw(self, system: str, table: str) -> Path:
        return self.folder / "raw" / system / table

    def rejects(self, system: str, table: str) -> Path:
        """Files that list the lines of a source's files that cannot be read."""
        return self.folder / "rejects" / system / table

    @property
    def reading(self) -> Path:
        """What readers need for as long as they read: copies of texts, and what DuckDB spills."""
        return self.folder / "reading"

    @property
    def snapshots(self) -> Path:
        """The wide customer table of each date that was computed."""
        return self.folder / "snapshots"

    def snapshot(self, as_of: date) -> Path:
        return self.snapshots / f"as_of_date={as_of.isoformat()}.parquet"

    def run_report(self, run_id: str) -> Path:
        return self.folder / "runs" / f"{run_id}.json"

    def relative(self, path: Path) -> str:
        """A path as metadata shows it: below the home, so that it names no user's folder."""
        return path.relative_to(self.folder).as_posix()
