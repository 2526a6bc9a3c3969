"""The clients as models, with fake programs: what each is started with, and what is made of what it prints."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.models.command import Command
from gitmem.models.programs import person
from gitmem.models.programs.presets import PRESETS
from gitmem.models.programs.program import ProgramExit
from gitmem.models.reply import Credentials, Prompt, Reply
from tests.support.client_answers import answering, events
from tests.support.programs import Behaviour, FakeProgram
from tests.support.sandbox import ENDLESS, PATIENCE

CLIENTS = ("codex", "gemini", "opencode", "copilot", "qwen")
SCHEMA = {
    "type": "object",
    "properties": {"ops": {"type": "array", "items": {"type": "string"}}},
    "required": ["ops"],
    "additionalProperties": False,
}
PROMPT = Prompt(system="Judge the flags.", text='["a fact"]', schema=SCHEMA)
GOOD = {"ops": ["keep"]}


class Asked:
    """A fake client in the folder of a person, asked once at most."""

    def __init__(self, folder: Path, client: str, behaviour: Behaviour | None = None) -> None:
        self.home = folder / "program"
        self.program = FakeProgram(self.home, client, behaviour or answering(client, GOOD))
        self.client = client

    def write(self, path: str, value: object) -> None:
        """Write a file of the person's: a text, or anything else as JSON."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value)
        file.write_text(text, encoding="utf-8")

    def ask(self, environ: Mapping[str, str] | None = None, *, model: str = "") -> Reply:
        around = self.program.environ | dict(environ or {})
        command = Command(self.client, around, clock=time.monotonic, model=model)
        return command.ask(PROMPT, until=time.monotonic() + PATIENCE)

    @property
    def start(self) -> dict[str, Any]:
        (start,) = self.program.starts
        return start


@pytest.fixture
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Asked:
    return Asked(tmp_path, request.getfixturevalue("client"))


each = pytest.mark.parametrize("client", CLIENTS)


# ---------------------------------------------------------------- how they are started


@each
def test_the_question_goes_in_by_standard_input_in_an_empty_folder(
    asked: Asked, client: str
) -> None:
    reply = asked.ask()

    assert (reply.data, reply.problem) == (GOOD, "")
    start = asked.start
    assert PROMPT.text in start["stdin"]
    assert PROMPT.text not in " ".join(start["argv"])
    assert start["there"] == []
    assert start["env"]["GITMEM_INSIDE"] == "1"


@each
def test_a_model_is_passed_on_and_only_if_one_is_named(asked: Asked, client: str) -> None:
    asked.ask(model="big-one")

    argv = asked.start["argv"]
    option = "-m" if client == "codex" else "--model"
    assert argv[argv.index(option) + 1] == "big-one"


@pytest.mark.parametrize(("client", "model"), [("gemini", "flash"), ("codex", ""), ("qwen", "")])
def test_without_a_model_a_small_one_is_asked_or_the_program_chooses(
    asked: Asked, client: str, model: str
) -> None:
    asked.ask()

    argv = asked.start["argv"]
    assert ("--model" in argv) is bool(model)
    assert "-m" not in argv


@each
def test_what_the_client_s_own_session_set_does_not_reach_the_program(
    asked: Asked, client: str
) -> None:
    session = {
        "CODEX_THREAD_ID": "1",
        "GEMINI_CLI": "1",
        "OPENCODE": "1",
        "COPILOT_AGENT_SESSION_ID": "1",
        "QWEN_CODE": "1",
        "CLAUDECODE": "1",
    }
    asked.ask({**session, "GIT_DIR": "/somewhere"})

    assert asked.start["env"].keys().isdisjoint({*session, "GIT_DIR"})


