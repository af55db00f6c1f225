"""Redaction by example: what becomes a placeholder, what stays, and how values come back into an edit.

The secrets here are put together at run time, so that no scanner of a repository takes them for real ones.
"""

from __future__ import annotations

import ast
import asyncio
import copy
import json
import pickle
import threading
from pathlib import Path

import pytest

from ask_lsp.core.redaction import PLACEHOLDER, RedactRules, Vault, restore
from ask_lsp.privacy import redact as redacting
from ask_lsp.privacy.redact import SecretRedactor, kind_of, redact

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3
OTHER = "ghp_" + "Z9y8X7w6V5u4" * 3
BOT = "123456789:AA" + "Fq9Zk3vQ9rT1xW7mB5nC2dF8hJ4lP6sA0"
STRIPE = "sk_live_" + "a1B2c3D4e5F6" * 3
DIGITS = ("\\0", "\\033", "\\x1B", "\\U0001F511")
"""Escapes that a placeholder could not be told apart from."""

PLAIN = RedactRules()


def check(text: str, expected: str, rules: RedactRules = PLAIN) -> Vault:
    """`text` with its secrets marked «…»; `expected` is what is to be sent."""
    raw = text.replace("«", "").replace("»", "")
    vault = Vault()
    redacted = redact(raw, vault, rules)

    assert redacted.text == expected
    assert restore(redacted.text, redacted.text, vault) == (raw, ())
    return vault


