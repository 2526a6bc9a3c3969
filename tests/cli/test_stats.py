"""`gitmem stats` after real closes: verbatim, and with a model behind a loopback server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import messages_api as api
from tests.support.messages_api import Asked, MessagesApi, Sent
from tests.support.sandbox import Sandbox


def keeps(asked: Asked) -> object:
    """Every flag of the question as it is."""
    lines = asked.body["messages"][0]["content"].splitlines()
    labels = [flag["id"] for flag in json.loads(lines[1])]
    rest = {"target": "t1", "line": "", "text": "", "reason": ""}
    return {"operations": [{"op": "keep", "flags": [label], **rest} for label in labels]}


def land(sandbox: Sandbox, flags: int, env: dict[str, str] | None = None, *options: str) -> str:
    """Flags, closes and accepts; what the close said."""
    lines = "".join(f"part {place} of {flags} is built by hand\n" for place in range(flags))
    flagged = sandbox.gitmem("flag", "-", input=lines)
    assert flagged.code == 0, flagged.err
    closed = sandbox.gitmem("close", *options, env=env)
    assert closed.code == 0, closed.err
    assert sandbox.gitmem("accept").code == 0
    return closed.out


def figures(sandbox: Sandbox, *options: str) -> dict[str, Any]:
    done = sandbox.gitmem("stats", "--json", *options)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_before_the_first_landing_there_is_nothing_to_tell(sandbox: Sandbox) -> None:
    assert "no close has landed on refs/heads/main yet" in sandbox.gitmem("stats").out
    assert figures(sandbox) == {
        "target": "refs/heads/main",
        "closes": [],
        "totals": {
            "closes": 0, "flags": 0, "questions": 0, "calls": 0, "retries": 0, "tokens_in": 0,
            "tokens_out": 0, "tokens": 0, "cache_read": 0, "cache_write": 0, "sent": 0, "dollars": 0,
            "saved": 0, "batched": 0, "batch_saved": 0, "unpriced": 0, "wall_s": 0, "sum_s": 0,
        },
        "inline": None,
        "unreadable": [],
        "arrival": {
            "topics": 0, "loaded": [], "bytes": 0, "budget": 10_000, "tokens": 0, "not_loaded": [],
            "lines": 0, "lines_loaded": 0, "since": None, "showings": 0, "triggers": {},
            "most_shown": [], "recurred": [], "not_shown": {"days": 30, "count": 0, "lines": []},
        },
    }  # fmt: skip


def test_a_verbatim_close_cost_nothing_and_has_no_estimate(sandbox: Sandbox) -> None:
    land(sandbox, 2)

    (close,) = figures(sandbox)["closes"]
    assert (close["engine"], close["model"], close["flags"]) == ("verbatim", None, 2)
    assert (close["calls"], close["in_flight"], close["tokens"], close["dollars"]) == (0, 0, 0, 0)
    said = sandbox.gitmem("stats").out
    assert said.split() == [
        *("when", "engine", "model", "flags", "questions/calls", "in", "flight", "tokens"),
        *("dollars", "wall", "slowest", "sum"),
        *(close["at"][:10], close["at"][11:16], "verbatim", "-", "2", "-", "-", "-", "-"),
        *said.split()[21:24],
        *("1", "close", "2", "0/0", "0", "$0.0000"),
        *said.split()[30:],
    ]


def test_what_a_close_with_a_model_really_ran_is_on_record(sandbox: Sandbox) -> None:
    def answer(asked: Asked) -> api.Sent:
        return api.Sent(body=api.says(keeps(asked)).body, delay=0.4)

    with MessagesApi(answer) as server:
        said = land(sandbox, 70, server.environ, "--engine", "anthropic", "--workers", "2")
        host = server.url.removeprefix("http://")

    first = said.splitlines()[0]
    who = f"engine anthropic (--engine), model claude-haiku-5-5 at {host}"
    assert first.startswith(f"{who}: 70 flags in 3 questions; ")
    (close,) = figures(sandbox)["closes"]
    assert (close["model"], close["asked"]) == ("claude-haiku-5-5", "claude-haiku-5-5")
    assert (close["flags"], close["questions"], close["calls"], close["retries"]) == (70, 3, 3, 0)
    assert (close["workers"], close["in_flight"]) == (2, server.most_at_once)
    assert (close["tokens_in"], close["tokens_out"], close["tokens"]) == (3_000, 60, 3_060)
    assert close["dollars"] == pytest.approx((3_000 * 0.10 + 60 * 0.50) / 1e6)
    assert close["priced"] == "2026-11-20"
    assert close["sent"] == pytest.approx(sum(one.size for one in server.asked), rel=0.02)
    assert 0.4 <= close["slowest_s"] <= close["calls_s"] <= close["sum_s"]
    assert close["calls_s"] <= close["wall_s"]
    (told,) = [line for line in said.splitlines() if line.startswith("3 questions, ")]
    assert told.startswith("3 questions, 3 calls, 2 at once, 3,060 tokens, $0.0003, ")
    assert close["sum_s"] >= 1.2


def test_the_estimate_shows_its_arithmetic_and_takes_other_assumptions(sandbox: Sandbox) -> None:
    with MessagesApi(lambda asked: api.says(keeps(asked))) as server:
        land(sandbox, 40, server.environ)

    said = " ".join(sandbox.gitmem("stats").out.split())
    assert "claude-opus-5-5 in a context of 100,000 tokens, an estimate" in said
    # 0.20 dollars a million from the cache; two questions, forty flags
    assert "2 to 40 turns x 100,000 tokens x $0.2/M from the cache = $0.0400 to $0.8000" in said
    assert "the questions: 2,000 tokens x $4/M = $0.0080" in said
    assert "the answers: 40 tokens x $20/M = $0.0008" in said
    assert "together: $0.0488 to $0.8088; the closes cost $0.0002" in said

    options = ("--inline-model", "mine", "--inline-price", "10/50", "--inline-context", "1000")
    found = figures(sandbox, *options)["inline"]
    assert found["rates"]["basis"] == "--inline-price"
    assert found["rates"]["cached"] == 1.0
    assert found["reread"] == pytest.approx([0.002, 0.04])
    assert found["dollars"] == pytest.approx([0.024, 0.062])
    assert len(found["arithmetic"]) == 6


@pytest.mark.parametrize(
    ("read", "written", "said"),
    [
        (600, 0, "the prompt cache gave 600 of 1,000 tokens in, and took 0: $0.0001 less than"),
        (0, 1000, "the prompt cache gave 0 of 1,000 tokens in, and took 1,000: $0.0000 more than"),
    ],
)
def test_what_the_prompt_cache_gave_and_saved_is_told(
    sandbox: Sandbox, read: int, written: int, said: str
) -> None:
    counts = {"cache_read_input_tokens": read, "cache_creation_input_tokens": written}
    usage = {"input_tokens": 1000 - read - written, "output_tokens": 20, **counts}

    def answer(asked: Asked) -> Sent:
        body = json.loads(api.says(keeps(asked)).body)
        return Sent(body=json.dumps({**body, "usage": usage}).encode())

    with MessagesApi(answer) as server:
        land(sandbox, 1, server.environ)

    assert said in " ".join(sandbox.gitmem("stats").out.split())
    found = figures(sandbox)
    (close,) = found["closes"]
    saved = (read * 0.09 - written * 0.025) / 1e6
    assert (close["cache_read"], close["cache_write"]) == (read, written)
    assert close["saved"] == pytest.approx(saved)
    assert found["totals"]["saved"] == pytest.approx(saved)
    assert close["dollars"] == pytest.approx((1000 * 0.10 + 20 * 0.50) / 1e6 - saved, abs=1e-8)


def test_an_unknown_price_is_a_question_mark_until_the_person_sets_one(sandbox: Sandbox) -> None:
    answered = api.text
    with MessagesApi(lambda asked: answered(json.dumps(keeps(asked)), model="qwen3:8b")) as server:
        land(sandbox, 1, server.environ, "--model", "qwen3:8b")

        said = sandbox.gitmem("stats").out
        assert " ? " in said
        assert "the price of 1 close is not known; set it: git config gitmem.price" in said
        assert figures(sandbox)["closes"][0]["dollars"] is None
        sandbox.git("config", "gitmem.price", "1/2")
        assert figures(sandbox)["closes"][0]["dollars"] == pytest.approx(0.00104)
        land(sandbox, 2, server.environ, "--model", "qwen3:8b")

    (record,) = [
        json.loads(sandbox.read(path).splitlines()[0])
        for path in sandbox.git("ls-files", ".gitmem/drains").splitlines()
        if '"flags":2' in sandbox.read(path)
    ]
    assert (record["dollars"], record["priced"]) == (pytest.approx(0.00104), "own")
    assert [close["priced"] for close in figures(sandbox)["closes"]] == ["own", "own"]


def test_the_last_so_many_closes_are_shown_newest_last(sandbox: Sandbox) -> None:
    for flags in (1, 2, 3):
        land(sandbox, flags)

    every = figures(sandbox)
    last = figures(sandbox, "-n", "2")

    assert sorted(close["flags"] for close in every["closes"]) == [1, 2, 3]
    assert last["closes"] == every["closes"][-2:]
    assert last["totals"]["closes"] == 2


@pytest.mark.parametrize(
    "options", [("-n", "0"), ("--inline-model", "nobody"), ("--inline-price", "cheap")]
)
def test_what_cannot_be_reckoned_with_is_a_usage_error(
    sandbox: Sandbox, options: tuple[str, ...]
) -> None:
    assert sandbox.gitmem("stats", *options).code == 2


def test_a_price_that_is_none_is_a_usage_error_before_anything_is_sent(sandbox: Sandbox) -> None:
    sandbox.git("config", "gitmem.price", "cheap")
    with MessagesApi(lambda asked: api.says(keeps(asked))) as server:
        sandbox.gitmem("flag", "a fact")
        answer = sandbox.gitmem("close", env=server.environ)

    assert answer.code == 2
    assert "'cheap' is not a price" in answer.err
    assert server.asked == []


def test_a_record_that_somebody_made_up_breaks_nothing_and_cannot_draw_on_the_terminal(
    sandbox: Sandbox,
) -> None:
    header = {"v": 1, "drain": "x", "at": "\x1b[31m2026", "engine": "\u202eevil", "calls": "many"}
    sandbox.commit("odd", {
        ".gitmem/drains/a.jsonl": json.dumps(header, ensure_ascii=False) + "\n",
        ".gitmem/drains/b.jsonl": "\x00\n",
    })  # fmt: skip

    answer = sandbox.gitmem("stats")

    assert answer.code == 0
    assert "\x1b" not in answer.out
    assert "\u202e" not in answer.out
    assert "a record that cannot be read: .gitmem/drains/b.jsonl" in answer.err
