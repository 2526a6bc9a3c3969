"""The secret gate: find what looks like a credential before anything is written or sent (pure, hot lane).

This module runs for every flag. ``str`` methods decide whether the text has both a sign of a
credential and something that could be its value; only then is ``gitmem.safety.secret_rules``
imported. The gate is a net, not a proof. The sets in its tests are its author's own, so their rates
flatter it; a gate built the same way found 0.66 of an independent set of examples.
"""

from __future__ import annotations

# Beginnings of credentials that can be short, or have no digit. Longer ones are let through by
# their length alone.
_SIGN_NAMES = """
AKIA ASIA ABIA ACCA ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glcbt- glptt- glft-
glsoat- glagent- glimt- gloas- GR1348941 xox xapp- hooks.slack sk_live_ sk_test_ sk_prod_ rk_live_
rk_test_ rk_prod_ whsec_ AIza GOCSPX- ya29. 1//0 sk- hf_ api_org_ gsk_ xai- pplx- r8_ tvly- nvapi-
npm_ pypi- dckr_ SG. re_ :AA /api/webhooks/ webhook.office AccountKey= SharedAccessKey= sig= shpat_
shpss_ shpca_ shppa_ shpua_ sq0 lin_api_ figd_ ntn_ hvs. hvb. hvr. ATATT ATCTT ATBB pscale_ phx_
sntrys_ sntryu_ glc_ glsa_ sbp_ sb_secret_ tskey- eyJ
"""
_SIGNS = tuple(_SIGN_NAMES.split())

# Words beside which a value is a credential, and the shortest value the rules would believe.
_PASSWORD_WORDS = (
    "passw",
    "passp",
    "passc",
    "_pass",
    "pass=",
    "pass =",
    "pass:",
    "pwd",
    "kennw",
    "creds",
    "pw:",
    "pw=",
)
_LOGIN_WORDS = ("login", "log in", "sign in", "curl", "wget", "sshpass", "mysql", "maria")
_TOKEN_WORDS = ("secret", "token", "cred", "key", "auth", "bearer", "basic", "aws", "x-api")
#: A piece of every word of `gitmem.safety.secret_words`: first those in plain ASCII, which every text
#: is searched for, then the others.
FOREIGN_ASCII = (
    "passw", "passp", "passc", "de passe", "de_passe", "de-passe", "motdepasse", "identifiant", "anmeldedat",
    "inloggeg", "dane logow", "mdp", "code secret", "contrase", "clave", "palabra de", "frase", "senha", "palavra",
    "parol", "parool", "chiave", "kennw", "codewort", "geheim", "zugangs", "wacht", "toegangs", "losenord",
    "adgangskode", "kodeord", "passord", "haslo", "hasla", "hesl", "geslo", "lozink", "zapork",
    "salasana", "tunnus", "jelsz", "slaptazod", "sifre", "mat khau", "kata ", "sandi", "cle ", "cles ",
    "jeton", "chave", "secreto", "segredo", "segreto", "schluessel", "zugriff", "sleutel", "nyckel",
    "klucz", "avain", "anahtar", "kunci", "api-kulcs", "api kulcs",
)  # fmt: skip
FOREIGN = (
    "contraseñ", "schlüssel", "paßw", "kennwör", "passwör", "lösungsw", "lösenord", "løsenord", "haseł", "hasł", "šifr",
    "jelszó", "slaptaž", "parolă", "şifre", "khẩu", "clé", "nø", "klíč", "khóa", "парол", "лозинк", "код",
    "құпиясөз", "ключ", "токен", "секрет", "κωδικ", "συνθημ", "סיסמ", "ססמ", "كلمة", "الرقم",
    "رمز", "گذرواژه", "پسورد", "پاس", "पासवर्ड", "कूटशब्द", "পাসওয", "รหัส", "비밀번호", "비번", "암호",
    "패스워드", "토큰", "키", "密码", "密碼", "口令", "通行", "パス", "ﾊﾟｽ", "ハスワ", "暗証", "合言葉", "钥", "鑰", "令牌",
    "權杖", "トークン", "キー", "鍵", "シークレット", "مفتاح", "کلید", "توکن", "कुंजी", "टोकन", "מפתח", "κλειδί",
    "账号", "帐号", "賬號", "帳號", "アカウント", "계정", "логин", "логін", "учётн", "учетн",
)  # fmt: skip
_SHORTEST_PASSWORD = 6
_SHORTEST_TOKEN = 10

_SHORTEST_SIGNED = 14
_LONG = 32
_LONGEST_WORD = 20  # of letters alone, in what people write
_LONGEST_NAME = 16  # in mixed case

_JOINTS = str.maketrans(
    dict.fromkeys("\"'`*_-./\\,;:()[]{}<>=#\u2013\u2014\u2018\u2019\u201c\u201d\u2026", " ")
)
_HEAD = 4
_FULL_WIDTH = 0xFF01 - 0x21
# Composing takes time in the square of a run of accents; a longer text only loses them.
_COMPOSED_TO = 4096
_MOST_REDACTED = 8  # credentials that a message repeats; of more it repeats nothing at all


