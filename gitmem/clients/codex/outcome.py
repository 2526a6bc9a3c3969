"""How a shell command ended, from the end of Codex's transcript (hot lane).

The hook after a call is told neither its exit code nor how long it took. Codex 0.171.0 writes the row that tells
both before it starts the hook: `{"type":"event_msg","payload":{"type":"item_completed","item":{
"type":"CommandExecution","id":CALL,"exit_code":n,"duration":{"secs":n,"nanos":n}}}}`.
A module of its own because most hooks do not need it.
"""

from __future__ import annotations

from gitmem.clients.transcript_rows import ENDING, tail
from gitmem.core.jsonline import inside, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGN = b'"CommandExecution"'
_TAILS = (1 << 16, 1 << 21)  # bytes; the row has the whole output, of which the client keeps 1 MiB
_DAY = 86_400.0  # seconds no command takes


def ended(path: str, call: str) -> tuple[int, float] | None:
    """Return a command's exit code and seconds by the id of its call; None where the transcript does not tell."""
    sign = call.encode("utf-8", "replace")
    if not sign or not path.endswith(ENDING):
        return None
    for most in _TAILS:
        for row in reversed(tail(path, most, (sign,))):
            if sign in row and _SIGN in row:
                found = _told(row, call)
                if found:
                    return found
    return None


def _told(line: bytes, call: str) -> tuple[int, float] | None:
    try:
        row = loads(line.decode("utf-8", "replace"))
    except ValueError:
        return None  # it is being written
    item = inside(inside(row, "payload"), "item") if isinstance(row, dict) else {}
    code = item.get("exit_code")
    if item.get("id") != call or type(code) is not int or code < 0:
        return None
    took = inside(item, "duration")
    return code, min(_figure(took, "secs") + _figure(took, "nanos") / 1e9, _DAY)


def _figure(took: Mapping[str, object], key: str) -> int:
    value = took.get(key)
    return value if type(value) is int and 0 <= value < 1 << 32 else 0