@pytest.mark.parametrize("client", ["gemini", "copilot", "qwen"])
def test_its_home_is_one_for_this_question_with_the_login_linked_into_it(
    asked: Asked, client: str
) -> None:
    own, login = {
        "gemini": (".gemini", "oauth_creds.json"),
        "copilot": ("", "config.json"),
        "qwen": ("", "oauth_creds.json"),
    }[client]
    asked.write(f".{client}/{login}", "the login")
    asked.write(f".{client}/AGENTS.md", "words of the person's own")
    asked.ask()

    home = asked.start["home"]
    assert home[str(Path(own) / login)] == str(asked.home / f".{client}" / login)
    assert not [name for name in home if name.endswith("AGENTS.md")]
    assert (asked.home / f".{client}" / login).read_text(encoding="utf-8") == "the login"


def test_gemini_gets_of_the_settings_only_the_way_to_the_model(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "gemini")
    theirs = {"auth": {"selectedType": "oauth-personal"}, "folderTrust": {"enabled": True}}
    hooks = {"hooks": {"SessionStart": []}, "mcpServers": {"mine": {}}, "tools": {"core": ["x"]}}
    text = json.dumps({"security": theirs, "modelConfigs": {"a": 1}, **hooks})
    asked.write(".gemini/settings.json", "// mine\n" + text.replace("{}}", "{},}"))
    asked.ask()

    settings = json.loads(asked.start["home"][".gemini/settings.json"])
    assert settings["security"] == {"auth": theirs["auth"], "folderTrust": {"enabled": False}}
    assert (settings["modelConfigs"], settings["tools"]) == ({"a": 1}, {"core": []})
    assert settings["hooksConfig"] == {"enabled": False}
    assert not {"hooks", "mcpServers"} & settings.keys()


def test_gemini_finds_the_variables_of_a_person_and_looks_no_further_up(tmp_path: Path) -> None:
    for place, name in enumerate((".gemini/.env", ".env", "")):
        asked = Asked(tmp_path / str(place), "gemini")
        if name:
            asked.write(name, "GEMINI_API_KEY=x")
        asked.ask()
        found = asked.start["home"][".gemini/.env"]
        assert found == (str(asked.home / name) if name else "")


def test_copilot_keeps_the_model_of_a_person_and_not_the_hooks(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "copilot")
    asked.write(".copilot/settings.json", {"model": "gpt-5", "hooks": {"sessionStart": []}})
    asked.ask({"COPILOT_ALLOW_ALL": "true"})

    settings = json.loads(asked.start["home"]["settings.json"])
    assert (settings["model"], settings["disableAllHooks"]) == ("gpt-5", True)
    assert "hooks" not in settings
    assert asked.start["env"]["COPILOT_ALLOW_ALL"] == "false"


def test_a_home_that_a_variable_names_is_the_one_that_counts(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "copilot")
    asked.write("elsewhere/config.json", "{}")
    asked.write(".copilot/config.json", "{}")
    asked.ask({"COPILOT_HOME": str(asked.home / "elsewhere")})

    assert asked.start["home"]["config.json"] == str(asked.home / "elsewhere/config.json")


def test_codex_has_every_server_of_the_person_switched_off_by_its_name(tmp_path: Path) -> None:
    asked = Asked(tmp_path, "codex")
    asked.write(".codex/config.toml", '[mcp_servers.one]\n[mcp_servers."two.three"]\n')
    asked.ask()

    (off,) = [word for word in asked.start["argv"] if word.startswith("mcp_servers=")]
    assert off == 'mcp_servers={"one"={enabled=false},"two.three"={enabled=false}}'


