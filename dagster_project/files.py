"""Files that are replaced as a whole, in one step, so that a crash leaves the former one. What is in them does not
belong here."""

import os
from pathlib import Path


def put_in_place(unfinished: Path, path: Path) -> None:
    """Give a finished file its name in one step, after its bytes are on disk."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def write_text(path: Path, text: str, mode: int = 0o666) -> None:
    """Replace the file by a text in one step; `mode` is who may read a new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.touch(mode=mode)
    unfinished.write_text(text)
    put_in_place(unfinished, path)
