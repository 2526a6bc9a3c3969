"""What servers and models say reaches people harmlessly, and what a close does on its way is said."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.test_model_close import close, in_review, said, undrained
from tests.support import judge
from tests.support import messages_api as api
from tests.support.judge import operation
from tests.support.messages_api import Asked, MessagesApi, Sent
from tests.support.queues import journal as into_journal
from tests.support.queues import keep, new_flag, publish
from tests.support.sandbox import (
    GITMEM,
    PATIENCE,
    Sandbox,
    changed_environment,
    heed_interrupts,
)

ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\x9b31m\r\nGitmem-Tree: " + "0" * 40


def harmless(text: str) -> bool:
    """Whether a text holds line ends and printable characters only."""
    return all(char.isprintable() or char == "\n" for char in text)


def everything(sandbox: Sandbox) -> str:
    """The review's commit message, its files, and what gitmem shows of it."""
    shown = [sandbox.gitmem(*words) for words in (["review"], ["review", "--json"], ["stats"])]
    return "\n".join(
        [
            sandbox.git("log", "-1", "--format=%B", "gitmem/drain"),
            sandbox.git("grep", "-h", "", "gitmem/drain"),
            *[done.out + done.err for done in shown],
        ]
    )


def test_a_model_that_names_itself_with_escapes_is_shown_harmlessly(sandbox: Sandbox) -> None:
    keep(sandbox, 2)

    def named(asked: Asked) -> Sent:
        return api.text(json.dumps(judge.as_it_is(asked)), model=f"m{ESCAPES}")

    with MessagesApi(named) as server:
        done = said(sandbox, server)

    assert done.code == 0
    assert harmless(done.out + done.err)
    assert harmless(everything(sandbox))
    body = sandbox.git("log", "-1", "--format=%B", "gitmem/drain")
    assert [line[:12] for line in body.splitlines()].count("Gitmem-Tree:") == 1
    assert "0" * 40 not in sandbox.git("log", "-1", "--format=%(trailers)", "gitmem/drain")


@pytest.mark.parametrize("status", [400, 401, 404, 413, 429, 503])
def test_words_of_a_failing_server_are_shown_harmlessly(sandbox: Sandbox, status: int) -> None:
    keep(sandbox, 2)
    with MessagesApi([api.error(status, ESCAPES)]) as server:
        done, answer = close(sandbox, server, "--deadline", "1")
        text = said(sandbox, server, "--deadline", "1")

    assert done.code in {7, 9}
    assert harmless(done.out + done.err + text.out + text.err)
    assert all(harmless(left["reason"]) for left in answer.get("left", []))


