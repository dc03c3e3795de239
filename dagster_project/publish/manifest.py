"""manifest.json, which says what a publication holds: reading it, and what it says of a file."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_manifest(folder: Path) -> Mapping[str, Any] | None:
    """The manifest of a publication's folder, None where there is none."""
    path = folder / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else None


def describe_file(path: Path, rows: int) -> Mapping[str, int | str]:
    """What a manifest says of a file: rows, bytes and SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"rows": rows, "bytes": path.stat().st_size, "sha256": digest}