# ---- what is a secret


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('password = "«hunter2x9!»"', 'password = "REDACTED_PASSWORD_1"'),
        ("DB_PASSWORD=«s3cr3tPw9»\n", "DB_PASSWORD=REDACTED_PASSWORD_1\n"),
        ("spring.datasource.password: «aB3dE5fG7»\n", "spring.datasource.password: REDACTED_PASSWORD_1\n"),
        ("ENV API_KEY «4f9a8b7c6d5e4f3a»\n", "ENV API_KEY REDACTED_API_KEY_1\n"),
        ('{"clientSecret": "«k9Qz7LmN2pR4tV6x»"}', '{"clientSecret": "REDACTED_SECRET_1"}'),
        ("curl -H 'Authorization: Bearer «k9Qz7LmN2pR4tV6x8Y»'", "curl -H 'Authorization: Bearer REDACTED_TOKEN_1'"),
        ("postgres://app:«s3cr3t-Pw»@db/orders", "postgres://app:REDACTED_PASSWORD_1@db/orders"),
        ("Server=sql;User Id=app;Password=«x9Y8z7w6»;", "Server=sql;User Id=app;Password=REDACTED_PASSWORD_1;"),
        ("https://api.test/v1?api_key=«k9Qz7LmN2pR4»&page=2", "https://api.test/v1?api_key=REDACTED_API_KEY_1&page=2"),
        ("<password>«aB3dE5fG7»</password>", "<password>REDACTED_PASSWORD_1</password>"),
        (f"token = '«{TOKEN}»'", "token = 'REDACTED_GITHUB_TOKEN_1'"),
        (f"https://x:«{TOKEN}»@github.com/a/b", "https://x:REDACTED_GITHUB_TOKEN_1@github.com/a/b"),
        (f'"first line\\n«{TOKEN}»"', '"first line\\nREDACTED_GITHUB_TOKEN_1"'),
        ('sign("«mK7pQ2xR9vT4nL6wZ8bY3cF5»", data)', 'sign("REDACTED_RANDOM_STRING_1", data)'),
        (
            'String pw = new SecretString(x); setPassword("«hunter2x9!»")',
            'String pw = new SecretString(x); setPassword("REDACTED_PASSWORD_1")',
        ),
        ('#define API_KEY   "«4f9a8b7c6d5e4f3a»"', '#define API_KEY   "REDACTED_API_KEY_1"'),
        ("_authToken=«k9Qz7LmN2pR4tV6x8Y»", "_authToken=REDACTED_TOKEN_1"),
        (
            f"https://api.telegram.org/bot«{BOT}»/sendMessage",
            "https://api.telegram.org/botREDACTED_TELEGRAM_TOKEN_1/sendMessage",
        ),
        (f"bot = '«{BOT}»'", "bot = 'REDACTED_TELEGRAM_TOKEN_1'"),
        *(
            (f'"{escape}«{key}»"', f'"{escape}REDACTED_{kind}_1"')
            for escape in ("\\n", "\\b", "\\x1b", "\\u001b", "\\\\t")
            for key, kind in ((TOKEN, "GITHUB_TOKEN"), (STRIPE, "STRIPE_KEY"))
        ),
        *(
            (f'"x{escape}«{TOKEN}»"'.replace(f"{escape}«", f"«{escape}"), '"xREDACTED_GITHUB_TOKEN_1"')
            for escape in DIGITS
        ),
        (f"C:\\«npm_{TOKEN[4:]}»", "C:\\REDACTED_NPM_TOKEN_1"),
        ('api_key = """«4f9a8b7c6d5e4f3a»"""', 'api_key = """REDACTED_API_KEY_1"""'),
        ("api_key = '''\n  «4f9a8b7c6d5e4f3a»\n'''", "api_key = '''\n  REDACTED_API_KEY_1\n'''"),
        ('setApiKey("""«4f9a8b7c6d5e4f3a»""")', 'setApiKey("""REDACTED_API_KEY_1""")'),
        ('password = "«correct h0rse battery»"', 'password = "REDACTED_PASSWORD_1"'),
        ("DB_PASSWORD: '«My pa$$ word»'", "DB_PASSWORD: 'REDACTED_PASSWORD_1'"),
        ('"password": "«hunter2 & 9!»"', '"password": "REDACTED_PASSWORD_1"'),
        ('set_password("admin", "«hunter2x9!»")', 'set_password("admin", "REDACTED_PASSWORD_1")'),
        (
            "keyring.set_password('app', user, '«hunter2x9!»')",
            "keyring.set_password('app', user, 'REDACTED_PASSWORD_1')",
        ),
        (
            "user.changePassword(old, newPassword: '«hunter2x9!»')",
            "user.changePassword(old, newPassword: 'REDACTED_PASSWORD_1')",
        ),
    ],
)
def test_a_secret_becomes_a_placeholder(text: str, expected: str) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    "text",
    [
        'password = ""',
        'password = "changeme"',
        'password = "<your password>"',
        'password = "${DB_PASSWORD}"',
        'token = "xxxxxxxxxxxx"',
        'password = os.environ["DB_PASSWORD1"]',
        "password = get_password(user1)",
        "password: str",
        "password: Optional[str] = None",
        "token = tokens[0]",
        "token: Token = true",
        'password_label = "Enter password 1"',
        '"password": "Passwort"',
        "password = password2",
        "secret = settings.secret_key2",
        "api_key = API_KEY_2",
        'tokenizer = "cl100k_base"',
        'token_type = "oauth2"',
        'pad_token = "<pad1>"',
        "passwordHash = sha256(x1)",
        'name="password1-input"',
        "keys = {'a1': 'b2c3d4e5'}",
        'key = "sort-key-1"',
        'primary_key = "order_id_1"',
        'next_page_token = "abcDEF123456"',
        "http://localhost:8080/a@b",
        "https://user:password@example.com",
        "https://{user}:{password}@host",
        "postgres://postgres:postgres@localhost/test",
        "mailto:someone@example.com",
        'authorization = "Bearer ${token}"',
        'commit = "3f2b8c9d0e1f4a5b6c7d8e9f0a1b2c3d4e5f6a7b"',
        'id = "1f0e9d8c-7b6a-4958-8776-655443322110"',
        "-----BEGIN CERTIFICATE-----\nMIIB\n",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        'integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"',
        'src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf"',
        "type Password = string",
        "if password == other1:",
        "return token2",
        'password = """Your password has expired."""',
        'password = """',
        'password = "Enter your password!"',
        '"password": "Passwort vergessen?"',
        'password = "Must have 8 characters, one of them a digit"',
        'password = "{} and {} differ"',
        'set_password("admin", "password")',
        'get_password("service1!", prompt)',
        'check_password(user, "Enter password 1")',
        f"ab{TOKEN}",
        f"12{BOT}",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    check(text, text)


def test_a_password_that_its_name_told_is_one_in_the_next_line_too() -> None:
    check(
        'password = "«hunter2x9»"\nlogin("root", "«hunter2x9»")\n',
        'password = "REDACTED_PASSWORD_1"\nlogin("root", "REDACTED_PASSWORD_1")\n',
    )


def test_what_a_conversation_knows_is_a_secret_in_every_later_text() -> None:
    vault = Vault()
    redact("DB_PASSWORD=hunter2x9", vault, PLAIN)

    assert redact("why does hunter2x9 not work?", vault, PLAIN).text == "why does REDACTED_PASSWORD_1 not work?"


def test_counts_are_occurrences() -> None:
    text = f"a = '{TOKEN}'\nb = '{TOKEN}'\nc = '{OTHER}'\n"
    vault = Vault()

    assert redact(text, vault, PLAIN).counts == {"GITHUB_TOKEN": 3}
    assert vault.standing("REDACTED_GITHUB_TOKEN_1 REDACTED_GITHUB_TOKEN_2 REDACTED_GITHUB_TOKEN_3") == {
        "GITHUB_TOKEN": 2
    }
    assert vault.standing("REDACTED_GITHUB_TOKEN_2 REDACTED_GITHUB_TOKEN_2 REDACTED_X_1") == {"GITHUB_TOKEN": 1}


# ---- code stays code

PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7bq\n" * 3 + "AbCd==\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "code",
    [
        f'KEY = """{PEM}"""\n',
        f"KEY = {PEM!r}\n",
        f'login("{TOKEN}")\n',
        "settings = {'password': 'hunter2x9!', 'n': 1}\n",
        "KEY = (" + "\n".join(repr(line + "\n") for line in PEM.splitlines()) + ")\n",
        'url = f"postgres://app:s3cr3t-Pw@{host}/db"\n',
        'data = b"password=hunter2x9&x=1"\n',
        f"# {PEM.replace(chr(10), chr(10) + '# ')}\nx = 1\n",
    ],
)
def test_code_parses_with_placeholders_in_it(code: str) -> None:
    vault = Vault()
    redacted = redact(code, vault, PLAIN)

    ast.parse(redacted.text)
    assert sum(redacted.counts.values()) == 1
    assert restore(redacted.text, redacted.text, vault).text == code


