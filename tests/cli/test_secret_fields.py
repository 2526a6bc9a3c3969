"""A credential beside the text: in every option, in what the surroundings bring, and in what is repeated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from tests.support.clients import COMMANDS
from tests.support.queues import folder_of
from tests.support.sandbox import Result, Sandbox

#: Shaped like a forge's token; made here, so that no file holds one.
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2"
AWS = "AKIA" + "QWERTYUIOPASDFG2"
SECRETS = {"a forge's": TOKEN, "a cloud's": AWS}


def nowhere(sandbox: Sandbox, done: Result, secret: str) -> None:
    """Neither said nor stored: whole, in lower case, or a long piece of it."""
    pieces = {secret, secret.lower(), secret[:14], secret[-14:]}
    stored = sandbox.git("log", "--all", "--format=%B%an%ae%cn%ce", "-p")
    if folder_of(sandbox).is_dir():
        files = [path for path in folder_of(sandbox).rglob("*") if path.is_file()]
        stored += "".join(path.read_bytes().decode("utf-8", "replace") for path in files)
    for piece in pieces:
        assert piece not in done.out + done.err
        assert piece not in stored


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize(
    "args",
    [
        ("flag", "text", "--topic", "{}"),
        ("flag", "text", "--paths", "config/{}.py"),
        ("flag", "text", "--paths", "../{}"),
        ("flag", "text", "--source", "{}"),
        ("flag", "text", "--kind", "{}"),
        ("flag", "text", "-k{}"),
        ("snag", "text", "--better", "text", "-{}"),
        ("flag", "text", "--{}"),
        ("flag", "text", "{}"),
        ("flag", "{}"),
        ("snag", "text", "--better", "b", "--skill", "{}"),
        ("snag", "text", "--better", "b", "--rule", "docs/{}.md"),
        ("snag", "text", "--better", "b", "--rule", "../{}"),
        ("snag", "text", "--better", "b", "--again", "{}"),
        ("snag", "text", "--better", "{}"),
        ("drop", "{}", "--reason", "r"),
        ("undrop", "{}"),
        ("edit", "{}", "text"),
        ("drop", "abcdefghijkl", "--reason", "{}"),
        ("forget", "{}"),
        ("show", "{}"),
        ("why", "{}"),
        ("close", "--engine", "{}"),
        ("close", "--{}"),
        ("close", "--workers", "{}"),
        ("sync", "--rewritten", "{}"),
        ("audit", "--since", "{}"),
        ("init", "--target", "{}"),
        ("stats", "--inline-price", "{}"),
        ("{}",),
    ],
    ids=" ".join,
)
def test_it_is_refused_and_not_repeated(
    sandbox: Sandbox, args: tuple[str, ...], secret: str
) -> None:
    done = sandbox.gitmem(*[arg.replace("{}", secret) for arg in args])

    assert done.code not in {0, 70}, done.out
    nowhere(sandbox, done, secret)


@pytest.mark.parametrize("kind", ["Tr0ub4dor&3", "correct-horse-battery", "hunter2hunter2"])
def test_a_kind_that_is_no_word_is_not_repeated(sandbox: Sandbox, kind: str) -> None:
    done = sandbox.gitmem("flag", "text", "--kind", kind)

    assert done.code == 2
    assert kind not in done.err
    assert "unknown kind" in done.err
    assert "unknown kind gotchas" in sandbox.gitmem("flag", "text", "--kind", "gotchas").err


def _on_a_branch(sandbox: Sandbox) -> Mapping[str, str]:
    sandbox.git("switch", "--quiet", "--create", f"fix/{TOKEN}")
    return {}


def _by_an_author(sandbox: Sandbox) -> Mapping[str, str]:
    sandbox.git("config", "user.name", TOKEN)
    return {}


def _by_an_address(sandbox: Sandbox) -> Mapping[str, str]:
    sandbox.git("config", "user.email", f"x:{TOKEN}@example.com")
    return {}


def _in_a_session(_: Sandbox) -> Mapping[str, str]:
    return {**COMMANDS["codex"], "CODEX_THREAD_ID": TOKEN}


@pytest.mark.parametrize("around", [_on_a_branch, _by_an_author, _by_an_address, _in_a_session])
def test_a_flag_is_saved_without_what_its_surroundings_give_away(
    sandbox: Sandbox, around: Callable[[Sandbox], Mapping[str, str]]
) -> None:
    env = around(sandbox)
    done = sandbox.gitmem("flag", "deploys need the VPN", "--json", env=env)

    assert done.code == 0, done.err
    assert "looks like it holds a credential" in done.err or around in {
        _by_an_author,
        _by_an_address,
    }
    assert TOKEN not in done.out + done.err
    queue = sandbox.git("log", "-1", "--format=%B%an%ae%cn%ce", "-p", "gitmem/queue")
    journal = "".join(path.read_text("utf-8") for path in folder_of(sandbox).glob("journal*"))
    assert TOKEN not in queue + journal
    flag = json.loads(done.out)["id"]
    assert flag in queue


def test_ordinary_names_pass_every_field(sandbox: Sandbox) -> None:
    sandbox.git("switch", "--quiet", "--create", "feature/AUTH-1234-token-refresh-for-api-keys")
    sandbox.git("config", "user.name", "Key Passworth")
    sandbox.write("src/auth/token_secret_store.py", "")
    done = sandbox.gitmem(
        "flag", "tokens are refreshed lazily", "--topic", "api-token-auth",
        "--paths", "src/auth/token_secret_store.py", "--source", "src/auth/token_secret_store.py:1",
        env=COMMANDS["qwen"],
    )  # fmt: skip

    assert (done.code, done.err) == (0, "")
    line = sandbox.git("log", "-1", "--format=", "-p", "gitmem/queue")
    for part in ("AUTH-1234-token-refresh", "Key Passworth", "api-token-auth", '"session"'):
        assert part in line


def test_check_does_not_repeat_a_branch_s_name_that_holds_a_credential(sandbox: Sandbox) -> None:
    sandbox.git("switch", "--quiet", "-c", f"fix/{TOKEN}")

    done = sandbox.gitmem("check", "--scope", "branch")

    assert (done.code, "no undrained flag was made on" in done.out) == (0, True)
    nowhere(sandbox, done, TOKEN)
