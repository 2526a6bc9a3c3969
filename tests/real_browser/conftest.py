from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real_browser.opened import Opened
from tests.real_clients import npm
from tests.support.seal import FOUND


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser that `.ci/run browser` found; started once."""
    # The library is in a dependency group of its own (`.ci/run browser` installs it).
    library: Any = importlib.import_module("playwright.sync_api")
    with library.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=FOUND["GITMEM_CHROMIUM"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Opened]:
    """A page in the browser; whatever it did that a page of gitmem never does fails the test at its end."""
    found = Opened(chromium, tmp_path / "report.html")
    yield found
    found.close()
    assert found.amiss == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    return npm.installed("axe-core", "4.14.1", "axe-core/axe.min.js").read_text(encoding="utf-8")
