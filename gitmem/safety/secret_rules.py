r"""The secret rules: credentials by their shape, and values by the words beside them (pure).

A shape is as its issuer publishes it. Beside a word such as "password" or "token" stands a credential, or prose,
code or a stand-in: every number that tells them apart is a choice, tried on sentences that speak of
credentials and give none; nothing rests on a standard.

``gitmem.safety.secrets`` imports this module only for text with a sign of a credential. A pattern
is compiled only when its own sign is there. Every repetition is bounded or over a single class that
its neighbours do not share, so the time grows in step with the text.
"""

from __future__ import annotations

import re
from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_START = r"(?<![A-Za-z0-9])"

#: The rule's name, what the text must contain before the pattern is worth compiling, and the pattern, which
#: starts at a word and has no nested repetition. What is short or may have no digit is a sign in
#: `gitmem.safety.secrets` too; the rest is long enough for its prefilter.
FORMATS = (
    ("private-key", ("-----BEGIN",), r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"),
    ("age-key", ("AGE-SECRET-KEY-",), r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    ("json-web-token", ("eyJ",), r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
    (
        "aws-access-key-id",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        _START + r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    ),
    ("aws-bedrock-key", ("ABSK",), _START + r"ABSK[A-Za-z0-9+/]{60,}"),
    (
        "github-token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        _START + r"gh[pousr]_[A-Za-z0-9_.-]{30,}",
    ),
    ("github-token", ("github_pat_",), r"github_pat_[A-Za-z0-9_]{22,}"),
    (
        "gitlab-token",
        ("gl",),
        _START + r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|soat|agent|imt|oas|ffct|wt)-[\w=.-]{20,}",
    ),
    ("gitlab-runner-token", ("GR1348941",), r"GR1348941[\w-]{20,}"),
    ("slack-token", ("xox",), _START + r"xox[a-z]-[A-Za-z0-9-]{10,}"),
    ("slack-token", ("xapp-",), _START + r"xapp-\d-[A-Za-z0-9-]{10,}"),
    (
        "slack-webhook",
        ("hooks.slack",),
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/-]{20,}",
    ),
    (
        "stripe-key",
        ("sk_", "rk_"),
        _START + r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{14,}",
    ),
    ("webhook-secret", ("whsec_",), r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("google-api-key", ("AIza",), r"AIza[\w-]{32,}"),
    ("google-api-key", ("AQ.A",), _START + r"AQ\.A[\w-]{38,}"),
    ("google-oauth-secret", ("GOCSPX-",), r"GOCSPX-[\w-]{24,}"),
    ("google-access-token", ("ya29.",), _START + r"ya29\.[\w-]{20,}"),
    ("google-refresh-token", ("1//0",), _START + r"1//0[\w-]{30,}"),
    ("anthropic-key", ("sk-ant-",), r"sk-ant-[a-z0-9]{3,12}-[\w-]{16,}"),
    (
        "openai-key",
        ("sk-",),
        _START + r"sk-(?:proj|svcacct|admin|service|None|or-v1|lf)-[\w-]{20,}",
    ),
    ("openai-key", ("sk-",), _START + r"sk-[A-Za-z0-9]{20,}"),
    ("hugging-face-token", ("hf_",), _START + r"hf_[A-Za-z0-9]{30,}"),
    ("hugging-face-token", ("api_org_",), r"api_org_[A-Za-z0-9]{30,}"),
    ("groq-key", ("gsk_",), _START + r"gsk_[A-Za-z0-9]{40,}"),
    ("xai-key", ("xai-",), _START + r"xai-[A-Za-z0-9]{60,}"),
    ("perplexity-key", ("pplx-",), _START + r"pplx-[A-Za-z0-9]{32,}"),
    ("replicate-token", ("r8_",), _START + r"r8_[A-Za-z0-9]{30,}"),
    ("tavily-key", ("tvly-",), _START + r"tvly-[A-Za-z0-9-]{20,}"),
    ("nvidia-key", ("nvapi-",), r"nvapi-[\w-]{40,}"),
    ("pinecone-key", ("pcsk_",), r"pcsk_\w{40,}"),
    ("langsmith-key", ("lsv2_",), r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    ("npm-token", ("npm_",), _START + r"npm_[A-Za-z0-9]{30,}"),
    ("pypi-token", ("pypi-",), _START + r"pypi-[\w-]{50,}"),
    ("rubygems-token", ("rubygems_",), r"rubygems_[0-9a-f]{40,}"),
    ("crates-token", ("cio",), _START + r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("nuget-key", ("oy2",), _START + r"oy2[a-z0-9]{43}"),
    ("docker-token", ("dckr_",), r"dckr_[po]at_[\w-]{20,}"),
    ("clojars-token", ("CLOJARS_",), r"CLOJARS_[a-z0-9]{60}"),
    ("twilio-key", ("SK",), _START + r"SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("sendgrid-key", ("SG.",), _START + r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    ("mailgun-key", ("key-",), _START + r"key-[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("mailgun-key", ("-",), _START + r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9a-f-])"),
    ("brevo-key", ("xkeysib-",), r"xkeysib-[0-9a-f]{40,}-[A-Za-z0-9]{10,}"),
    ("resend-key", ("re_",), _START + r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}"),
    ("telegram-token", (":AA",), _START + r"\d{8,10}:AA[\w-]{32,34}(?![\w-])"),
    ("discord-token", (".",), r"(?<![\w-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])"),
    ("discord-webhook", ("/api/webhooks/",), r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{40,}"),
    ("teams-webhook", ("webhook.office",), r"webhook\.office\.com/webhookb2/[\w@/-]{60,}"),
    ("digitalocean-token", ("_v1_",), _START + r"do[opr]_v1_[0-9a-f]{40,}"),
    (
        "azure-account-key",
        ("AccountKey=", "SharedAccessKey="),
        r"(?:Account|SharedAccess)Key=(?P<v>[A-Za-z0-9+/]{40,}={0,2})",
    ),
    ("azure-signature", ("sig=",), r"[?&;]sig=(?P<v>[A-Za-z0-9%+/=_-]{30,})"),
    ("azure-client-secret", ("Q~",), r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])"),
    ("azure-devops-token", ("AZDO",), _START + r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"),
    ("mongodb-atlas-secret", ("mdb_sa_sk_",), r"mdb_sa_sk_[\w-]{30,}"),
    ("shopify-token", ("shp",), _START + r"shp(?:at|ss|ca|pa|ua)_[0-9a-fA-F]{32}"),
    ("square-token", ("sq0",), _START + r"sq0[a-z]{3}-[\w-]{22,}"),
    ("meta-token", ("EAA",), _START + r"EAA[A-Za-z0-9_-]{56,}"),
    ("new-relic-key", ("NRAK-",), r"NRAK-[A-Z0-9]{27}"),
    ("postman-key", ("PMAK-",), r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("databricks-token", ("dapi",), _START + r"dapi[0-9a-f]{32}"),
    ("linear-key", ("lin_",), r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    ("figma-token", ("fig",), _START + r"fig[dour]_[\w-]{30,}"),
    ("notion-token", ("ntn_",), _START + r"ntn_[A-Za-z0-9]{40,}"),
    ("notion-token", ("secret_",), _START + r"secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])"),
    ("airtable-token", ("pat",), _START + r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("vault-token", ("hvs.", "hvb.", "hvr."), _START + r"hv[sbr]\.[\w-]{20,}"),
    ("terraform-token", (".atlasv1.",), r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}"),
    ("atlassian-token", ("ATATT", "ATCTT", "ATBB"), r"AT(?:ATT|CTT|BB)[\w=-]{20,}"),
    ("doppler-token", ("dp.",), _START + r"dp\.[a-z]{2,5}\.[\w.-]{30,}"),
    ("planetscale-token", ("pscale_",), r"pscale_(?:tkn|pw|oauth)_[\w.=-]{30,}"),
    ("posthog-key", ("phx_",), _START + r"phx_[A-Za-z0-9]{40,}"),
    ("sentry-token", ("sntry",), _START + r"sntry[su]_[A-Za-z0-9+/=_]{40,}"),
    ("grafana-token", ("glc_", "glsa_"), _START + r"gl(?:c|sa)_[A-Za-z0-9+/=_]{30,}"),
    ("supabase-token", ("sbp_", "sb_secret_"), _START + r"sb(?:p|_secret)_[\w-]{20,}"),
    ("netlify-token", ("nfp_",), _START + r"nfp_[A-Za-z0-9]{36}"),
    ("heroku-key", ("HRKU-",), r"HRKU-[\w-]{36,}"),
    ("fly-token", ("fm2_", "fo1_"), _START + r"f(?:m2|o1)_[A-Za-z0-9+/=_-]{40,}"),
    ("pulumi-token", ("pul-",), _START + r"pul-[0-9a-f]{40}"),
    ("tailscale-key", ("tskey-",), r"tskey-[a-z]+-[A-Za-z0-9-]{16,}"),
    ("sourcegraph-token", ("sgp_",), _START + r"sgp_\w{40,}"),
    ("dynatrace-token", ("dt0",), _START + r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("buildkite-token", ("bkua_",), r"bkua_[0-9a-f]{40}"),
    ("circleci-token", ("CCIPAT_",), r"CCIPAT_[A-Za-z0-9]{20,}_[0-9a-f]{40}"),
    ("contentful-token", ("CFPAT-",), r"CFPAT-[\w-]{43}"),
    ("mapbox-token", ("sk.eyJ",), r"sk\.eyJ[\w-]{40,}\.[\w-]{20,}"),
    ("one-password-token", ("ops_eyJ",), _START + r"ops_eyJ[\w-]{50,}"),
)

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
