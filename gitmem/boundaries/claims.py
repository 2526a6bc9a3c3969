"""One event, one answer: a hook that a settings file and a plugin both start answers once (hot lane).

Claude Code 2.1.328 runs an equal command of two settings files once, but that of a settings file
and of a plugin twice, side by side and with the same bytes on standard input (`tests/real_clients`).
The first answers; the second finds the claim and stays silent.
"""

from __future__ import annotations

import os

from gitmem.git import local

_SECONDS = 10.0  # the longest a shipped hook may run; its twin starts within milliseconds
_KEPT = 32  # claims; a batch has a few
_BYTES = 8192  # more than so many claims
_WAIT = 0.1  # seconds; the claim is held for some microseconds
_PRIME = (1 << 61) - 1


def first(folder: str, runner: str, payload: bytes, now: float) -> bool:
    """Claim the event of this ``payload``; return False when another hook has answered it.

    ``runner`` names who started the hook (a settings file: empty, a plugin: its folder): the same
    one again means a new event with the same bytes. ``now`` is seconds since 1970. True also when
    something goes wrong here: an answer must not be lost.
    """
    lock = local.Lock(folder + "/once")
    try:
        local.make_folder(folder)
        if not lock.attempt(_WAIT):
            return True
        return _claim(lock.descriptor, _digest(payload), _digest(os.fsencode(runner)), now)
    except OSError:
        return True
    finally:
        lock.release()


def _claim(descriptor: int, digest: str, runner: str, now: float) -> bool:
    claims = []
    answered = False
    for line in os.pread(descriptor, _BYTES, 0).decode("ascii", "replace").splitlines():
        words = line.split(" ")
        if not _fresh(words, now):
            continue
        if not answered and words[1] == digest and runner not in words[2:]:
            answered = True
            words.append(runner)
        claims.append(" ".join(words))
    if not answered:
        claims.append(f"{now:.3f} {digest} {runner}")
    text = "\n".join(claims[-_KEPT:]) + "\n"
    os.pwrite(descriptor, text.encode(), 0)
    os.ftruncate(descriptor, len(text))
    return not answered


def _fresh(words: list[str], now: float) -> bool:
    try:
        return len(words) > 2 and abs(now - float(words[0])) < _SECONDS  # noqa: PLR2004 - time, digest, runner
    except ValueError:
        return False


def _digest(data: bytes) -> str:
    """Return a number that tells payloads apart; hashlib would cost a tenth of a silent hook."""
    return str(int.from_bytes(b"\x01" + data, "little") % _PRIME)
