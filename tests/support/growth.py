"""How the time of a function grows with its text, without a word about how fast it is."""

from __future__ import annotations

from time import process_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Four times the text takes about 4 times as long in linear time, 16 times in quadratic time.
LINEAR = 9.0
_SIZE = 4096
_TOO_SHORT_TO_TELL = 0.0005  # seconds; below, noise and fixed costs decide


def growth(look: Callable[[str], object], piece: str) -> float:
    """The CPU time for 16 kB of ``piece`` repeated, as a multiple of that for 4 kB."""
    small = _seconds(look, (piece * _SIZE)[:_SIZE])
    large = _seconds(look, (piece * _SIZE)[: 4 * _SIZE])
    return large / max(small, _TOO_SHORT_TO_TELL)


def _seconds(look: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(5):
        start = process_time()
        look(text)
        best = min(best, process_time() - start)
    return best
