"""The real OpenCode after `gitmem init --client opencode`: what reached its model, read from the request bodies."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from gitmem.bootstrap import assets
from gitmem.clients.opencode.wiring import SHIPPED
from tests.real_clients.claude import without_gitmem
from tests.real_clients.evidence import queued
from tests.real_clients.others import OPENCODE, PATIENCE
from tests.real_clients.wire import Turn, WireModel
from tests.support.hooks import ledger
from tests.support.sandbox import ENDLESS, Sandbox

pytestmark = pytest.mark.client

shell = OPENCODE.shell

NUDGE = "flag what's durable, now"


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    return sandbox.wire("--client", "opencode")


@pytest.mark.ability("opencode", "boot words", "memory index")
def test_a_boot_says_what_waits_and_carries_the_memory_but_not_to_what_names_the_session(
    wired: Sandbox, home: Path
) -> None:
    wired.land("Integration tests need Postgres", "--topic", "testing")
    wired.gitmem("flag", "Deploys go out on Tuesdays")

    with WireModel(turns=[shell("true")]) as model:
        done = OPENCODE.run(wired, home, model, "hello")

    for request in model.main:
        assert request.text.count("1 flag waits undrained") == 1, done
        assert "- Integration tests need Postgres" in request.text
        assert "read its index, `memory/MEMORY.md`" in request.text  # AGENTS.md
    (title,) = [one for one in model.asked if one.aside]
    assert "waits undrained" not in title.text


@pytest.mark.ability("opencode", "commit", "end mark", "flag", "session id", "audit")
def test_a_commit_is_followed_by_one_nudge_a_flag_by_none_and_the_session_by_its_end(
    wired: Sandbox, home: Path
) -> None:
    turns = [
        shell("git commit -q --allow-empty -m chapter"),
        shell("gitmem flag 'Tests need Postgres' --kind gotcha"),
        shell("true"),
    ]

    with WireModel(turns=turns) as model:
        done = OPENCODE.run(wired, home, model, "go on")

    said = model.told(f"after git commit: {NUDGE}")
    assert said == [0, 1, 1, 1], done
    (flag,) = queued(wired)
    assert flag["text"] == "Tests need Postgres"
    ended = [line for line in ledger(wired) if line.get("did") == "marked end"]
    assert [line["event"] for line in ended] == ["end"]
    assert flag["session"] == ended[0]["session"]
    assert flag["client"] == "opencode"
    told = json.loads(
        wired.gitmem("audit", "--json", env={"XDG_DATA_HOME": str(home / "data")}).out
    )
    (session,) = told["sessions"]
    seen = session["transcript"]
    assert (seen["commit"], seen["turn end"], seen["nudges"]) == (1, 1, 1), told
    assert told["gaps"] == 0


@pytest.mark.ability("opencode", "turn nudge", "started in a subfolder")
def test_the_next_prompt_of_a_session_asks_about_the_turn_before(
    wired: Sandbox, home: Path
) -> None:
    (wired.path / "services/api").mkdir(parents=True)
    with WireModel(turns=[shell("true")] * 5) as model:
        OPENCODE.run(wired, home, model, "go on", below="services/api")
        first = len(model.main)
        goes_on = replace(OPENCODE, command=lambda _, prompt: ("run", "--continue", prompt))
        done = goes_on.run(wired, home, model, "and now", below="services/api")

    said = model.told(f"after the end of the last turn: {NUDGE}")
    assert said == [0] * first + [1], done
    assert [line["detail"] for line in ledger(wired) if line["event"] == "boot"] == [
        "startup",
        "resume",
    ]


@pytest.mark.ability("opencode", "words to the summariser", "after a compaction")
def test_a_compaction_is_told_what_to_keep_and_is_asked_about_once(
    wired: Sandbox, home: Path
) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    turns = [shell("true"), shell("true", tokens=197_000), shell("true"), shell("true")]

    with WireModel(turns=turns) as model:
        done = OPENCODE.run(wired, home, model, "go on")

    (summary,) = [one for one in model.asked if one.aside and "context summarization" in one.text]
    assert "end the summary with a section 'Unflagged durable facts'" in summary.text, done
    assert "waits undrained" not in summary.text
    asked = model.told(f"gitmem, after a compaction: {NUDGE}")
    assert asked == [0, 0, 1, 0, 0]
    assert model.told("1 flag waits undrained") == [1] * 5


@pytest.mark.ability("opencode", "sub-agent", "chapter tool", "recovery", "growth")
def test_what_closed_a_chapter_is_named_once_and_a_context_that_grew_by_itself(
    wired: Sandbox, home: Path
) -> None:
    wired.commit("make", {"Makefile": "release:\n\ttest -e ready\n"})
    todos = [{"content": "one", "status": "completed", "priority": "high"}]
    task = {"description": "look", "prompt": "look around", "subagent_type": "general"}
    turns = [
        shell("make release"),
        Turn(tool="todowrite", given={"todos": todos}),
        Turn(tool="task", given=task),
        Turn(text="nothing there"),
        shell("touch ready"),
        shell("true"),
        shell("make release"),
        *[shell("true", tokens=90_000)] * 6,
    ]

    with WireModel(turns=turns) as model:
        done = OPENCODE.run(wired, home, model, "go on")

    last = model.main[-1].text
    assert last.count("gitmem, after a command that failed and then worked") == 1, done
    assert "and a finished sub-agent and a completed task" in last
    assert last.count("gitmem, after a long stretch of work") == 1
    assert last.count("gitmem, after ") == 2


@pytest.mark.ability("opencode", "guard", "recall at need")
def test_a_lesson_and_a_line_of_memory_come_with_the_call_that_they_are_about(
    wired: Sandbox, home: Path
) -> None:
    guard = {"tool": "Bash", "match": "make release", "lesson": "Build the wheel first."}
    wired.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n", "src/pay.py": "x\n"})
    wired.land("`src/pay.py` rounds half up")
    wired.gitmem("recall", "rounds")
    turns = [shell("make release"), Turn(tool="read", given={"filePath": "src/pay.py"})]

    with WireModel(turns=turns) as model:
        done = OPENCODE.run(wired, home, model, "go on")

    assert "Build the wheel first." not in model.main[0].text
    assert model.main[1].text.count("Build the wheel first.") == 1, done
    assert "gitmem: notes of this repository about src/pay.py" in model.main[2].text
    calls = [line["event"] for line in ledger(wired) if line.get("call")]
    assert calls == ["before", "after", "after"]  # a process each; a file that is read costs one


def test_a_person_who_is_asked_about_commands_is_not_asked_about_a_flag_and_about_all_else(
    wired: Sandbox, home: Path
) -> None:
    turns = [
        shell("gitmem flag 'Tests need Postgres'"),
        shell("gitmem flag 'x' > written.txt"),
    ]
    settings = {"OPENCODE_PERMISSION": json.dumps({"bash": "ask"})}
    with WireModel(turns=turns) as model:
        done = OPENCODE.run(wired, home, model, "go on", env=settings)
    with WireModel(turns=[shell("touch written.txt")]) as model:
        OPENCODE.run(wired, home, model, "go on", env=settings)

    assert [flag["text"] for flag in queued(wired)] == ["Tests need Postgres"], done
    assert not (wired.path / "written.txt").exists()


@pytest.mark.parametrize("gitmem", ["", "#!/bin/sh\necho '{\"model\": 1'; exit 3\n"])
def test_a_gitmem_that_is_missing_or_fails_changes_nothing(
    wired: Sandbox, home: Path, tmp_path: Path, gitmem: str
) -> None:
    wired.gitmem("flag", "Deploys go out on Tuesdays")
    folder = tmp_path / "bin"
    folder.mkdir()
    if gitmem:
        (folder / "gitmem").write_text(gitmem, encoding="utf-8")
        (folder / "gitmem").chmod(0o755)
    path = os.pathsep.join([str(folder), without_gitmem()])

    with WireModel(turns=[shell("echo $GITMEM_CLIENT")]) as model:
        done = OPENCODE.run(wired, home, model, "go on", env={"PATH": path})

    assert done.code == 0
    assert model.main[1].body["messages"][-1]["content"] == "opencode\n"
    lost = "the gitmem command did not run here" in model.main[0].text
    assert lost == (not gitmem)


@pytest.mark.ability("opencode", "guard")
def test_where_a_person_attends_a_call_is_held_once_and_the_retry_passes(
    wired: Sandbox, home: Path
) -> None:
    guard = {"tool": "Bash", "match": "make", "lesson": "Build the wheel first.", "mode": "once"}
    wired.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n", "Makefile": "x:\n"})

    with WireModel(turns=[shell("make x"), shell("make x")]) as model:
        session = attended(wired, home, model, "go on")

    denied, made = (one.body["messages"][-1]["content"] for one in model.main[1:])
    assert "Build the wheel first." in denied
    assert "gitmem holds a call only once" in denied
    assert "Nothing to be done for 'x'" in made
    held = [line for line in ledger(wired) if str(line.get("did")).startswith("held")]
    assert [line["session"] for line in held] == [session]


#: A session of one prompt and one call, as the client would run it, and what the model would read.
SCRIPT = """\
import { Gitmem } from "./gitmem.mjs";
const client = { session: { get: async () => ({ data: { id: "s" } }) } };
const hooks = await Gitmem({ client, directory: process.cwd(), worktree: process.cwd() });
const prompt = { message: { id: "msg_1" }, parts: [{ id: "prt_1", type: "text", text: "go on" }] };
await hooks["chat.message"]({ sessionID: "s" }, prompt);
const system = ["You are"];
await hooks["experimental.chat.system.transform"]({ sessionID: "s" }, { system });
const call = { tool: "bash", sessionID: "s", callID: "c", args: { command: "ls" } };
await hooks["tool.execute.before"](call, call);
const result = { output: "out", metadata: { exit: 0 } };
await hooks["tool.execute.after"](call, result);
const served = { content: [] };
await hooks["tool.execute.after"]({ ...call, tool: "tracker_get" }, served);
await hooks.dispose();
const parts = prompt.parts.map(({ text }) => text);
console.log(JSON.stringify([parts, system, result.output, served.content.map(({ text }) => text)]));
"""


@pytest.mark.parametrize(
    ("gitmem", "said"),
    [
        (
            'cat >/dev/null; echo \'{"model":"W"}\'',
            [["go on", "W"], ["You are", "W"], "out\n\nW\n\nW", ["W"]],
        ),
        (f"exec sleep {ENDLESS}", [["go on"], ["You are"], "out", []]),
        ("echo null", [["go on"], ["You are"], "out", []]),
        ("echo '[1]'", [["go on"], ["You are"], "out", []]),
    ],
)
def test_the_plugin_hands_over_what_is_answered_and_waits_for_no_answer_for_ever(
    tmp_path: Path, gitmem: str, said: list[Any]
) -> None:
    impatient = assets.read(SHIPPED).replace("PATIENCE = 10_000", "PATIENCE = 200")
    (tmp_path / "gitmem.mjs").write_text(impatient, encoding="utf-8")
    (tmp_path / "session.mjs").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "gitmem").write_text(f"#!/bin/sh\n{gitmem}\n", encoding="utf-8")
    (tmp_path / "gitmem").chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])

    done = subprocess.run(
        ["node", "session.mjs"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE,
    )

    assert json.loads(done.stdout) == said


def attended(sandbox: Sandbox, home: Path, model: WireModel, prompt: str) -> str:
    """Run a session of a server, as the client's own interface does; return its id."""
    program = replace(OPENCODE, command=lambda *_: ("serve", "--port", "0"))
    with subprocess.Popen(
        program.argv(home, ""),
        cwd=sandbox.path,
        env=program.environ(sandbox, home, model),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            assert server.stdout
            said = (re.search(r"http://[\d.:]+", line) for line in server.stdout)
            url = next(found[0] for found in said if found)
            session = posted(f"{url}/session", {})["id"]
            parts = [{"type": "text", "text": prompt}]
            posted(f"{url}/session/{session}/message", {"parts": parts})
            posted(f"{url}/instance/dispose", {})
        finally:
            server.kill()
    return str(session)


def posted(url: str, body: dict[str, Any]) -> Any:
    headers = {"content-type": "application/json"}
    request = Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - loopback
    with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
        return json.load(answer)
