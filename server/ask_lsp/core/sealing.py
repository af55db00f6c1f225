"""Proposals as they are kept: with placeholders for secrets, whose values are nowhere but in the document itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from ask_lsp.core.proposal import Anchor, Proposal, Source
from ask_lsp.core.redaction import PLACEHOLDER
from ask_lsp.core.text import Point, split_lines

LONGEST = 8_192
"""Code points of a secret that is looked for in a document."""


def texts_of(proposal: Proposal) -> Iterator[str]:
    """All texts of it that may hold code, and so a secret; the target and its neighbourhood first."""
    yield from (proposal.seen, proposal.before, proposal.after, proposal.new, proposal.question, proposal.title)
    if proposal.standing is not None:
        yield proposal.standing
    source = proposal.source
    if source is not None:
        yield from (source.at.text, source.at.before, source.at.after, source.then or "", source.target)
        yield from (problem.message for problem in source.problems)


def mapped(proposal: Proposal, change: Callable[[str], str]) -> Proposal:
    """The proposal with each of these texts changed."""
    return replace(
        proposal,
        seen=change(proposal.seen),
        before=change(proposal.before),
        after=change(proposal.after),
        new=change(proposal.new),
        question=change(proposal.question),
        title=change(proposal.title),
        standing=None if proposal.standing is None else change(proposal.standing),
        source=None if proposal.source is None else _mapped_source(proposal.source, change),
    )


def _mapped_source(source: Source, change: Callable[[str], str]) -> Source:
    at = source.at
    return replace(
        source,
        at=Anchor(at.span, change(at.text), change(at.before), change(at.after)),
        then=None if source.then is None else change(source.then),
        target=change(source.target),
        problems=tuple(replace(problem, message=change(problem.message)) for problem in source.problems),
    )


def is_sealed(proposal: Proposal) -> bool:
    """Whether what stands at its place holds placeholders."""
    return any(PLACEHOLDER.search(text) for text in (proposal.seen, proposal.at.text, proposal.before, proposal.after))


def unsealed(proposal: Proposal, text: str, secrets: Collection[str]) -> Proposal:
    """The proposal with the values that stand in `text`, the document, where the target had placeholders.

    Only what is among `secrets`, those found in the document, is taken for one. A placeholder that the target did not
    have stays in the new text: it stands for something that may not come here. As it was if the target is not found, or
    may be at several places with different secrets of which none is where it was last.
    """
    at = proposal.at
    values = _values((at.before, at.text, at.after), at.span.start, text, secrets)
    if values is None:
        values = _values(("", at.text, ""), at.span.start, text, secrets)
    if not values:
        return proposal
    found = values
    of_target = {name: found[name] for name in _names(proposal.seen + at.text) if name in found}
    new = _filled(proposal.new, of_target)
    return replace(mapped(proposal, lambda each: _filled(each, found)), new=new)


def _names(text: str) -> list[str]:
    return [found[0] for found in PLACEHOLDER.finditer(text)]


def _values(template: tuple[str, str, str], last: Point, text: str, secrets: Collection[str]) -> dict[str, str] | None:
    """The values at the one place that the target can be, or at the one of several where it was last."""
    names: dict[str, str] = {}
    before, target, after = (_pattern(part, names) for part in template)
    everywhere: list[dict[str, str]] = []
    where_it_was: list[dict[str, str]] = []
    for match in re.finditer(f"(?={before}(?P<target>{target}){after})", text, re.DOTALL):
        values = {name: match[group] for name, group in names.items()}
        if all(value in secrets for value in values.values()):
            everywhere.append(values)
            *above, line = split_lines(text[: match.start("target")])
            if (len(above), len(line)) == last:
                where_it_was.append(values)
    for found in (everywhere, where_it_was):
        if found and all(values == found[0] for values in found):
            return found[0]
    return None


def _pattern(template: str, names: dict[str, str]) -> str:
    """What finds the template with anything in the place of its placeholders; `names` are those so far, with groups."""
    pattern, last = "", 0
    for found in PLACEHOLDER.finditer(template):
        pattern += re.escape(template[last : found.start()])
        name, last = found[0], found.end()
        if name in names:
            pattern += f"(?P={names[name]})"
        else:
            names[name] = f"p{len(names)}"
            pattern += f"(?P<{names[name]}>.{{1,{LONGEST}}}?)"
    return pattern + re.escape(template[last:])


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values.get(found[0], found[0]), text)
