"""The table of clients is generated from the tests with the real programs."""

from __future__ import annotations

from tests.real_clients import table


def test_the_table_is_that_of_the_marked_tests() -> None:
    page = table.PAGE.read_text(encoding="utf-8")

    assert table.written(page) == page, "run: python -m tests.real_clients.table"


def test_every_mark_names_a_known_client_and_ability() -> None:
    cells = table.tested() | set(table.CONDITIONS) | set(table.BY_CODE) | set(table.NOT_POSSIBLE)

    assert {client for client, _ in cells} <= set(table.CLIENTS)
    assert {ability for _, ability in cells} <= set(table.ABILITIES)


def test_no_cell_says_two_things() -> None:
    assert set(table.CONDITIONS) <= table.tested()
    assert not table.tested() & set(table.BY_CODE)
    assert not set(table.NOT_POSSIBLE) & (table.tested() | set(table.BY_CODE))
