"""What boots have looked at so far, and what they said (hot lane).

One small file, overwritten in place: a place in the ledger and a moment up to which everything was
judged; sessions that cannot be judged yet; closes that were started; sentences that were said. It may be
lost: then the next boot begins anew.
"""

from __future__ import annotations

from gitmem.git import local

_BYTES = 8192  # always as many, so that nothing of a longer one is left; blanks at the end
_AGAIN = 86_400  # seconds after which the same failure is said again
_MOST = 24  # of each list, the newest


class Lookback:
    """The state. Times are whole seconds since 1970."""

    __slots__ = ("closes", "inode", "judged", "offset", "said", "watched")

    def __init__(self) -> None:
        self.inode = 0
        self.offset = 0
        self.judged = 0
        self.watched: list[str] = []
        self.closes: dict[str, int] = {}
        self.said: dict[str, int] = {}


def read(folder: str) -> Lookback:
    """The state; a new one when there is none, or none that can be read."""
    state = Lookback()
    for line in local.read(folder + "/boot").decode("utf-8", "replace").split("\n"):
        word, _, rest = line.partition(" ")
        number, _, text = rest.partition(" ")
        if word == "watch" and rest:
            state.watched.append(rest)
        elif not number.isdecimal() or len(number) > 20:  # noqa: PLR2004 - digits
            continue
        elif word == "ledger" and text.isdecimal():
            state.inode, state.offset = int(number), int(text)
        elif word == "judged":
            state.judged = int(number)
        elif word == "close":
            state.closes[text] = int(number)
        elif word == "said":
            state.said[text] = int(number)
    return state


def write(folder: str, state: Lookback) -> None:
    """Keeps the state; the caller holds `lock`."""
    lines = [f"ledger {state.inode} {state.offset}", f"judged {state.judged}"]
    lines += [f"watch {session}" for session in state.watched[-_MOST:]]
    lines += [f"close {at} {session}" for session, at in list(state.closes.items())[-_MOST:]]
    lines += [f"said {at} {text}" for text, at in list(state.said.items())[-_MOST:]]
    data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    while len(data) > _BYTES:
        lines.pop()
        data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    local.overwrite(folder + "/boot", data.ljust(_BYTES))


def said_lately(state: Lookback, now: int, words: str) -> bool:
    """Whether a failure was said within the last day; notes that it is said now."""
    words = " ".join(words.split())[:200]
    lately = now - state.said.get(words, 0) < _AGAIN
    if not lately:
        state.said.pop(words, None)  # so that it becomes the newest
        state.said[words] = now
    return lately


def lock(folder: str) -> local.Lock:
    """Whoever holds it looks back."""
    return local.Lock(folder + "/boot.lock")
