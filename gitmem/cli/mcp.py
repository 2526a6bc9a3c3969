"""`gitmem mcp`: read messages of the Model Context Protocol, answer each (hot lane).

One process without a thread: messages are answered in the order in which they come. What comes while one is
being answered is looked through first, so that a request that the client took back meanwhile is not run.
"""

from __future__ import annotations

import gc
import os
import time

from gitmem.bootstrap.version import version
from gitmem.cli import folder, streams
from gitmem.cli.arguments import parse
from gitmem.core import agent_clients
from gitmem.core.errors import GitmemError, UsageError
from gitmem.mcp import protocol
from gitmem.mcp.server import Server
from gitmem.mcp.workings import RepositoryWorkings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CHUNK = 1 << 16  # bytes
_LONGEST = 1 << 20  # bytes of one message; a flag has a hundredth
_MOST = 64  # messages that wait


def run(argv: Sequence[str]) -> int:
    """Serve until the client closes the pipe; return the exit code."""
    # A drain asks a client as its model: nothing in there is a session of the person's.
    if os.environ.get("GITMEM_INSIDE"):
        return 0
    gc.enable()  # the hot lane switches it off, but this process lives as long as its client
    try:
        given = parse("mcp", argv[1:])
        if given.positionals:
            raise UsageError("gitmem mcp: it takes no argument", hint="it speaks on standard input")
        cwd = _folder(given.value("--repo"), os.environ)
    except GitmemError as error:
        streams.err(error.message + (f"\nhint: {error.hint}" if error.hint else ""))
        return error.exit_code
    server = Server(RepositoryWorkings(cwd, os.environ, time.time), version())
    try:
        _serve(server, _Lines(0))
    except KeyboardInterrupt:
        return 130
    return 0


def _serve(server: Server, lines: _Lines) -> None:
    """Answer line after line; return when there are no more, or when the client does not read any more."""
    waiting: list[bytes | protocol.Failed] = []
    while waiting or not lines.ended:
        waiting += lines.come(wait=not waiting, most=_MOST - len(waiting))
        if not waiting:
            continue
        line = waiting.pop(0)
        if isinstance(line, protocol.Failed):
            answer: object | None = protocol.error(None, line)
        else:
            answer = _answer(server, line, _taken_back(waiting))
        if answer is not None and not _sent(protocol.line(answer)):
            return


def _answer(server: Server, line: bytes, back: Sequence[object]) -> object | None:
    """Return the answer to one line; ``back`` are the ids of requests that the client took back."""
    try:
        messages, batch = protocol.messages(line)
    except protocol.Failed as failed:
        return protocol.error(None, failed)
    wanted = [one for one in messages if protocol.identity(one) not in back]
    answers = [answer for one in wanted if (answer := server.answer(one)) is not None]
    if batch:
        return answers or None
    return answers[0] if answers else None


def _taken_back(waiting: Sequence[bytes | protocol.Failed]) -> list[object]:
    """Return the ids of the requests that messages which have come already take back."""
    found = []
    for line in waiting:
        if isinstance(line, bytes) and b"notifications/cancelled" in line:
            try:
                messages, _ = protocol.messages(line)
            except protocol.Failed:
                continue  # it is answered when its turn comes
            found += [one for one in map(protocol.cancelled, messages) if one is not None]
    return found


class _Lines:
    """The lines of a descriptor. A line that is too long is passed over, whatever its length, and told."""

    __slots__ = ("_begun", "_descriptor", "_over", "ended")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._begun = bytearray()  # a line whose end has not come
        self._over = False  # it is too long already
        self.ended = False

    def come(self, *, wait: bool, most: int) -> list[bytes | protocol.Failed]:
        """Return the lines that have come; with ``wait`` at least one, unless the stream ends.

        Without it, and from ``most`` lines on, nothing more is read than what is there.
        """
        found: list[bytes | protocol.Failed] = []
        while not self.ended and len(found) < most and (self._is_ready() or (wait and not found)):
            chunk = os.read(self._descriptor, _CHUNK)
            if not chunk:
                self.ended = True
                found += self._end()
                break
            *whole, rest = chunk.split(b"\n")
            for part in whole:
                found += self._line(part)
            self._add(rest)
        return found

    def _is_ready(self) -> bool:
        from select import select

        return bool(select([self._descriptor], [], [], 0)[0])

    def _add(self, part: bytes) -> None:
        if self._over or len(self._begun) + len(part) > _LONGEST:
            self._over = True
            self._begun.clear()
        else:
            self._begun += part

    def _line(self, part: bytes) -> list[bytes | protocol.Failed]:
        """The line that ends here, with what came of it before; none for a blank one."""
        self._add(part)
        return self._end()

    def _end(self) -> list[bytes | protocol.Failed]:
        line, over = bytes(self._begun), self._over
        self._begun.clear()
        self._over = False
        if over:
            told = f"Invalid request: a message has at most {_LONGEST} bytes"
            return [protocol.Failed(protocol.INVALID_REQUEST, told)]
        return [line] if line.strip() else []


def _sent(data: bytes) -> bool:
    """Write an answer whole; return whether the client still reads."""
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError:
        return False
    return True


def _folder(named: str, environ: Mapping[str, str]) -> str:
    """Return the folder that the server works in. Raises UsageError where there is none."""
    place = named or agent_clients.project(environ) or folder.working()
    if not os.path.isdir(place):
        raise UsageError(
            f"gitmem mcp: there is no folder {place}", hint="give an existing one with --repo"
        )
    return os.path.abspath(place)
