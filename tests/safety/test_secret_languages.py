"""Passwords and keys in the languages most used by developers, and lines that only speak of them."""

from __future__ import annotations

import re
import unicodedata
from random import Random

import pytest

from gitmem.safety import secret_rules, secret_words
from gitmem.safety.secrets import FOREIGN, FOREIGN_ASCII, find_secret
from tests.bench import language_rates as rates
from tests.support.growth import LINEAR, growth
from tests.support.made_secrets import filled

LINES = rates.secret_lines()
TOLD = [line.text for line in LINES if line.secret]
ORDINARY = [line.text for line in LINES if not line.secret]

OF_ONE_KIND = [
    "Mot de passe : {P}",
    "Contraseña: {P}",
    "密码：{P}",
    "password：{P}",
    "ｐａｓｓｗｏｒｄ＝{P}",
    "the password for staging: {P}",
    "パスワード【{P}】",
    "Пароль от базы — «{P}»",
    "Senha = {P}",
    "api_key：{T}",
    "api_key＝{T}",
    "Clé API : {T}",
    "密钥：{T}",
    # In a table, a tag, a name in a file, with the label behind, marked, or a user before it.
    "| password | {P} |",
    "| Mot de passe | {P} |",
    "| **密码** | {P} |",
    "<password>{P}</password>",
    "<motdepasse>{P}</motdepasse>",
    "mot_de_passe_db: {P}",
    "'mot_de_passe': '{P}'",
    'senha_admin = "{P}"',
    "__Passwort__: {P}",
    "Password（admin）：{P}",
    "PW: {P}",
    "{P} — пароль от root",
    "identifiants : admin / {P}",
    "Zugangsdaten: admin / {P}",
    "账号 admin / {P}",
    "kata sandinya {P}",
    "password-nya {P}",
    "รหัสผ่านคือ {P}",
    "مفتاح API: {T}",
    "API कुंजी: {T}",
    "کلید API: {T}",
]

SPOKEN_OF = [
    "The password field is validated by zod 3.22.",
    "mot de passe oublié : ticket ABC-1234",
    "Clave primaria: user_id2024",
    "clave foránea: order_id → orders.id",
    "senha_hash = bcrypt12",
    "| password | varchar255 | not null |",
    "| Passwort | mindestens 12 Zeichen |",
    "<password>${DB_PASSWORD}</password>",
    "PW: siehe 1Password",
    "README2.md — пароль там описан",
    "identifiants : admin / voir 1Password",
    "Zugangsdaten: siehe Vault, Eintrag db-01",
    "账号 admin / 密码见 1Password",
    "مفتاح: tenant_id",
]

_WORDS = """
    mot de passe, mots de passe, mdp, code de passe, phrase de passe, code secret, contraseña, contrasena,
    contrasenya, clave, clave de acceso, palabra de paso, frase de contraseña, senha, senhas, palavra-passe,
    palavra chave, frase secreta, parola d'ordine, parola chiave, parola, parolă, parolası, chiave di accesso,
    passwort, passworts, kennwort, kennwörter, passwörter, codewort, lösungswort, zugangscode, geheimzahl,
    wachtwoord, wachtwoorden, toegangscode, wachtzin, lösenord, lösenordet, losenord, løsenord, adgangskode,
    adgangskoden, kodeord, passord, passordet, hasło, hasła, hasłem, haslo, haseł, heslo, heslem, geslo,
    lozinka, lozinku, šifra, zaporka, salasana, salasanan, tunnussana, jelszó, jelszo, jelszava, slaptažodis,
    parool, parole, şifre, sifre, şifresi, mật khẩu, mat khau, kata sandi, kata laluan, kata kunci, sandi,
    пароль, пароля, паролем, парола, лозинка, кодовое слово, код доступа, құпиясөз, κωδικός,
    κωδικός πρόσβασης, συνθηματικό, סיסמה, הסיסמה, סיסמא, ססמה, كلمة المرور, كلمة السر, الرقم السري,
    رمز عبور, گذرواژه, پسورد, पासवर्ड, कूटशब्द, পাসওয়ার্ড, รหัสผ่าน, 비밀번호, 비밀번호는, 비번, 암호,
    패스워드, 密码, 密碼, 口令, 通行码, パスワード, パスフレーズ, 暗証番号, 合言葉
"""
WORDS = [" ".join(word.split()) for word in _WORDS.split(",")]


@pytest.mark.parametrize("text", TOLD)
def test_a_password_or_key_is_refused_in_each_language(text: str) -> None:
    assert find_secret(text) is not None


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_line_about_passwords_is_saved_in_each_language(text: str) -> None:
    assert find_secret(text) is None


@pytest.mark.parametrize("text", OF_ONE_KIND)
def test_a_full_width_sign_or_a_foreign_word_hides_no_password(text: str) -> None:
    assert find_secret(filled(text, Random(1))) is not None


@pytest.mark.parametrize("text", SPOKEN_OF)
def test_a_line_that_names_a_password_and_gives_none_is_saved(text: str) -> None:
    assert find_secret(text) is None


@pytest.mark.parametrize("text", TOLD)
def test_a_password_is_found_with_its_accents_taken_apart_and_in_capitals(text: str) -> None:
    assert find_secret(unicodedata.normalize("NFD", text)) is not None
    value = max(text.split(), key=len)
    assert find_secret(text.replace(value, "\0").upper().replace("\0", value)) is not None


@pytest.mark.parametrize("text", TOLD)
def test_the_head_of_a_foreign_password_gives_little_away(text: str) -> None:
    found = find_secret(text)
    assert found is not None
    assert len(found.head.removesuffix("\u2026")) <= 4


def test_the_cheap_look_knows_a_piece_of_every_foreign_word() -> None:
    # What the patterns find in a line, the cheap look must let through: the stems have to follow the words.
    stems = (*FOREIGN_ASCII, *FOREIGN)
    patterns = [*secret_words.PASSWORD_GIVEN, *secret_words.PASSWORD_GIVEN_UNSPACED]
    for word in WORDS:
        text = f"{word}: a1b2c3d4e5"
        assert any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns), word
        assert any(stem in text for stem in stems), word


def test_the_set_has_twenty_languages_and_as_many_ordinary_lines() -> None:
    today = rates.secrets_today()

    assert len(today) == 20
    assert all((both.positive, both.negative) == (10, 10) for both in today.values())


def test_the_first_run_belongs_to_the_lines_as_they_were_then() -> None:
    assert rates.first_run("secrets")["cases_sha256"] == rates.digest("secrets.tsv")


def test_the_published_rates_are_what_the_script_computes() -> None:
    for path in {where for _, where, _ in rates.TABLES}:
        assert rates.document(path) == path.read_text(encoding="utf-8")


NASTY = [
    "mot de passe ", "mot de passe est ", "contraseña ", "clave a ", "пароль ", "пароль а ", "密码",
    "密码是", "密码a", "a是密码", "パスワードは", "비밀번호 a1 ", "senha: ", "senha a b = ", "키 ", "clé API ",
    "passwort a1! ", "| passwort ", "<passwort>", "mot_de_passe_", "— пароль ", "pw: ", "password (", "è ", "« ", "(", "a1!", "a1 est le ", "\u0301", "ｐ", "：", "كلمة المرور ",
]  # fmt: skip


@pytest.mark.parametrize("piece", NASTY)
def test_the_time_grows_in_step_with_the_text_in_each_language(piece: str) -> None:
    assert growth(find_secret, piece) < LINEAR
    assert growth(secret_rules.search, piece) < LINEAR
