"""Standard input, output and error as bytes: no buffers, never an exception (hot lane)."""

from __future__ import annotations

import os

_CHUNK = 1 << 16  # bytes; a larger buffer has malloc map pages for every read
_INPUT_BYTES = 64 << 20  # more than any client sends; what is behind it is not read


def reserve() -> None:
    """Open closed standard streams, so that no file gets the number of a stream."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def read() -> bytes:
    """Return all of standard input."""
    chunks: list[bytes] = []
    left = _INPUT_BYTES
    while left > 0 and (chunk := os.read(0, min(left, _CHUNK))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def out(text: str) -> None:
    """Print a line."""
    _write(1, text)


def err(text: str) -> None:
    """Print a line to standard error."""
    _write(2, text)


def _write(descriptor: int, text: str) -> None:
    """Write a line; a closed pipe changes nothing about what was saved."""
    data = (text + "\n").encode("utf-8", "backslashreplace")
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        return
