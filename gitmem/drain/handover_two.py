"""A model that is somebody else's: its answers were handed in beforehand (`gitmem apply`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.drain.handover import Matched, key_of
from gitmem.models.reply import Reply, Stop
from gitmem.models.usage import UNPRICED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.models.reply import Prompt

_NONE = "no answer was handed in for what would be asked now; gitmem plan says what that is"
_TWICE = "two answers were handed in for it, and they differ"


class HandedIn:
    """Answers a prompt (one with an empty mark) with what was handed in for its key.

    ``model`` is the name for answers that tell none. Nothing is asked, so nothing leaves the machine.
    """

    name = "apply"
    host = "nowhere"
    here = True

    def __init__(self, model: str = "") -> None:
        self.model = model
        self._known = Matched(answers={}, twice=frozenset(), notes=())

    def expect(self, known: Matched) -> None:
        """Takes the answers as they fit the plan at hand."""
        self._known = known

    def warm(self) -> None:
        """There is nothing to load."""

    def sent(self, prompt: Prompt) -> Mapping[str, object]:  # noqa: ARG002 - nobody gets it
        """Nothing."""
        return {}

    def stop(self) -> None:
        """There is nothing to stop."""

    def ask(self, prompt: Prompt, *, until: float) -> Reply:  # noqa: ARG002 - there is nothing to wait for
        """The answer handed in; a reply with a problem when there is none, or not one."""
        key = key_of(prompt)
        row = self._known.answers.get(key)
        if row is None or key in self._known.twice:
            problem = _TWICE if row else _NONE
            return Reply(stop=Stop.INVALID, usage=UNPRICED, seconds=0.0, problem=problem)
        return Reply(data=row.data, stop=Stop.END, usage=UNPRICED, seconds=0.0, answered=row.model)


class Unkept:
    """No answers are kept: what is handed in is at hand."""

    def find(self, key: str) -> Reply | None:  # noqa: ARG002 - there is none
        """None."""
        return None

    def keep(self, key: str, flags: Sequence[str], reply: Reply) -> None:
        """Keeps nothing."""
