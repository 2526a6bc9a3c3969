"""What is planted in a session: which of its hooks do not run, or do not do what they should.

A plant is chosen on the hooks of the session as it would run in order. Nothing is left to chance: the
same sessions, places and versions each time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evals.boundaries.claude_code import Fired

SOUND = "sound"
#: How the audit names boundaries that no hook saw.
NAMES = (
    "background sub-agent", "polled sub-agent", "sub-agent", "completed task", "commit", "compaction",
    "tool batch", "prompt", "turn end",
)  # fmt: skip
_STRETCH = 4  # an outage takes one part in so many of a session's hooks
_UNSEEN = re.compile(rf"(\d+) ({'|'.join(NAMES)})(?:e?s)? \((?:the first )?at ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One kind of trouble.

    ``fits`` says which hooks it can befall. Of those, ``every`` one is hit, or one, or a ``stretch`` of all
    hooks around it. ``how`` is what happens then: the hook is ``lost``, it ``fails``, it does its work
    ``in vain``, its words are ``unheard`` or its mark is ``erased``. ``sign`` is what the audit has to say;
    ``named`` are the boundaries that it may name beside. ``needs`` is a hook without which the trouble shows
    nowhere.
    """

    name: str
    fits: Callable[[Fired], bool]
    sign: str
    every: bool = False
    stretch: bool = False
    how: str = "lost"
    named: frozenset[str] = frozenset()
    needs: Callable[[Fired], bool] | None = None

    def chosen(self, hooks: Sequence[Fired], turn: int) -> frozenset[int]:
        """Return the places of the hooks that are hit; ``turn`` chooses among those that fit."""
        fitting = [place for place, fired in enumerate(hooks) if self.fits(fired)]
        if not fitting or (self.needs and not any(map(self.needs, hooks))):
            return frozenset()
        if self.every:
            return frozenset(fitting)
        place = fitting[(turn * 7 + len(fitting) // 2) % len(fitting)]
        if self.how == "in vain":  # from here on
            return frozenset(
                at for at, fired in enumerate(hooks) if at > place and fired.name in _SPEAKING
            )
        if self.stretch:
            half = max(2, len(hooks) // _STRETCH // 2)
            return frozenset(range(max(1, place - half), min(len(hooks), place + half)))
        if hooks[place].name == "PreCompact":  # and the start that follows
            return frozenset([place, place + 1])
        return frozenset([place])

    def found(self, gaps: Sequence[str]) -> bool:
        """Return whether the audit's gaps tell of it."""
        return any(re.search(self.sign, gap) for gap in gaps)

    def others(self, gaps: Sequence[str]) -> set[str]:
        """Return the boundaries that the gaps name although their hooks were there."""
        return unseen(gaps) - self.named


def unseen(gaps: Sequence[str]) -> set[str]:
    """Return the kinds of boundaries that gaps say no hook saw."""
    return {name for gap in gaps for _, name in _UNSEEN.findall(gap)}


_SPEAKING = ("PostToolBatch", "UserPromptSubmit", "SessionStart")
_CLOSING = ("Agent", "Task")


def _main(fired: Fired, name: str) -> bool:
    return fired.name == name and "agent_id" not in fired.payload


def _answer(fired: Fired) -> Mapping[str, object]:
    answered = fired.payload.get("tool_response")
    return answered if isinstance(answered, dict) else {}


def _commit(fired: Fired) -> bool:
    command = str(fired.payload.get("tool_input", {}).get("command", ""))
    return _main(fired, "PostToolUse") and "git commit" in command


def _agent(fired: Fired) -> bool:
    done = _answer(fired).get("status") == "completed"
    return _main(fired, "PostToolUse") and fired.matched in _CLOSING and done


def _task(fired: Fired) -> bool:
    return _main(fired, "PostToolUse") and fired.matched in ("TaskUpdate", "TodoWrite")


def _polled(fired: Fired) -> bool:
    return _main(fired, "PostToolUse") and fired.matched == "TaskOutput"


def _batch(fired: Fired) -> bool:
    refused = any("rejected" in str(call) for call in fired.payload.get("tool_calls", ()))
    return _main(fired, "PostToolBatch") and not refused


def _spoken(fired: Fired) -> str:
    return str(fired.payload.get("prompt", "")) if fired.name == "UserPromptSubmit" else ""


def _prompt(fired: Fired) -> bool:
    return bool(_spoken(fired)) and not fired.queued and not _notice(fired)


def _notice(fired: Fired) -> bool:
    return _spoken(fired).startswith("<task-notification>")


def _closing(fired: Fired) -> bool:
    return _commit(fired) or _agent(fired) or _task(fired) or _polled(fired)


def _one(name: str, fits: Callable[[Fired], bool]) -> Plant:
    return Plant(
        name=f"lost: {name}", fits=fits, sign=rf"\b1 {name} \(at ", named=frozenset([name])
    )


def _dead(
    event: str,
    fits: Callable[[Fired], bool],
    *names: str,
    needs: Callable[[Fired], bool] | None = None,
) -> Plant:
    sign = rf"\d+ (?:{'|'.join(names)})(?:e?s)? \("
    return Plant(
        name=f"dead: {event}",
        fits=fits,
        sign=sign,
        every=True,
        needs=needs or fits,
        named=frozenset(names),
    )


PLANTS = (
    Plant(name="outage", fits=_batch, sign="no hook saw", stretch=True, named=frozenset(NAMES)),
    Plant(
        name="no hook at all",
        fits=lambda _: True,
        sign="no hook fired in it",
        every=True,
        named=frozenset(NAMES),
    ),
    _one("commit", _commit),
    _one("sub-agent", _agent),
    _one("polled sub-agent", _polled),
    _one("background sub-agent", _notice),
    _one("completed task", _task),
    _one("tool batch", _batch),
    _one("prompt", _prompt),
    _one("turn end", lambda fired: fired.name == "Stop"),
    _one("compaction", lambda fired: fired.name == "PreCompact"),
    Plant(
        name="lost: start after a compaction",
        fits=lambda fired: fired.name == "SessionStart" and fired.matched == "compact",
        sign="compaction",
        named=frozenset(["compaction"]),
    ),
    _dead(
        "PostToolUse",
        lambda fired: fired.name == "PostToolUse",
        *("commit", "sub-agent", "polled sub-agent", "completed task"),
        needs=_closing,
    ),
    _dead("PostToolBatch", lambda fired: fired.name == "PostToolBatch", "tool batch"),
    _dead(
        "UserPromptSubmit",
        lambda fired: fired.name == "UserPromptSubmit",
        *("prompt", "background sub-agent"),
    ),
    _dead("Stop", lambda fired: fired.name == "Stop", "turn end"),
    Plant(name="mark erased", fits=_commit, sign="did not mark it", how="erased"),
    Plant(name="nudge withheld", fits=_commit, sign="that no nudge followed", how="in vain"),
    Plant(name="nudge unheard", fits=lambda _: False, sign="said by hooks", how="unheard"),
    Plant(name="hook failed", fits=_batch, sign="1 hook failed", how="fails"),
)
