"""What a row of Claude Code's transcript shows of boundaries (pure; hot lane).

Shapes as recorded from the client, version 2.1.328 (`tests/data/claude-code/transcripts/`); rows of
other versions show what they show, and are never an error.
"""

from __future__ import annotations

from gitmem.domain import age

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COMMIT = "commit"
AGENT = "sub-agent"
BACKGROUND = "background sub-agent"
COMPACTION = "compaction"
TURN = "turn end"
POLLED = "polled sub-agent"
TASK = "completed task"
BATCH = "tool batch"
PROMPT = "prompt"

# Which events' hooks see a boundary, and how many seconds before and after its row they end. A row is
# written asynchronously, a hook may take its whole timeout of 10 s, a batch waits for its longest call.
SEEN_BY: dict[str, tuple[tuple[str, ...], int, int]] = {
    COMMIT: (("PostToolUse", "PostToolUseFailure"), 15, 60),
    AGENT: (("PostToolUse",), 15, 600),
    POLLED: (("PostToolUse",), 15, 60),
    TASK: (("PostToolUse",), 15, 60),
    BATCH: (("PostToolBatch",), 15, 600),
    PROMPT: (("UserPromptSubmit",), 60, 60),
    BACKGROUND: (("UserPromptSubmit",), 15, 60),
    COMPACTION: (("PreCompact", "PostCompact", "SessionStart"), 120, 60),
    TURN: (("Stop", "StopFailure"), 15, 60),
}

# Only rows with one of these can show a boundary that a boot looks for; the rest need not be parsed.
SIGNS = (b'"gitOperation"', b'"agentId"', b'"compact_boundary"')

_NOTIFICATION = "<task-notification>"


class Shown:
    """One boundary: its kind, when (seconds since 1970; 0: nobody knows), a detail and keys.

    The detail is a commit's name as the client shortened it, an agent's id, what started a
    compaction, or the id of a turn's last message. The keys are what the client calls it to its
    hooks as well: ids of tool calls, or a prompt's; none where the row does not tell.
    """

    __slots__ = ("at", "detail", "keys", "kind")

    def __init__(self, kind: str, at: int, detail: str, keys: Sequence[str] = ()) -> None:
        self.kind = kind
        self.at = at
        self.detail = detail
        self.keys = keys


def shown(row: Mapping[str, object]) -> list[Shown]:
    """The boundaries that a row shows; mostly none, at most two."""
    kind = row.get("type")
    if kind == "system" and row.get("subtype") == "compact_boundary":
        meta = row.get("compactMetadata")
        return [Shown(COMPACTION, when(row), _text(meta, "trigger"))]
    message = row.get("message")
    if kind == "assistant" and not row.get("isSidechain"):
        ends = _text(message, "stop_reason") == "end_turn"
        return [Shown(TURN, when(row), _text(message, "id"))] if ends else []
    if kind != "user":
        return []
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str) and content.startswith(_NOTIFICATION):
        return [Shown(BACKGROUND, when(row), "", _keys(_text(row, "promptId")))]
    return _of_result(row)


def _of_result(row: Mapping[str, object]) -> list[Shown]:
    result = row.get("toolUseResult")
    if not isinstance(result, dict):
        return []
    found = []
    operation = result.get("gitOperation")
    commit = operation.get("commit") if isinstance(operation, dict) else None
    keys = call_of(row)
    if isinstance(commit, dict):
        found.append(Shown(COMMIT, when(row), _text(commit, "sha"), keys))
    if result.get("status") == "completed" and result.get("agentId"):
        found.append(Shown(AGENT, when(row), _text(result, "agentId"), keys))
    return found


def call_of(row: Mapping[str, object]) -> Sequence[str]:
    """The id of the tool call whose result a row is; none for any other row."""
    message = row.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    blocks = content if isinstance(content, list) else []
    return _keys(*[_text(block, "tool_use_id") for block in blocks])


def _keys(*told: str) -> list[str]:
    return [key for key in told if key]


def when(row: Mapping[str, object]) -> int:
    """The row's time in seconds since 1970; 0 without a readable one."""
    return age.seconds(_text(row, "timestamp")[:19] + "Z") or 0


def unseen(boundaries: Iterable[Shown], fired: Sequence[tuple[int, str, str]]) -> list[Shown]:
    """The boundaries that no hook of their kind saw; ``fired`` are times, events and keys.

    A hook that names the boundary's key saw it. Where a line of the ledger has none (written by an
    older gitmem), it saw the one boundary of a kind that is nearest in time.
    """
    used: set[tuple[str, int]] = set()
    return [one for one in boundaries if not _seen(one, fired, used)]


def _seen(one: Shown, fired: Sequence[tuple[int, str, str]], used: set[tuple[str, int]]) -> bool:
    events, before, after = SEEN_BY[one.kind]
    near: list[tuple[int, int]] = []
    for place, (at, event, key) in enumerate(fired):
        if event not in events:
            continue
        if key and one.keys:
            if key in one.keys:
                return True
        elif -before <= at - one.at <= after and (one.kind, place) not in used:
            near.append((abs(at - one.at), place))
    if not near:
        return False
    used.add((one.kind, min(near)[1]))
    return True


def _text(values: object, key: str) -> str:
    value = values.get(key) if isinstance(values, dict) else None
    return value if isinstance(value, str) else ""
