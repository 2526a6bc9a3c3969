"""Who judges: the order of choice, and what a repository's settings may not choose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitmem.bootstrap.engines import PRESETS, EngineRequest, choose_engine
from gitmem.bootstrap.workplace import workplace
from gitmem.cli.progress import Watch
from gitmem.core.errors import Refused, UsageError
from gitmem.drain.ports import Answer
from gitmem.models.chat import openai
from gitmem.models.reply import Credentials
from tests.support.messages_api import CHAT, MessagesApi
from tests.support.programs import Behaviour, FakeProgram
from tests.support.queues import keep
from tests.support.sandbox import Sandbox

KEY = {"ANTHROPIC_API_KEY": "test-key-0123456789"}
OPENAI = {"OPENAI_API_KEY": "test-key-0123456789"}


def chosen(
    sandbox: Sandbox, environ: dict[str, str], *, asked: str = "", client: str = ""
) -> tuple[str, str]:
    place = workplace(str(sandbox.path), {"HOME": "/nonexistent", **environ})
    found = choose_engine(place, EngineRequest(engine=asked), environ, client=client)
    if found.model is not None:
        found.model.stop()
    return found.engine.name, found.why


def test_the_command_line_goes_before_the_environment_before_git_config_before_a_key(
    sandbox: Sandbox,
) -> None:
    assert chosen(sandbox, {}) == ("verbatim", "no model is configured")
    assert chosen(sandbox, KEY) == ("anthropic", "ANTHROPIC_API_KEY is in the environment")
    sandbox.git("config", "gitmem.engine", "verbatim")
    assert chosen(sandbox, KEY) == ("verbatim", "git config gitmem.engine")
    environ = {**KEY, "GITMEM_ENGINE": "anthropic"}
    assert chosen(sandbox, environ) == ("anthropic", "GITMEM_ENGINE")
    assert chosen(sandbox, environ, asked="verbatim") == ("verbatim", "--engine")


def test_the_key_of_one_vendor_is_enough_in_a_terminal(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chosen(sandbox, OPENAI) == ("openai", "OPENAI_API_KEY is in the environment")
    assert chosen(sandbox, {**OPENAI, **KEY})[0] == "anthropic"
    token = {"ANTHROPIC_AUTH_TOKEN": "a-token-1234"}
    assert chosen(sandbox, token) == ("anthropic", "ANTHROPIC_AUTH_TOKEN is in the environment")
    assert chosen(sandbox, {"OPENAI_API_KEY": "  "})[0] == "verbatim"

    monkeypatch.setattr(openai, "installed", lambda: False)
    assert chosen(sandbox, OPENAI) == (
        "verbatim", "no engine is configured; for OPENAI_API_KEY add gitmem-cli[openai]"
    )  # fmt: skip


@pytest.mark.parametrize("key", [KEY, OPENAI, {**KEY, **OPENAI}], ids=["one", "other", "both"])
def test_inside_a_client_a_key_alone_chooses_nothing(sandbox: Sandbox, key: dict[str, str]) -> None:
    """A repository's settings file can put a key, and with it an account, into the session."""
    name, why = chosen(sandbox, key, client="claude-code")

    assert (name, "inside claude-code a key chooses none" in why) == ("verbatim", True)


def test_a_server_of_ones_own_is_asked_for_its_model_and_gets_no_key(sandbox: Sandbox) -> None:
    with MessagesApi([], dialect=CHAT) as server:
        sandbox.git("config", "gitmem.host", server.url.removeprefix("http://"))
        place = workplace(str(sandbox.path), {"HOME": "/nonexistent"})
        environ = {**OPENAI, "OPENAI_BASE_URL": "https://collector.example/v1"}
        found = choose_engine(place, EngineRequest(engine="llamacpp"), environ, client="codex")
        model = found.model
        assert model is not None
        model.stop()

    assert (model.name, model.model, model.here) == ("llamacpp", "claude-haiku-5-5", True)
    assert model.host == server.url.removeprefix("http://")


def test_inside_a_client_the_environment_names_no_server_of_chat_completions(
    sandbox: Sandbox,
) -> None:
    sandbox.git("config", "gitmem.engine", "openai")
    for brought in (
        {"OPENAI_BASE_URL": "https://collector.example/v1"},
        {"OPENAI_BASE_URL": "http://localhost:4711/v1"},
        {"OPENAI_CUSTOM_HEADERS": "authorization: Bearer another"},
    ):
        with pytest.raises(Refused, match=next(iter(brought))):
            chosen(sandbox, {**OPENAI, **brought}, client="codex")
    assert chosen(sandbox, OPENAI, client="codex")[0] == "openai"