def test_a_key_block_keeps_its_marks_and_its_line_ends() -> None:
    check(
        "key: |\n  -----BEGIN PRIVATE KEY-----\n"
        "  «MIIEvQIBADANBgkqhkiG9w0\n  AbCd/+efGH==»\n  -----END PRIVATE KEY-----\n",
        "key: |\n  -----BEGIN PRIVATE KEY-----\n  REDACTED_PRIVATE_KEY_1\n  -----END PRIVATE KEY-----\n",
    )


def test_a_key_block_that_the_selection_cuts_off_is_a_secret_too() -> None:
    check(
        "-----BEGIN EC PRIVATE KEY-----\n«MIIEvQIBADANBgkqhkiG9w0\nAbCdefGH»",
        "-----BEGIN EC PRIVATE KEY-----\nREDACTED_PRIVATE_KEY_1",
    )


def test_json_stays_json() -> None:
    text = json.dumps({"type": "service_account", "private_key": PEM, "client_secret": "k9Qz7LmN2pR4tV6x"})

    assert json.loads(redact(text, Vault(), PLAIN).text) == {
        "type": "service_account",
        "private_key": "-----BEGIN RSA PRIVATE KEY-----\nREDACTED_PRIVATE_KEY_1\n-----END RSA PRIVATE KEY-----\n",
        "client_secret": "REDACTED_SECRET_1",
    }


# ---- the user's rules


def test_own_patterns_are_secrets_and_name_the_kind() -> None:
    rules = RedactRules({"customer number": r"C-\d{6}", "internal": r"host=(?P<secret>\w+)"})

    check("«C-123456» host=«alpha»", "REDACTED_CUSTOMER_NUMBER_1 host=REDACTED_INTERNAL_1", rules)


def test_a_pattern_that_does_not_compile_finds_nothing_and_harms_nothing() -> None:
    check(f"x = '«{TOKEN}»'", "x = 'REDACTED_GITHUB_TOKEN_1'", RedactRules({"wrong": "("}, ("[",)))


def test_what_the_user_allows_stays() -> None:
    check(
        'password = "hunter2x9"\npassword = "«other2x9»"\n',
        'password = "hunter2x9"\npassword = "REDACTED_PASSWORD_1"\n',
        RedactRules(allow=("hunter.*",)),
    )


