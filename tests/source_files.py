"""Files of a source as tests write them, and what the reader of files makes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dagster_project.home import Home
from dagster_project.sources.config import FilesSystem
from dagster_project.sources.readers import open_system


@dataclass(frozen=True)
class Reading:
    """A table as it is read: rejects are (file, line, reason)."""

    columns: Mapping[str, str]
    rows: list[tuple]
    rejects: list[tuple[str, int, str]]
    has_rows: bool
    files: Mapping[str, str]

    @property
    def rejected_lines(self) -> list[int]:
        return [line for _, line, _ in self.rejects]


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, texts as UTF-8 with their line ends left as they are."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read_table(location: Path | str, home: Path, **table: object) -> Reading:
    """Read the one table of a system of files, and see that the reader leaves nothing behind."""
    system = FilesSystem(name="shop", platform="shop", kind="files", path=str(location), tables={"orders": table})
    with open_system(system, Home(home)) as reader:
        columns, has_rows, files = dict(reader.columns("orders")), reader.has_rows("orders"), reader.files("orders")
        rows = reader.connection.execute(f"select * from {reader.rows('orders')}").fetchall()
        rejects = reader.connection.execute(f"select file, line, reason from {reader.rejects('orders')}").fetchall()
    assert not list(home.glob("reading/*/"))
    return Reading(columns, rows, rejects, has_rows, files)