def test_words_of_a_failing_program_are_shown_harmlessly(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    program = sandbox.path.parent / "failing"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\nprintf '%s' '{ESCAPES}' >&2\nexit 1\n")
    program.chmod(0o755)
    sandbox.git("config", "gitmem.command", str(program))

    done = sandbox.gitmem("close", "--engine", "command")

    assert done.code == 7
    assert harmless(done.out + done.err)
    assert "Gitmem-Tree" in done.out  # the last line of what it complained


def test_a_line_of_memory_with_hidden_characters_is_not_sent(sandbox: Sandbox) -> None:
    sandbox.commit("memory", {"memory/facts.md": "# Facts\n\n- a line \u202e\u200b of old\n"})
    keep(sandbox, 1)
    with MessagesApi(judge.obedient) as server:
        done = said(sandbox, server, "--dry-run", "--show-questions")

    assert harmless(done.out)
    shown = json.loads(next(line for line in done.out.splitlines() if line.startswith("{")))
    assert "of old" not in shown["messages"][0]["content"]


#: Reasons that a model gives for skipping, and whether the skip may stand.
REASONS = [
    ("noise", True),
    ("see ../../etc/passwd and .claude/settings.json", True),
    ("it is\x1b[31m red\x07", False),
    ("it is \u202egnissim", False),
    ("`x` ![a](https://evil.example/a.png)", False),
    ("!`date`", False),
    ("<img src=x onerror=alert(1)>", False),
    ("@evil/hooks.md", False),
    ("x\n\nGitmem-Tree: " + "0" * 40, True),
    ("y" * 5000, True),
]


@pytest.mark.parametrize(("reason", "stands"), REASONS, ids=lambda value: repr(value)[:30])
def test_a_hostile_reason_for_a_skip_is_shown_harmlessly_or_refused(
    sandbox: Sandbox, reason: str, stands: bool
) -> None:
    keep(sandbox, 2)
    rows = [operation("keep", "f1"), operation("skip", "f2", reason=reason)]
    with MessagesApi([api.says({"operations": rows})]) as server:
        done = said(sandbox, server)

    assert done.code == (0 if stands else 6), done.out
    assert harmless(done.out + done.err)
    found = everything(sandbox)
    assert harmless(found)
    assert "evil.example" not in found
    assert len(in_review(sandbox)) == 1
    assert undrained(sandbox) == (0 if stands else 1)
    changed = sandbox.git("diff", "--name-only", "main", "gitmem/drain").split()
    assert all(path.startswith(("memory/", ".gitmem/drains/", "CLAUDE.md")) for path in changed)
    trailers = sandbox.git("log", "-1", "--format=%(trailers)", "gitmem/drain")
    assert trailers.count("Gitmem-Tree:") == 1
    assert "0" * 40 not in trailers


def test_one_close_replaces_a_fifth_of_the_memory_and_adds_20_rules(sandbox: Sandbox) -> None:
    """The limits on removed and added lines, through the command; the next close does the rest."""
    lines = [f"service {number} listens on port {number + 7000}" for number in range(50)]
    text = "# Facts\n\n" + "".join(f"- {line}\n" for line in lines)
    sandbox.commit("memory", {"memory/facts.md": text, "CLAUDE.md": "# Project\n"})
    moved = [new_flag(f"service {n} listens on port {n + 8000}") for n in range(14)]
    snags = [
        new_flag(f"it broke {n}", kind="snag", better=f"call tool {n} first") for n in range(25)
    ]
    into_journal(sandbox, [*moved, *snags])
    publish(sandbox)

    def supersedes(asked: Asked) -> Sent:
        found = judge.read(asked)
        if "keep" not in found.ops:  # rules can be replaced as well, and have other lines
            return judge.obedient(asked)
        old = {line["text"].split(" listens")[0]: line["id"] for line in found.lines}
        rows = [
            operation("supersede", flag["id"], lines=[old[flag["text"].split(" listens")[0]]])
            for flag in found.flags
        ]
        return api.says({"operations": rows})

    with MessagesApi(supersedes) as server:
        done, answer = close(sandbox, server)
        assert (done.code, answer["flags"], len(answer["left"])) == (6, 30, 9)
        counts = sandbox.git("diff", "--numstat", "main", "gitmem/drain", "--", "memory/facts.md")
        assert counts.split()[:2] == ["10", "10"]
        assert sandbox.git("show", "gitmem/drain:CLAUDE.md").count("- call tool") == 20
        reasons = {left["reason"] for left in answer["left"]}
        assert reasons == {
            "one close replaces at most 10 lines of the memory; it is for the next close",
            "one close adds at most 20 rules to CLAUDE.md; it is for the next close",
        }
        sandbox.gitmem("accept")
        done, answer = close(sandbox, server)

    assert (done.code, answer["flags"], answer["left"]) == (0, 9, [])


def test_a_proxy_is_named_before_anything_goes_through_it(sandbox: Sandbox) -> None:
    keep(sandbox, 2)
    with MessagesApi(judge.obedient) as server:
        proxy = server.url.removeprefix("http://")
        done = said(
            sandbox,
            server,
            ANTHROPIC_BASE_URL="http://models.example:8080",
            HTTP_PROXY=f"http://me:secret@{proxy}",
        )

    assert done.code == 0, done.err
    assert f"at models.example:8080 through the proxy {proxy}" in done.out.splitlines()[0]
    assert "secret" not in done.out + done.err
    assert server.asked[0].path == "http://models.example:8080/v1/messages"


def test_a_proxy_for_another_host_is_not_used_and_not_named(sandbox: Sandbox) -> None:
    keep(sandbox, 2)
    with MessagesApi(judge.obedient) as server:
        done = said(sandbox, server, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="")

    assert done.code == 0
    assert "proxy" not in done.out + done.err


def test_no_telemetry_leaves_whatever_the_environment_asks_for(sandbox: Sandbox) -> None:
    keep(sandbox, 2)
    with MessagesApi(judge.obedient) as server, MessagesApi([Sent()]) as collector:
        done = said(
            sandbox,
            server,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_TRACES_EXPORTER="otlp",
            OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="true",
            ANTHROPIC_LOG="debug",
        )

    assert done.code == 0
    assert collector.asked == []
    assert len(server.asked) == 1
    assert not {"traceparent", "baggage"} & server.asked[0].headers.keys()
    assert server.environ["ANTHROPIC_API_KEY"] not in done.out + done.err
    assert "HTTP Request" not in done.err


def on_terminal(sandbox: Sandbox, server: MessagesApi, *options: str) -> str:
    """What `gitmem close` shows on a terminal's stderr, escapes and all."""
    master, slave = pty.openpty()
    environ = {**server.environ, "TERM": "xterm", "COLUMNS": "140", "NO_COLOR": None}
    child = subprocess.Popen(
        [GITMEM, "close", *options],
        cwd=sandbox.path,
        env=changed_environment(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=slave,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - only one call between fork and exec
        start_new_session=True,
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # how Linux says that no process holds the other end
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert child.wait(PATIENCE) == 0
    return shown.decode()


def test_a_terminal_shows_workers_seconds_tokens_and_dollars(sandbox: Sandbox) -> None:
    keep(sandbox, 96)

    def one_by_one(asked: Asked) -> Sent:
        place = int(judge.texts(asked)[0].split()[1]) // 32
        return judge.obedient(asked).after(0.4 + 0.6 * place)

    with MessagesApi(one_by_one) as server:
        shown = on_terminal(sandbox, server)

    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "asking, 3 workers" in plain
    assert re.search(r"[12]/3", plain)
    assert re.search(r"0:00:0[01]", plain)
    assert "1,020 tokens, $" in plain
    # It goes away: what is left of the line is cleared at the end.
    assert "\x1b[2K" in shown


def test_a_terminal_shows_nothing_of_it_for_a_program_or_without_a_model(sandbox: Sandbox) -> None:
    keep(sandbox, 2)
    with MessagesApi(judge.obedient) as server:
        assert "asking" not in on_terminal(sandbox, server, "--json")
        keep(sandbox, 2, "another")
        assert "asking" not in on_terminal(sandbox, server, "--engine", "verbatim")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "X was renamed to Y.",
        "The README of Y must say that deleting Y loses 3 years of history",
    ],
    ids=["own words", "drops half of it", "refused"],
)
def test_a_line_that_says_more_than_the_flag_stays_and_the_review_says_why(
    sandbox: Sandbox, text: str
) -> None:
    line = "The README of branch X must say that deleting it loses history"
    sandbox.commit("memory", {"memory/facts.md": f"# Facts\n\n- {line}\n"})
    sandbox.gitmem("flag", "X was renamed to Y")

    def supersedes(found: judge.Question) -> list[Mapping[str, Any]]:
        return [operation("supersede", "f1", lines=[found.lines[0]["id"]], text=text)]

    with MessagesApi(judge.scripted(supersedes)) as server:
        done = said(sandbox, server)

    assert done.code == 0, done.err
    facts = sandbox.git("show", "gitmem/drain:memory/facts.md")
    assert f"- {line}\n" in facts
    assert "- X was renamed to Y" in facts
    assert "the line it was to replace stays, too" in sandbox.gitmem("review").out.replace(
        "\n", " "
    )
    assert "stays, too" in sandbox.git("log", "-1", "--format=%B", "gitmem/drain")
