"""`gitmem close --dry-run` says what the questions would cost, and asks none."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.test_model_close import close, said
from tests.support import judge
from tests.support.desk import whole
from tests.support.messages_api import MessagesApi
from tests.support.queues import keep
from tests.support.sandbox import Sandbox


def figures(text: str) -> tuple[int, int, int]:
    """Questions, tokens to send and tokens to receive, as the estimate has them."""
    found = re.search(
        r"^estimate: (\d+) questions?, about ([\d,]+) tokens to send, ([\d,]+) to receive; ",
        text,
        re.MULTILINE,
    )
    assert found, text
    asked, sent, received = (int(one.replace(",", "")) for one in found.groups())
    return asked, sent, received


def test_a_dry_run_says_questions_tokens_and_dollars_and_neither_asks_nor_writes(
    sandbox: Sandbox,
) -> None:
    keep(sandbox, 40)
    before = whole(sandbox.path / ".git")
    with MessagesApi(judge.obedient) as server:
        dry = said(sandbox, server, "--dry-run")
        _, answer = close(sandbox, server, "--dry-run")
        _, batch = close(sandbox, server, "--dry-run", "--batch")
        assert server.asked == []
    assert whole(sandbox.path / ".git") == before

    asked, sent, received = figures(dry.out)
    assert (asked, received) == (2, 4_000)
    assert "(prices of 2" in dry.out
    assert "hint: --show-questions prints what would be sent\n" in dry.out
    assert '"messages"' not in dry.out
    would = answer["would_ask"]
    assert would["dollars"] == pytest.approx((sent * 0.10 + received * 0.50) / 1e6)
    half = batch["would_ask"]["dollars"]
    assert half == pytest.approx(would["dollars"] / 2)
    assert (would["questions"], would["flags"]) == (2, 40)
    assert (would["tokens_in"], would["tokens_out"], would["seconds"]) == (sent, received, None)
    assert "questions" not in answer


def test_the_estimate_is_near_what_was_sent(sandbox: Sandbox) -> None:
    keep(sandbox, 40)
    with MessagesApi(judge.obedient) as server:
        _, sent, _ = figures(said(sandbox, server, "--dry-run").out)
        said(sandbox, server)
        really = sum(len(json.dumps(one.body)) for one in server.asked) / 4

    assert 0.7 * really < sent < 2.5 * really


def test_a_price_of_ones_own_counts_and_without_any_that_is_said(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    with MessagesApi(judge.obedient) as server:
        unknown = said(sandbox, server, "--dry-run", "--model", "big-9", ANTHROPIC_BASE_URL=None)
        _, answer = close(sandbox, server, "--dry-run", "--model", "big-9")
        sandbox.git("config", "gitmem.price", "1000/0")
        own = said(sandbox, server, "--dry-run", "--model", "big-9")

    assert "; no price known for big-9 (git config gitmem.price IN/OUT sets it" in unknown.out
    assert (answer["would_ask"]["dollars"], answer["would_ask"]["priced"]) == (None, None)
    _, sent, _ = figures(own.out)
    assert f"; about ${sent / 1000:.4f} (by your gitmem.price, nothing cached)" in own.out


def test_what_an_earlier_close_was_answered_costs_nothing_again(sandbox: Sandbox) -> None:
    keep(sandbox, 3)
    with MessagesApi(judge.obedient) as server:
        said(sandbox, server)
        done = said(sandbox, server, "--dry-run")
        _, answer = close(sandbox, server, "--dry-run")

    assert "estimate" not in done.out
    assert answer.get("would_ask", {"questions": 0})["questions"] == 0


def test_the_questions_are_data_and_hold_no_secret_and_nothing_that_a_terminal_obeys(
    sandbox: Sandbox,
) -> None:
    secret = "gh" + "p_" + "a1B2" * 9
    sandbox.commit(
        "memory", {"memory/facts.md": f"# Facts\n\n- the token is {secret}\n- tab \x07 bell\n"}
    )
    keep(sandbox, 2)
    with MessagesApi(judge.obedient) as server:
        shown = said(sandbox, server, "--dry-run", "--show-questions")
        done, answer = close(sandbox, server, "--dry-run", "--show-questions")
        assert server.asked == []

    assert len(done.out.splitlines()) == 1
    (question,) = answer["questions"]
    assert question["model"] == "claude-haiku-5-5"
    assert secret not in shown.out + done.out
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", shown.out)
    assert json.loads(shown.out.splitlines()[1])["model"] == question["model"]


def test_questions_are_shown_by_a_dry_run_only(sandbox: Sandbox) -> None:
    done = sandbox.gitmem("close", "--show-questions")

    assert done.code == 2
    assert "--show-questions works only with --dry-run" in done.err
    assert "hint: gitmem close --dry-run --show-questions" in done.err


def test_an_engine_that_asks_nothing_has_no_price(sandbox: Sandbox) -> None:
    keep(sandbox, 2)
    done = sandbox.gitmem("close", "--dry-run", "--show-questions")
    answer = json.loads(sandbox.gitmem("close", "--dry-run", "--show-questions", "--json").out)

    assert (done.code, "estimate" in done.out) == (0, False)
    assert "would_ask" not in answer
