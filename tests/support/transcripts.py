"""Recorded transcripts in `gitmem audit`: as of a session some minutes ago, and with values of any shape."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from hypothesis import strategies as st

from tests.support.sandbox import Sandbox

_AGO = 600  # seconds; long enough that no hook is on its way any more
_DAY = 86_400
#: The members of a row that hold a time.
_TIMES = ("timestamp", "startTime", "lastUpdated")


def wired_a_day_ago(sandbox: Sandbox, client: str) -> None:
    """Wire a client, so that a session of some minutes ago is one that hooks were there for."""
    assert sandbox.gitmem("init", "--client", client).code == 0
    at = time.time() - _DAY
    os.utime(sandbox.path / ".gitmem/config.yaml", (at, at))


def gap_without_hooks(sandbox: Sandbox, session: str) -> str:
    """Audit the one session, in which no hook fired and two commits were made; return the gap that is told."""
    done = sandbox.gitmem("audit", "--json")
    (told,) = json.loads(done.out)["sessions"]
    assert done.code == 1
    assert told["session"] == session
    assert told["transcript"]["commit"] == 2
    (gap,) = told["gaps"]
    return str(gap)


def moved(text: str, began: int) -> str:
    """A transcript that ``began`` then (seconds of the epoch), as of a session some minutes ago."""
    shift = int(time.time()) - _AGO - began
    return "".join(json.dumps(_later(json.loads(row), shift)) + "\n" for row in text.splitlines())


def _later(value: Any, shift: int) -> Any:
    if isinstance(value, list):
        return [_later(one, shift) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _later(one, shift) for key, one in value.items()}
    for key in _TIMES:
        if isinstance(value.get(key), str):
            at = time.strptime(value[key][:19], "%Y-%m-%dT%H:%M:%S")
            seconds = time.mktime((*at[:8], 0)) - time.timezone + shift
            found[key] = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))
    return found


def odd_values(names: str) -> st.SearchStrategy[Any]:
    """JSON values of any shape; ``names``, with spaces between, are those of the members of objects."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(names.split()), inner, max_size=4)
        ),
        max_leaves=12,
    )