@pytest.mark.parametrize(
    ("name", "kind"), [("my-key", "MY_KEY"), ("3 words", "OWN_3_WORDS"), ("ключ", "OWN"), ("_x_", "X")]
)
def test_every_name_makes_a_kind(name: str, kind: str) -> None:
    assert kind_of(name) == kind
    assert PLACEHOLDER.fullmatch(f"REDACTED_{kind}_1")


# ---- .env files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(
        "DB_PASSWORD=correct-horse-battery\nexport API_TOKEN='tomato-lamp-9'\nMODE=production\nPORT=8080\nDEBUG=true\n"
        "HOST=localhost\nREGION=eu-central-1\nURL=https://shop.example.org/a1\nDATABASE=postgres://app:lampenfieber@db/x\n"
        "SALT=9f8e7d6c5b4a39281706f5e4d3c2b1a0\nSECRET_KEY=${OTHER}\nSHORT_PASSWORD=abc1\n"
    )
    (tmp_path / ".env.example").write_text("DB_PASSWORD=this-is-an-example\n")
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / ".env.local").write_text('SESSION_SECRET="über-geheim-77"\n', encoding="utf-8")
    return tmp_path


async def told(root: Path, text: str, redactor: SecretRedactor | None = None) -> str:
    return (await (redactor or SecretRedactor()).redact(text, Vault(), PLAIN, [root])).text


async def test_values_of_env_files_are_secrets_wherever_they_stand(root: Path) -> None:
    text = "a correct-horse-battery b tomato-lamp-9 c lampenfieber d 9f8e7d6c5b4a39281706f5e4d3c2b1a0 e über-geheim-77"

    assert await told(root, text) == (
        "a REDACTED_PASSWORD_1 b REDACTED_TOKEN_1 c REDACTED_PASSWORD_2 d REDACTED_ENV_VALUE_1 e REDACTED_SECRET_1"
    )


async def test_common_values_of_env_files_are_none(root: Path) -> None:
    text = "production 8080 true localhost eu-central-1 https://shop.example.org/a1 abc1 "
    text += "this-is-an-example correct-horse-batterys"

    assert await told(root, text) == text


async def test_a_comment_in_an_env_file_needs_a_blank_before_it(tmp_path: Path) -> None:
    """To most programs that read one; some take every `#` for a comment, so what stands before it is a secret, too."""
    (tmp_path / ".env").write_text("API_TOKEN=tomato#lamp-9  # the lamp\nDB_PASSWORD=some-pass#word\n")

    assert await told(tmp_path, "tomato#lamp-9, some-pass#word, the lamp") == (
        "REDACTED_TOKEN_1, REDACTED_PASSWORD_1, the lamp"
    )
    assert await told(tmp_path, "some-pass") == "REDACTED_PASSWORD_1"


async def test_env_files_are_read_again_when_they_change(root: Path) -> None:
    redactor = SecretRedactor()
    assert await told(root, "x new-lamp-value-5", redactor) == "x new-lamp-value-5"

    (root / ".env").write_text("API_TOKEN=new-lamp-value-5\n")
    (root / "web").mkdir()
    (root / "web" / ".env").write_text("API_TOKEN=web-lamp-value-6\n")

    assert await told(root, "x new-lamp-value-5 web-lamp-value-6", redactor) == "x REDACTED_TOKEN_1 REDACTED_TOKEN_2"


async def test_env_files_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    (tmp_path / ".env.local").write_bytes(b"\xff\xfe\x00TOKEN=\xff\n")

    assert await told(tmp_path, "x") == "x"
    assert await told(tmp_path / "missing", "x") == "x"


async def test_what_is_unchanged_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = SecretRedactor()
    await told(root, "x", redactor)
    reads: list[Path] = []
    monkeypatch.setattr(Path, "read_text", lambda path, **_: reads.append(path) or "")

    await told(root, "x", redactor)

    assert reads == []


async def test_long_texts_are_looked_through_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    real = redacting.redact

    def seen(*arguments: object) -> object:
        threads.append(threading.get_ident())
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(redacting, "redact", seen)
    redactor = SecretRedactor()
    await redactor.redact("x" * 10, Vault(), PLAIN)
    await redactor.redact("x = 1\n" * 10_000, Vault(), PLAIN)

    assert threads[0] == threading.get_ident() != threads[1]