def test_opencode_has_every_server_switched_off_and_keeps_what_a_person_set(
    tmp_path: Path,
) -> None:
    asked = Asked(tmp_path, "opencode")
    asked.write(".config/opencode/opencode.jsonc", '{"mcp": {"one": {}, /* off */}, }')
    asked.write("more.json", {"mcp": {"two": {}}})
    given = '{"model": "mine/m", "mcp": {"three": {"enabled": false}}}'
    more = str(asked.home / "more.json")
    asked.ask({"OPENCODE_CONFIG": more, "OPENCODE_CONFIG_CONTENT": given})

    settings = json.loads(asked.start["env"]["OPENCODE_CONFIG_CONTENT"])
    assert settings["model"] == "mine/m"
    assert settings["mcp"] == {name: {"enabled": False} for name in ("one", "two", "three")}
    (agent,) = settings["agent"].values()
    assert agent["tools"] == {"*": False}
    assert asked.start["env"]["OPENCODE_DB"] == ":memory:"


@pytest.mark.parametrize("text", ["", "{", "[1]", "nul", '{"mcp": 1}', "\xff\x00", "{" * 100_000])
@pytest.mark.parametrize(
    ("client", "file"),
    [
        ("codex", ".codex/config.toml"),
        ("gemini", ".gemini/settings.json"),
        ("opencode", ".config/opencode/opencode.json"),
        ("copilot", ".copilot/settings.json"),
    ],
)
def test_settings_of_a_person_that_cannot_be_read_stop_nothing(
    tmp_path: Path, client: str, file: str, text: str
) -> None:
    asked = Asked(tmp_path, client)
    asked.write(file, text)

    assert asked.ask().data == GOOD


# ---------------------------------------------------------------- what they say


@each
def test_what_it_read_and_wrote_is_counted_once(asked: Asked, client: str) -> None:
    usage = asked.ask().usage

    assert (usage.calls, usage.tokens_in, usage.tokens_out) == (1, 100, 10)
    assert (usage.dollars, usage.priced) == (
        (0.002, "program") if client == "opencode" else (None, "")
    )


@pytest.mark.parametrize("client", ["gemini", "copilot", "qwen"])
def test_it_says_which_model_answered(asked: Asked, client: str) -> None:
    assert asked.ask().answered == "m-1"


def test_what_a_model_without_a_known_price_costs_is_not_known(tmp_path: Path) -> None:
    out = answering("opencode", GOOD).out.replace("0.002", "0")

    assert Asked(tmp_path, "opencode", Behaviour(out=out)).ask().usage.dollars is None


def test_qwen_that_answers_in_words_instead_of_its_tool_has_answered(tmp_path: Path) -> None:
    behaviour = answering("qwen", None, said=json.dumps(GOOD))

    assert Asked(tmp_path, "qwen", behaviour).ask().data == GOOD


def test_codex_of_a_version_without_events_answers_into_the_file(tmp_path: Path) -> None:
    behaviour = Behaviour(answer=json.dumps(GOOD), out="progress\n")

    assert Asked(tmp_path, "codex", behaviour).ask().data == GOOD


#: What each prints when its model's server refuses, recorded from the real programs.
def refusing(client: str, why: str) -> Behaviour:
    started = "Warning: something\n"
    error = {"error": {"type": "Error", "message": why, "code": 1}}
    behaviours = {
        "codex": Behaviour(
            out=events({"type": "error", "message": "Reconnecting... 1/5"})
            + events({"type": "turn.failed", "error": {"message": why}}),
            err=started,
            code=1,
        ),
        "gemini": Behaviour(
            err=started
            + "    at async main (gemini.js:1:5) {\n  code: 404\n}\n"
            + json.dumps(error, indent=2)
            + "\n",
            code=1,
        ),
        "opencode": Behaviour(
            out=events({"type": "error", "error": {"name": "APIError", "data": {"message": why}}}),
            code=1,
        ),
        "copilot": Behaviour(
            out=events({"type": "session.error", "data": {"message": why}}, {"type": "result"}),
            err="Package extraction took 5460ms\n",
            code=1,
        ),
        "qwen": Behaviour(
            out=json.dumps([{"type": "result", "is_error": True, **error}]), err=started, code=1
        ),
    }
    return behaviours[client]


