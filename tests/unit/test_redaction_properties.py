"""What holds for every text: redacting is stable and undone exactly, restoring gives no value away, no text is slow."""

from __future__ import annotations

import re
import time
from collections import Counter

import planted_secrets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ask_lsp.core.redaction import PLACEHOLDER, RedactRules, Vault, restore
from ask_lsp.privacy.known_keys import RULES
from ask_lsp.privacy.redact import redact

PLANTED = planted_secrets.known() + planted_secrets.named()
SECRETS = [planted.secret for planted in PLANTED if len(planted.secret) < 300]
CODE = [
    "password = '",
    "'\n",
    '"',
    " ",
    "\n",
    "=",
    ": ",
    "https://app:",
    "@db.internal/x",
    "token",
    "secretKey",
    "\\n",
    "_",
    "-",
    "A",
    "a",
    "7",
    "REDACTED_PASSWORD_1",
    "REDACTED_API_KEY_2",
    "REDACTED_",
    "Authorization: Bearer ",
    "export DB_PASSWORD=",
    "é",
    "漢",
    "😀",
    "\u2028",
    "\r\n",
    "İ",
    "\ud800",
    "-----BEGIN PRIVATE KEY-----\n",
    "\n-----END PRIVATE KEY-----",
    "def f():\n    return 1\n",
    "'",
    ",",
    "(",
    ")",
    ";",
    "&key=",
]

PLAIN = RedactRules()
OWN = RedactRules({"own": r"[A-Z]{2,}\d", "part": r"[a-z]+x(?P<secret>\d*)", "broken": "("}, ("REDACTED.*",))

texts = st.lists(st.sampled_from(CODE) | st.sampled_from(SECRETS) | st.text(max_size=6), max_size=14).map("".join)
few = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(texts, st.sampled_from([PLAIN, OWN]))
def test_redacting_twice_changes_nothing(text: str, rules: RedactRules) -> None:
    vault = Vault()
    once = redact(text, vault, rules)

    assert redact(once.text, vault, rules) == (once.text, {})


@few
@given(texts, st.sampled_from([PLAIN, OWN]))
def test_restoring_what_was_redacted_gives_the_text_back(text: str, rules: RedactRules) -> None:
    vault = Vault()
    once = redact(text, vault, rules)

    assert restore(once.text, once.text, vault) == (text, ())
    assert restore(once.text, once.text, vault, text) == (text, ())


@few
@given(texts, texts, st.data())
def test_no_value_comes_back_more_often_than_it_stood_in_what_was_seen(
    seen: str, other: str, data: st.DataObject
) -> None:
    vault = Vault()
    redacted = redact(seen, vault, PLAIN).text
    names = sorted({found[0] for found in PLACEHOLDER.finditer(redacted)}) or ["REDACTED_PASSWORD_9"]
    new = "".join(
        data.draw(
            st.lists(st.sampled_from([*names, " ", "\n", *redacted.splitlines(keepends=True), other]), max_size=12)
        )
    )

    restored = restore(new, redacted, vault)

    had = Counter(found[0] for found in PLACEHOLDER.finditer(redacted))
    asked = Counter(found[0] for found in PLACEHOLDER.finditer(new))
    kept = Counter(found[0] for found in PLACEHOLDER.finditer(restored.text))
    for name in names:
        if vault.value(name) is not None and name not in seen:
            assert asked[name] - kept[name] <= had[name]
    assert {name for name in names if vault.value(name) is not None and kept[name]} <= set(restored.left)


@few
@given(texts)
def test_a_vault_shows_nothing(text: str) -> None:
    vault = Vault()
    redacted = redact(text, vault, PLAIN).text

    for found in PLACEHOLDER.finditer(redacted):
        value = vault.value(found[0])
        if value is not None and len(value) > 3:
            assert value not in repr(vault)
            assert value not in str(vault)
            assert value not in found[0]


HOSTILE = [
    *(
        "a",
        "A1",
        "aB3",
        "_",
        "-",
        ".",
        "=",
        "\\",
        '"',
        "'",
        "\n",
        " ",
        "://",
        "://a:",
        "a:b@",
        "eyJ",
        "eyJa.",
        "%2B",
        "x=",
        '="',
        "\\n",
        '\\"',
    ),
    *(
        "password='",
        "password: ",
        "password ",
        'token: "',
        "secret = {",
        "key  ",
        "authorization: bearer ",
        "bearer ",
        "sig=",
        "REDACTED_",
    ),
    *(
        "REDACTED_A_1",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n",
        "ABCDEFGHIJKLMNOP",
        "Aa1Bb2Cc3",
        "sk-proj-",
    ),
    *(literal for rule in RULES for literal in rule.literals),
]


def _seconds(text: str) -> float:
    """The least of three, of this thread alone: what else runs on the machine does not count."""
    taken = []
    for _ in range(3):
        began = time.thread_time()
        redact(text, Vault(), PLAIN)
        taken.append(time.thread_time() - began)
    return min(taken)


def test_no_text_is_slow_beyond_its_length() -> None:
    """Four times the text may take four times as long; with a rule that is quadratic it would take sixteen times."""
    pieces = {turn for piece in HOSTILE for turn in (piece, f"{piece}a")}
    slow = []
    for piece in pieces:
        small, large = (piece * (size // len(piece)) for size in (5_000, 20_000))
        if _seconds(large) > 10 * max(_seconds(small), 0.001):
            slow.append(piece)

    assert slow == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4).map("".join))
def test_no_mixture_is_slow_beyond_its_length(piece: str) -> None:
    small, large = (piece * (size // len(piece) + 1) for size in (5_000, 20_000))

    assert _seconds(large) < 10 * max(_seconds(small), 0.001)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind} {rule.literals[0]}")
def test_every_rule_has_a_literal_and_a_bound(rule) -> None:  # type: ignore[no-untyped-def]
    assert all(len(literal) >= 2 for literal in rule.literals)
    assert not re.search(r"[^\\][*+](?![^\[]*\])", rule.pattern.replace("(?:", "")), "a quantifier without a bound"
    assert any(literal.strip() for literal in rule.literals)
