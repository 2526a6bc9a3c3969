"""Whether the word beside "password" or "token" can be a credential, or is prose, code or a stand-in.

Every number here is a choice, tried on sentences that speak of credentials and give none; nothing
rests on a standard.
"""

from __future__ import annotations

import re
from itertools import pairwise

_WRAPPING = "\"'`*,;:.)]}>([{<\u2018\u2019\u201c\u201d"
_OPENING = "\"'`*\u2018\u201c"

# Long enough not to turn up in a random token by chance.
_STAND_IN_MARKS = (
    "example",
    "xxxxx",
    "****",
    "your-",
    "your_",
    "yourkey",
    "yourpass",
    "yoursecret",
    "yourtoken",
    "placeholder",
    "redacted",
    "dummy",
    "sample",
    "change",
    "insert",
    "replace",
    "...",
    "\u2026",
)
_STAND_IN_NAMES = """
password passwd passwort pass pwd pw passphrase secret secrets token tokens key apikey api_key user
username login 1password none null nil true false string required optional undefined test hidden abc123 abc
foobar foo bar empty unset default mypassword mysecret mytoken
"""
_STAND_INS = frozenset(_STAND_IN_NAMES.split())

_ALGORITHM = re.compile(
    r"(?:base|sha|md|hs|rs|es|ps|aes|utf|u?int|float|ed|x|argon|blake|oauth|varchar|secp|p|http)"
    r"\d{1,5}(?:id|url|r1|k1|encoded|bytes?|bits?|sum)?",
    re.IGNORECASE,
)
# Stripe and Clerk, https://docs.stripe.com/keys; Supabase, https://supabase.com/docs/guides/api/api-keys;
# Mapbox, https://docs.mapbox.com/help/dive-deeper/access-tokens/; PostHog's project key.
_PUBLIC = ("pk_test_", "pk_live_", "sb_publishable_", "pk.eyJ", "phc_")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_MEASURE = re.compile(
    r"[~<>\u2264\u2265]?v?\d+(?:[.,:/x-]\d+)*[%+]?-?(?:[^\W\dA-Z_]{0,12}|[A-Z][A-Za-z]{0,3})"
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NEXT_FIELD = re.compile(r"[&;,][\w.-]{1,40}=")
_SEPARATOR = re.compile(r"[-_./:,+@=]")
_SYMBOLS = frozenset("!@#$%^&*?+~|")
_SYMBOLS_OF_PASSWORDS = frozenset("!$%^")  # between letters alone; the others join words
_CODE_STARTS = frozenset("<{[($%/~\\@-&#|=>")
_CODE_MARKS = ("://", "${", "{{", "(", "[", "<")

SHORTEST_PASSWORD = 6
SHORTEST_TOKEN = 10
_LONG_WORD = 20
_RANDOM_WORD = 16
_SHORTEST_RANDOM = 18
_MANY_CHANGES = 0.35


def unwrapped(raw: str) -> str:
    """Return ``raw`` without quotes, brackets and full stops around it, or the next field after it."""
    return _NEXT_FIELD.split(raw, maxsplit=1)[0].strip(_WRAPPING)


def is_public(raw: str) -> bool:
    """Tell whether ``raw`` is a key that its maker hands to every browser: publishable, no secret."""
    return unwrapped(raw).startswith(_PUBLIC)


def is_stand_in(value: str) -> bool:
    """Tell whether ``value`` stands for a credential in a manual: ``xxxx``, ``your-token``."""
    low = value.lower()
    if low in _STAND_INS or any(mark in low for mark in _STAND_IN_MARKS):
        return True
    body = re.split(r"[-_.]", low.rstrip("=-_."))[-1]
    return len(set(body)) == 1 and body[0] in "x*#0?"


def is_password(raw: str) -> bool:
    """Tell whether ``raw``, found where a password is given, looks like one."""
    value = unwrapped(raw)
    if len(value) < SHORTEST_PASSWORD or _is_code(raw, value):
        return False
    if value.isdigit() or is_strict_password(raw):
        return True
    if any(char.isdigit() for char in value) and any(char.isalpha() for char in value):
        one_word = len(_SEPARATOR.split(value)) == 1
        return one_word and not _MEASURE.fullmatch(value) and not _ALGORITHM.fullmatch(value)
    if any(char in _SYMBOLS_OF_PASSWORDS for char in value[1:-1]):
        return len(value) > SHORTEST_PASSWORD and not _ADDRESS.fullmatch(value)
    return _is_random_word(value)


def is_strict_password(raw: str) -> bool:
    """Tell whether ``raw``, found near the word password, can hardly be anything else."""
    value = unwrapped(raw)
    if len(value) < SHORTEST_PASSWORD or _is_code(raw, value) or _ADDRESS.fullmatch(value):
        return False
    has_letter = any(char.isalpha() for char in value)
    has_digit = any(char.isdigit() for char in value)
    if any(char in _SYMBOLS for char in value[1:-1]) or (value[-1] in _SYMBOLS and has_digit):
        mixed_case = not value.islower() and not value.isupper()
        return has_letter and (has_digit or mixed_case) and not _MEASURE.fullmatch(value)
    return has_digit and has_letter and _has_dense_part(value)


def is_token(raw: str) -> bool:
    """Tell whether ``raw``, found where a token, key or secret is given, looks like one."""
    value = unwrapped(raw)
    if len(value) < SHORTEST_TOKEN or _is_code(raw, value) or value.isdigit():
        return False
    if any(shape.fullmatch(value) for shape in (_ADDRESS, _MEASURE, _UUID)):
        return False
    return _has_dense_part(value) or _is_random_word(value)


def is_uuid(raw: str) -> bool:
    """Tell whether ``raw`` is a UUID, which some issuers give as a key."""
    return _UUID.fullmatch(unwrapped(raw)) is not None


def is_random(raw: str) -> bool:
    """Tell whether ``raw`` is a long run of mixed letters and digits, but no hexadecimal number."""
    value = raw.rstrip("=")
    is_base64 = "-" not in value and "_" not in value
    part = value if is_base64 else max(_SEPARATOR.split(value), key=len)
    kinds = (str.isupper, str.islower, str.isdigit)
    return (
        len(part) >= _SHORTEST_RANDOM
        and all(any(map(kind, part)) for kind in kinds)
        and _changes(part) >= _MANY_CHANGES
        and bool(value.strip("0123456789abcdefABCDEF-"))
        and not value.startswith("AAAA")  # an SSH public key
        and not is_stand_in(value)
    )


def _is_code(raw: str, value: str) -> bool:
    """Tell code, paths, variables and stand-ins, which name a credential and do not give it."""
    return (
        raw.lstrip(_OPENING)[:1] in _CODE_STARTS
        or value.startswith(("./", "../"))
        or any(mark in value for mark in _CODE_MARKS)
        or _ENVIRONMENT.fullmatch(value) is not None
        or is_stand_in(value)
    )


def _has_dense_part(value: str) -> bool:
    """Tell whether a part between separators mixes letters and digits as words do not."""
    return any(_is_dense(part) for part in _SEPARATOR.split(value))


def _is_dense(part: str) -> bool:
    letters = part.rstrip("0123456789")
    numbered = letters.isalpha() and len(part) - len(letters) <= 2  # noqa: PLR2004 (server12)
    numbered = numbered and (len(letters) < SHORTEST_TOKEN or _changes(letters) < _MANY_CHANGES)
    return (
        len(part) >= SHORTEST_PASSWORD
        and not part.isalpha()
        and any(char.isalpha() for char in part)
        and not numbered
        and not _MEASURE.fullmatch(part)
        and not _ALGORITHM.fullmatch(part)
    )


def _is_random_word(value: str) -> bool:
    """Tell random letters from words: very long, or changing case all the time."""
    if not (value.isascii() and value.isalpha()):
        return False
    if value.islower() or value.isupper():
        return len(value) >= _LONG_WORD
    return len(value) >= _RANDOM_WORD and _changes(value) >= _MANY_CHANGES


def _changes(value: str) -> float:
    """Return how often the kind of character changes from one to the next, as a share of all."""
    kinds = [(char.isupper(), char.isdigit()) for char in value]
    return sum(a != b for a, b in pairwise(kinds)) / max(1, len(value))
