"""Where a browser is that tests drive. What they do with it does not belong here."""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str:
    """The Chromium on the PATH; skips the test where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    pytest.skip(f"needs Chromium on the PATH, as one of {', '.join(NAMES)}")