@each
def test_a_model_that_there_is_not_is_said_in_the_program_s_words(
    tmp_path: Path, client: str
) -> None:
    asked = Asked(tmp_path, client, refusing(client, "The model `nonesuch` does not exist"))
    reply = asked.ask(model="nonesuch")

    assert (reply.data, reply.stop) == (None, "failed")
    assert reply.problem == f"{client} ended with 1: The model `nonesuch` does not exist"


@each
def test_a_question_that_is_too_large_may_be_asked_in_parts(tmp_path: Path, client: str) -> None:
    why = "Your prompt is too long for the context window"

    assert Asked(tmp_path, client, refusing(client, why)).ask().too_much


#: What the real programs say to somebody who is not logged in, or whose key is refused.
LOGINS = [
    ("codex", "unexpected status 401 Unauthorized: Incorrect API key provided, url: http://x/v1"),
    ("gemini", "Please set an Auth method in your /x/.gemini/settings.json or specify one of the"),
    (
        "gemini",
        '{"error":{"message":"API key not valid. Please pass a valid API key.","code":400}}',
    ),
    ("opencode", "Incorrect API key provided"),
    ("copilot", "Authentication failed with provider at http://x/v1 (HTTP 401)."),
    ("qwen", "No auth type is selected. Please configure an auth type (e.g. via settings or"),
    ("qwen", "[API Error: 401 Incorrect API key provided]"),
]


@pytest.mark.parametrize(("client", "why"), LOGINS)
def test_a_login_that_is_missing_is_said_and_ends_the_close(
    tmp_path: Path, client: str, why: str
) -> None:
    with pytest.raises(Credentials, match=f"{client} is not logged in") as refused:
        Asked(tmp_path, client, refusing(client, why)).ask()

    assert refused.value.exit_code == 9
    assert refused.value.hint


def test_copilot_without_a_login_explains_it_on_many_lines_of_which_the_first_is_said(
    tmp_path: Path,
) -> None:
    err = "Error: No authentication information found.\n\nYou can use:\n  * Run 'gh auth login'\n"
    with pytest.raises(Credentials, match="No authentication information found"):
        Asked(tmp_path, "copilot", Behaviour(err=err, code=1)).ask()


def test_opencode_that_only_points_at_its_log_is_read_there(tmp_path: Path) -> None:
    error = {"name": "UnknownError", "data": {"message": "Unexpected server error. Check logs."}}
    behaviour = Behaviour(
        out=events({"type": "error", "error": error}),
        err='level=ERROR message=failed error="ProviderModelNotFoundError: Model not found: a/b." '
        'cause="long"\n',
        code=1,
    )
    reply = Asked(tmp_path, "opencode", behaviour).ask()

    assert reply.problem.endswith("ProviderModelNotFoundError: Model not found: a/b.")


@each
def test_a_secret_and_an_escape_in_its_words_are_not_shown(tmp_path: Path, client: str) -> None:
    secret = "very-" + "secret-value"
    for place, why in enumerate((f"bad {secret} \x1b[31m", f"not logged in: {secret} \x1b[31m")):
        asked = Asked(tmp_path / str(place), client, refusing(client, why))
        try:
            said = asked.ask({"SOME_API_KEY": secret}).problem
        except Credentials as refused:
            said = refused.message
        assert secret not in said
        assert "\x1b" not in said
        assert "\n" not in said


def test_the_home_made_for_a_question_is_not_named_to_a_person(tmp_path: Path) -> None:
    program = FakeProgram(tmp_path / "program", "gemini", Behaviour())
    why = 'printf \'{"error":{"message":"look at %s/.gemini/x"}}\' "$GEMINI_CLI_HOME" >&2; exit 1'
    program.path.write_text(f"#!/bin/sh\ncat > /dev/null\n{why}\n", encoding="utf-8")
    command = Command("gemini", program.environ, clock=time.monotonic)
    reply = command.ask(PROMPT, until=time.monotonic() + PATIENCE)

    assert reply.problem == "gemini ended with 1: look at ~/.gemini/x"


