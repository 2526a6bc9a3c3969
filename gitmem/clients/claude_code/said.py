"""What a person says to Claude Code while it works: in a hook's payload, and in rows of the transcript (hot lane).

A rejected call with words, an answered question, a plan that was approved or refused, a message that was
queued. Shapes as recorded from version 2.1.328 (`tests/data/claude-code/`); the sentences of older versions are
as transcripts of theirs show them.
"""

from __future__ import annotations

from gitmem.clients.claude_code.context_size import SIGNS
from gitmem.core.jsonline import loads
from gitmem.session.boundary import short_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REJECTED = "The user doesn't want to"
_REASONS = ("the user said:", "reason for the rejection:")
# What the client says for a person who chose to talk about a question instead of answering it.
_CLARIFIES = "The user wants to clarify"
_QUESTION, _PLAN = "AskUserQuestion", "ExitPlanMode"
_APPROVED = "User has approved"
_TOLD = ("<", "[Request interrupted", "Caveat: ")  # what the client writes in a person's place

# What the bytes of such a row hold; the client writes no blanks between the parts of a row.
_HOLDS_WORDS, _QUEUED, _APPROVED_NOW = SIGNS
_AMENDED = b'"type":"text"', b'"tool_result"', _APPROVED_NOW
_MOST = 3  # rows of a kind, the newest; each is parsed
_LONG = 1 << 16  # bytes of a row that is parsed


def rejected(answer: str) -> bool:
    """Return whether what the model reads as a call's result is a person's refusal, with words or without."""
    return answer.startswith(_REJECTED)


def in_answer(tool: str, answer: str) -> bool:
    """Return whether what the model reads as a call's result holds words of the person's, or a yes to a plan."""
    if rejected(answer):
        for reason in _REASONS:
            words = answer.partition(reason)[2].strip()
            if words:
                return not words.startswith(_CLARIFIES)
        return False
    if tool == _QUESTION:
        return "answered" in answer[:40] and not answer.startswith("<")
    return tool == _PLAN and answer.startswith(_APPROVED)


def in_rows(tail: bytes, answered: int, session: str) -> list[str]:
    """Return keys of what a person said, from the rows at the end of a session's transcript since the last compaction.

    That is the id of a call, or the `short_word` of a message. ``answered`` is where the model's last answer
    ends in ``tail``: a call that was approved with words is looked for behind it only.
    """
    start = max(tail.rfind(b'"compact_boundary"'), 0)
    rows = [*_with(tail, start, _HOLDS_WORDS), *_with(tail, start, _QUEUED)]
    if answered >= start:
        later = tail[answered:].split(b"\n")
        rows += [row for row in later if all(sign in row for sign in _AMENDED)][-_MOST:]
    return [found for row in rows if (found := _in_raw(row, session))]


def in_row(row: Mapping[str, object]) -> str:
    """Return the key of what a person said in one row; empty for any other row."""
    kind = row.get("type")
    if kind == "attachment":
        return short_word(text) if (text := queued(row)) else ""
    message = row.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if kind != "user" or row.get("isMeta") or not isinstance(content, list):
        return ""
    amended = [one for one in content if _is(one, "text") and _typed(one.get("text"))]
    for block in content:
        if not _is(block, "tool_result"):
            continue
        answer = block.get("content")
        told = isinstance(answer, str) and in_answer(_tool(row, block), answer)
        if row.get("holdsPersonsWords") is True or told or amended:
            call = block.get("tool_use_id")
            return call if isinstance(call, str) else ""
    return ""


def _tool(row: Mapping[str, object], block: Mapping[str, object]) -> str:
    """The tool whose result a row is, if it asks the person; a row does not name it."""
    result = row.get("toolUseResult")
    if block.get("is_error") or not isinstance(result, dict):
        return ""
    return _QUESTION if "answers" in result else _PLAN if "plan" in result else ""


def beside(row: Mapping[str, object]) -> str:
    """Return the words with which a person rejected a call, or approved it, in a row; empty for any other row."""
    if not in_row(row) or row.get("type") == "attachment":
        return ""
    feedback = row.get("userFeedback")
    if isinstance(feedback, str):
        return feedback
    message = row.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    for block in content if isinstance(content, list) else ():
        for part in ("text", "content"):
            text = block.get(part) if isinstance(block, dict) else None
            if isinstance(text, str) and part == "text":
                return text
            for reason in _REASONS:
                if isinstance(text, str) and reason in text:
                    return text.partition(reason)[2].strip()
    return ""


def queued(row: Mapping[str, object]) -> str:
    """Return the message of the person's that a row delivers into a turn; empty for any other row."""
    told = row.get("attachment")
    if not isinstance(told, dict) or told.get("type") != "queued_command":
        return ""
    text, mode = told.get("prompt"), told.get("commandMode")
    return text if isinstance(text, str) and mode in ("prompt", None) and _typed(text) else ""


def _typed(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip()) and not text.startswith(_TOLD)


def _is(block: object, kind: str) -> bool:
    return isinstance(block, dict) and block.get("type") == kind


def _with(tail: bytes, start: int, sign: bytes) -> Sequence[bytes]:
    """The newest whole rows with a sign, behind a place."""
    rows: list[bytes] = []
    end = len(tail)
    while len(rows) < _MOST and (found := tail.rfind(sign, start, end)) >= 0:
        end = tail.rfind(b"\n", 0, found) + 1
        stop = tail.find(b"\n", found)
        rows.append(tail[end : stop if stop >= 0 else len(tail)])
    return rows


def _in_raw(raw: bytes, session: str) -> str:
    if len(raw) > _LONG:
        return ""
    try:
        row = loads(raw.decode("utf-8", "replace"))
    except ValueError:
        return ""  # the tail begins inside a row, or its last one is being written
    if not isinstance(row, dict) or row.get("isSidechain") or row.get("sessionId") != session:
        return ""
    return in_row(row)
