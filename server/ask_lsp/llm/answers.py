"""What an endpoint says when it refuses: an HTTP error answer or an `error` object in the stream, as our errors.

OpenAI, llama.cpp, Ollama, vLLM and the gateways in front of them word the same refusal differently; what they have in
common is read here: the status, a code or type, and a message.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from ask_lsp.core.errors import (
    AskError,
    ContextTooLong,
    Filtered,
    KeyUnavailable,
    NotReachable,
    RateLimited,
    Rejected,
    SaidNothing,
)
from ask_lsp.llm.failure import Failure, Target, scrub, seconds_text

LONGEST_WAIT = 60.0

_NO_CREDIT = re.compile(
    r"insufficient[_ ](?:quota|funds|balance|credit)|billing_hard_limit|exceeded your current quota|out of credit",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|context (?:length|window|size).{0,40}exceed"
    r"|exceeds? .{0,40}context|prompt is too long|input is too long",
    re.IGNORECASE,
)
_LIMIT_AND_SENT = (
    re.compile(
        r"maximum context length is (?P<limit>\d+).*?(?:resulted in|requested|has|contains) (?P<sent>\d+)", re.S
    ),
    re.compile(r"(?P<sent>\d+) tokens? (?:>|exceeds?|is greater than)\D{0,60}(?P<limit>\d+)", re.I),
)
# A model that thinks first, with too little room even for that (GPT-5 and its like).
_LIMIT_REACHED = re.compile(r"max_tokens or model output limit was reached", re.IGNORECASE)
_FILTERED = re.compile(r"content_filter|content[_ ]policy|content management policy|responsible ?ai", re.IGNORECASE)
_UNKNOWN_MODEL = re.compile(
    r"model_not_found|no such model|unknown model|invalid model|model\b.{0,120}?"
    r"(?:not found|does not exist|doesn't exist|is not available|not loaded)",
    re.IGNORECASE | re.DOTALL,
)
_RESPONSES_ONLY = re.compile(
    r"only (?:supported|available) in v1/responses|use .{0,30}responses (?:api|endpoint)", re.I
)
_A_WEEK = 604_800.0
_LOADING = re.compile(r"loading model|model is (?:currently )?loading", re.IGNORECASE)


class Refusal(NamedTuple):
    """The parts of an error answer that endpoints agree on. `words` is code, type and message in one, to search in."""

    message: str
    code: str
    param: str | None
    details: Mapping[str, Any]

    @property
    def words(self) -> str:
        return f"{self.code} {self.details.get('type', '')} {self.message}"


def refusal_of(body: object) -> Refusal:
    """Reads an error body, whoever wrote it: `{"error": {...}}`, the inner object, `{"detail": ...}`, or plain text."""
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            message = inner.get("message") or inner.get("detail") or inner.get("error") or ""
            param = inner.get("param")
            message = message if isinstance(message, str) else " ".join(_texts(message))
            return Refusal(message, str(inner.get("code") or ""), param if isinstance(param, str) else None, inner)
        return Refusal(str(inner), "", None, {})
    return Refusal(body if isinstance(body, str) else "", "", None, {})


def answer_failure(status: int, body: object, headers: Mapping[str, str], target: Target) -> Failure:
    """What an HTTP error answer means, and whether (and when) to send again."""
    refusal = refusal_of(body)
    if 300 <= status < 400:
        return Failure(_redirected(headers.get("location", ""), target))
    common = _by_words(refusal, target)
    if common is not None:
        return Failure(common)
    if status == 402:
        return Failure(_no_credit(target))
    if status == 429:
        return _rate_limited(headers, refusal, target)
    if status >= 500 or status == 408:
        loading = bool(_LOADING.search(refusal.message))
        reason = "the model is loading" if loading else f"server error {status}"
        again = "Ask again in a moment."
        error = Rejected(_sentence(f"{target.place} failed ({status})", refusal, target, again))
        after = retry_after(headers)
        return Failure(error, retry=after is None or after <= LONGEST_WAIT, reason=reason, after=after, loading=loading)
    return Failure(_by_status(status, refusal, target))


def stream_failure(body: object, message: str, target: Target) -> Failure:
    """What an `error` object inside the stream means. Not sent again: part of the answer may have come."""
    refusal = refusal_of(body)
    if not refusal.message:
        refusal = refusal._replace(message=message)
    common = _by_words(refusal, target)
    if common is None:
        common = Rejected(_sentence(f"{target.place} stopped the answer", refusal, target, "Ask again."))
    return Failure(common)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds an endpoint asks us to wait: `retry-after-ms`, or Retry-After in seconds or as a date (RFC 9110)."""
    value = headers.get("retry-after", "").strip()
    for text, unit in ((headers.get("retry-after-ms", ""), 1000), (value, 1)):
        try:
            seconds = float(text) / unit
        except ValueError:
            continue
        return min(max(0.0, seconds), _A_WEEK) if seconds == seconds else None  # it may say nan, or inf
    try:
        date = parsedate_to_datetime(value)
        return min(max(0.0, date.timestamp() - time.time()), _A_WEEK)
    except (TypeError, ValueError, OverflowError):
        return None


