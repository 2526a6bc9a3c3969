"""What closes cost, read from records that landed, and the estimate beside it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitmem.core.flag import make
from gitmem.models.usage import Usage
from gitmem.proof import stats
from gitmem.proof.stats import Landed, Rates
from gitmem.records.drain_record import Fate, Header, Outcome, Run, render
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox

OUTCOME = Outcome(flag=make({"id": "a" * 12, "kind": "fact", "text": "x"}), fate=Fate.ADDED)
RATES = Rates(model="big", tokens_in=4.0, tokens_out=20.0, cached=0.2, basis="a test")
RUN = Run(engine="anthropic", model="small", asked="small", workers=8, in_flight=2, questions=2, usage=Usage(calls=3, retries=1, tokens_in=10_000, tokens_out=2_000, dollars=0.002), wall_s=2.5, slowest_s=2.0, sum_s=5.0)  # fmt: skip


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def record(day: int, run: Run, flags: int = 40) -> dict[str, str]:
    header = Header(drain=f"d{day}", at=f"2026-11-{day:02}T10:00:00Z", queue="", run=run)
    return {f".gitmem/drains/{90 - day}.jsonl": render(header, [OUTCOME] * flags)}


def read(desk: Desk, price: Callable[[int, int], float] | None = None) -> Landed:
    return stats.read(desk.repo, "main", price=price)


def test_a_repository_without_a_close_has_no_figures(desk: Desk) -> None:
    landed = read(desk)

    assert (landed.ref, landed.closes, landed.unreadable) == ("refs/heads/main", (), ())
    assert stats.totals(landed.closes).closes == 0
    assert stats.inline(landed.closes, RATES, 100_000) is None


def test_closes_are_listed_oldest_first_as_their_records_say(desk: Desk) -> None:
    desk.sandbox.commit("later", record(9, RUN, 3))
    desk.sandbox.commit("earlier", record(2, RUN, 5))

    assert [(close.drain, close.flags) for close in read(desk).closes] == [("d2", 5), ("d9", 3)]


def test_only_what_landed_counts(desk: Desk) -> None:
    desk.flag("a fact")
    desk.close()
    assert read(desk).closes == ()

    desk.accept()

    (close,) = read(desk).closes
    assert (close.run.engine, close.flags, close.run.usage.calls) == ("verbatim", 1, 0)
    assert stats.inline([close], RATES, 100_000) is None


def test_a_record_without_a_header_is_named_and_the_others_are_read(desk: Desk) -> None:
    desk.sandbox.commit("odd", {".gitmem/drains/a.jsonl": "garbage\n", **record(1, RUN)})

    landed = read(desk)

    assert landed.unreadable == (".gitmem/drains/a.jsonl",)
    assert len(landed.closes) == 1


def test_a_price_of_ones_own_fills_in_what_nobody_knew_and_nothing_else(desk: Desk) -> None:
    unknown = Run(
        engine="anthropic", usage=Usage(calls=1, tokens_in=10, tokens_out=1, dollars=None)
    )
    desk.sandbox.commit("closes", {**record(1, RUN), **record(2, unknown)})

    assert [close.run.usage.dollars for close in read(desk).closes] == [0.002, None]
    assert stats.totals(read(desk).closes).unpriced == 1
    known = read(desk, price=lambda tokens_in, tokens_out: tokens_in + 100.0 * tokens_out)
    assert [close.run.usage.dollars for close in known.closes] == [0.002, 110.0]
    assert [close.run.usage.priced for close in known.closes] == ["", "own"]


def test_the_estimate_is_what_its_formula_says(desk: Desk) -> None:
    desk.sandbox.commit("closes", {**record(1, RUN), **record(2, Run(engine="verbatim"))})

    found = stats.inline(read(desk).closes, RATES, 100_000)

    assert found is not None
    assert found.turns == (2, 40)
    assert found.reread == pytest.approx((2 * 0.02, 40 * 0.02))
    assert (found.text_in, found.text_out) == pytest.approx((0.04, 0.04))
    assert found.dollars == pytest.approx((0.12, 0.88))
    assert (found.seconds, found.paid) == (5.0, 0.002)


def test_what_the_closes_cost_is_not_told_when_one_of_them_has_no_price(desk: Desk) -> None:
    unknown = Run(
        engine="anthropic", usage=Usage(calls=1, tokens_in=10, tokens_out=1, dollars=None)
    )
    desk.sandbox.commit("closes", {**record(1, RUN), **record(2, unknown)})

    found = stats.inline(read(desk).closes, RATES, 0)

    assert found is not None
    assert found.paid is None
