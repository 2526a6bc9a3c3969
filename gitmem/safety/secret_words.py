"""What a password and a key are called in the languages most used by developers, and how they are given (pure).

`gitmem.safety.secret_rules` imports this only for text that has one of `gitmem.safety.secrets.FOREIGN`.
Words are small; ``+`` stands for an ending of at most eight letters. Every language's words are tried on
every text: which language a line is in does not matter for a password.
"""

from __future__ import annotations

import re

#: Chinese traditional and simplified, Japanese: no blanks between words.
_UNSPACED = r"\u3005\u3040-\u30ff\u3400-\u9fff"

_PASSWORDS = """
    passw(?:or)?[dt]s? passw(?:or)?[dt]-?nya passphrases? passcodes?
    mots?_de_passe mdp codes?_de_passe phrases?_(?:de_)?passe code_secret
    contrase[nñ]as? contrase[nñ]y(?:a|es) claves?(?!_(?:primari|for[aá]ne|extern|[uú]nic|candidat|compuest|principal))(?:_de_(?:acceso|paso|usuario))? palabra_de_paso frase_de_contrase[nñ]a
    senhas? palavras?_passe palavra_chave frase_secreta
    parol[ea]_d'ordine parola_d'accesso parola_chiave parol[aă](?:si|sı|yı|lar|+)? parolei chiave_di_accesso
    (?:pass|kenn|code|lösungs)wort+ kennwörter passwörter zugangscode geheimzahl
    wachtwoord+ toegangscode wachtzin
    l(?:ö|o)senord+ adgangskode+ kodeord+ passord+ løsenord
    has(?:ł|l)[oa]+ has(?:ł|l)em haseł hesl[oaeu]m? geslo lozink[aeuo]m? šifr[aeu] zaporka+
    salasana+ tunnussana jelsz[oóavt]+ slapta[žz]od+ parool+ parole
    (?:ş|s)ifre+ parola+
    m[aậ]t_kh[aẩ]u kata_sandi(?:nya)? kata_laluan(?:nya)? kata_kunci sandi(?:nya)?
    парол[ьюяеи]+ парола лозинк+ кодовое_слово код_доступа құпиясөз
    κωδικ[οό][ςύ]?(?:_πρ[οό]σβασης)? κωδικ[όο] συνθηματικό
    ה?סיסמ[האת] ה?ססמ[האת]
    [وبلك]?(?:ال)?كلمة_(?:ال)?(?:مرور|سر) الرقم_السري رمز_(?:عبور|المرور) گذرواژه پسورد پاس_ورڈ
    पासवर्ड कूटशब्द পাসওয়ার্ড รหัสผ่าน(?:คือ|เป็น)?
    비밀번호+ 비번+ 암호+ 패스워드+
"""
#: In text without blanks.
_PASSWORDS_UNSPACED = """
    密码 密碼 口令 通行码 通行碼 密码短语 パスワード ﾊﾟｽﾜｰﾄﾞ ハスワート パスフレーズ 暗証番号 合言葉
"""
_KEYS = """
    cl[eé]s?_(?:d'|de_)?(?:l'|la_)?(?:api|acc[eè]s|secr[eè]te|priv[eé]e|chiffrement) cl[eé]s?_api jetons?
    claves?_(?:de_)?(?:la_)?(?:api|acceso|secreta|privada|cifrado) chaves?_(?:d[ea]_)?(?:api|acesso|secreta|privada)
    chiav[ei]_(?:dell[ae]_)?(?:api|segreta|privata) secreto segredo segreto
    (?:api|zugriffs|zugangs|geheim|geheimer_)[-_]?schl(?:ü|ue)ssel+ geheimnis zugriffstoken
    api[-_]sleutel geheime_sleutel api[-_]nyckel api[-_]nø[gk]+ klucz[a-z]*_api klíč_api api[-_]klíč api[-_]kulcs
    api[-_]avain api[-_]anahtarı? erişim_anahtarı khóa_api kunci_api
    (?:секретный_)?ключ[а-я]?(?:_(?:доступа|api|к_api))? api[-_]ключ+ токен+ секрет+
    토큰+ (?:api_?)?키 시크릿_?키
    (?:ال)?مفتاح (?:ال)?رمز_الوصول توکن کلید कुंजी टोकन מפתח κλειδί
"""
_KEYS_UNSPACED = """
    (?:api|访问|秘密)?_?(?:密钥|密鑰|秘钥|金鑰) 令牌 權杖 トークン (?:api|アクセス|秘密)_?(?:キー|鍵) シークレット(?:キー)?
"""