async def test_two_texts_at_once_never_share_a_name() -> None:
    vault, redactor = Vault(), SecretRedactor()
    texts = ["".join(f"password = 'pw{number}x{line}q'\n" for line in range(300)) for number in range(8)]

    redacted = await asyncio.gather(*(redactor.redact(text, vault, PLAIN) for text in texts))

    assert [restore(each.text, each.text, vault).text for each in redacted] == texts
    assert vault.standing("".join(each.text for each in redacted)) == {"PASSWORD": 2_400}


# ---- the vault


def test_placeholders_are_numbered_by_kind_and_the_same_for_the_same_value() -> None:
    vault = Vault()

    assert [
        vault.placeholder(*each) for each in (("TOKEN", "a"), ("TOKEN", "b"), ("PASSWORD", "a"), ("TOKEN", "a"))
    ] == [
        "REDACTED_TOKEN_1",
        "REDACTED_TOKEN_2",
        "REDACTED_PASSWORD_1",
        "REDACTED_TOKEN_1",
    ]
    assert vault.value("REDACTED_TOKEN_2") == "b"
    assert vault.value("REDACTED_TOKEN_3") is None


def test_a_number_that_stands_in_a_text_is_never_handed_out() -> None:
    vault = Vault()
    redacted = redact(f"# REDACTED_GITHUB_TOKEN_1\nx = '{TOKEN}'\n", vault, PLAIN)

    assert redacted.text == "# REDACTED_GITHUB_TOKEN_1\nx = 'REDACTED_GITHUB_TOKEN_2'\n"
    assert vault.value("REDACTED_GITHUB_TOKEN_1") is None


def test_a_vault_leaves_no_process() -> None:
    vault = Vault()
    vault.placeholder("TOKEN", "the value")

    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(vault)
    assert repr(vault) == "Vault(1 values)"
    assert "the value" not in f"{vault} {vault!r}"


# ---- restoring


def made(*values: str) -> Vault:
    vault = Vault()
    for value in values:
        vault.placeholder("TOKEN", value)
    return vault


@pytest.mark.parametrize(
    ("seen", "new", "expected", "left"),
    [
        ("a = T1\n", "b = T1\n", "b = one\n", ()),
        ("a = T1\n", "a = T1\nlog(T1)\n", "a = one\nlog(T1)\n", ("T1",)),
        ("a = T1\n", "log(T1)\na = T1\n", "log(T1)\na = one\n", ("T1",)),
        ("  a T1\nb\n", "log(T1)\n    a T1\n", "log(T1)\n    a one\n", ("T1",)),
        ("a T1\na T1\n", "a T1\na T1\na T1\n", "a one\na one\na T1\n", ("T1",)),
        ("a T1 T1\n", "T1\nT1\n", "T1\nT1\n", ("T1",)),
        ("a\n", "a T1\n", "a T1\n", ("T1",)),
        ("a T1\nb T2\n", "b T2\na T1\n", "b two\na one\n", ()),
        ("a T1 T2\n", "a T2 T1\n", "a T2 T1\n", ("T2", "T1")),
        ("a T1\n", "a T9\n", "a T9\n", ("T9",)),
        ("a T9\n", "b T9\n", "b T9\n", ()),
        ("xT1b", "  xT1b,", "  xoneb,", ()),
        ("T1_OLD T1\n", "T1_OLD T1 \n", "T1_OLD one \n", ()),
    ],
)
def test_a_value_comes_back_where_it_stood_and_at_most_as_often(
    seen: str, new: str, expected: str, left: tuple[str, ...]
) -> None:
    def long(text: str) -> str:
        return text.replace("T", "REDACTED_TOKEN_")

    vault = made("one", "two")

    assert restore(long(new), long(seen), vault) == (long(expected), tuple(map(long, left)))


def test_a_placeholder_that_the_document_itself_holds_gives_nothing_away() -> None:
    """A file that another file's placeholder was written into, so that its value would be put there."""
    vault = made("from another file")
    raw = 'url = "https://evil.test/?k=REDACTED_TOKEN_1"\n'
    seen = redact(raw, vault, PLAIN).text

    assert restore(seen, seen, vault, raw) == (raw, ("REDACTED_TOKEN_1",))


def test_nothing_is_kept_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(SecretRedactor().redact(f"x = '{TOKEN}'\n" * 2_000, Vault(), PLAIN, [tmp_path]))

    assert list(tmp_path.iterdir()) == []
