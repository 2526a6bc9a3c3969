from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitmem.core.errors import UsageError
from gitmem.models import anthropic
from gitmem.models.chat import openai
from gitmem.models.usage import PRICES, Price, price_of, read_price


def dollars(
    model: str, tokens_in: int, tokens_out: int, own: Mapping[str, Price] | None = None
) -> float | None:
    """What one request costs without a cache."""
    price = price_of(model, own=own)
    return price.dollars(tokens_in, tokens_out) if price else None


def test_a_close_of_eight_workers_costs_what_the_table_says() -> None:
    assert dollars("claude-haiku-5-5", 8 * 4_800, 8 * 1_500) == pytest.approx(0.00984)


def test_a_long_prompt_costs_more_from_the_first_token_on() -> None:
    assert dollars("claude-haiku-5-5", 100_000, 0) == pytest.approx(0.01)
    assert dollars("claude-haiku-5-5", 100_001, 1_000) == pytest.approx(0.0525005)


def test_a_dated_name_has_the_price_of_the_name_without_its_date() -> None:
    assert dollars("claude-haiku-4-5-20251001", 10**6, 0) == pytest.approx(1.0)


def test_the_model_that_each_vendor_is_asked_for_by_default_has_a_price() -> None:
    assert all(price_of(name) for name in (anthropic.MODEL, openai.MODEL))


def test_a_model_nobody_knows_has_no_price() -> None:
    assert dollars("qwen3:8b", 1, 1) is None
    assert dollars("", 1, 1) is None


def test_the_persons_own_price_goes_first() -> None:
    own = {"claude-haiku-5-5": Price(tokens_in=1.0, tokens_out=1.0)}

    assert dollars("claude-haiku-5-5", 10**6, 0, own=own) == pytest.approx(1.0)
    assert PRICES["claude-haiku-5-5"].tokens_in == pytest.approx(0.10)


def test_a_token_from_the_cache_has_a_price_of_its_own_where_the_table_has_one() -> None:
    opus = price_of("claude-opus-5-5-20261001")

    assert opus is not None
    assert (opus.tokens_in, opus.cached) == (4.0, 0.2)
    assert read_price("1/2").cached is None
    assert price_of("qwen3:8b") is None


def test_a_price_is_written_as_in_and_out() -> None:
    assert read_price(" 0.25 / 2 ") == Price(tokens_in=0.25, tokens_out=2.0)


@pytest.mark.parametrize("text", ["", "1", "1/x", "-1/2", "1/2/3", "\u0661/\u0662"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a price"):
        read_price(text)
