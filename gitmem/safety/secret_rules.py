r"""The secret rules: credentials by their shape, and values by the words beside them.

``gitmem.safety.secrets`` imports this module only for text with a sign of a credential. A pattern
is compiled only when its own sign is there. Every repetition is bounded or over a single class that
its neighbours do not share, so the time grows in step with the text.
"""

from __future__ import annotations

import re

from gitmem.safety.secret_formats import FORMATS
from gitmem.safety.secret_values import (
    is_password,
    is_public,
    is_random,
    is_stand_in,
    is_strict_password,
    is_token,
    is_uuid,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PW = r"(?:passw(?:or)?[dt]|pass(?:phrase|code)?|pwd|kennwort)"
_KEY = (
    r"(?:secret|token|credential|"
    r"(?:api|access|secret|auth|private|encryption|signing|account|master|service|app|admin|"
    r"license|subscription)[ _.-]?(?:secret[ _.-]?)?key(?:[ _-]?base)?)"
)
# What a longer name may add and still name the credential itself: DB_PASSWORD_PROD, not _FILE.
_SUFFIX = (
    r"s?(?:_(?!hash|file|path|url|uri|id\b|len|limit|count|name|type|ttl|field|policy|env|var|min|"
    r"max|salt|reset|expir|header|format|prefix|rotation|version)[a-z0-9]{1,12})?"
)
_EQUALS = r"[\"'`\])*]{0,3}\s{0,3}(?::=|=>|={1,3}|:|->|\u2192)\s{0,3}"
_FOR = r"(?:\s{1,3}(?:for|of|on|to|in|at|from)(?:\s{1,3}[^\s,;]{1,40}){1,6}?)?"
_IS = (
    r"\s{1,3}(?:is|was|are|has been|will be|became|(?:changed|rotated|set|reset) to):?\s{1,3}"
    r"(?:(?:now|currently|still|called|just|(?:changed|rotated|set|reset) to)\s){0,2}"
)
_VALUE = r"(?P<v>[\"'`*(]{0,3}[^\s\"'`]{3,400})"

_PASSWORD_SIGNS = ("pass", "pwd", "kennw")
_TOKEN_SIGNS = ("secret", "token", "cred", "key")


def _harmless_in_url(user: str, password: str, host: str) -> bool:
    """Tell a stand-in, or a default of a service on this machine, from a password in a URL."""
    local = host.lower() in {"localhost", "127.0.0.1", "[", "host.docker.internal"}
    return (
        is_stand_in(password)
        or password[:1] in {"$", "<", "{", "%", "["}
        or (user == password and (local or "." not in host))
    )


# Names under which a UUID is a credential and no mere name of something.
_OWN_KEY = r"(?:api_?key|private_key|secret_?key|client_?secret|auth_?token|npm_token|password)"
_HEADER = (
    r"(?:authorization|x-[a-z-]{0,20}(?:key|token)|private-token)[\"'`]?\s?[:=]\s?[\"'`]?"
    r"(?:(?:bearer|basic|token|apikey|key)\s)?(?P<v>[\w.~+/-]{8,2000}={0,2})"
)
_NEAR = (
    r"(?:(?<!public)(?<!public[ _-])key|token|secret|passw|credential|auth|signature)[a-z]{0,10}[^a-z0-9]"
    r"(?:.{0,40}?[^\w+/=.-])?(?P<v>[\w+/-]{20,}={0,2})"
)

# What gives a user and a password together is called; pieces, small.
_LOGIN_SIGNS = (
    "login", "log in", "sign in", "cred", "password", "identifiant", "zugangsdaten", "anmeldedaten", "inloggeg",
    "dane logow", "账号", "帐号", "賬號", "帳號", "アカウント", "계정", "логин", "логін", "учётн", "учетн",
)  # fmt: skip

# (rule, what the lower-case text must contain, pattern, test of the value)
_BESIDE_WORDS: tuple[tuple[str, tuple[str, ...], str, Callable[[str], bool]], ...] = (
    ("password", _PASSWORD_SIGNS, _PW + _SUFFIX + _EQUALS + _VALUE, is_password),
    (
        "password",
        _PASSWORD_SIGNS,
        r"\b" + _PW + r"\b" + _FOR + _IS + _VALUE,
        is_password,
    ),
    (
        "password",
        _PASSWORD_SIGNS,
        r"\b" + _PW + r"\b(?:[\"'`]?\s{1,3}|\s?\([^()]{1,40}\)" + _EQUALS + r")" + _VALUE,
        is_strict_password,
    ),
    ("password", ("pw",), r"\bpw\s{0,2}[:=]\s{0,3}" + _VALUE, is_strict_password),
    (
        "password",
        _PASSWORD_SIGNS,
        r"(?<!\S)" + _VALUE + r"[\"'`]?\s(?:is|as)\s(?:\w{1,20}\s){0,4}?" + _PW + r"\b",
        is_strict_password,
    ),
    (
        "login",
        _LOGIN_SIGNS,
        r"(?<![\w.])(?:admin|root|user|administrator|demo|guest|sa|postgres|test|[\w.+-]{1,40}@[\w.-]{3,60})"
        r"\s?[:/]\s?" + _VALUE,
        is_strict_password,
    ),
    (
        "login",
        ("machine", "default"),
        r"\b(?:machine\s{1,3}\S{1,80}|default)\s{1,3}login\s{1,3}\S{1,80}\s{1,3}password\s{1,3}(?P<v>\S{4,200})",
        lambda value: not is_stand_in(value.strip("<>[]{}$")) and value[:1] not in "<{[$",
    ),
    (
        "login",
        ("curl", "http", "wget"),
        r"(?:\s-u|--user)[ =][\"']?[^\s:\"']{1,64}:(?P<v>[^\s\"']{6,200})",
        is_password,
    ),
    ("login", ("sshpass",), r"sshpass\s{1,3}-p\s?[\"']?(?P<v>[^\s\"']{4,200})", is_password),
    ("login", ("mysql", "maria"), r"\s-p(?P<v>[^\s\"'-][^\s\"']{5,200})", is_strict_password),
    ("secret", _TOKEN_SIGNS, r"(?<!:)" + _KEY + _SUFFIX + _EQUALS + _VALUE, is_token),
    ("secret", ("key", "secret", "token", "password"), _OWN_KEY + _EQUALS + _VALUE, is_uuid),
    ("secret", _TOKEN_SIGNS, r"\b" + _KEY + r"s?\b" + _FOR + _IS + _VALUE, is_token),
    (
        "authorization",
        ("auth", "bearer", "basic", "x-", "private-token"),
        _HEADER,
        is_token,
    ),
    (
        "authorization",
        ("bearer", "basic"),
        r"\b(?:bearer|basic)\s{1,3}(?P<v>[\w.~+/-]{16,2000}={0,2})",
        is_token,
    ),
    (
        "key-beside-words",
        ("key", "token", "secret", "passw", "cred", "auth", "sign"),
        _NEAR,
        is_random,
    ),
)
_URL_WITH_PASSWORD = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s/:@\"'<>]{0,64}):(?P<v>[^\s/@\"']{1,200})@"
    r"(?P<host>[^\s/:,?#\"'`]{0,200})",
    re.IGNORECASE,
)
_URL_WITH_TOKEN = re.compile(r"://(?P<v>[A-Za-z0-9_-]{20,200})@")


