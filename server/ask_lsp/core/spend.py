"""What asks may cost: caps, what is known of a request before and after it is sent, and whether it fits.

A request is paid for before it is sent, at the most that it can come to: the estimate of its input and its output
limit. So a cap lowers the output limit first, and refuses only where no answer worth having would be left.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ask_lsp.core.conversation import Usage
from ask_lsp.core.errors import CapReached
from ask_lsp.core.profile import Prices

USUAL_OUTPUT = 8192
"""The output limit, in tokens, where a cap applies and the settings name none."""

MIN_OUTPUT = 64
"""An answer that may not even have this many tokens is not worth paying the input for."""


@dataclass(frozen=True)
class Amounts:
    """One limit for each stretch of time; None is no limit. In USD or in tokens."""

    per_request: float | None = None
    per_hour: float | None = None
    per_day: float | None = None
    per_month: float | None = None

    @property
    def any(self) -> bool:
        """Whether there is a limit at all."""
        return any(limit is not None for limit in (self.per_request, self.per_hour, self.per_day, self.per_month))

    def narrowed(self, other: Amounts) -> Amounts:
        """The lower limit of the two for each stretch."""
        return Amounts(
            _lower(self.per_request, other.per_request),
            _lower(self.per_hour, other.per_hour),
            _lower(self.per_day, other.per_day),
            _lower(self.per_month, other.per_month),
        )


@dataclass(frozen=True)
class Caps:
    """What may be spent. `tokens_chosen` says that the user set limits in tokens, which then hold at any price."""

    spend: Amounts = Amounts(per_request=0.50, per_day=5.0)
    tokens: Amounts = Amounts(per_request=50_000, per_day=1_000_000)
    tokens_chosen: bool = False

    def narrowed(self, other: Caps) -> Caps:
        """These caps with those of a workspace, which can only lower them."""
        return Caps(
            self.spend.narrowed(other.spend),
            self.tokens.narrowed(other.tokens),
            self.tokens_chosen or other.tokens_chosen,
        )


@dataclass(frozen=True)
class Planned:
    """What is about to be sent. Paths are "" where there is none; `pieces` are those of core/tokens.py.

    `prices` None: nobody knows them. Free of charge is Prices(0, 0). `prompt` only if the user wants it logged.
    """

    origin: str
    profile: str
    model: str
    action: str
    pieces: int
    input_tokens: int
    max_output: int | None = None
    prices: Prices | None = None
    file: str = ""
    project: str = ""
    redactions: Mapping[str, int] = field(default_factory=dict)
    content_hash: str = ""
    prompt: str | None = None
    conversation: str = ""


@dataclass(frozen=True)
class Reservation:
    """What was set aside. `max_output` is the output limit to send (None: send none), `usd` None: price unknown.

    `id` None: nothing was set aside, it was only asked what would be. Such a one need not be settled.
    """

    id: int | None
    max_output: int | None
    input_tokens: int
    usd: float | None


@dataclass(frozen=True)
class Outcome:
    """What became of a request. `usage` None: the endpoint told none, so `output_estimate` (tokens) counts."""

    state: Literal["done", "cancelled", "failed", "cut"]
    usage: Usage | None
    output_estimate: int = 0
    seconds: float = 0.0


class Cost(NamedTuple):
    """What a request came to; `is_estimated` where the endpoint did not tell all of it."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: float | None
    is_estimated: bool


class Sums(NamedTuple):
    """What counts already for each stretch of time: the last 60 minutes, this local day, this local month."""

    hour: float = 0.0
    day: float = 0.0
    month: float = 0.0


class Used(NamedTuple):
    """What was spent or set aside. `tokens` are those that the caps on tokens are about."""

    usd: Sums = Sums()
    tokens: Sums = Sums()


class _Cap(NamedTuple):
    """One limit, and this request against it: `used` counts already, `input` and `output` are a token's share."""

    name: str
    limit: float
    used: float
    input: float
    output: float
    in_tokens: bool

    def room(self) -> float:
        """How many tokens of output fit."""
        left = self.limit - self.used - self.input
        if self.output == 0:
            return math.inf if left >= 0 else 0
        # The slack keeps 0.1 + 0.2 from costing a token.
        return math.floor(left / self.output + 1e-6)


def token_caps_apply(planned: Planned, caps: Caps) -> bool:
    """Whether the limits in tokens hold for this request: its price is unknown, or the user set them."""
    return caps.tokens_chosen or planned.prices is None