def test_a_server_named_in_git_config_of_the_work_tree_is_refused(sandbox: Sandbox) -> None:
    brought = sandbox.write("dev/gitconfig", "[gitmem]\n\thost = collector.example\n")
    place = workplace(
        str(sandbox.path), {"HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": str(brought)}
    )
    with pytest.raises(Refused, match="dev/gitconfig"):
        choose_engine(place, EngineRequest(engine="openai"), OPENAI, client="")


def test_a_file_of_the_repository_does_not_choose(sandbox: Sandbox) -> None:
    sandbox.commit("settings", {"CLAUDE.md": "engine: anthropic\n", "gitmem.engine": "anthropic\n"})

    assert chosen(sandbox, {})[0] == "verbatim"


def test_an_unknown_engine_is_named_with_where_it_came_from(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match=r"unknown engine 'gpt' \(GITMEM_ENGINE\)"):
        chosen(sandbox, {"GITMEM_ENGINE": "gpt"})


def test_without_a_key_the_engine_is_refused_before_any_work(sandbox: Sandbox) -> None:
    with pytest.raises(Credentials, match="no key"):
        chosen(sandbox, {}, asked="anthropic")


def test_inside_a_client_a_server_of_unknown_origin_is_refused(sandbox: Sandbox) -> None:
    sandbox.git("config", "gitmem.engine", "anthropic")
    environ = {**KEY, "ANTHROPIC_BASE_URL": "https://collector.example"}

    assert chosen(sandbox, environ)[0] == "anthropic"
    with pytest.raises(Refused, match=r"collector\.example"):
        chosen(sandbox, environ, client="claude-code")
    assert chosen(sandbox, KEY, client="claude-code")[0] == "anthropic"


def test_inside_a_client_a_server_that_the_person_named_is_asked(sandbox: Sandbox) -> None:
    sandbox.git("config", "gitmem.engine", "anthropic")
    sandbox.git("config", "gitmem.host", "mine.example:8443")
    environ = {**KEY, "ANTHROPIC_BASE_URL": "https://mine.example:8443"}

    assert chosen(sandbox, environ, client="claude-code")[0] == "anthropic"


#: What a repository's settings file for the client may put into the environment of a session.
BROUGHT = [
    {"GITMEM_ENGINE": "command", "GITMEM_COMMAND": "env"},
    {"GITMEM_ENGINE": "claude"},
    {**KEY, "GITMEM_MODEL": "the-dearest"},
    {**KEY, "ANTHROPIC_BASE_URL": "http://api.anthropic.com"},
    {**KEY, "ANTHROPIC_CUSTOM_HEADERS": "authorization: Bearer another"},
]


@pytest.mark.parametrize("brought", BROUGHT, ids=lambda brought: " ".join(sorted(brought)))
def test_inside_a_client_the_environment_does_not_choose(
    sandbox: Sandbox, brought: dict[str, str]
) -> None:
    sandbox.git("config", "gitmem.engine", "anthropic")
    with pytest.raises((Refused, UsageError)) as refused:
        chosen(sandbox, {**brought, "PATH": "/usr/bin:/bin"}, client="claude-code")

    named = [name for name in brought if name != "ANTHROPIC_API_KEY"]
    assert any(name in str(refused.value) for name in named)


def test_inside_a_client_a_command_of_the_environment_is_refused_whoever_chose_the_engine(
    sandbox: Sandbox,
) -> None:
    environ = {"GITMEM_COMMAND": "env", "PATH": "/usr/bin:/bin"}
    sandbox.git("config", "gitmem.engine", "command")
    with pytest.raises(Refused, match="GITMEM_COMMAND"):
        chosen(sandbox, environ, client="claude-code")
    with pytest.raises(Refused, match="GITMEM_COMMAND"):
        chosen(sandbox, environ, asked="command", client="claude-code")

    sandbox.git("config", "gitmem.command", "cat")
    with pytest.raises(Refused, match="GITMEM_COMMAND"):
        chosen(sandbox, environ, client="claude-code")
    assert chosen(sandbox, environ)[0] == "command"


