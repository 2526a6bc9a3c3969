"""The preset `claude` with the real client on loopback: what it sends, and that nothing else happens."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from gitmem.models.command import Command
from gitmem.models.reply import Credentials, Prompt
from tests.real_clients.claude import install
from tests.real_clients.model import Answer, ScriptedModel

pytestmark = pytest.mark.client

SCHEMA = {
    "type": "object",
    "properties": {"ops": {"type": "array", "items": {"type": "string"}}},
    "required": ["ops"],
    "additionalProperties": False,
}
PROMPT = Prompt(system="Judge the flags.", text="the data", schema=SCHEMA)
EVENTS = ("SessionStart", "UserPromptSubmit", "Stop", "SessionEnd")


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    """A person whose own hooks leave a mark, and who wrote a CLAUDE.md."""
    settings = tmp_path / ".claude/settings.json"
    settings.parent.mkdir()
    hook = {"type": "command", "command": f"touch {tmp_path}/fired"}
    settings.write_text(json.dumps({"hooks": {event: [{"hooks": [hook]}] for event in EVENTS}}))
    (tmp_path / ".claude/CLAUDE.md").write_text("PLANTED\n")
    nowhere = "http://127.0.0.1:9"
    isolation = {"HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **isolation, **more}


@pytest.mark.ability("claude-code", "close preset")
@pytest.mark.parametrize("way", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
def test_one_small_question_goes_out_and_no_hook_fires(tmp_path: Path, way: str) -> None:
    answer = Answer(text="", calls=(("StructuredOutput", {"ops": ["keep"]}),))
    with ScriptedModel(main=[answer]) as model:
        surroundings = environ(tmp_path, ANTHROPIC_BASE_URL=model.url, **{way: "unused"})
        command = Command(str(install()), surroundings, clock=time.monotonic)
        reply = command.ask(PROMPT, until=time.monotonic() + 60)

    assert reply.problem == ""
    assert reply.data == {"ops": ["keep"]}
    assert (reply.usage.tokens_in, reply.usage.tokens_out, reply.answered) == (
        1000,
        20,
        "claude-haiku-5-5",
    )
    assert not (tmp_path / "fired").exists()
    (request,) = model.requests
    sent = json.dumps(request.body)
    assert len(sent) < 4_000
    assert "PLANTED" not in sent
    assert request.body["output_config"] == {"effort": "low"}
    assert "the data" in request.all


def test_mere_prose_is_no_answer(tmp_path: Path) -> None:
    with ScriptedModel() as model:
        surroundings = environ(tmp_path, ANTHROPIC_BASE_URL=model.url, ANTHROPIC_API_KEY="unused")
        command = Command(str(install()), surroundings, clock=time.monotonic)
        reply = command.ask(PROMPT, until=time.monotonic() + 60)

    assert (reply.data, reply.stop) == (None, "invalid")


def test_a_person_who_is_not_logged_in_is_told_so(tmp_path: Path) -> None:
    command = Command(str(install()), environ(tmp_path), clock=time.monotonic)

    with pytest.raises(Credentials, match="Not logged in"):
        command.ask(PROMPT, until=time.monotonic() + 60)