_EQUALS = r"[\"'`\])*_\u00bb\u300d\u300f\u3011]{0,3}\s{0,3}(?::=|=>|={1,3}|:|->|\u2192|[-\u2013\u2014](?=\s))\s{0,3}"
#: "is", "was changed to" and the like, between the word and the value or behind the value.
_IS = (
    "is are was will_be to est sera devient vaut reste c'est maintenant es será fue ahora ist lautet wird war jetzt "
    "é será foi agora è sarà era adesso jest to je bude är nu er wordt este e on ez là adalah ialah itu yaitu yra ir "
    "это будет теперь сейчас це тепер е є је είναι هو هي היא הוא است है คือ a para em en auf zu in na на"
)
_QUOTE = r"[\"'`*(\u00ab\u201e\u201c\u300c\u300e\u3010]"
_END = r"\s\"'`\u00ab\u00bb\u201c-\u201e"
_VALUE = rf"(?P<v>{_QUOTE}{{0,3}}\s?[^{_END}]{{3,400}})"
#: One that has a digit or a sign, so that a word of the language is not taken for it.
_MIXED = rf"(?P<v>{_QUOTE}{{0,3}}\s?(?=[^{_END}]{{0,60}}?[0-9!@#$%^&*?+~|])[^{_END}]{{3,400}})"
#: A password in text without blanks ends where the script begins again.
_ASCII_VALUE = rf"(?P<v>{_QUOTE}{{0,3}}[!#-&(-_a-~]{{3,400}})"
#: A row of a table, the word in one cell and the value in the next.
_CELL = r"\|[\s*_`]{0,4}"
_NEXT_CELL = r"[\s*_`]{0,4}\|\s{0,3}"
_WORD = r"\s{1,3}[^\s:=;!?\"`]{1,40}"
_OTHER_WORD = r"\s{1,3}[^\x00-\x7f\s]{1,40}"


_JOINT = re.compile(r"\[-_\]\??|_")


def _either(words: str) -> str:
    forms = (_JOINT.sub(r"[\\s_-]{0,2}", word.replace("+", r"\w{0,8}")) for word in words.split())
    return "(?:" + "|".join(sorted(set(forms), key=lambda form: (-len(form), form))) + ")"


#: A name in a file may add what the password is of, but not what is only about it: ``senha_admin``, not ``_hash``.
_SUFFIX = r"(?:_(?!hash|file|path|url|min|max|len|salt|reset|field|type|policy)[^\W_]{1,12}){0,2}"
_PW = r"(?<![^\W_])" + _either(_PASSWORDS) + r"(?![^\W_])"
_KEY = r"(?<![^\W_])" + _either(_KEYS) + r"(?![^\W_])"
_PW_UNSPACED = _either(_PASSWORDS_UNSPACED)
_KEY_UNSPACED = _either(_KEYS_UNSPACED)
_COPULA = r"(?<!\w)" + _either(_IS) + r"(?!\w)"
_SCRIPT = f"[{_UNSPACED}]"
_BETWEEN = rf"(?:[\s,(\[]{{0,2}}{_SCRIPT}{{1,12}}[)\]]?){{0,2}}?[\s:=\-\"'`\u2192]{{0,4}}"


#: A password said outright: the word, a colon or an equals sign, the value.
PASSWORD_GIVEN = (
    _PW + _SUFFIX + _EQUALS + _VALUE,
    r"<" + _PW + _SUFFIX + r">\s?(?P<v>[^\s<]{4,200})<",
)
#: A password told: so that what can be a word of the language is none.
PASSWORD_TOLD = (
    _PW + rf"(?:{_WORD}){{1,6}}?(?:\s{{0,2}}[:=]|\s[-\u2013\u2014])\s{{1,3}}" + _MIXED,
    _PW + rf"(?:{_WORD}){{0,6}}?\s{{1,3}}" + _COPULA + r"\s{0,3}:?\s{1,3}" + _MIXED,
    _PW + rf"(?:{_WORD}){{0,4}}?\s{{1,3}}(?={_QUOTE})" + _MIXED,
    _PW + rf"(?:{_OTHER_WORD}){{0,5}}?\s{{1,3}}" + _MIXED,
    r"(?<!\S)"
    + _VALUE
    + rf"[\"'`]?\s(?:{_COPULA}|[-\u2013\u2014](?=\s))(?:{_WORD}){{0,3}}?\s{{1,3}}"
    + _PW,
    _CELL + _PW + _NEXT_CELL + _VALUE,
)
#: A key or token, either way.
KEY_GIVEN = (
    _KEY + _EQUALS + _VALUE,
    _KEY + rf"(?:{_WORD}){{0,6}}?\s{{0,2}}[:=]\s{{1,3}}" + _MIXED,
    _KEY + rf"(?:{_WORD}){{0,6}}?\s{{1,3}}" + _COPULA + r"\s{0,3}:?\s{1,3}" + _MIXED,
    _KEY + rf"(?:{_OTHER_WORD}){{0,5}}?\s{{1,3}}" + _MIXED,
)
#: The same in text without blanks, in the same order.
PASSWORD_GIVEN_UNSPACED = (_PW_UNSPACED + _EQUALS + _ASCII_VALUE,)
PASSWORD_TOLD_UNSPACED = (
    _PW_UNSPACED + _BETWEEN + _ASCII_VALUE,
    r"(?<![!-~])"
    + _ASCII_VALUE
    + rf"[\"'`\s]{{0,2}}(?:是|为|為|が|は){_SCRIPT}{{0,10}}?"
    + _PW_UNSPACED,
    _CELL + _PW_UNSPACED + _NEXT_CELL + _ASCII_VALUE,
)
KEY_GIVEN_UNSPACED = (_KEY_UNSPACED + _BETWEEN + _ASCII_VALUE,)
