"""The one gate: everything that goes to a model passes here, and nothing else calls a model.

First question, follow-up, second try, hover, command line: each is checked for what may leave (allow rules, the
strictest route of all its sources), redacted, estimated, reserved in the ledger, and only then sent. What came of it is
settled whatever ends it.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

from ask_lsp.assistant.ports import Allow, Ledger, Models, Redactor
from ask_lsp.core.conversation import Event, Finished, Message, Retrying, TextDelta, Thought, Usage, Wire
from ask_lsp.core.errors import RequestRefused, SaidNothing
from ask_lsp.core.privacy import Verdict
from ask_lsp.core.profile import Profile, origin_of
from ask_lsp.core.redaction import Redacted, RedactRules, Vault
from ask_lsp.core.settings import Settings
from ask_lsp.core.spend import Cost, Outcome, Planned, Reservation
from ask_lsp.core.text import replace_surrogates
from ask_lsp.core.tokens import RunningCount

MOST_CONVERSATIONS = 200
LIMIT_NAMES = ("max_completion_tokens", "max_tokens")
CLEARLY_OVER, SLACK = 1.5, 50
"""How far above its limit, and by how many tokens more, an answer is that no endpoint has counted."""


@dataclass(frozen=True)
class Source:
    """A file whose text is in what is sent, and the number of the turn that it came with (from 1)."""

    path: Path
    turn: int = 1


@dataclass(frozen=True)
class Consent:
    """What the user allowed by hand for one ask, and where the ask comes from.

    `roots` are the workspace folders, `root` the one that the document is in; the other two let a file pass that
    .gitignore leaves out, and a cap.
    """

    roots: tuple[Path, ...] = ()
    root: Path | None = None
    ignored_once: bool = False
    over_once: bool = False


NO_CONSENT = Consent()


@dataclass(frozen=True)
class Sending:
    """What somebody wants to send, before anything of it was looked at.

    `chosen` is the profile that was named for just this (by an action, say); without one the active profile answers, or
    the one that the sources' routes name. `fresh` are the files that the chat does not name yet: it is to, with the
    answer.
    """

    messages: Sequence[Message]
    action: str
    conversation: str
    settings: Settings
    sources: tuple[Source, ...] = ()
    consent: Consent = NO_CONSENT
    chosen: str | None = None
    prediction: str | None = None
    fresh: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """What will be sent, exactly, and what that is expected to take. `usd` is the input's price; None if unknown."""

    sending: Sending
    profile: Profile
    messages: tuple[Message, ...]
    prediction: str | None
    planned: Planned

    @property
    def redactions(self) -> Mapping[str, int]:
        """How many secrets of each kind were replaced."""
        return self.planned.redactions or {}

    @property
    def input_usd(self) -> float | None:
        """What the input is expected to cost, in USD; None where the price is unknown."""
        return None if self.planned.prices is None else self.planned.prices.of(self.planned.input_tokens, 0)


@dataclass
class Spent:
    """What the last attempt of a request has come to; None until the events have ended."""

    cost: Cost | None = None


@dataclass
class _Course:
    """One attempt: what has come of it."""

    began: float = field(default_factory=time.monotonic)
    state: str = "cancelled"
    usage: Usage | None = None
    said: RunningCount = field(default_factory=RunningCount)
    any_text: bool = False
    refused: bool = False


