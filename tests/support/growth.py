"""How the time of a function grows with its text, without a word about how fast it is."""

from __future__ import annotations

from time import process_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Four times the text takes about 4 times as long in linear time, 16 times in quadratic time.
LINEAR = 9.0
_SIZE = 4096
_TURNS = 5
_CLEARLY = LINEAR / 2
_TOO_SHORT_TO_TELL = 0.0005  # seconds; below, noise and fixed costs decide


def growth(look: Callable[[str], object], piece: str, *, size: int = _SIZE) -> float:
    """The CPU time for four times ``size`` characters of ``piece``, as a multiple of that for ``size``.

    Of both the shortest of a few runs counts. What is clearly linear is not measured again.
    """
    small = large = float("inf")
    for turn in range(_TURNS):
        small = min(small, _seconds(look, (piece * size)[:size]))
        large = min(large, _seconds(look, (piece * 4 * size)[: 4 * size]))
        if turn and large / max(small, _TOO_SHORT_TO_TELL) < _CLEARLY:
            break
    return large / max(small, _TOO_SHORT_TO_TELL)


def _seconds(look: Callable[[str], object], text: str) -> float:
    start = process_time()
    look(text)
    return process_time() - start
