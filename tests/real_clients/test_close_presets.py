"""`gitmem close --engine CLIENT` with the real programs: what the model was asked, and what stays behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.real_clients.claude import with_gitmem
from tests.real_clients.others import NOWHERE, PROGRAMS
from tests.real_clients.wire import Turn, WireModel
from tests.support.hooks import ledger
from tests.support.judge import operation
from tests.support.sandbox import Result, Sandbox

pytestmark = pytest.mark.client

FLAGS = ("Tests need Postgres", "Deploys go out on Tuesdays", "The API returns pages of 50")
ANSWER = {
    "operations": [operation("keep", f"f{number}", topic="", about="") for number in (1, 2, 3)]
}
#: Qwen Code makes a tool of the schema, through which the model answers.
BY_TOOL = {"qwen": "structured_output"}
#: What a client shows its model of the person's own, and cannot leave out.
SHOWN = {"codex": {"OWN WORDS"}, "opencode": {"OWN WORDS"}}


class Person:
    """Somebody who uses a client: it is on the PATH, wired in the repository, and full of things of their own."""

    def __init__(self, sandbox: Sandbox, folder: Path, client: str) -> None:
        self.sandbox = sandbox
        self.client = client
        self.home = folder / "home"
        self.home.mkdir()
        bin_folder = PROGRAMS[client].put(folder / "bin", client)
        self.path = f"{bin_folder}:{with_gitmem()}"

    def wire(self) -> None:
        """Wire gitmem's own hooks, and commit words for every agent of the project."""
        assert self.sandbox.gitmem("init", "--client", "all").code == 0
        with (self.sandbox.path / "AGENTS.md").open("a", encoding="utf-8") as file:
            file.write("\n# PROJECT WORDS\n")
        self.sandbox.git("add", "--all")
        self.sandbox.commit("wire gitmem")
        for text in FLAGS:
            self.sandbox.gitmem("flag", text)

    def settle(self, model: WireModel) -> None:
        """Write the client's settings, which name the model."""
        PROGRAMS[self.client].settle(self.home, self.sandbox.path, model.url)

    def close(self, model: WireModel, *options: str) -> Result:
        """Close with the client as the model."""
        program = PROGRAMS[self.client]
        environ = {
            "PATH": self.path,
            "HOME": str(self.home),
            **NOWHERE,
            **program.environment(self.home, model.url),
        }
        asked = ("close", "--engine", self.client, "--json", *options)
        return self.sandbox.gitmem(*asked, env=environ)


