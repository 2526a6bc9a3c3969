"""What a client told its hooks, as recorded: `tests/data/CLIENT/NAME.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

_DATA = Path(__file__).parents[1] / "data"

#: Values of a wrong shape, for any member of a payload.
ODD = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payloads:
    """The recorded payloads of one client; ``folder`` is its folder of `tests/data`."""

    folder: str

    @property
    def path(self) -> Path:
        """The folder."""
        return _DATA / self.folder

    @property
    def names(self) -> list[str]:
        """The name of each payload."""
        return sorted(path.stem for path in self.path.glob("*.json"))

    def read(self, name: str, **changes: object) -> dict[str, Any]:
        """One payload, with other values for some of its members."""
        found: dict[str, Any] = json.loads((self.path / f"{name}.json").read_text(encoding="utf-8"))
        return {**found, **changes}
