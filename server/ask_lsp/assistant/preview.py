"""The page that shows what would be sent, exactly: for people who want to see before they trust."""

from __future__ import annotations

import json

from ask_lsp.assistant.sending import Prepared
from ask_lsp.core.conversation import Wire
from ask_lsp.core.fences import fenced
from ask_lsp.core.passing import passing
from ask_lsp.core.redaction import PLACEHOLDER
from ask_lsp.core.spend import money
from ask_lsp.core.visible import visible


def page(prepared: Prepared, wire: Wire) -> str:
    """A Markdown page: where to, what it costs, what was replaced, the messages to read, and the very body.

    Characters that nobody sees are named in all of it.
    """
    planned, body = prepared.planned, wire.body.decode("utf-8")
    parts = ["# What would be sent\n", "Nothing has been sent.\n"]
    rows = [
        ("to", f"`{wire.url}`"),
        ("profile", f"{planned.profile}, model `{planned.model}`"),
        ("files", ", ".join(f"`{passing(str(source.path))}`" for source in prepared.sending.sources) or "none"),
        ("size", f"~{planned.input_tokens:,} tokens, {len(wire.body):,} bytes"),
        ("price", _price(prepared)),
        ("replaced", ", ".join(f"{count} × {kind}" for kind, count in prepared.redactions.items()) or "nothing"),
        ("headers", ", ".join(f"`{name}`" for name in wire.headers)),
    ]
    parts.append("| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows) + "\n")
    for message in prepared.messages:
        parts.append(f"## {message.role}\n")
        marks = sorted({found[0] for found in PLACEHOLDER.finditer(message.text)})
        if marks:
            parts.append("Replaced here: " + ", ".join(f"`{mark}`" for mark in marks) + "\n")
        parts.append(fenced(message.text, "text"))
    parts.append("## The body, as it goes out\n")
    parts.append(fenced(body, "json"))
    parameters = {name: value for name, value in json.loads(body).items() if name != "messages"}
    parts.append("## Its parameters\n")
    parts.append(fenced(json.dumps(parameters, indent=2, ensure_ascii=False), "json"))
    return visible("\n".join(parts))


def _price(prepared: Prepared) -> str:
    usd, prices = prepared.input_usd, prepared.planned.prices
    if usd is None or prices is None:
        return "unknown: set `prices` in the profile to know it"
    if prices.free:
        return "nothing"
    said = {"table": "as the shipped table has them", "settings": "as your settings say"}[prepared.profile.price_source]
    return f"~{money(usd)} for the input, ${prices.output:g} per million tokens of the answer, {said}"
