from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from gitmem.boundaries import claims
from gitmem.git import repository
from tests.support.sandbox import Sandbox

SETTINGS, PLUGIN, OTHER = "", "/plugins/gitmem", "/plugins/other"


def test_the_twin_of_an_answered_event_is_told_so(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")

    assert claims.first(folder, SETTINGS, b"payload", 100.0)
    assert not claims.first(folder, PLUGIN, b"payload", 100.1)
    assert not claims.first(folder, OTHER, b"payload", 100.2)


def test_the_same_bytes_from_the_same_runner_are_a_new_event(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")
    answers = [
        claims.first(folder, runner, b"payload", 100.0)
        for runner in (SETTINGS, PLUGIN, PLUGIN, SETTINGS, SETTINGS, SETTINGS)
    ]

    assert answers == [True, False, True, False, True, True]


def test_another_payload_and_a_later_one_are_events_of_their_own(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")

    assert claims.first(folder, SETTINGS, b"payload", 100.0)
    assert claims.first(folder, PLUGIN, b"another", 100.0)
    assert claims.first(folder, PLUGIN, b"payload", 111.0)


def test_of_twins_that_run_at_once_one_answers(tmp_path: Path) -> None:
    folder = str(tmp_path / "gitmem")
    with ThreadPoolExecutor(8) as pool:
        for number in range(50):
            payload = b"payload %d" % number
            fired = [
                pool.submit(claims.first, folder, runner, payload, 100.0)
                for runner in (SETTINGS, PLUGIN, OTHER)
            ]
            assert [future.result() for future in fired].count(True) == 1


@given(st.binary(max_size=300))
def test_a_damaged_file_of_claims_costs_no_answer(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "once").write_bytes(content)

        assert claims.first(folder, SETTINGS, b"payload", 100.0)
        assert not claims.first(folder, PLUGIN, b"payload", 100.0)


def test_where_nothing_can_be_written_every_hook_answers(tmp_path: Path) -> None:
    (tmp_path / "gitmem").write_text("in the way", encoding="utf-8")

    assert claims.first(str(tmp_path / "gitmem"), SETTINGS, b"payload", 100.0)
    assert claims.first(str(tmp_path / "gitmem"), PLUGIN, b"payload", 100.0)


def test_the_file_of_claims_stays_small(sandbox: Sandbox) -> None:
    folder = repository.discover(str(sandbox.path), {}).folder
    for number in range(100):
        claims.first(folder, SETTINGS, b"%d" % number, 100.0)

    assert Path(folder, "once").stat().st_size < 8192