class Outbox:
    """The gate, with the vaults of the conversations that are going on. Their values are nowhere but in memory."""

    def __init__(self, models: Models, allow: Allow, redactor: Redactor, ledger: Ledger) -> None:
        self._models = models
        self._allow = allow
        self._redactor = redactor
        self._ledger = ledger
        self._vaults: OrderedDict[str, Vault] = OrderedDict()
        self.roots: tuple[Path, ...] = ()  # the workspace folders of this editor, for what is kept without an ask

    # ---- what may leave

    async def verdict(self, path: Path | None, roots: Sequence[Path], settings: Settings) -> Verdict:
        """Whether a file may be sent, and why not."""
        return await self._allow.verdict(path, roots, settings.deny, settings.ignore)

    def is_ignore_file(self, path: Path) -> bool:
        """Whether a change of that file can change a verdict."""
        return self._allow.is_ignore_file(path)

    def vault(self, conversation: str) -> Vault:
        """The placeholders of a conversation."""
        found = self._vaults.pop(conversation, None) or Vault()
        self._vaults[conversation] = found
        if len(self._vaults) > MOST_CONVERSATIONS:
            self._vaults.popitem(last=False)
        return found

    async def redact(self, text: str, vault: Vault, rules: RedactRules, roots: Sequence[Path]) -> Redacted:
        """The text with placeholders for its secrets."""
        return await self._redactor.redact(text, vault, rules, roots)

    async def prepare(self, sending: Sending) -> Prepared:
        """Everything but the sending itself.

        Raises RequestRefused, with the reason, CapReached and SettingsError; a cap is looked at here so that nothing
        begins that would be refused, and decided when the request is sent.
        """
        profile = await self.require(sending)
        vault = self.vault(sending.conversation)
        for message in sending.messages:
            vault.avoid(message.text)
        messages = []
        for message in sending.messages:
            redacted = await self.redact(message.text, vault, sending.settings.redact, sending.consent.roots)
            messages.append(message._replace(text=replace_surrogates(redacted.text)))
        prediction = sending.prediction
        if prediction is not None:
            prediction = (await self.redact(prediction, vault, sending.settings.redact, sending.consent.roots)).text
        texts = [message.text for message in messages]
        origin = origin_of(profile)
        count, tokens = await self._ledger.estimate(origin, profile.model or profile.name, texts)
        planned = Planned(
            origin=origin,
            profile=profile.name,
            model=profile.model or profile.name,
            action=sending.action,
            file=str(sending.sources[0].path) if sending.sources else "",
            project=str(sending.consent.root or ""),
            pieces=count,
            input_tokens=tokens,
            max_output=_configured_limit(profile),
            prices=profile.prices,
            redactions=vault.standing("\n".join(texts)),
            content_hash=hashlib.sha256("\0".join(texts).encode()).hexdigest(),
            prompt="\n\n".join(f"[{each.role}]\n{each.text}" for each in messages)
            if sending.settings.log_prompts
            else None,
            conversation=sending.conversation,
        )
        await self._ledger.preview(planned, sending.settings.caps, once=sending.consent.over_once)
        return Prepared(sending, profile, tuple(messages), prediction, planned)

    async def require(self, sending: Sending) -> Profile:
        """The profile that these sources may go to. Raises RequestRefused, with the reason, when they may not leave."""
        await self._may_leave(sending)
        return self._profile(sending)

    async def _may_leave(self, sending: Sending) -> None:
        for source in sending.sources:
            verdict = await self.verdict(source.path, sending.consent.roots, sending.settings)
            if verdict.allowed or (verdict.kind == "ignored" and sending.consent.ignored_once):
                continue
            turn = f" (turn {source.turn} of this chat is about it)" if len(sending.sources) > 1 else ""
            step = (
                "Choose “Allow once” in its code actions to send it all the same."
                if verdict.kind == "ignored"
                else ("Ask about another file.")
            )
            raise RequestRefused(f"{source.path.name} was not sent{turn}: {verdict.reason}. {step}")

    def _profile(self, sending: Sending) -> Profile:
        """The profile that answers: the strictest route of all sources counts. Raises RequestRefused, SettingsError."""
        settings = sending.settings
        allowed: frozenset[str] | None = None
        strict: Source | None = None
        for source in sending.sources:
            routed = self._allow.route(source.path, sending.consent.roots, settings.routes)
            if routed is None:
                continue
            both = routed if allowed is None else allowed & routed
            if not both:
                first = f"{strict.path.name} (turn {strict.turn})" if strict else "another file"
                raise RequestRefused(
                    f"Not sent: {source.path.name} (turn {source.turn}) may go only to {_names(routed)}, and {first} "
                    f"only to {_names(allowed or frozenset())}. Ask about each in a chat of its own."
                )
            allowed, strict = both, source
        wanted = sending.chosen or settings.active
        if allowed is None or wanted in allowed:
            return settings.profile(wanted)
        if sending.chosen or settings.selected:
            assert strict is not None
            raise RequestRefused(
                f"Not sent: {strict.path.name} (turn {strict.turn}) may go only to {_names(allowed)}, and the profile "
                f"“{wanted}” was chosen. Choose another with ask.profile, or ask in a new chat."
            )
        return self._routed(allowed, sending)

    def _routed(self, allowed: frozenset[str], sending: Sending) -> Profile:
        """The profile that the routes lead to. Raises RequestRefused where only a workspace's route leads there.

        Such a route may forbid, but not choose where something is sent, unless that is on this machine. One of the
        user's chooses for what it names, and for nothing else.
        """
        settings, roots = sending.settings, sending.consent.roots
        for route in settings.routes:
            if route.profile not in allowed:
                continue
            profile = settings.profile(route.profile)
            meant = not route.base and any(self._allow.route(each.path, roots, (route,)) for each in sending.sources)
            if meant or profile.stays_here:
                return profile
        raise RequestRefused(
            f"Not sent: this workspace lets it go only to {_names(allowed)}. If you agree, choose it with ask.profile."
        )

    # ---- sending

    async def wire(self, prepared: Prepared) -> Wire:
        """The request as it would go out, for a preview; the output limit is what the caps allow at this moment."""
        caps = prepared.sending.settings.caps
        reserved = await self._ledger.preview(prepared.planned, caps, once=prepared.sending.consent.over_once)
        return await self._models.wire(_with_limit(prepared.profile, reserved), prepared.messages, prepared.prediction)

    async def send(self, prepared: Prepared, spent: Spent) -> AsyncGenerator[Event, None]:
        """The answer as events (ports.Models.stream), paid for. Raises AskError subclasses only."""
        reserved = await self._reserve(prepared)
        course = _Course()
        limit = sent = reserved.max_output
        ratio = _ratio(prepared.planned)
        try:
            profile = _with_limit(prepared.profile, reserved)
            events = self._models.stream(profile, prepared.messages, prepared.prediction)
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Retrying):
                        course.state, course.refused = "failed", event.refused
                        await self._settle(prepared, reserved, course, spent)
                        course = _Course()
                        yield event
                        reserved = await self._reserve(prepared)
                        limit = reserved.max_output  # others may have left less by now; the request says what it said
                        continue
                    if isinstance(event, Usage):
                        course.usage = event
                    elif isinstance(event, Finished):
                        course.state = "done" if event.reason == "stop" else "cut"
                    if not isinstance(event, (TextDelta, Thought)):
                        yield event
                        continue
                    course.said.add(event.text)
                    if isinstance(event, TextDelta):
                        course.any_text = True
                        yield event
                    if not limit or course.said.pieces * ratio < limit:
                        continue
                    clearly = course.said.tokens_at_least(ratio) >= limit * CLEARLY_OVER + SLACK
                    if not clearly and limit == sent and self._models.heeds_limit(profile):
                        continue  # it counts better than we can
                    if not course.any_text:
                        raise SaidNothing(
                            f"“{profile.model}” thought until the output limit ({limit:,} tokens) and said nothing. "
                            f"Raise max_output of profile “{profile.name}”, or ask for less."
                        )
                    course.state = "cut"
                    yield Finished("length")
                    return
        except Exception:
            course.state = "failed"
            raise
        finally:
            await self._settle(prepared, reserved, course, spent)

    async def _reserve(self, prepared: Prepared) -> Reservation:
        return await self._ledger.reserve(
            prepared.planned, prepared.sending.settings.caps, once=prepared.sending.consent.over_once
        )

    async def _settle(self, prepared: Prepared, reserved: Reservation, course: _Course, spent: Spent) -> None:
        usage = course.usage
        if usage is None and course.refused:
            usage = Usage(0, 0)
        output = round(course.said.pieces * _ratio(prepared.planned))
        state = course.state
        assert state in ("done", "cancelled", "failed", "cut")
        outcome = Outcome(state, usage, output, time.monotonic() - course.began)  # type: ignore[arg-type]
        spent.cost = await self._ledger.settle(reserved, outcome)

    async def spent_today(self) -> float:
        """USD spent since local midnight by all editors, as far as prices are known."""
        return await self._ledger.spent_today()

    async def aclose(self) -> None:
        """Closes connections, stops what was started, and lets go of the ledger."""
        await self._models.aclose()
        await self._ledger.aclose()


def _configured_limit(profile: Profile) -> int | None:
    """The output limit that the settings name, under whichever name."""
    named = [profile.max_output, *(profile.parameters.get(name) for name in LIMIT_NAMES)]
    return min((limit for limit in named if type(limit) is int and limit > 0), default=None)  # -1 is none to some


def _with_limit(profile: Profile, reserved: Reservation) -> Profile:
    """The profile with the output limit that was reserved, and no other, under the name that its parameters have."""
    limit = reserved.max_output
    if limit is None:
        return profile
    named = {name: limit for name in LIMIT_NAMES if name in profile.parameters}
    return replace(profile, parameters={**profile.parameters, **named}, max_output=None if named else limit)


def _ratio(planned: Planned) -> float:
    """Tokens per piece, as the estimate of the input took it."""
    return planned.input_tokens / planned.pieces if planned.pieces else 1.0


def _names(profiles: frozenset[str]) -> str:
    return " or ".join(f"“{name}”" for name in sorted(profiles))
