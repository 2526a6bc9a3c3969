"""The engine `command` with fake programs: what they are given, and what is made of what they leave."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gitmem.core.errors import Refused, UsageError
from gitmem.models.command import Command
from gitmem.models.reply import Cancelled, Credentials, Prompt, Reply
from gitmem.models.usage import Price
from tests.support.programs import Behaviour, FakeProgram, session
from tests.support.sandbox import ENDLESS, PATIENCE

SCHEMA = {
    "type": "object",
    "properties": {"ops": {"type": "array", "items": {"type": "string"}}},
    "required": ["ops"],
    "additionalProperties": False,
}
PROMPT = Prompt(system="Judge the flags.", text='["a fact \u00fc"]', schema=SCHEMA)
GOOD = {"ops": ["keep"]}
SAYS = json.dumps(GOOD)

#: What a program is told that has no place for instructions and schema of its own.
IN_ONE = (
    "Judge the flags.\n\n"
    "Answer with one JSON object and nothing else: no words around it, no code fence.\n"
    "It fits this JSON schema:\n"
    '{"type":"object","properties":{"ops":{"type":"array","items":{"type":"string"}}},'
    '"required":["ops"],"additionalProperties":false}\n\n'
    '["a fact \u00fc"]'
)


def ask(command: Command, seconds: float = PATIENCE) -> Reply:
    return command.ask(PROMPT, until=time.monotonic() + seconds)


def run(
    folder: Path,
    words: str | Sequence[str],
    behaviour: Behaviour,
    *,
    seconds: float = 20.0,
    model: str = "",
    environ: Mapping[str, str] | None = None,
) -> tuple[Reply, dict[str, Any]]:
    """One question to a fake program: the reply, and how the program was started."""
    name = (words.split() if isinstance(words, str) else words)[0]
    program = FakeProgram(folder / "program", name, behaviour)
    command = Command(
        words, program.environ | dict(environ or {}), clock=time.monotonic, model=model
    )
    reply = ask(command, seconds)
    (start,) = program.starts
    return reply, start


# ---------------------------------------------------------------- the presets


def test_claude_runs_bare_with_an_api_key(tmp_path: Path) -> None:
    reply, start = run(
        tmp_path, "claude", Behaviour(out=session(GOOD)), environ={"ANTHROPIC_API_KEY": "k"}
    )

    assert (reply.data, reply.stop, reply.usage.calls) == (GOOD, "end_turn", 1)
    assert (reply.usage.tokens_in, reply.usage.tokens_out, reply.usage.dollars) == (
        1000,
        20,
        0.00011,
    )
    assert reply.answered == "claude-haiku-5-5"
    assert start["argv"][1:] == [
        *["-p", "--bare", "--tools", "", "--model", "haiku", "--effort", "low"],
        *["--no-session-persistence", "--output-format", "json"],
        *["--json-schema", json.dumps(SCHEMA), "--system-prompt", "Judge the flags."],
    ]
    assert start["stdin"] == PROMPT.text


def test_claude_runs_without_any_settings_on_a_subscription(tmp_path: Path) -> None:
    reply, start = run(tmp_path, "claude", Behaviour(out=session(GOOD)), model="sonnet")

    assert reply.data == GOOD
    assert start["argv"][1:10] == [
        *["-p", "--setting-sources", "", "--strict-mcp-config", "--disable-slash-commands"],
        *["--tools", "", "--model", "sonnet"],
    ]
    assert start["env"]["CLAUDE_CODE_MAX_RETRIES"] == "2"


def test_codex_gets_the_schema_as_a_file_and_answers_into_one(tmp_path: Path) -> None:
    behaviour = Behaviour(answer=SAYS, out="progress", err="tokens used\n110\n")
    reply, start = run(tmp_path, "codex", behaviour)

    assert (reply.data, reply.usage.dollars) == (GOOD, None)
    argv = start["argv"]
    assert argv[1:4] == ["exec", "--skip-git-repo-check", "--ephemeral"]
    assert argv[argv.index("--sandbox") + 1] == "read-only"
    assert (argv[-1], "-m" in argv) == ("-", False)
    assert "features.hooks=false" in argv
    assert "features.shell_tool=false" in argv
    assert json.loads(start["files"]["schema"]) == SCHEMA
    assert start["stdin"] == IN_ONE


def test_llm_gets_the_schema_as_a_file_and_keeps_no_log(tmp_path: Path) -> None:
    reply, start = run(tmp_path, "llm", Behaviour(out=SAYS + "\n"), model="gpt-5.5")

    assert reply.data == GOOD
    assert start["argv"][1:-1] == [
        *["prompt", "--no-log", "--no-stream", "-m", "gpt-5.5", "--schema"]
    ]
    assert json.loads(start["files"]["schema"]) == SCHEMA
    assert start["stdin"] == IN_ONE


def test_a_command_of_ones_own_gets_what_it_asks_for_and_no_shell(tmp_path: Path) -> None:
    words = 'mine --as {model} --schema={schema} "two words" $(touch x) ; -o {answer}'
    behaviour = Behaviour(answer=f"Here you are:\n```json\n{SAYS}\n```", out="noise")
    reply, start = run(tmp_path, words, behaviour, model="m1")

    assert reply.data == GOOD
    argv = start["argv"]
    assert argv[1:3] == ["--as", "m1"]
    assert argv[3].startswith("--schema=/")
    assert argv[4:9] == ["two words", "$(touch", "x)", ";", "-o"]
    assert start["there"] == []


def test_a_preset_may_be_named_by_its_path(tmp_path: Path) -> None:
    program = FakeProgram(tmp_path / "elsewhere", "claude", Behaviour(out=session(GOOD)))
    command = Command(str(program.path), {"PATH": "/usr/bin:/bin"}, clock=time.monotonic)

    assert (command.host, command.model) == ("claude", "haiku")
    assert ask(command).data == GOOD


# ---------------------------------------------------------------- the surroundings


def test_the_program_runs_in_an_empty_folder_that_is_gone_afterwards(tmp_path: Path) -> None:
    _, start = run(tmp_path, "llm", Behaviour(out=SAYS))

    assert start["there"] == []
    assert not Path(start["cwd"]).is_relative_to(Path.cwd())
    assert not Path(start["cwd"]).parent.exists()


def test_the_program_is_told_where_it_is_and_nothing_of_the_session_or_the_repository(
    tmp_path: Path,
) -> None:
    login = {"CLAUDE_CODE_OAUTH_TOKEN": "login", "OPENAI_API_KEY": "own"}
    around = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "abc", "GIT_DIR": "/somewhere/.git"}
    _, start = run(tmp_path, "llm", Behaviour(out=SAYS), environ=login | around)

    env = start["env"]
    assert env["GITMEM_INSIDE"] == "1"
    assert env.keys().isdisjoint(around)
    assert login.items() <= env.items()


def test_no_close_starts_inside_the_program_it_asks(tmp_path: Path) -> None:
    program = FakeProgram(tmp_path / "program", "llm", Behaviour())

    with pytest.raises(Refused, match="running already"):
        Command("llm", program.environ | {"GITMEM_INSIDE": "1"}, clock=time.monotonic)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("nonesuch --flag", "there is no program 'nonesuch'"),
        ("/nowhere/claude", "there is no program '/nowhere/claude'"),
        ("", "has no command"),
        ([], "has no command"),
        ("mine 'open", "quote that does not end"),
    ],
)
def test_a_command_that_cannot_be_started_is_said_before_any_work(
    words: str | list[str], says: str
) -> None:
    with pytest.raises(UsageError, match=says) as trouble:
        Command(words, {"PATH": "/usr/bin:/bin"}, clock=time.monotonic)

    assert trouble.value.exit_code == 2


def test_a_program_in_the_folder_where_one_stands_is_never_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeProgram(tmp_path / "bin", "llm", Behaviour(out=SAYS))
    monkeypatch.chdir(tmp_path / "bin")

    for words, path in (
        ("llm", "."),
        ("llm", ":/nowhere"),
        ("./llm", "/bin"),
        ("../bin/llm", "/bin"),
    ):
        with pytest.raises(UsageError, match="there is no program"):
            Command(words, {"PATH": path}, clock=time.monotonic)


# ---------------------------------------------------------------- what they leave


def test_claude_that_succeeds_without_structured_output_has_not_answered(tmp_path: Path) -> None:
    reply, _ = run(tmp_path, "claude", Behaviour(out=session(None, said="All fine.")))

    assert (reply.data, reply.stop, reply.usage.tokens_in) == (None, "invalid", 1000)
    assert "there is no JSON object in it" in reply.problem


def test_claude_that_says_the_object_in_words_has(tmp_path: Path) -> None:
    reply, _ = run(tmp_path, "claude", Behaviour(out=session(None, said=f"```\n{SAYS}\n```")))

    assert reply.data == GOOD


def test_claude_that_gives_another_shape_has_not_answered(tmp_path: Path) -> None:
    reply, _ = run(tmp_path, "claude", Behaviour(out=session({"operations": []})))

    assert (reply.data, reply.stop) == (None, "invalid")


def test_claude_that_failed_says_why(tmp_path: Path) -> None:
    out = session(
        None, said="API Error: 529 busy", is_error=True, api_error_status=529, subtype="success"
    )
    reply, _ = run(tmp_path, "claude", Behaviour(out=out, code=1))

    assert (reply.data, reply.stop) == (None, "failed")
    assert reply.problem == "claude failed: API Error: 529 busy"


def test_claude_that_ends_with_an_error_has_not_answered_whatever_it_printed(
    tmp_path: Path,
) -> None:
    reply, _ = run(tmp_path, "claude", Behaviour(out=session(GOOD), code=1))

    assert (reply.data, reply.stop) == (None, "failed")


def test_claude_that_never_got_the_schema_right_says_so(tmp_path: Path) -> None:
    out = session(None, is_error=True, subtype="error_max_structured_output_retries", result=None)
    reply, _ = run(tmp_path, "claude", Behaviour(out=out, code=1))

    assert reply.problem == "claude failed: error_max_structured_output_retries"


def test_claude_with_too_much_to_read_may_be_asked_less(tmp_path: Path) -> None:
    out = session(None, said="Prompt is too long", is_error=True)
    reply, _ = run(tmp_path, "claude", Behaviour(out=out, code=1))

    assert reply.too_much


@pytest.mark.parametrize(
    ("words", "behaviour"),
    [
        (
            "claude",
            Behaviour(
                out=session(None, said="Not logged in \u00b7 Please run /login", is_error=True),
                code=1,
            ),
        ),
        (
            "claude",
            Behaviour(
                out=session(None, said="API Error: pay", is_error=True, api_error_status=402),
                code=1,
            ),
        ),
        ("codex", Behaviour(err="ERROR: Missing environment variable: `KEY`.\n", code=1)),
        ("llm", Behaviour(err="Error: No key found - add one using 'llm keys set'\n", code=1)),
    ],
)
def test_a_program_that_wants_a_login_ends_everything(
    tmp_path: Path, words: str, behaviour: Behaviour
) -> None:
    with pytest.raises(Credentials, match=f"{words} is not logged in") as trouble:
        run(tmp_path, words, behaviour)

    assert trouble.value.exit_code == 9


def test_a_program_that_fails_says_its_last_line_without_secrets_or_escapes(
    tmp_path: Path,
) -> None:
    secret = "very-" + "secret-value"
    err = f"first line\n\x1b[31mError:\x1b[0m cannot use {secret} for that\n\n"
    reply, _ = run(tmp_path, "llm", Behaviour(err=err, code=3), environ={"SOME_API_KEY": secret})

    assert (reply.data, reply.stop) == (None, "failed")
    assert reply.problem == (
        "llm ended with 3: \\x1b[31mError:\\x1b[0m cannot use [secret] for that"
    )


def test_a_program_that_fails_has_not_answered_whatever_it_printed(tmp_path: Path) -> None:
    assert run(tmp_path, "llm", Behaviour(out=SAYS, code=1))[0].data is None


@pytest.mark.parametrize("out", ["", "  \n", "I looked at it.", '{"operations": []}', "\x00\xff{"])
def test_a_program_that_prints_no_answer_has_not_answered(tmp_path: Path, out: str) -> None:
    reply, _ = run(tmp_path, "llm", Behaviour(out=out))

    assert (reply.data, reply.stop) == (None, "invalid")
    assert reply.problem


def test_claude_that_prints_no_json_has_not_answered(tmp_path: Path) -> None:
    for place, out in enumerate(("", "Welcome to Claude!", "[1]", "{" * 5000)):
        reply, _ = run(tmp_path / str(place), "claude", Behaviour(out=out))
        assert (reply.data, reply.stop) == (None, "invalid")


def test_a_program_that_cannot_run_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(b"\x7fELF not really")
    path.chmod(0o755)
    reply = ask(Command(str(path), {"PATH": ""}, clock=time.monotonic))

    assert (reply.data, reply.stop) == (None, "failed")
    assert reply.problem.startswith("broken could not be started: ")


# ---------------------------------------------------------------- bounds


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed orphan may wait for its new parent to collect it.
    stat = Path(f"/proc/{pid}/stat")
    return (
        not stat.exists() or stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    )


def gone(pid: int) -> bool:
    until = time.monotonic() + PATIENCE
    while alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_program_that_hangs_is_killed_at_the_deadline_with_all_it_started(
    tmp_path: Path,
) -> None:
    reply, start = run(tmp_path, "llm", Behaviour(sleep=ENDLESS, spawn=True), seconds=0.6)

    assert (reply.data, reply.stop) == (None, "timed_out")
    assert "llm gave no answer within" in reply.problem
    assert gone(start["pid"])
    assert gone(start["child"])


def test_what_a_program_left_running_ends_with_it(tmp_path: Path) -> None:
    reply, start = run(tmp_path, "llm", Behaviour(out=SAYS, spawn=True))

    assert reply.data == GOOD
    assert gone(start["child"])


def test_a_program_that_prints_without_end_is_stopped(tmp_path: Path) -> None:
    reply, _ = run(tmp_path, "llm", Behaviour(out="x" * 1000, times=10**9))

    assert (reply.data, reply.stop) == (None, "invalid")
    assert "prints more than any answer has" in reply.problem


def test_stop_kills_every_program_at_once_and_everything_after_it(tmp_path: Path) -> None:
    program = FakeProgram(tmp_path / "program", "llm", Behaviour(sleep=ENDLESS))
    command = Command("llm", program.environ, clock=time.monotonic)
    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask, command) for _ in range(3)]
        while len(program.starts) < 3:
            time.sleep(0.02)
        command.stop()
        for future in asking:
            with pytest.raises(Cancelled):
                future.result(timeout=PATIENCE)
    assert all(gone(start["pid"]) for start in program.starts)

    with pytest.raises(Cancelled):
        ask(command)


def test_eight_programs_run_side_by_side(tmp_path: Path) -> None:
    program = FakeProgram(tmp_path / "program", "llm", Behaviour(out=SAYS, sleep=1.0))
    command = Command("llm", program.environ, clock=time.monotonic)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask(command, PATIENCE), range(8)))

    assert [reply.data for reply in replies] == [GOOD] * 8
    spans = [span for reply in replies for span in reply.usage.spans]
    took = max(end for _, end in spans) - min(begin for begin, _ in spans)
    assert took < sum(end - begin for begin, end in spans) / 2
    assert threading.active_count() < 8


# ---------------------------------------------------------------- what it cost


def test_a_program_that_reckons_its_own_dollars_is_believed_until_the_person_says_a_price(
    tmp_path: Path,
) -> None:
    program = FakeProgram(tmp_path / "program", "claude", Behaviour(out=session(GOOD)))
    price = Price(tokens_in=1.0, tokens_out=2.0)

    one, other = (
        ask(Command("claude", program.environ, clock=time.monotonic, price=own))
        for own in (None, price)
    )

    assert (one.usage.dollars, one.usage.priced) == (0.00011, "program")
    assert other.usage.dollars == pytest.approx(0.00104)
    assert other.usage.priced == "own"


def test_a_program_that_counts_no_tokens_has_no_price(tmp_path: Path) -> None:
    program = FakeProgram(tmp_path / "program", "llm", Behaviour(out=SAYS))
    price = Price(tokens_in=1.0, tokens_out=2.0)

    reply = ask(Command("llm", program.environ, clock=time.monotonic, price=price))

    assert (reply.usage.dollars, reply.usage.priced) == (None, "")


def test_the_time_of_the_call_and_what_the_program_was_given_are_told(tmp_path: Path) -> None:
    began = time.monotonic()
    reply, start = run(tmp_path, "llm", Behaviour(out=SAYS, sleep=0.1))

    ((begin, end),) = reply.usage.spans
    assert began <= begin < end <= time.monotonic()
    assert end - begin >= 0.1
    given = "".join([start["stdin"], *start["argv"][1:]])
    assert reply.usage.sent == len(given.encode())
