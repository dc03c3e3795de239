"""The browser that tests drive: where it is. What is done with it does not belong here."""

import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_path() -> Path:
    """The path of a Chromium on the PATH; skips the test where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return Path(path)
    pytest.skip(f"not in CI: it needs a Chromium on the PATH, under one of the names {', '.join(NAMES)}")