def search(text: str, *, foreign: bool = True) -> tuple[str, str] | None:
    """Return the rule and the value of the first credential in ``text``, or None.

    Without ``foreign`` the words of other languages, which take longest to load, are not looked for.
    """
    by_foreign_words = _by_foreign_words(text) if foreign else iter(())
    for candidates in (_by_format(text), _by_url(text), _by_words(text), by_foreign_words):
        for found in candidates:
            return found
    return None


def _by_format(text: str) -> Iterator[tuple[str, str]]:
    for rule, signs, pattern in FORMATS:
        if any(sign in text for sign in signs):
            for match in re.finditer(pattern, text):
                value = match["v"] if "v" in match.groupdict() else match[0]
                if not is_stand_in(value):
                    yield rule, value


def _by_url(text: str) -> Iterator[tuple[str, str]]:
    if "://" not in text or "@" not in text:
        return
    for match in _URL_WITH_PASSWORD.finditer(text):
        if not _harmless_in_url(match["user"], match["v"], match["host"]):
            yield "password-in-url", match["v"]
    for match in _URL_WITH_TOKEN.finditer(text):
        if is_token(match["v"]):
            yield "token-in-url", match["v"]


def _by_words(text: str) -> Iterator[tuple[str, str]]:
    low = text.lower()
    for rule, signs, pattern, is_real in _BESIDE_WORDS:
        if any(sign in low for sign in signs):
            for match in re.finditer(pattern, text, re.IGNORECASE):
                if is_real(match["v"]) and not is_public(match["v"]):
                    yield rule, match["v"]


def _by_foreign_words(text: str) -> Iterator[tuple[str, str]]:
    from gitmem.safety import secret_words as words

    for rule, patterns, unspaced, is_real in (
        ("password", words.PASSWORD_GIVEN, words.PASSWORD_GIVEN_UNSPACED, is_password),
        ("password", words.PASSWORD_TOLD, words.PASSWORD_TOLD_UNSPACED, is_strict_password),
        ("secret", words.KEY_GIVEN, words.KEY_GIVEN_UNSPACED, is_token),
    ):
        for pattern in (*patterns, *(() if text.isascii() else unspaced)):
            for match in re.finditer(pattern, text, re.IGNORECASE):
                if is_real(match["v"]):
                    yield rule, match["v"]
