"""What a hook has to say (hot lane)."""

from __future__ import annotations


class Words:
    """``did`` goes to the ledger, ``person`` and ``model`` to whom they name; empty is silence."""

    __slots__ = ("did", "model", "person")

    def __init__(self, did: str = "", *, person: str = "", model: str = "") -> None:
        self.did = did
        self.person = person
        self.model = model
