"""Passwords and tokens made at run time, so that none stands in the tree."""

from __future__ import annotations

from random import Random

_LOWER = "abcdefghijkmnopqrstuvwxyz"
_DIGITS = "23456789"
_BOTH = _LOWER + _LOWER.upper() + _DIGITS


def filled(text: str, dice: Random) -> str:
    """``text`` with ``{P}`` as a password, ``{T}`` as a token, ``{N}`` as a number of eight digits."""
    return (
        text.replace("{P}", _password(dice))
        .replace("{T}", _drawn(dice, _BOTH, 14) + "7Kq" + _drawn(dice, _BOTH, 14))
        .replace("{N}", _drawn(dice, _DIGITS, 8))
    )


def _password(dice: Random) -> str:
    """In one of three manners: a word with a sign and digits, digits within letters, a mixture."""
    lower = _drawn(dice, _LOWER, 6)
    digits = _drawn(dice, _DIGITS, 3)
    return dice.choice(
        (
            lower + dice.choice("!$%&") + digits,
            lower[:4].title() + digits[:2] + _drawn(dice, _LOWER, 4),
            lower[0].upper()
            + _drawn(dice, _LOWER + _DIGITS, 6)
            + digits[0]
            + lower[1]
            + "#"
            + digits[1],
        )
    )


def _drawn(dice: Random, alphabet: str, length: int) -> str:
    return "".join(dice.choice(alphabet) for _ in range(length))