def test_inside_a_client_the_environment_may_say_what_the_person_says(sandbox: Sandbox) -> None:
    for key, value in (("engine", "command"), ("command", "env"), ("model", "m-1")):
        sandbox.git("config", f"gitmem.{key}", value)
    environ = {
        "GITMEM_ENGINE": "command",
        "GITMEM_COMMAND": "env",
        "GITMEM_MODEL": "m-1",
        "PATH": "/usr/bin:/bin",
    }

    assert chosen(sandbox, environ, client="claude-code") == ("command", "GITMEM_ENGINE")


def test_inside_a_client_the_engine_that_sends_nothing_may_always_be_chosen(
    sandbox: Sandbox,
) -> None:
    environ = {**KEY, "GITMEM_ENGINE": "verbatim"}

    assert chosen(sandbox, environ, client="claude-code") == ("verbatim", "GITMEM_ENGINE")


@pytest.mark.parametrize("key", ["engine", "command", "model", "host", "price", "acceptInAgent"])
def test_git_config_that_lies_in_the_work_tree_is_no_person(sandbox: Sandbox, key: str) -> None:
    brought = sandbox.write("dev/gitconfig", f"[gitmem]\n\t{key} = env\n")
    place = workplace(
        str(sandbox.path), {"HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": str(brought)}
    )

    with pytest.raises(Refused, match="dev/gitconfig"):
        place.personal(key)
    sandbox.git("config", f"gitmem.{key}", "mine")
    assert place.personal(key) == "mine"


def test_a_relative_path_to_git_config_in_the_work_tree_is_seen_too(sandbox: Sandbox) -> None:
    sandbox.write(".gitconfig", "[gitmem]\n\tcommand = env\n")
    sandbox.git("config", "include.path", "../.gitconfig")

    with pytest.raises(Refused, match=r"\.gitconfig"):
        workplace(str(sandbox.path), {"HOME": str(sandbox.path)}).personal("command")


def test_inside_a_client_plain_http_is_asked_only_where_the_person_wrote_it(
    sandbox: Sandbox,
) -> None:
    sandbox.git("config", "gitmem.engine", "anthropic")
    environ = {**KEY, "ANTHROPIC_BASE_URL": "http://mine.example:8080"}
    sandbox.git("config", "gitmem.host", "mine.example:8080")
    with pytest.raises(Refused, match=r"http://mine\.example:8080"):
        chosen(sandbox, environ, client="claude-code")

    sandbox.git("config", "gitmem.host", "http://mine.example:8080")
    assert chosen(sandbox, environ, client="claude-code")[0] == "anthropic"
    sandbox.git("config", "gitmem.host", "localhost:11434")
    environ = {"ANTHROPIC_BASE_URL": "http://localhost:11434"}
    assert chosen(sandbox, environ, asked="anthropic", client="claude-code")[0] == "anthropic"


def test_inside_a_client_certificates_of_the_repository_vouch_for_nobody(sandbox: Sandbox) -> None:
    sandbox.git("config", "gitmem.engine", "anthropic")
    file = sandbox.write("dev/ca.pem", "")
    environ = {**KEY, "HTTPS_PROXY": "http://proxy.example", "SSL_CERT_FILE": str(file)}

    with pytest.raises(Refused, match="SSL_CERT_FILE"):
        chosen(sandbox, environ, client="claude-code")
    environ = {**KEY, "SSL_CERT_DIR": str(file.parent)}
    with pytest.raises(Refused, match="SSL_CERT_DIR"):
        chosen(sandbox, environ, client="claude-code")


def test_the_installed_close_refuses_what_a_repository_put_into_the_session(
    sandbox: Sandbox,
) -> None:
    keep(sandbox, 1)
    stolen = sandbox.path.parent / "stolen"
    brought = {"CLAUDECODE": "1", "GITMEM_ENGINE": "command", "GITMEM_COMMAND": f"tee {stolen}"}

    done = sandbox.gitmem("close", env=brought)

    assert (done.code, stolen.exists()) == (4, False)
    assert "GITMEM_ENGINE" in done.err
    assert "git config gitmem.engine command" in done.err
    # A model's engine through `init` neither: it says who judges, and does not listen either.
    assert sandbox.gitmem("init", "--dry-run", env=brought).out.count("engine verbatim") == 1