@each
def test_at_the_deadline_the_last_that_it_said_is_told(tmp_path: Path, client: str) -> None:
    program = FakeProgram(tmp_path / "program", client, Behaviour())
    said = refusing(client, "waiting for network")
    program.path.write_text(
        f"#!/bin/sh\ncat > /dev/null\ncat {tmp_path}/out\ncat {tmp_path}/err >&2\n"
        f"touch {tmp_path}/said\nexec sleep {ENDLESS}\n",
        encoding="utf-8",
    )
    (tmp_path / "out").write_text(said.out, encoding="utf-8")
    (tmp_path / "err").write_text(said.err, encoding="utf-8")
    began = time.monotonic()
    # The deadline comes once it has said it.
    command = Command(
        client,
        program.environ,
        clock=lambda: began + PATIENCE if (tmp_path / "said").exists() else began,
    )
    reply = command.ask(PROMPT, until=began + PATIENCE / 2)

    assert (reply.data, reply.stop) == (None, "timed_out")
    assert reply.problem.endswith("; the last it said: waiting for network")


#: What no program should print, and a hostile one may.
ODD = ["", "\n", "I looked at it.", "[1]", "[" * 5000, "{" * 5000, "{\n" * 5000, '{"type"', "\x00\xff",
       "\x1b]0;x\x07{}", '{"type":"text","part":[]}', '{"stats":{"models":[1]},"response":3}',
       '[{"type":"result","usage":[],"error":"x"}]', '{"type":"turn.completed","usage":{"input_tokens":1e999}}',
       '{"type":"item.completed","item":{"type":"agent_message","text":{"x":[]}}}']  # fmt: skip


@each
@pytest.mark.parametrize("code", [0, 1])
def test_whatever_a_program_prints_is_no_answer_and_no_crash(client: str, code: int) -> None:
    for text in ODD:
        for usage in ("", "{", '{"modelMetrics":{"a":{"usage":{"inputTokens":-5}}}}'):
            ended = ProgramExit(
                code=code, answer=text, complaint="", printed=text, complained=text, usage=usage
            )
            attempt = PRESETS[client].read(client, ended, PROMPT)
            assert attempt.data is None
            assert attempt.problem
            assert attempt.usage.tokens_in >= 0


@each
def test_a_program_that_fails_has_not_answered_whatever_it_printed(
    tmp_path: Path, client: str
) -> None:
    good = answering(client, GOOD)
    behaviour = Behaviour(out=good.out, answer=good.answer, usage=good.usage, code=3)

    assert Asked(tmp_path, client, behaviour).ask().data is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "error",
                    "message",
                    "item",
                    "part",
                    "data",
                    "usage",
                    "tokens",
                    "text",
                    "result",
                ]
            ),
            inner
            | st.sampled_from(["error", "result", "text", "agent_message", "assistant.message"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@each
@given(rows=st.lists(VALUES, max_size=5), code=st.integers(0, 1))
def test_events_of_any_shape_are_read_without_a_crash(
    client: str, rows: list[object], code: int
) -> None:
    for text in (json.dumps(rows), events(*rows), json.dumps(rows[0]) if rows else ""):
        ended = ProgramExit(
            code=code, answer=text, complaint="x", printed=text, complained=text, usage=text
        )
        assert PRESETS[client].read(client, ended, PROMPT).data is None
        assert isinstance(PRESETS[client].trouble(ended), str)


@given(st.text(alphabet='"\\/*,{}[]: \na1', max_size=40))
def test_comments_and_last_commas_change_nothing_in_a_text(text: str) -> None:
    value = {"a": text, "b": [text]}
    plain = json.dumps(value)
    commented = "// x\n" + plain.replace("]}", " /* y */ , ]\n// z\n,}")

    assert person.settings_in(plain) == value
    if "]}" not in json.dumps(text):
        assert person.settings_in(commented) == value
