"""gitmem's entry among the servers of a TOML file, added and cut out as whole lines (pure).

The library reads TOML and does not write it. So an edit is made in the text, and counts when the library
reads from it what was there before and the entry, or what was there before without it.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitmem.clients.mcp_hosts.host import NAME, starts_gitmem
from gitmem.core.failures import NeedsPerson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BY_HAND = "mend it by hand first; nothing was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlServers:
    """A TOML file with a table for each server, `[SERVERS.NAME]`; ``entry`` has strings and lists of them."""

    path: str
    servers: str
    entry: Mapping[str, str | Sequence[str]]

    @property
    def mark(self) -> bytes:
        """What every text with gitmem's entry has."""
        return f"[{self.servers}.{NAME}]".encode()

    def wire(self, text: str | None) -> str:
        """Return the text with the entry. Raises NeedsPerson."""
        now = text or ""
        data = self._data(now)
        entry = self._servers(data).get(NAME)
        if entry is not None:
            if starts_gitmem(_words(entry)):
                return now
            raise NeedsPerson(
                f"{self.path} has another server named {NAME}",
                hint="give that one another name first; nothing was changed",
            )
        end = "\r\n" if "\r\n" in now else "\n"
        rows = [f"{key} = {json.dumps(value)}" for key, value in self.entry.items()]
        table = end.join([f"[{self.servers}.{NAME}]", *rows, ""])
        space = "" if not now else end if now.endswith("\n") else end + end
        new = now + space + table
        data.setdefault(self.servers, {})[NAME] = {
            key: value if isinstance(value, str) else list(value)
            for key, value in self.entry.items()
        }
        if not _reads_as(new, data):
            raise NeedsPerson(
                f"{self.path}: `{self.servers}` is written in a way that nothing can be added to",
                hint=f"write each server as a table [{self.servers}.NAME] first; nothing was changed",
            )
        return new

    def unwire(self, text: str) -> str | None:
        """Return the text without the entry; None when nothing is left. Raises NeedsPerson."""
        data = self._data(text)
        servers = self._servers(data)
        if not starts_gitmem(_words(servers.get(NAME))):
            return text
        del servers[NAME]
        bare = {key: value for key, value in data.items() if key != self.servers or servers}
        rows = text.splitlines(keepends=True)
        begins = [at for at, row in enumerate(rows) if self._header.match(row)]
        ends = [at for at, row in enumerate(rows) if row.lstrip().startswith("[")] + [len(rows)]
        for begin in begins:
            for end in [end for end in ends if end > begin]:
                left = "".join(_without(rows, begin, end))
                if _reads_as(left, data) or _reads_as(left, bare):
                    return left if left.strip() else None
        raise NeedsPerson(
            f"{self.path}: the server {NAME} is written in a way that cannot be cut out",
            hint="take it out by hand, then run the command again",
        )

    def words(self, text: str) -> tuple[str, ...]:
        """Return the entry's command and arguments; empty without one. Raises NeedsPerson."""
        found = _words(self._servers(self._data(text)).get(NAME))
        return found if starts_gitmem(found) else ()

    @property
    def _header(self) -> re.Pattern[str]:
        name = rf"(?:{NAME}|\"{NAME}\"|'{NAME}')"
        return re.compile(rf"[ \t]*\[[ \t]*{self.servers}[ \t]*\.[ \t]*{name}[ \t]*[.\]]")

    def _data(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        # A number of 5,000 digits is no TOMLDecodeError.
        except (ValueError, RecursionError) as error:
            raise NeedsPerson(f"{self.path} is not TOML: {error}", hint=_BY_HAND) from error

    def _servers(self, data: Mapping[str, Any]) -> dict[str, Any]:
        found = data.get(self.servers, {})
        if not isinstance(found, dict):
            raise NeedsPerson(
                f"{self.path}: `{self.servers}` is no table, and the host wants one there",
                hint=_BY_HAND,
            )
        return found


def _without(rows: Sequence[str], begin: int, end: int) -> list[str]:
    """The rows without a table and the blank row before it; what leads to the next table stays with that."""
    before, behind = list(rows[:begin]), list(rows[begin:end])
    if before and not before[-1].strip():
        before.pop()
    kept: list[str] = []
    while behind and end < len(rows) and (not behind[-1].strip() or behind[-1].startswith("#")):
        kept.insert(0, behind.pop())
    return [*before, *kept, *rows[end:]]


def _reads_as(text: str, data: Mapping[str, Any]) -> bool:
    """Whether the text says this and no more; what is no number equals itself here.

    A text that cannot be compared (a number of 9,000 hexadecimal digits) does not.
    """
    try:
        return repr(tomllib.loads(text)) == repr(data)
    except (ValueError, RecursionError):
        return False


def _words(entry: object) -> tuple[str, ...]:
    if not isinstance(entry, dict):
        return ()
    command, arguments = entry.get("command"), entry.get("args")
    listed = arguments if isinstance(arguments, list) else []
    return tuple(str(word) for word in [command, *listed] if isinstance(word, str))
