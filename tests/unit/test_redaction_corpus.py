"""How many secrets are found, and how often something else is taken for one, on secrets and lines that are data.

The secrets come from a generator that knows the providers' documents and not our rules; the look-alikes are lines of
installed packages. A third of each was held out while rules were tuned, and scored once, on 2026-11-25:

                        two thirds       held out
    known formats       429 of 429       220 of 221
    given to a name     57 of 57         31 of 31         (passwords and tokens without a format of their own)
    false placeholders  0 of 316         0 of 142

The one that was missed, `#define TWILIO_AUTH_TOKEN "..."`, has a rule since, so that the held-out third is none any
more. The bounds below are the promise, not these figures. What they cannot say: samples of a held-out third are of
the same formats as those in view, so a format that we do not know is in neither.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import Path

import planted_secrets
import pytest
import yaml
from planted_secrets import HOSTS, Planted, is_held_out
from tree_sitter import Parser

from ask_lsp.context.grammars import grammar_name, load_grammar
from ask_lsp.core.redaction import RedactRules, Vault, restore
from ask_lsp.privacy.known_keys import RULES
from ask_lsp.privacy.redact import redact

TESTS = Path(__file__).parent.parent
LINES = [json.loads(line) for line in (TESTS / "corpus" / "look_alikes.jsonl").read_text(encoding="utf-8").splitlines()]
LINES_FROM = 20_000
"""The number of the first look-alike, for the choice of those that are held out."""

KNOWN, NAMED = planted_secrets.known(), planted_secrets.named()
RECALL, RECALL_OF_NAMED, FALSE = 0.99, 0.9, 0.02

thirds = pytest.mark.parametrize("held_out", [False, True], ids=["two-thirds", "held-out"])


def is_hidden(planted: Planted) -> bool:
    """Whether nothing of the secret is left, and all that is no secret is."""
    text = redact(planted.text, Vault(), RedactRules()).text
    return planted.secret not in text and all(part in text for part in planted.kept)


def missed(planted: Sequence[Planted], held_out: bool) -> tuple[int, list[str]]:
    chosen = [each for each in planted if each.held_out == held_out]
    return len(chosen), [f"{each.format} in {each.language}" for each in chosen if not is_hidden(each)]


@thirds
def test_secrets_of_known_formats_are_found(held_out: bool) -> None:
    count, lost = missed(KNOWN, held_out)

    assert len(lost) <= (1 - RECALL) * count, lost


@thirds
def test_secrets_given_to_a_name_are_found(held_out: bool) -> None:
    count, lost = missed(NAMED, held_out)

    assert len(lost) <= (1 - RECALL_OF_NAMED) * count, lost


@thirds
def test_what_looks_like_a_secret_and_is_none_stays(held_out: bool) -> None:
    chosen = [line for number, line in enumerate(LINES) if is_held_out(LINES_FROM + number) == held_out]
    taken = [line for line in chosen if redact(line["line"], Vault(), RedactRules()).counts]

    assert len(taken) <= FALSE * len(chosen), taken


def test_the_corpora_are_large_enough() -> None:
    assert len(KNOWN) >= 300
    assert len({each.format for each in KNOWN}) >= 100
    assert len({each.language for each in KNOWN}) >= 10
    assert len({line["line"] for line in LINES}) >= 300
    assert len({rule.kind for rule in RULES}) >= 40
    for corpus in (KNOWN, NAMED):
        assert 0.28 < sum(each.held_out for each in corpus) / len(corpus) < 0.4


def test_the_generator_shares_no_code_with_the_rules() -> None:
    for name in ("planted_secrets.py", "planted_formats.py"):
        tree = ast.parse((TESTS / "fakes" / name).read_text(encoding="utf-8"))
        imported = {
            module
            for node in ast.walk(tree)
            for module in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            + ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
        }

        assert not [module for module in imported if module.startswith("ask_lsp")]
        assert "re" not in imported


@pytest.mark.parametrize("language", [*HOSTS, "json"])
def test_code_of_every_language_parses_as_well_with_placeholders_as_before(language: str) -> None:
    planted = [each for each in KNOWN if each.language == language]
    assert planted
    for each in planted:
        vault = Vault()
        redacted = redact(each.text, vault, RedactRules()).text

        assert parses(language, redacted) >= parses(language, each.text), redacted
        assert restore(redacted, redacted, vault).text == each.text


def parses(language: str, text: str) -> bool:
    if language == "json":
        return isinstance(json.loads(text), dict)
    if language == "yaml":
        return isinstance(yaml.safe_load(text), dict)
    name = grammar_name({"shell": "shellscript"}.get(language, language), "")
    assert name is not None
    return not Parser(load_grammar(name).language).parse(text.encode()).root_node.has_error