class Secret:
    """What was found: the rule's name, and a head of the value that does not give it away.

    ``head`` is at most four characters and at most a quarter of the value, then an ellipsis.
    """

    __slots__ = ("head", "rule")

    def __init__(self, *, rule: str, value: str) -> None:
        self.rule = rule
        self.head = value.lstrip("\"'`*(")[: min(_HEAD, len(value) // _HEAD)] + "\u2026"

    def __repr__(self) -> str:
        return f"Secret(rule={self.rule!r}, head={self.head!r})"


_TYPOGRAPHY = dict.fromkeys((0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026))


def find_secret(text: str) -> Secret | None:
    """Return the first likely credential in ``text``, one line or many, or None. Never raises.

    Full-width letters, digits and punctuation count as their plain forms.
    """
    # Dashes, quotes and dots of typography fold to nothing: such a line needs no tables.
    if not text.isascii() and not text.translate(_TYPOGRAPHY).isascii():
        text = _plain(text)
    if not _is_suspect(text):
        return None
    from gitmem.safety import secret_rules

    found = secret_rules.search(text, foreign=_is_foreign(text.lower()))
    return Secret(rule=found[0], value=found[1]) if found else None


def _plain(text: str) -> str:
    """Return ``text`` with full-width signs as ASCII, and accents composed or else dropped."""
    import unicodedata

    if len(text) <= _COMPOSED_TO:
        text = unicodedata.normalize("NFC", text)
    folds: dict[int, str] = {
        **{code + _FULL_WIDTH: chr(code) for code in range(0x21, 0x7F)},
        **dict.fromkeys((0x3000, 0xA0, 0x202F, 0x2009), " "),
        # Other colons and equals signs: ratio, modifier, presentation, small, Hebrew, Ethiopic, Armenian.
        **dict.fromkeys(
            (0x2236, 0xA789, 0x02D0, 0xFE13, 0xFE30, 0xFE55, 0x05C3, 0x1361, 0x0589), ":"
        ),
        0xFE66: "=",
        0x0130: "I",  # small, the dotted capital of Turkish is two characters
        **dict.fromkeys(
            (*range(0x0300, 0x0370), 0x3099, 0x309A), ""
        ),  # accents that stand on their own
        **dict.fromkeys((0x200E, 0x200F, 0x061C), ""),  # marks of direction
    }
    return text.translate(folds)


def redacted(text: str) -> str:
    """Return ``text``, which repeats what somebody gave, without the likely credentials in it."""
    for _ in range(_MOST_REDACTED):
        if not _is_suspect(text):
            return text
        from gitmem.safety import secret_rules

        found = secret_rules.search(text)
        if found is None:
            return text
        text = text.replace(found[1], Secret(rule=found[0], value=found[1]).head)
    return "(what was given looks like it holds credentials)"


def _is_suspect(text: str) -> bool:
    """Tell whether the rules have to look, at the cost of a few microseconds."""
    if "-----BEGIN" in text or ("@" in text and "://" in text):
        return True
    words = text.split()
    low = text.lower()
    named = "passw" in low or _is_foreign(low)
    least = _SHORTEST_PASSWORD if named else _least_length(low)
    if least and " login " in low and " password " in low:  # a line of a netrc file
        return True
    for word in words:
        size = len(word)
        if size >= _SHORTEST_SIGNED and (_has_sign(word) or (size >= _LONG and _is_dense(word))):
            return True
        if least and size >= least and not word.isalpha() and _is_value(word, named=named):
            return True
    return False


def _is_foreign(low: str) -> bool:
    """Tell whether a text has a word for a password or a key in another language than English."""
    for stem in FOREIGN_ASCII:
        if stem in low:
            return True
    if not low.isascii():
        for stem in FOREIGN:
            if stem in low:
                return True
    return False


def _least_length(low: str) -> int:
    """Return how long a word must be to be a value in this text; 0 when nothing asks for one."""
    for stem in _PASSWORD_WORDS:
        if stem in low:
            return _SHORTEST_PASSWORD
    for stem in _LOGIN_WORDS:
        if stem in low:
            return _SHORTEST_PASSWORD
    for stem in _TOKEN_WORDS:
        if stem in low:
            return _SHORTEST_TOKEN
    return 0


def _has_sign(word: str) -> bool:
    for sign in _SIGNS:  # noqa: SIM110 (a generator costs more than the search)
        if sign in word:
            return True
    return False


def _is_dense(word: str) -> bool:
    """Tell whether a piece of the word is long and mixes letters and digits, and is no checksum."""
    for piece in word.split("/"):
        if len(piece) >= _LONG and not piece.isalpha() and piece.strip("0123456789abcdef\"'`.,:;"):
            for digit in "0123456789":
                if digit in piece:
                    return True
    return False


def _is_value(word: str, *, named: bool) -> bool:
    """Tell whether a part of the word is neither a word of a language nor a plain number."""
    for part in word.translate(_JOINTS).split():
        size = len(part)
        if part.isalpha():
            if size >= _LONGEST_WORD or (
                size >= _LONGEST_NAME and not part.islower() and not part.isupper()
            ):
                return True
        elif part.isdigit():
            if size >= _SHORTEST_PASSWORD and named:
                return True
        elif "@" in part and "." in word:  # an e-mail address
            continue
        elif size >= _SHORTEST_PASSWORD or not part.strip("!?").isalnum():
            return True
    return False