@pytest.fixture
def person(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Person:
    return Person(sandbox, tmp_path, request.getfixturevalue("client"))


def plant(home: Path, client: str) -> None:
    """Hooks, an MCP server, words and a skill of the person's own; each leaves a mark when it is used."""
    hook = {"type": "command", "command": f"touch {home}/hooked; echo HOOK WORDS"}
    hook |= {"name": "mine", "bash": hook["command"]}
    server = {"command": "touch", "args": [f"{home}/served"]}
    shown = {"skills/mine/SKILL.md": "---\nname: mine\ndescription: OWN SKILL\n---\n\nOWN SKILL\n"}
    files: dict[str, Mapping[str, str]] = {
        "codex": {
            "AGENTS.md": "OWN WORDS\n",
            "hooks.json": json.dumps({"hooks": {"SessionStart": [{"hooks": [hook]}]}}),
        },
        "gemini": {"GEMINI.md": "OWN WORDS\n", "AGENTS.md": "OWN WORDS\n"},
        "opencode": {
            "AGENTS.md": "OWN WORDS\n",
            # With `--pure` the file is loaded, and what it exports is not called.
            "plugins/mine.js": "import {writeFileSync} from 'fs'\n"
            f"export const Mine = async () => {{ writeFileSync('{home}/hooked', ''); return {{}} }}\n",
        },
        "copilot": {
            "copilot-instructions.md": "OWN WORDS\n",
            "hooks/mine.json": json.dumps({"version": 1, "hooks": {"sessionStart": [hook]}}),
            "mcp-config.json": json.dumps({"mcpServers": {"mine": {"type": "local", **server}}}),
        },
        "qwen": {"QWEN.md": "OWN WORDS\n", "AGENTS.md": "OWN WORDS\n"},
    }
    folder = home / ("config/opencode" if client == "opencode" else f".{client}")
    for name, text in {**shown, **files[client]}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def add_to_settings(home: Path, client: str) -> None:
    """The same where a client has one file for its settings, which exists by now."""
    server = {"command": "touch", "args": [f"{home}/served"]}
    if client == "codex":
        with (home / ".codex/config.toml").open("a", encoding="utf-8") as file:
            file.write(f'[mcp_servers."mine.too"]\ncommand = "touch"\nargs = ["{home}/served"]\n')
    elif client == "opencode":
        path = home / "config/opencode/opencode.json"
        settings = json.loads(path.read_text(encoding="utf-8"))
        settings["mcp"] = {"mine": {"type": "local", "command": ["touch", f"{home}/served"]}}
        path.write_text("// mine\n" + json.dumps(settings), encoding="utf-8")
    elif client in {"gemini", "qwen"}:
        path = home / f".{client}/settings.json"
        settings = json.loads(path.read_text(encoding="utf-8"))
        hook = {"name": "mine", "type": "command", "command": f"touch {home}/hooked"}
        settings |= {"mcpServers": {"mine": server}, "hooks": {"SessionStart": [{"hooks": [hook]}]}}
        path.write_text(json.dumps(settings), encoding="utf-8")


def kept(home: Path) -> set[str]:
    """The files of a home that hold a flag's words."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)) for path in files if FLAGS[0].encode() in path.read_bytes()}


@pytest.mark.ability("each", "close preset")
@pytest.mark.parametrize("client", PROGRAMS)
def test_a_close_asks_the_model_of_a_client_and_nothing_else_of_it(
    person: Person, client: str
) -> None:
    person.wire()
    plant(person.home, client)
    tool = BY_TOOL.get(client, "")
    turn = Turn(text=json.dumps(ANSWER), tool=tool, given=ANSWER if tool else {})
    with WireModel(turns=[turn], plain=turn.text) as model:
        person.settle(model)
        add_to_settings(person.home, client)
        done = person.close(model)

    assert done.code == 0, done.out + done.err
    ran = header(person.sandbox)
    assert (ran["engine"], ran["flags"], ran["calls"]) == (client, 3, 1)
    assert (ran["tokens_in"], ran["tokens_out"]) == (100, 10)

    (asked,) = model.asked
    assert FLAGS[0] in asked.text
    assert tools(asked.body) == ([tool] if tool else [])
    own = {"PROJECT WORDS", "gitmem flag", "HOOK WORDS", "OWN WORDS", "OWN SKILL"}
    assert {words for words in own if words in asked.text} == SHOWN.get(client, set())
    assert not (person.home / "hooked").exists()
    assert not (person.home / "served").exists()
    assert kept(person.home) == set()
    assert done_here(person.sandbox) == {"drained 3"}


def done_here(sandbox: Sandbox) -> set[str]:
    """What the ledger says was done since the flags were made: a hook of gitmem's that fires is in it."""
    return {row.get("did") or row.get("event") or str(row) for row in ledger(sandbox)}


def header(sandbox: Sandbox) -> dict[str, object]:
    """The header of the one drain record in review: what really ran."""
    (path,) = sandbox.git("ls-tree", "-r", "--name-only", "gitmem/drain", ".gitmem/drains").split()
    found: dict[str, object] = json.loads(
        sandbox.git("show", f"gitmem/drain:{path}").splitlines()[0]
    )
    return found


def tools(body: Mapping[str, object]) -> list[str]:
    """The names of the tools that a request offers, in each of the protocols."""
    offered = body.get("tools") or []
    assert isinstance(offered, list)
    names = []
    for tool in offered:
        inner = tool.get("functionDeclarations", [tool])
        names += [one.get("name") or one["function"]["name"] for one in inner]
    return names
