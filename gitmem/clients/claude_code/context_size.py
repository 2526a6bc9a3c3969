"""The size of a session's context, from the end of the client's transcript (hot lane).

Only the last piece of the file is read: a long session costs a hook what a short one costs. Shape
of the rows, one JSON object a line, as Claude Code 2.1.328 writes them: an answer is
`{"type":"assistant","isSidechain":false,"timestamp":...,"message":{"model":...,"usage":{...}}}`, a compaction
`{"type":"system","subtype":"compact_boundary","timestamp":...}`. They are written late, at times after
the hook has started; rows of another shape are passed over.

It compacts above window - 20,000 - 13,000 tokens, counting a response's input, cache and output
(measured with version 2.1.328). Windows are those of its models; an older model is compacted when the
API refuses, which is later than `limit` says.
"""

from __future__ import annotations

import os

from gitmem.core.jsonline import loads

_TAIL = 1 << 18  # bytes; an answer and the largest results of its calls
_ROWS = 8  # rows that may be read for nothing
_COUNTED = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_TYPE, _PLAIN = 0o170000, 0o100000  # S_IFMT and S_IFREG of stat(2)
_ODD = 100_000_000  # tokens no context has
_KEPT_FREE = 33_000
_SMALL, _LARGE = 200_000, 1_000_000
# Of rows that hold what a person said; the client writes no blanks between the parts of a row.
SIGNS = (b'"holdsPersonsWords":true', b'"queued_command"', b'"user_temporary"')
_LARGE_MODELS = ("-5-5", "[1m]")


def size(path: str) -> tuple[int, str, str]:
    """Return the tokens in the context as of the last answer, its time (ISO 8601) and its model.

    (0, "", "") when the end of the file tells of no answer, or of a compaction after it.
    """
    return size_in(last(path))[0]


def size_in(tail: bytes) -> tuple[tuple[int, str, str], int]:
    """Return the same from what `last` read, and where the row of that answer ends in it; -1 without one."""
    end = len(tail)
    read = 0
    while end > 0 and read < _ROWS:
        start = tail.rfind(b"\n", 0, end) + 1
        if tail.find(b'"compact_boundary"', start, end) >= 0:
            break
        if tail.find(b'"usage"', start, end) >= 0 and tail.find(b'"assistant"', start, end) >= 0:
            read += 1
            found = _counted(tail[start:end])
            if found[0]:
                return found, end
        end = start - 1
    return (0, "", ""), -1


def may_hold_words(tail: bytes, answered: int) -> bool:
    """Return whether rows have signs of a person's words; what reads them is not loaded for every batch.

    ``answered`` is where the last answer ends in ``tail``.
    """
    holds, queued, approved = SIGNS
    return holds in tail or queued in tail or tail.find(approved, max(answered, 0)) >= 0


def limit(model: str, window: int) -> int:
    """Return the tokens at which a context is compacted; ``window`` is a configured one, 0 for none."""
    known = _LARGE if any(sign in model for sign in _LARGE_MODELS) else _SMALL
    return (min(window, known) if window > _KEPT_FREE else known) - _KEPT_FREE


def last(path: str) -> bytes:
    """Return the end of a transcript; nothing where there is none."""
    if not path.endswith(".jsonl"):
        return b""
    try:
        descriptor = os.open(path, _OPEN)
    except (OSError, ValueError):  # no file, or nothing that can name one
        return b""
    try:
        state = os.fstat(descriptor)
        if state.st_mode & _TYPE != _PLAIN:
            return b""
        return os.pread(descriptor, _TAIL, max(0, state.st_size - _TAIL))
    finally:
        os.close(descriptor)


def _counted(line: bytes) -> tuple[int, str, str]:
    nothing = 0, "", ""
    try:
        row = loads(line.decode("utf-8", "replace"))
    except ValueError:
        return nothing  # the file's tail begins inside a row, or its last one is being written
    if not isinstance(row, dict) or row.get("type") != "assistant" or row.get("isSidechain"):
        return nothing
    message = row.get("message")
    if not isinstance(message, dict):
        return nothing
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return nothing
    counts = [usage.get(name) for name in _COUNTED]
    tokens = sum([count for count in counts if isinstance(count, int)])
    at, model = row.get("timestamp"), message.get("model")
    return (
        tokens if 0 < tokens < _ODD else 0,
        at if isinstance(at, str) else "",
        model if isinstance(model, str) else "",
    )