def test_inside_a_client_a_variable_leads_the_asked_program_nowhere_else(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    keep(sandbox, 1)
    seen = tmp_path / "seen"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv > {seen}\n", "utf-8")
    program.chmod(0o755)
    for key, value in (("engine", "command"), ("command", str(program))):
        sandbox.git("config", f"gitmem.{key}", value)
    brought = {
        "OPENAI_BASE_URL": "http://evil.example",
        "NODE_OPTIONS": "--require ./evil.js",
        "BASH_ENV": "./evil.sh",
        "OPENAI_ORGANIZATION": "mine",
    }

    sandbox.gitmem("close", env={**brought, "CLAUDECODE": "1"})

    told = seen.read_text("utf-8")
    assert "evil" not in told
    assert "OPENAI_ORGANIZATION=mine" in told
    sandbox.gitmem("close", env=brought)
    assert "OPENAI_BASE_URL=http://evil.example" in seen.read_text("utf-8")


def test_inside_a_client_claude_is_not_led_to_another_server(sandbox: Sandbox) -> None:
    sandbox.git("config", "gitmem.engine", "claude")
    keep(sandbox, 1)
    evil = {"ANTHROPIC_BASE_URL": "https://evil.example", "CLAUDECODE": "1"}

    done = sandbox.gitmem("close", env=evil)

    assert done.code == 4
    assert "evil.example" in done.err


@pytest.mark.parametrize(
    "name", ["CODEX_HOME", "CLAUDE_CONFIG_DIR", "GEMINI_CLI_HOME", "COPILOT_HOME", "QWEN_HOME"]
)
@pytest.mark.parametrize("relative", [True, False], ids=["relative", "absolute"])
def test_inside_a_client_no_file_of_the_repository_leads_the_asked_program(
    sandbox: Sandbox, name: str, relative: bool
) -> None:
    sandbox.git("config", "gitmem.command", "env")
    folder = "dev/home" if relative else str(sandbox.path / "dev/home")
    environ = {name: folder, "PATH": "/usr/bin:/bin"}

    with pytest.raises(Refused, match=name):
        chosen(sandbox, environ, asked="command", client="codex")
    assert chosen(sandbox, environ, asked="command")[0] == "command"
    elsewhere = {**environ, name: "/home/me/own"}
    assert chosen(sandbox, elsewhere, asked="command", client="codex")[0] == "command"


@pytest.mark.parametrize("client", [name for name in PRESETS if name != "llm"])
def test_inside_a_client_the_environment_hands_a_program_no_settings_and_no_command(
    sandbox: Sandbox, tmp_path: Path, client: str
) -> None:
    keep(sandbox, 1)
    program = FakeProgram(tmp_path / "program", client, Behaviour())
    sandbox.git("config", "gitmem.engine", client)
    brought = {
        "OPENCODE_CONFIG_CONTENT": '{"model": "evil/m"}',
        "OPENCODE_AUTH_CONTENT": "evil",
        "COPILOT_PROVIDER_API_KEY_COMMAND": "evil",
        "COPILOT_PROVIDER_BASE_URL": "http://evil.example",
        "GH_HOST": "evil.example",
        "GEMINI_SANDBOX": "evil",
        "OPENAI_BASE_URL": "http://evil.example",
    }

    sandbox.gitmem("close", env={**program.environ, **brought, "CODEX_THREAD_ID": "1"})
    sandbox.gitmem("close", env={**program.environ, **brought})

    inside, outside = sorted(program.starts, key=lambda start: "evil" in json.dumps(start["env"]))
    assert "evil" not in json.dumps(inside["env"])
    assert outside["env"]["GH_HOST"] == "evil.example"


@pytest.mark.parametrize("client", PRESETS)
def test_a_program_that_is_not_installed_is_said_before_any_work(
    sandbox: Sandbox, client: str
) -> None:
    with pytest.raises(UsageError, match=f"there is no program '{client}'") as refused:
        chosen(sandbox, {"PATH": "/nonexistent"}, asked=client)

    assert "install it" in (refused.value.hint or "")


def test_the_engine_command_wants_a_command(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match="no command"):
        chosen(sandbox, {}, asked="command")


def test_progress_counts_in_silence_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Watch(silent=False) as watch:
        watch.planned(2, workers=8)
        watch.answered(Answer(operations=()))
        watch.answered(Answer(operations=(), kept=1))

    assert watch.kept == 1
    assert capsys.readouterr() == ("", "")
