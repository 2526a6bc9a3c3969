"""The landing matrix: however a review lands or does not, gitmem knows, and says no line twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.landing import DOCUMENT, END, START, Way, observed, rendered
from tests.support.ways import WAYS


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_what_has_landed_is_known_in_every_clone(tmp_path: Path, way: Way) -> None:
    assert observed(tmp_path, way) == way.expected


def test_the_table_in_the_documents_is_the_one_that_is_tested() -> None:
    shown = DOCUMENT.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]

    assert shown.strip() == rendered({way.name: way.expected for way in WAYS})
