"""The secret gate, on sets of its author's own: they show what it is for, not how good it is.

Every credential is made at run time from parts, so that none stands in the tree.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.safety import secret_rules
from gitmem.safety.secret_rules import FORMATS
from gitmem.safety.secrets import Secret, find_secret
from tests.support.growth import LINEAR, growth

LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = LOWER.upper()
DIGITS = "0123456789"
HEX = DIGITS + "abcdef"
ALNUM = LOWER + UPPER + DIGITS
BASE64 = ALNUM + "+/"
URLSAFE = ALNUM + "-_"

_dice = random.Random(20261121)


def drawn(length: int, alphabet: str = ALNUM) -> str:
    """A random run with at least one digit, one letter and no mark of a stand-in."""
    body = "".join(_dice.choice(alphabet) for _ in range(length - 2))
    return f"{body}{_dice.choice('ghkm' if 'g' in alphabet else 'abcd')}7" if length > 2 else body


def pem(kind: str) -> str:
    return "-----BEGIN " + kind + "PRIV" + "ATE KEY-----"


def token(length: int, alphabet: str = ALNUM) -> str:
    upper = "Q" if UPPER[0] in alphabet else ""
    return upper + drawn(length - len(upper), alphabet)


WEAK = "hunter" + "2x9!"
STRONG = "Tr0ub4" + "dor&3"

# (rule, text): credentials whose shape tells what they are.
SHAPED = [
    ("private-key", pem("RSA ") + " MIIEpAIBAAKCAQEA"),
    ("private-key", "the file starts with " + pem("OPENSSH ")),
    ("private-key", '{"type": "service_account", "private_key": "' + pem("") + '\\nMIIE"}'),
    ("private-key", pem("PGP ").replace("KEY-", "KEY BLOCK-")),
    ("age-key", "AGE-SECRET-" + "KEY-1" + drawn(58, UPPER + DIGITS)),
    (
        "json-web-token",
        "ey" + "J" + drawn(20, URLSAFE) + ".ey" + "J" + drawn(40) + "." + drawn(43, URLSAFE),
    ),
    ("aws-access-key-id", "uses AK" + "IA" + drawn(16, UPPER + DIGITS).upper() + " in staging"),
    ("aws-access-key-id", "AS" + "IA" + drawn(16, UPPER + DIGITS).upper()),
    ("aws-bedrock-key", "AB" + "SK" + token(110)),
    ("github-token", "gh" + "p_" + drawn(36)),
    ("github-token", "gh" + "p_" + "a" * 36),
    ("github-token", "push with gh" + "o_" + drawn(36) + "."),
    ("github-token", "(gh" + "s_" + drawn(36) + ")"),
    ("github-token", "github_" + "pat_" + drawn(22) + "_" + drawn(59)),
    ("gitlab-token", "gl" + "pat-" + drawn(20, URLSAFE)),
    ("gitlab-token", "gl" + "rt-" + drawn(20)),
    ("gitlab-runner-token", "GR13" + "48941" + drawn(20)),
    ("slack-token", "xo" + "xb-" + drawn(12, DIGITS) + "-" + drawn(24)),
    ("slack-token", "xa" + "pp-1-" + drawn(11, UPPER + DIGITS).upper() + "-" + drawn(64, HEX)),
    (
        "slack-webhook",
        "https://hooks." + "slack.com/services/T" + drawn(8) + "/B" + drawn(8) + "/" + drawn(24),
    ),
    ("stripe-key", "sk_" + "live_" + drawn(24)),
    ("stripe-key", "rk_" + "test_" + drawn(24)),
    ("webhook-secret", "wh" + "sec_" + drawn(32)),
    ("google-api-key", "AI" + "za" + drawn(35, URLSAFE)),
    ("google-api-key", "AQ" + ".Ab8" + drawn(46, URLSAFE)),
    ("google-oauth-secret", "GOC" + "SPX-" + drawn(28, URLSAFE)),
    ("google-access-token", "ya" + "29." + drawn(60, URLSAFE)),
    ("google-refresh-token", "1/" + "/0" + drawn(40, URLSAFE)),
    ("anthropic-key", "sk-" + "ant-api03-" + drawn(93, URLSAFE) + "AA"),
    ("anthropic-key", "sk-" + "ant-oat01-" + drawn(93, URLSAFE)),
    ("openai-key", "sk-" + "proj-" + drawn(48, URLSAFE)),
    ("openai-key", "sk-" + drawn(48)),
    ("openai-key", "sk-" + "or-v1-" + drawn(64, HEX)),
    ("hugging-face-token", "h" + "f_" + drawn(34)),
    ("hugging-face-token", "api" + "_org_" + drawn(34)),
    ("groq-key", "gs" + "k_" + drawn(52)),
    ("xai-key", "xa" + "i-" + drawn(80)),
    ("perplexity-key", "pp" + "lx-" + drawn(48)),
    ("replicate-token", "r" + "8_" + drawn(37)),
    ("tavily-key", "tv" + "ly-" + drawn(32)),
    ("nvidia-key", "nv" + "api-" + drawn(64, URLSAFE)),
    ("pinecone-key", "pc" + "sk_" + drawn(60)),
    ("langsmith-key", "ls" + "v2_pt_" + drawn(32, HEX) + "_" + drawn(10, HEX)),
    ("npm-token", "np" + "m_" + drawn(36)),
    ("pypi-token", "py" + "pi-AgEIcHlwaS5vcmc" + drawn(70, URLSAFE)),
    ("rubygems-token", "ruby" + "gems_" + drawn(48, HEX)),
    ("crates-token", "c" + "io" + drawn(32)),
    ("nuget-key", "o" + "y2" + drawn(43, LOWER + DIGITS)),
    ("docker-token", "dc" + "kr_pat_" + drawn(27, URLSAFE)),
    ("clojars-token", "CLO" + "JARS_" + drawn(60, LOWER + DIGITS)),
    ("twilio-key", "S" + "K" + drawn(32, HEX)),
    ("sendgrid-key", "S" + "G." + drawn(22, URLSAFE) + "." + drawn(43, URLSAFE)),
    ("mailgun-key", "ke" + "y-" + drawn(32, HEX)),
    ("mailgun-key", drawn(32, HEX) + "-" + drawn(8, HEX) + "-" + drawn(8, HEX)),
    ("brevo-key", "xkey" + "sib-" + drawn(64, HEX) + "-" + drawn(16)),
    ("resend-key", "r" + "e_" + drawn(8) + "_" + drawn(24)),
    ("telegram-token", drawn(10, DIGITS).replace("a", "1")[:8] + "42:A" + "A" + drawn(33, URLSAFE)),
    ("discord-token", "M" + drawn(23) + "." + drawn(6) + "." + drawn(30, URLSAFE)),
    (
        "discord-webhook",
        "https://discord.com" + "/api/web" + "hooks/123456789012345678/" + drawn(68, URLSAFE),
    ),
    (
        "teams-webhook",
        "https://x.webhook." + "office.com/webhookb2/" + drawn(36, HEX) + "@" + drawn(36, HEX),
    ),
    ("digitalocean-token", "do" + "p_v1_" + drawn(64, HEX)),
    ("azure-account-key", "AccountName=x;Account" + "Key=" + drawn(86, BASE64) + "=="),
    ("azure-account-key", "SharedAccess" + "Key=" + drawn(43, BASE64) + "="),
    ("azure-signature", "https://x.blob.core.windows.net/c?sv=2024&si" + "g=" + drawn(43) + "%3D"),
    ("azure-client-secret", "a1B" + "8Q" + "~" + drawn(34)),
    ("azure-devops-token", drawn(76) + "AZ" + "DO" + drawn(4)),
    ("mongodb-atlas-secret", "mdb_" + "sa_sk_" + drawn(40, URLSAFE)),
    ("shopify-token", "shp" + "at_" + drawn(32, HEX)),
    ("square-token", "sq" + "0atp-" + drawn(22, URLSAFE)),
    ("meta-token", "EA" + "A" + drawn(80)),
    ("new-relic-key", "NR" + "AK-" + drawn(27, UPPER + DIGITS).upper()),
    ("postman-key", "PM" + "AK-" + drawn(24, HEX) + "-" + drawn(34, HEX)),
    ("databricks-token", "da" + "pi" + drawn(32, HEX)),
    ("linear-key", "lin" + "_api_" + drawn(40)),
    ("figma-token", "fi" + "gd_" + drawn(40, URLSAFE)),
    ("notion-token", "nt" + "n_" + drawn(46)),
    ("notion-token", "sec" + "ret_" + drawn(43)),
    ("airtable-token", "pa" + "t" + drawn(14) + "." + drawn(64, HEX)),
    ("vault-token", "hv" + "s." + drawn(24)),
    ("terraform-token", drawn(14) + ".atlas" + "v1." + drawn(67)),
    ("atlassian-token", "ATA" + "TT3xFfGF0" + drawn(60, URLSAFE)),
    ("doppler-token", "dp" + ".pt." + drawn(43)),
    ("planetscale-token", "pscale" + "_tkn_" + drawn(43)),
    ("posthog-key", "ph" + "x_" + drawn(43)),
    ("sentry-token", "sntr" + "ys_" + drawn(60)),
    ("grafana-token", "gl" + "sa_" + drawn(32) + "_" + drawn(8, HEX)),
    ("supabase-token", "sb" + "p_" + drawn(40, HEX)),
    ("netlify-token", "nf" + "p_" + drawn(36)),
    ("heroku-key", "HR" + "KU-AA" + drawn(58, URLSAFE)),
    ("fly-token", "fo" + "1_" + drawn(43, URLSAFE)),
    ("pulumi-token", "pu" + "l-" + drawn(40, HEX)),
    ("tailscale-key", "ts" + "key-auth-" + drawn(12) + "-" + drawn(32)),
    ("sourcegraph-token", "sg" + "p_" + drawn(40, HEX)),
    ("dynatrace-token", "dt" + "0c01." + "A1" * 12 + "." + "B2" * 32),
    ("buildkite-token", "bk" + "ua_" + drawn(40, HEX)),
    ("circleci-token", "CCI" + "PAT_" + drawn(22) + "_" + drawn(40, HEX)),
    ("contentful-token", "CF" + "PAT-" + drawn(43, URLSAFE)),
    ("mapbox-token", "sk.ey" + "J" + drawn(60) + "." + drawn(22)),
    ("one-password-token", "op" + "s_ey" + "J" + drawn(80)),
]

# (rule, text): values that only the words around them betray.
TOLD = [
    ("password-in-url", "postgres://app:" + WEAK[:8] + "@db.internal.example.org:5432/app"),
    ("password-in-url", "mongodb+srv://svc:" + drawn(12) + "@cluster0.mongodb.net"),
    ("password-in-url", "redis://:" + drawn(10) + "@cache:6379/0"),
    ("password-in-url", "clone https://bob:" + drawn(12) + "@git.example.org/x.git"),
    ("password-in-url", "admin:admin is refused at https://admin:admin@prod.example.org/"),
    ("token-in-url", "git clone https://" + drawn(40, HEX) + "@github.com/o/r"),
    ("authorization", "curl -H 'Authorization: Bearer " + token(40) + "'"),
    ("authorization", "Authorization: Basic " + "YWRtaW46" + "aHVudGVyMjp4" + "OQ=="),
    ("secret", "send x-api-key: " + token(32)),
    ("secret", "PRIVATE-TOKEN: " + token(20)),
    ("authorization", "it wants bearer " + token(32)),
    ("login", "machine api.example.org login bob password " + "let" + "mein"),
    ("password", "default login anonymous password " + WEAK),
    ("login", "curl -u admin:" + WEAK + " https://x.example.org"),
    ("login", "sshpass -p " + WEAK + " ssh root@box"),
    ("login", "mysql -u root -p" + STRONG),
    ("login", "log in as admin / " + WEAK),
    ("login", "staging creds: admin:" + STRONG),
    ("password", "password=" + WEAK),
    ("password", "passwd: " + STRONG),
    ("password", "PGPASSWORD=" + drawn(10) + " psql"),
    ("password", "DB_PASSWORD_PROD: '" + STRONG + "'"),
    ("password", '{"user": "bob", "password": "' + WEAK + '"}'),
    ("password", "Server=x;Uid=app;Pwd=" + drawn(10) + ";Database=y"),
    ("password", "jdbc:postgresql://h/db?user=app&password=" + drawn(11) + "&ssl=true"),
    ("password", "spring.datasource.password=" + drawn(12)),
    ("password", "psql --password=" + drawn(9)),
    ("password", "the password is " + WEAK),
    ("password", "The Wi-Fi password is `" + STRONG + "`."),
    ("password", "the password for the staging database is " + WEAK),
    ("password", "The admin password was changed to " + STRONG + " on Monday."),
    ("password", "passphrase: " + drawn(14)),
    ("password", "log in with password **" + STRONG + "**"),
    ("password", STRONG + " is the password"),
    ("password", WEAK + " is the root password on the box"),
    ("password", "password is " + "48" + "213907"),
    ("password", 'password = "super$' + 'ecret"'),
    ("password", "pwd => " + "qW3rTy77"),
    ("secret", "API_KEY=" + token(32)),
    ("secret", "api_key = '" + token(24) + "'"),
    ("secret", 'apiKey: "' + drawn(32, HEX) + '"'),
    ("secret", "the API key for Acme is ak" + "_" + drawn(24, HEX)),
    ("secret", "client_secret=" + drawn(24)),
    ("secret", "AWS_SECRET_ACCESS_KEY=" + drawn(40, BASE64)),
    ("secret", "SECRET_KEY_BASE=" + drawn(64, HEX)),
    ("secret", "the deploy token is " + drawn(20)),
    ("secret", "access token: " + drawn(32)),
    ("secret", "encryption key is now " + drawn(44, BASE64)),
    ("secret", "private_key: 4b18315e-6b7d-" + "4337-b449-5d38f5a189ec"),
    ("secret", "secret: " + drawn(16)),
    ("key-beside-words", "the AWS secret (staging) " + token(40)),
    ("key-beside-words", "signing key rotated, new one " + token(44)),
    ("key-beside-words", "auth with " + token(36)),
]

BENIGN = [
    # Publishable keys: every browser is handed them.
    "STRIPE_KEY=pk_" + "test_" + drawn(24),
    "the publishable key is pk_" + "live_51" + drawn(90),
    "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=`pk_" + "test_" + drawn(40) + "`",
    "api_key: 'sb_" + "publishable_" + drawn(31) + "'",
    "mapbox token: pk.ey" + "J" + drawn(60) + "." + drawn(22),
    "posthog token = ph" + "c_" + drawn(43),
    "The API key is read from ANTHROPIC_API_KEY.",
    "ANTHROPIC_API_KEY must be set; the key itself is never printed",
    "password=<password>",
    "password: <your-password>",
    "password=$DB_PASSWORD",
    "password: ${DB_PASSWORD}",
    "password: {{ db_password }}",
    "password = os.environ['DB_PASSWORD']",
    "password=getpass.getpass()",
    "password = config.database.password1",
    "password: !vault |",
    "password: str",
    "password: ask Tom",
    "password: ********",
    "password: xxxxxxxx",
    "password: changeme",
    "password: [redacted]",
    "password: %(password)s",
    "password: at least 12 characters, 1 digit",
    "password: 12chars minimum",
    "the password is hashed with argon2id",
    "the password is stored as sha256",
    "The password policy is 12 characters with 90 days of rotation",
    "the password is in 1Password, vault Engineering",
    "the password field is called user_password2",
    "password reset links expire after 3600 seconds",
    "use --password-stdin with docker login",
    "passwd has 7 fields; /etc/passwd:root:x:0:0",
    "passing: 120/150 tests, 3 skipped",
    "pass: 12 of 15",
    "pwd: /home/tom/project1",
    "token: ${TOKEN}",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "GITHUB_TOKEN=$(gh auth token)",
    "token limit is 200000",
    "max_tokens=4096 and token_limit: 200000",
    "the token is 64-byte hex",
    "the token is base64url-encoded JSON",
    "token: string, expires: 2026-11-21T10:00:00Z",
    "tokens: 128k-200k depending on the model",
    "tokenizer: cl100k_base",
    "the token is read from ~/.config/gh/hosts.yml",
    "the token expires after 15min/60min",
    "id-token: write and contents: read",
    "token = secrets.token_urlsafe(32)",
    "token: your-token-here-1234567890",
    "request token is 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "token handling was fixed in 3f2a9c1d4e5b6a7f8091a2b3c4d5e6f708192a3b",
    "secret: see vault",
    "secret: prod/db-1 in eu-west-1",
    "secret: db-credentials-v2",
    "the k8s secret is regcred",
    "secret_name=payments-webhook-secret2",
    "secretKeyRef: payments-7",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:MySecret1-a1b2c3",
    "secrets live in op://Engineering/staging/password1",
    "client_secret comes from vault kv get secret/data/app1",
    "api_key: !env API_KEY",
    "api_key=YOUR_API_KEY",
    "api_key: example-key-1234567890",
    "api key: see section 4.2.1",
    "api_key: Optional[str] = None",
    "access key rotation every 90days",
    "private key path is ~/.ssh/id_ed25519",
    "the public key is ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx1Y2t5ZGF5Zm9ydGhla2V5cw",
    "-----BEGIN PUBLIC KEY----- is fine to commit",
    "-----BEGIN CERTIFICATE-----",
    "the primary key is (tenant_id, user_id) and the foreign key is order_id2",
    "cache key: user:123:profile:v2",
    "keyboard shortcut: ctrl+shift+p2",
    "keyed by 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "signed with GPG key 0x3AA5C34371567BD2",
    "authentication uses OAuth2 with PKCE and RS256",
    "auth is handled by AuthenticationServiceProviderImpl2",
    "Authorization: Bearer <token>",
    "Authorization: Bearer $TOKEN",
    "Authorization: Bearer ...",
    "use basic authentication-scheme, not bearer",
    "Basic auth is off; bearer only",
    "fixed in commit 3f2a9c1d4e5b6a7f8091a2b3c4d5e6f708192a3b",
    "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "the image is x@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "integrity: sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
    "md5 d41d8cd98f00b204e9800998ecf8427e of the empty file",
    "the id is 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "base64 encodes 3 bytes as 4 characters",
    "go.sum: h1:u1Zyx9KqWnE8v3dPtBcS5mRzLgYhJf2oXaQ4kTi6wVE=",
    "git@github.com:org/repo.git and https://github.com/org/repo.git",
    "ssh://git@gitlab.example.org:2222/org/repo.git",
    "https://user:password@host/path is the form",
    "https://user:<token>@github.com/o/r",
    "postgres://$USER:$PASSWORD@localhost/db",
    "tests use postgres://postgres:postgres@localhost:5432/test",
    "amqp://guest:guest@rabbitmq:5672",
    "http://localhost:8080/@scope/package1",
    "mail ci@example.org about login trouble on host7",
    "run docker with --user 1000:1000 and curl -u user:password",
    "AKIAIOSFODNN7EXAMPLE is the id in Amazon's manual",
    "gh" + "p_" + "x" * 36 + " stands for a token",
    "sk-learn-contrib/some-long-package-name-2",
    "sk-... and ghp_... are prefixes the gate knows",
    "task-3f2a9c1d4e5b6a7f8091a2b3c4d5e6f7 failed",
    "npm_config_registry and npm_lifecycle_event are set",
    "hf_hub_download caches in ~/.cache/huggingface",
    "test_a_token_in_the_url_is_refused_before_anything_is_written2",
    "src/auth/providers/OAuth2TokenProviderFactory.java line 42",
    "key=value pairs, e.g. color=blue2",
    "the login page is at https://app.example.org/login?next=/admin/v2",
    "login and password fields are required; the login form has a password field",
    "sign in as admin / see the wiki",
    "session cookie is HttpOnly, SameSite=Lax, Max-Age=86400",
    "S3 key: builds/2026-11-21/gitmem-0.1.0-py3-none-any.whl",
    "gitmem flag 'the password rule is 12+ chars'",
    "credentials are in AWS Secrets Manager under prod/payments",
    "credentials: ask ops2@corp.example.org",
]

EVERYTHING = SHAPED + TOLD


@pytest.mark.parametrize(("rule", "text"), EVERYTHING)
def test_a_credential_is_found_and_named_by_its_rule(rule: str, text: str) -> None:
    found = find_secret(text)
    assert found is not None
    assert found.rule == rule


@pytest.mark.parametrize("text", BENIGN)
def test_talking_of_credentials_without_giving_one_passes(text: str) -> None:
    assert find_secret(text) is None


def test_recall_is_complete_and_false_alarms_are_none_on_our_own_sets() -> None:
    found = sum(find_secret(text) is not None for _, text in EVERYTHING)
    alarms = sum(find_secret(text) is not None for text in BENIGN)
    assert (found, len(EVERYTHING)) == (152, 152)
    assert (alarms, len(BENIGN)) == (0, 121)


def test_every_format_has_a_credential_in_the_set() -> None:
    assert {rule for rule, _, _ in FORMATS} == {rule for rule, _ in SHAPED}


@pytest.mark.parametrize(("rule", "text"), SHAPED)
def test_a_credential_is_found_in_the_middle_of_a_sentence(rule: str, text: str) -> None:
    found = find_secret(f"For staging we use {text}, ask Tom.")
    assert found is not None
    assert found.rule == rule


@pytest.mark.parametrize(("rule", "text"), EVERYTHING)
def test_a_credential_is_found_in_one_of_many_lines(rule: str, text: str) -> None:
    found = find_secret(f"first line\n{text}\nlast line")
    assert found is not None
    assert found.rule == rule


@pytest.mark.parametrize(("rule", "text"), EVERYTHING)
def test_the_head_gives_little_of_the_value_away(rule: str, text: str) -> None:
    found = find_secret(text)
    assert found is not None
    head = found.head.removesuffix("\u2026")
    assert head in text
    assert len(head) <= 4
    assert found.head.endswith("\u2026")
    assert repr(found) == f"Secret(rule={rule!r}, head={found.head!r})"


def test_a_short_password_shows_at_most_a_quarter() -> None:
    assert Secret(rule="password", value=WEAK).head == "hu\u2026"
    assert Secret(rule="password", value="abc").head == "\u2026"


def test_the_cheap_look_misses_nothing_the_rules_would_find() -> None:
    for _, text in EVERYTHING:
        assert secret_rules.search(text) is not None
        assert find_secret(text) is not None


def test_a_stand_in_beside_it_does_not_hide_a_real_one() -> None:
    assert find_secret("password=<password>, on staging password=" + STRONG) is not None
    assert find_secret("gh" + "p_" + "x" * 36 + " gh" + "p_" + drawn(36)) is not None


@given(st.text(max_size=200))
def test_looking_never_raises(text: str) -> None:
    find_secret(text)
    secret_rules.search(text)


WORDS = [
    "password", "token", "is", "the", "for", "=", ":", "secret", "key", "api_key", "login", "curl",
    "-u", "admin:", "Bearer", "machine", "as", "://", "@", "eyJ", "sk-", "AKIA", "a1b2c3d4e5", '"',
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=30), st.sampled_from(["", " "]))
def test_looking_never_raises_on_words_of_the_trade(words: list[str], glue: str) -> None:
    secret_rules.search(glue.join(words))


NASTY = [
    "a", "A", "1", "a1", "aB1", " ", "a ", "=", ":", "-", "_", "/", ".", "@", '"', "password",
    "password ", "password=", "password for ", "password is ", "password: ", "token=", "token is ",
    "key", "key-", "key a", "secret_", "a.b.", "eyJ", "eyJa.", "sk-", "sk-ant-", "ghp_", "AKIA", "xoxb-",
    "://", "a://", "a://b:", "a://b:c@", "a@", "login a password ", "curl -u a:", "bearer ", "x-",
    "authorization: ", "x is the ", "-----BEGIN ", "admin:", "login admin:", "Q~", "sig=", ".atlasv1.",
    "AccountKey=", "a-", "0123456789abcdef-", "M.", "1:AA", "passphrase of a b c d e f ", "api key ",
]  # fmt: skip


@pytest.mark.parametrize("piece", NASTY)
def test_the_time_grows_in_step_with_the_text(piece: str) -> None:
    assert growth(secret_rules.search, piece) < LINEAR


@pytest.mark.parametrize("piece", ["a", "a ", "key-", "password", "ghp", "x" * 99 + " "])
def test_the_time_of_the_cheap_look_grows_in_step_with_the_text(piece: str) -> None:
    assert growth(find_secret, piece) < LINEAR
