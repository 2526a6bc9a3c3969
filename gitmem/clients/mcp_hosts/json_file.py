"""gitmem's entry among the servers of a JSON file, edited in the file's own style (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.clients.hook_settings import is_blank
from gitmem.clients.json_text import Kind, Value, append, cut, is_empty, parse
from gitmem.clients.mcp_hosts.host import NAME, starts_gitmem
from gitmem.core.failures import NeedsPerson

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMA = "$schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonServers:
    """A JSON file: under the member ``servers`` is an object with one member for each server.

    ``entry`` is gitmem's, called ``name``; with ``serves`` only one for this folder counts as that.
    ``comments``: the host allows comments. ``schema`` is what a new file names as its schema.
    """

    path: str
    servers: str
    entry: Mapping[str, object]
    name: str = NAME
    serves: str = ""
    comments: bool = False
    schema: str = ""

    @property
    def mark(self) -> bytes:
        """What every text with gitmem's entry has."""
        return f'"{self.name}"'.encode()

    def wire(self, text: str | None) -> str:
        """Return the text with the entry. Raises NeedsPerson."""
        now = text or ""
        if is_blank(now):
            now = now[:1].strip() + "{}\n"
            root = self._root(now)
            now = append(now, root, root, [(_SCHEMA, self.schema)]) if self.schema else now
        root = self._root(now)
        servers = self._servers(root)
        if servers is None:
            return append(now, root, root, [(self.servers, {self.name: self.entry})])
        entry = servers.member(self.name)
        if entry is None:
            return append(now, root, servers, [(self.name, self.entry)])
        if not self._is_ours(entry):
            raise NeedsPerson(
                f"{self.path} has another server named {self.name}",
                hint="give that one another name first; nothing was changed",
            )
        return now

    def unwire(self, text: str) -> str | None:
        """Return the text without the entry; None when nothing is left. Raises NeedsPerson."""
        if is_blank(text):
            return text
        root = self._root(text)
        servers = self._servers(root)
        entry = servers.member(self.name) if servers else None
        if servers is None or entry is None or not self._is_ours(entry):
            return text
        chain = (root, root.position(self.servers)), (servers, servers.position(self.name))
        left = cut(text, chain)
        made = (_SCHEMA,) if self.schema else ()
        return None if is_empty(left, self._root(left), besides=made) else left

    def words(self, text: str) -> tuple[str, ...]:
        """Return the entry's command and arguments; empty without one. Raises NeedsPerson."""
        servers = None if is_blank(text) else self._servers(self._root(text))
        entry = servers.member(self.name) if servers else None
        return _words(entry) if entry and self._is_ours(entry) else ()

    def _is_ours(self, entry: Value) -> bool:
        words = _words(entry)
        return starts_gitmem(words) and (not self.serves or self.serves in words)

    def _root(self, text: str) -> Value:
        root = parse(text, name=self.path, comments=self.comments)
        return self._expect(root, "the file")

    def _servers(self, root: Value) -> Value | None:
        found = root.member(self.servers)
        return found and self._expect(found, f"`{self.servers}`")

    def _expect(self, value: Value, what: str) -> Value:
        if value.kind is not Kind.OBJECT:
            raise NeedsPerson(
                f"{self.path}: {what} is {value.kind}, and the host wants an object there",
                hint="mend it by hand first; nothing was changed",
            )
        return value


def _words(entry: Value) -> tuple[str, ...]:
    """The command, a string or a list, and the arguments beside it."""
    found: list[str] = []
    for name in ("command", "args"):
        value = entry.member(name)
        if value and value.kind is Kind.STRING:
            found.append(value.text)
        elif value and value.kind is Kind.ARRAY:
            found += [one.value.text for one in value.members]
    return tuple(found)
