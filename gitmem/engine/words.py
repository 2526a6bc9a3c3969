"""What a hook has to say (hot lane)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Words:
    """``did`` and ``decided`` go to the ledger, ``person`` and ``model`` to whom they name; empty is silence.

    ``did`` is for a person, ``decided`` one entry an action: the line it left in the session's file.
    ``ask`` is why the person shall be asked before a tool runs.
    """

    __slots__ = ("ask", "decided", "did", "model", "person")

    def __init__(
        self,
        did: str = "",
        *,
        person: str = "",
        model: str = "",
        ask: str = "",
        decided: Sequence[str] = (),
    ) -> None:
        self.ask = ask
        self.did = did
        self.person = person
        self.model = model
        self.decided = decided
