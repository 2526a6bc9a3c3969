"""What a person says to Claude Code while it works: rows of its transcripts, and answers of tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients.claude_code import said
from gitmem.clients.claude_code.adapter import CLIENT
from gitmem.clients.claude_code.conversation import Conversation
from gitmem.clients.claude_code.transcript import ClaudeTranscripts
from gitmem.clients.transcripts import SAID
from gitmem.session import boundary
from gitmem.session.boundary import short_word
from tests.support.hooks import DATA

RECORDED = DATA / "transcripts" / "words.jsonl"
REFUSED = "The user doesn't want to proceed with this tool use. The tool use was rejected. "


def rows() -> list[bytes]:
    return RECORDED.read_bytes().splitlines()


def shown(*found: bytes, session: str = "session-1") -> list[str]:
    """What the rows tell a hook, the last of them behind the model's last answer."""
    tail = b"\n".join(found) + b"\n"
    answered = tail.rfind(b'"type":"assistant"')
    return said.in_rows(tail, tail.find(b"\n", answered), session)


def of(sign: str) -> bytes:
    (found,) = [one for one in rows() if sign.encode() in one]
    return found


def test_each_recorded_row_that_holds_words_is_known_by_its_call_or_its_text() -> None:
    keys = [said.in_row(json.loads(one)) for one in rows()]

    assert [key for key in keys if key] == [
        "toolu_0000_0",  # rejected
        "toolu_0001_0",  # approved with words
        "toolu_0002_0",  # a question
        short_word("by the way the port is 8099"),
        "toolu_0001_0",  # denied by a host, with words
        "toolu_0000_0",  # a plan refused
        "toolu_0001_0",  # a plan approved
    ]


@pytest.mark.parametrize(
    ("sign", "key"),
    [
        ('"userFeedback"', "toolu_0000_0"),
        ("Error: Do not touch that", "toolu_0001_0"),
        ("Error: No, first the tests", "toolu_0000_0"),
        ('"queued_command"', short_word("by the way the port is 8099")),
        ("y is generated", "toolu_0001_0"),
    ],
)
def test_what_no_payload_tells_is_read_from_the_end_of_the_transcript(sign: str, key: str) -> None:
    answer = next(one for one in rows() if b'"type":"assistant"' in one)

    assert shown(answer, of(sign)) == [key]
    assert shown(answer, of(sign), session="another") == []
    assert shown(answer, of(sign)[:-30]) == []


def test_what_was_said_before_a_compaction_is_over() -> None:
    compacted = b'{"type":"system","subtype":"compact_boundary"}'

    assert shown(of('"userFeedback"'), compacted) == []
    assert shown(compacted, of('"userFeedback"')) == ["toolu_0000_0"]


@pytest.mark.parametrize(
    ("tool", "answer", "words"),
    [
        ("Bash", REFUSED + "To tell you how to proceed, the user said:\nuse pnpm", True),
        ("Edit", REFUSED + "The user provided the following reason for the rejection: no", True),
        ("Bash", REFUSED + "To tell you how to proceed, the user said:\n  \n", False),
        ("Bash", REFUSED + "STOP what you are doing and wait for the user", False),
        (
            "AskUserQuestion",
            REFUSED + "To tell you how to proceed, the user said:\nThe user wants to clarify these",
            False,
        ),
        ("AskUserQuestion", 'User has answered your questions: "a"="b".', True),
        ("AskUserQuestion", "<tool_use_error>not answered</tool_use_error>", False),
        ("Bash", "User has answered your questions", False),
        ("ExitPlanMode", "User has approved your plan. You can now start coding.", True),
        ("ExitPlanMode", "<tool_use_error>You are not in plan mode.</tool_use_error>", False),
        ("Bash", "User has approved your plan.", False),
        ("Bash", "the user said: hello", False),
        ("Bash", "", False),
    ],
)
def test_an_answer_of_a_tool_holds_words_or_not(tool: str, answer: str, words: bool) -> None:
    assert said.in_answer(tool, answer) is words
    call = {"tool_name": tool, "tool_use_id": "t", "tool_response": answer, "tool_input": {}}
    event = CLIENT.parse({"tool_calls": [call]}, "PostToolBatch")
    assert list(event.done) == ([(boundary.WORDS, "t")] if words else [])


@given(st.text(max_size=300))
def test_a_message_is_known_by_a_short_plain_word(text: str) -> None:
    key = short_word(text)

    assert key == short_word(f" {text} ")
    assert key.isalnum()
    assert len(key) <= 16


def test_the_audit_counts_what_was_said_inside_a_turn() -> None:
    told = Conversation(session="session-1")
    told.read(rows()[:31])

    assert [list(one.keys) for one in told.boundaries if one.kind == SAID] == [
        ["toolu_0000_0"],
        ["toolu_0001_0"],
        ["toolu_0002_0"],
        [],
    ]


def transcript(folder: Path, *found: bytes) -> str:
    (folder / "session-1.jsonl").write_bytes(b"\n".join(found) + b"\n")
    return str(folder / "now.jsonl")


def last_said(path: str, session: str = "session-1", top: str = "/home/dev/demo") -> list[str]:
    return ClaudeTranscripts().last_said(path, session, top)


def test_a_boot_knows_what_a_person_said_last(tmp_path: Path) -> None:
    path = transcript(tmp_path, *rows()[:20])

    assert last_said(path) == [
        "no, use pnpm, never npm",
        "and remember that y is generated",
        "by the way the port is 8099",
    ]
    assert last_said(path, top="/home/dev/de") == []
    assert last_said(path, session="other") == []
    assert last_said(path, session="../session-1") == []


def test_what_a_nudge_asked_about_is_not_asked_again(tmp_path: Path) -> None:
    nudge: dict[str, Any] = {"type": "hook_additional_context", "content": ["gitmem, after git"]}
    asked = json.dumps({"type": "attachment", "attachment": nudge}).encode()
    first, *_, last = [one for one in rows() if b'"promptSource"' in one]

    assert last_said(transcript(tmp_path, first, last, asked)) == ["Again."]
    assert last_said(transcript(tmp_path, first, asked, last)) == ["Work.", "Again."]