def _by_words(refusal: Refusal, target: Target) -> AskError | None:
    """What the words tell whatever the status is."""
    words = refusal.words
    if _NO_CREDIT.search(words):
        return _no_credit(target)
    if _TOO_LONG.search(words):
        return _too_long(refusal, target)
    if _LIMIT_REACHED.search(words):
        return limit_reached(target)
    if _RESPONSES_ONLY.search(words):
        return Rejected(
            f"“{target.model}” has only the Responses API, which is not spoken here. "
            f"Choose another model for profile “{target.profile}”."
        )
    if _FILTERED.search(words):
        return filtered(target)
    return None


def _by_status(status: int, refusal: Refusal, target: Target) -> AskError:
    profile, place = target.profile, target.place
    if status == 401:
        # The provider's own words repeat part of the key.
        if target.key is None and not target.headers:
            return KeyUnavailable(
                f"{place} wants a key, and profile “{profile}” has none. "
                "Put api_key into the settings file; `ask-lsp config --path` says where that is."
            )
        return Rejected(
            f"{place} does not accept the key of profile “{profile}”. "
            "Put a valid api_key into the settings; `ask-lsp doctor` shows where the key comes from."
        )
    if status == 403:
        return Rejected(
            _sentence(f"{place} forbids this to the key of profile “{profile}”", refusal, target, "Check its rights.")
        )
    if _UNKNOWN_MODEL.search(refusal.words):
        how = f"Get it with `ollama pull {target.model}`, or set" if target.endpoint.port == 11434 else "Set"
        return Rejected(f"{place} has no model “{target.model}”. {how} another model in profile “{profile}”.")
    if status in (404, 405):
        return Rejected(
            f"{place} has no chat completions under {target.endpoint.path or '/'}. "
            f"Check base_url of profile “{profile}”; it usually ends in /v1."
        )
    if status == 413:
        return ContextTooLong(f"The request is too large for {place}. Select less, and ask again.")
    next_step = f"Check the model and the parameters of profile “{profile}”."
    return Rejected(_sentence(f"{place} refused the request ({status})", refusal, target, next_step))


def _no_credit(target: Target) -> RateLimited:
    return RateLimited(
        f"The account behind profile “{target.profile}” has no credit left at {target.place}. "
        "Add credit there, or switch to another profile."
    )


def filtered(target: Target) -> Filtered:
    """The provider's content filter stopped the question or the answer."""
    return Filtered(
        f"The content filter of {target.place} stopped this. Put the question differently, or select other code."
    )


def limit_reached(target: Target) -> SaidNothing:
    """The output limit left no room for a word of the answer."""
    return SaidNothing(
        f"“{target.model}” reached the output limit (max_output) before it answered anything. "
        f"Raise max_output of profile “{target.profile}”, or ask for less."
    )


def _rate_limited(headers: Mapping[str, str], refusal: Refusal, target: Target) -> Failure:
    wait = retry_after(headers)
    if wait is None:
        until = "Ask again in a minute."
    else:
        when = (datetime.now(timezone.utc) + timedelta(seconds=wait)).astimezone()
        until = f"It asks to wait {seconds_text(round(wait))}: ask again after {when:%H:%M:%S}."
    error = RateLimited(f"{target.place} limits the requests of profile “{target.profile}”. {until}")
    return Failure(error, retry=wait is None or wait <= LONGEST_WAIT, reason="rate limited", after=wait)


def _too_long(refusal: Refusal, target: Target) -> ContextTooLong:
    sent, limit = refusal.details.get("n_prompt_tokens"), refusal.details.get("n_ctx")
    for pattern in _LIMIT_AND_SENT:
        match = pattern.search(refusal.message)
        if match and not isinstance(sent, int):
            sent, limit = int(match["sent"]), int(match["limit"])
    remedy = "Select less, or use a model with a longer context."
    if isinstance(sent, int) and isinstance(limit, int) and sent > limit:
        return ContextTooLong(
            f"The request is {sent - limit:,} tokens too long for “{target.model}”: {sent:,}, and it takes {limit:,}. "
            f"{remedy}"
        )
    return ContextTooLong(f"The request is too long for “{target.model}”. {remedy}")


def _redirected(location: str, target: Target) -> NotReachable:
    match = re.match(r"(https?://)(?:[^/@]*@)?([^/?#]+)", location)
    where = scrub("".join(match.groups()), target) if match else "another path"
    return NotReachable(
        f"{target.place} redirects to {where}; a key is never sent on. "
        f"If that is right, make it the base_url of profile “{target.profile}”."
    )


def _sentence(beginning: str, refusal: Refusal, target: Target, next_step: str) -> str:
    quote = scrub(refusal.message, target).rstrip(".")
    if quote.lstrip().startswith("<"):  # A gateway's HTML page.
        quote = ""
    return f"{beginning}: {quote}. {next_step}" if quote else f"{beginning}. {next_step}"


def _texts(value: object) -> Iterator[str]:
    """The strings in a nested detail: pydantic-based servers list what they refuse."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
