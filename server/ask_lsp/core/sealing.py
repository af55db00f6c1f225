"""Proposals as they are kept: with placeholders for secrets, whose values are nowhere but in the document itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from ask_lsp.core.proposal import Anchor, Proposal, Source
from ask_lsp.core.redaction import PLACEHOLDER
from ask_lsp.core.text import Point, split_lines


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
    steps = _steps(template)
    lengths = sorted({len(secret) for secret in secrets}, reverse=True)
    lines = split_lines(text)
    was = sum(map(len, lines[: last.line])) + last.column if last.line < len(lines) else -1
    everywhere: list[dict[str, str]] = []
    where_it_was: list[dict[str, str]] = []
    for start in _starts(steps, text, secrets):
        found = _read(steps, start, text, secrets, lengths)
        if found is not None:
            at, values = found
            everywhere.append(values)
            if at == was:
                where_it_was.append(values)
    for places in (everywhere, where_it_was):
        if places and all(values == places[0] for values in places):
            return places[0]
    return None


def _steps(template: tuple[str, str, str]) -> list[tuple[str, str]]:
    """What the template is made of: texts, each with the placeholder behind it, or "" where a part ends."""
    steps = []
    for part in template:
        last = 0
        for found in PLACEHOLDER.finditer(part):
            steps.append((part[last : found.start()], found[0]))
            last = found.end()
        steps.append((part[last:], ""))
    return steps


def _starts(steps: Sequence[tuple[str, str]], text: str, secrets: Collection[str]) -> Iterator[int]:
    """Where the template may begin: with its first text, or with a secret."""
    first = next((step for step in steps if any(step)), ("", ""))
    for opening in (first[0],) if first[0] else secrets if first[1] else ():
        at = text.find(opening)
        while at >= 0:
            yield at
            at = text.find(opening, at + 1)


def _read(
    steps: Sequence[tuple[str, str]], at: int, text: str, secrets: Collection[str], lengths: Sequence[int]
) -> tuple[int, dict[str, str]] | None:
    """Where the target begins and what its placeholders stand for, if the template stands at this place.

    Nothing is tried twice: of the secrets that a placeholder may stand for, the longest that the next text follows
    counts. So the time does not depend on how many placeholders there are.
    """
    values: dict[str, str] = {}
    ends: list[int] = []
    for number, (literal, name) in enumerate(steps):
        if not text.startswith(literal, at):
            return None
        at += len(literal)
        if not name:
            ends.append(at)
            continue
        if name not in values:
            following = steps[number + 1][0]
            fitting = (text[at : at + length] for length in lengths if text.startswith(following, at + length))
            value = next((value for value in fitting if value in secrets), None)
            if value is None:
                return None
            values[name] = value
        elif not text.startswith(values[name], at):
            return None
        at += len(values[name])
    return ends[0], values


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values.get(found[0], found[0]), text)