def admit(planned: Planned, caps: Caps, used: Used, *, once: bool = False) -> int | None:
    """The output limit to send, None for none. Raises CapReached, unless `once` allows the request over its caps."""
    applying = list(_applying(planned, caps, used))
    if not applying:
        return planned.max_output
    wanted = USUAL_OUTPUT if planned.max_output is None else planned.max_output
    if once:
        return wanted
    tightest = min(applying, key=_Cap.room)
    least = min(MIN_OUTPUT, wanted)
    if tightest.room() < least:
        raise CapReached(_refusal(tightest, least, planned.prices is None))
    return int(min(wanted, tightest.room()))


def set_aside(planned: Planned, max_output: int | None) -> Cost:
    """The most that a request can come to under an output limit; without one, at the usual."""
    output = USUAL_OUTPUT if max_output is None else max_output
    usd = None if planned.prices is None else planned.prices.of(planned.input_tokens, output)
    return Cost(planned.input_tokens, 0, output, usd, True)


def cost(planned: Planned, outcome: Outcome) -> Cost:
    """What a request came to: what the endpoint told, and estimates for what it did not tell."""
    usage = outcome.usage
    estimated = usage is None
    if usage is None:
        usage = Usage(planned.input_tokens, outcome.output_estimate)
    elif outcome.state in ("done", "cut"):
        # Some servers send a usage with zeros in it; an answer was not for nothing.
        sent = usage.input_tokens or planned.input_tokens
        said = usage.output_tokens or outcome.output_estimate
        estimated = (sent, said) != (usage.input_tokens, usage.output_tokens)
        usage = Usage(sent, said, usage.cached_tokens)
    prices = planned.prices
    usd = None if prices is None else prices.of(usage.input_tokens, usage.output_tokens, usage.cached_tokens)
    return Cost(usage.input_tokens, usage.cached_tokens, usage.output_tokens, usd, estimated)


def money(usd: float | None) -> str:
    """An amount for people: `$4.20`, `$0.0041`, and `unknown` where the price is."""
    if usd is None:
        return "unknown"
    if 0 < usd < 0.0001:
        return "<$0.0001"
    return f"${usd:,.4f}" if 0 < usd < 0.01 else f"${usd:,.2f}"


def about(tokens: int, usd: float | None) -> str:
    """An estimate for a title: `~1.8k tokens, ~$0.004`; the price is left out where it is unknown or nothing."""
    count = f"~{tokens / 1000:.1f}k" if tokens >= 1000 else f"~{tokens}"
    if not usd:
        return f"{count} tokens"
    if usd < 0.0001:
        return f"{count} tokens, <$0.0001"
    digits = 2 if usd >= 0.1 else 3 if usd >= 0.001 else 4
    return f"{count} tokens, ~${usd:,.{digits}f}"


def _lower(one: float | None, other: float | None) -> float | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)


def _applying(planned: Planned, caps: Caps, used: Used) -> Iterator[_Cap]:
    prices = planned.prices
    if prices is not None and not prices.free:
        sent = prices.of(planned.input_tokens, 0)
        yield from _caps("spend", caps.spend, used.usd, sent, prices.output / 1_000_000, in_tokens=False)
    if token_caps_apply(planned, caps):
        yield from _caps("tokens", caps.tokens, used.tokens, planned.input_tokens, 1.0, in_tokens=True)


def _caps(what: str, limits: Amounts, used: Sums, sent: float, output: float, *, in_tokens: bool) -> Iterator[_Cap]:
    for stretch, limit, already in (
        ("request", limits.per_request, 0.0),
        ("hour", limits.per_hour, used.hour),
        ("day", limits.per_day, used.day),
        ("month", limits.per_month, used.month),
    ):
        if limit is not None:
            yield _Cap(f"{what}.per_{stretch}", limit, already, sent, output, in_tokens)


_WHEN = {"hour": "in the last hour", "day": "today", "month": "this month"}


def _refusal(cap: _Cap, least: int, price_unknown: bool) -> str:
    stretch = cap.name.rpartition("_")[2]
    needed = cap.input + least * cap.output
    if cap.in_tokens:
        would = f"take {math.ceil(needed):,} tokens or more"
        spent, limit = f"{round(cap.used):,} tokens were used", f"{round(cap.limit):,} tokens"
    else:
        would = f"cost {money(_rounded_up(needed))} or more"
        spent, limit = f"{money(cap.used)} was spent", money(cap.limit)
    why = "; the price of this model is not known" if cap.in_tokens and price_unknown else ""
    above = f"above the cap of {limit} {'an' if stretch == 'hour' else 'a'} {stretch} ({cap.name}{why})"
    step = "Choose “Allow once”, or raise it in the settings file."
    if stretch == "request":
        return f"This request would {would}, {above}. {step}"
    return f"{spent} {_WHEN[stretch]} and this request would {would}, {above}. {step}"


def _rounded_up(usd: float) -> float:
    """So that what is above a cap is also shown as above it."""
    step = 100 if usd >= 0.01 else 10_000
    return math.ceil(usd * step - 1e-9) / step
