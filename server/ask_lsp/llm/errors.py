"""What went wrong, from an exception of the openai package to a sentence with the next step.

The tables at the top name every exception class that package and httpx2 have, as handled here or as unreachable for a
reason; a test fails on one that is in neither. Classes are known by name, so that this module loads without them.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ask_lsp.core.errors import CutOff, ModelError, NotReachable, SaidNothing, SettingsError, TimedOut
from ask_lsp.llm.answers import answer_failure, limit_reached, stream_failure
from ask_lsp.llm.failure import Failure, Target, scrub, seconds_text

log = logging.getLogger(__name__)


def failure_of(error: BaseException, target: Target, *, after_text: bool = False) -> Failure:
    """What an exception from the SDK means for the user, and whether sending again may help.

    `after_text` says that part of the answer had come. An exception of no known class is logged, and told as such.
    """
    for kind in type(error).__mro__:
        handler = HANDLED.get(kind.__name__)
        if handler is not None:
            return handler(error, target, after_text)
    log.error("unexpected exception in a request", exc_info=error)
    name = type(error).__name__
    return Failure(
        ModelError(f"The request failed in an unexpected way ({name}). Ask again, or look into the log: ask.log.")
    )


def first_content_expired(target: Target) -> Failure:
    """The model said nothing within the limit."""
    limit = target.limits.first_content
    return Failure(
        TimedOut(
            f"“{target.model}” at {target.place} said nothing for {seconds_text(limit)}. "
            f"Raise limits.first_content of profile “{target.profile}”, or ask again."
        )
    )


def idle_expired(target: Target) -> Failure:
    """The model fell silent in the middle."""
    limit = target.limits.idle
    return Failure(
        TimedOut(
            f"The answer was cut off: {target.place} fell silent for {seconds_text(limit)}. "
            f"Raise limits.idle of profile “{target.profile}”, or ask again."
        )
    )


def connect_expired(target: Target) -> Failure:
    """No connection within the limit."""
    limit = target.limits.connect
    return Failure(
        TimedOut(
            f"No connection to {target.place} within {seconds_text(limit)}. "
            f"Check the network, or raise limits.connect of profile “{target.profile}”."
        ),
        retry=True,
        reason=f"no connection to {target.place}",
    )


def ended_early(target: Target, *, any_text: bool) -> Failure:
    """The stream ended cleanly without saying that the answer was complete."""
    if any_text:
        return Failure(CutOff(f"The answer was cut off: {target.place} ended it in the middle. Ask again."))
    return Failure(
        CutOff(f"{target.place} ended without an answer. Ask again, or check the model of profile “{target.profile}”.")
    )


def said_nothing(target: Target, *, cut: bool) -> Failure:
    """The answer is complete, or cut by the output limit, and holds no word."""
    if cut:
        return Failure(limit_reached(target))
    return Failure(
        SaidNothing(
            f"“{target.model}” answered nothing. Ask again, or choose another model for profile “{target.profile}”."
        )
    )


def no_completion(target: Target) -> Failure:
    """JSON came that is none of the protocol's."""
    return Failure(
        CutOff(
            f"{target.place} sent a malformed answer, with no text where it should be. "
            f"Check base_url and the model of profile “{target.profile}”."
        )
    )


def not_an_api(target: Target) -> Failure:
    """A web page came where a model was expected."""
    return Failure(
        NotReachable(
            f"{target.place} answered with a web page instead of a model. Check base_url of profile “{target.profile}” "
            "(it usually ends in /v1), and whether the network wants a login."
        )
    )


def malformed(target: Target) -> Failure:
    """Data that is not what the protocol says."""
    return Failure(
        CutOff(
            f"The answer was cut off: {target.place} sent data that cannot be read. Ask again, or try another model."
        )
    )


def _http_status(error: Any, target: Target, after_text: bool) -> Failure:
    headers: Mapping[str, str] = error.response.headers
    return answer_failure(error.status_code, error.body, headers, target)


def _in_stream(error: Any, target: Target, after_text: bool) -> Failure:
    return stream_failure(error.body, str(error.message), target)


def _malformed(error: Any, target: Target, after_text: bool) -> Failure:
    return malformed(target)


def _bad_address(error: Any, target: Target, after_text: bool) -> Failure:
    return Failure(
        SettingsError(
            f"The base_url of profile “{target.profile}” is not a web address. Write it like https://HOST/v1."
        )
    )


def _timed_out(error: Any, target: Target, after_text: bool) -> Failure:
    # The connect limit is the only one that the SDK knows; the others are kept by openai_client itself.
    return connect_expired(target)


def _no_proxy(error: Any, target: Target, after_text: bool) -> Failure:
    return Failure(
        NotReachable(
            f"The proxy refused the way to {target.place} ({scrub(str(error), target)}). "
            "Check HTTPS_PROXY, or add the host to NO_PROXY."
        )
    )


def _connection(error: BaseException, target: Target, after_text: bool) -> Failure:
    causes = list(_causes(error))
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    certificate = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        return Failure(_untrusted(certificate, target))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Failure(
            NotReachable(
                f"No secure connection to {target.place}. "
                f"Check whether base_url of profile “{target.profile}” should begin with http:// instead."
            )
        )
    if "ProxyError" in names:
        return _no_proxy(next(cause for cause in causes if type(cause).__name__ == "ProxyError"), target, after_text)
    if "gaierror" in names:
        return Failure(
            NotReachable(
                f"There is no host named {target.endpoint.host}. "
                f"Check base_url of profile “{target.profile}”, and the network."
            )
        )
    if "ConnectTimeout" in names:
        return connect_expired(target)
    if "ConnectError" in names:
        return _refused(target)
    if "DecodingError" in names:
        return malformed(target)
    if after_text:
        return Failure(CutOff(f"The answer was cut off: the connection to {target.place} broke. Ask again."))
    return Failure(
        NotReachable(f"The connection to {target.place} broke before the answer. Ask again in a moment."),
        retry=True,
        reason="connection lost",
    )


def _untrusted(error: ssl.SSLCertVerificationError, target: Target) -> NotReachable:
    detail = scrub(getattr(error, "verify_message", "") or "unknown reason", target)
    return NotReachable(
        f"This machine does not trust the certificate of {target.place} ({detail}). "
        "Add your company's certificate to the operating system's store, or name it in SSL_CERT_FILE."
    )


def _refused(target: Target) -> Failure:
    if target.proxy is not None:
        return Failure(
            NotReachable(
                f"Nothing answers at the proxy {target.proxy}. Check HTTPS_PROXY, or add the host to NO_PROXY."
            )
        )
    if not target.endpoint.is_loopback:
        sentence = f"{target.place} cannot be reached. Check base_url of profile “{target.profile}”, and the network."
        return Failure(NotReachable(sentence), retry=True, reason=f"no connection to {target.place}")
    if target.endpoint.port == 11434:
        return Failure(
            NotReachable(f"Nothing answers at {target.place}. Is Ollama running? Start it with `ollama serve`.")
        )
    return Failure(
        NotReachable(
            f"Nothing answers at {target.place}. Start the model server there, "
            f"or change base_url of profile “{target.profile}”."
        )
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what led to it; anyio wraps what each address of a host said into a group."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, *getattr(current, "exceptions", ())]


HANDLED: dict[str, Callable[[Any, Target, bool], Failure]] = {
    # openai
    "APIStatusError": _http_status,
    "BadRequestError": _http_status,
    "AuthenticationError": _http_status,
    "PermissionDeniedError": _http_status,
    "NotFoundError": _http_status,
    "ConflictError": _http_status,
    "UnprocessableEntityError": _http_status,
    "RateLimitError": _http_status,
    "InternalServerError": _http_status,
    "APITimeoutError": _timed_out,
    "APIConnectionError": _connection,
    "APIResponseValidationError": _malformed,
    "APIError": _in_stream,
    # httpx2, where the SDK lets them through
    "HTTPStatusError": _http_status,
    "ProxyError": _no_proxy,
    "DecodingError": _malformed,
    "InvalidURL": _bad_address,
    "UnsupportedProtocol": _bad_address,
    "TimeoutException": _timed_out,
    "ConnectTimeout": _timed_out,
    "ReadTimeout": _timed_out,
    "WriteTimeout": _timed_out,
    "PoolTimeout": _timed_out,
    "ConnectError": _connection,
    "ReadError": _connection,
    "WriteError": _connection,
    "CloseError": _connection,
    "NetworkError": _connection,
    "ProtocolError": _connection,
    "LocalProtocolError": _connection,
    "RemoteProtocolError": _connection,
    "TransportError": _connection,
    "RequestError": _connection,
    # the standard library's, raised while an answer is read
    "JSONDecodeError": _malformed,
    "UnicodeDecodeError": _malformed,
    "SSLError": _connection,
}

UNREACHABLE: dict[str, str] = {
    # openai
    "OpenAIError": "the base class; by itself it reports bad arguments to the client, and ours are fixed",
    "OAuthError": "only workload identity asks for OAuth tokens, and we give a key or none",
    "SubjectTokenProviderError": "only workload identity has subject tokens",
    "LengthFinishReasonError": "only the parsing helpers raise it; we read chunks",
    "ContentFilterFinishReasonError": "only the parsing helpers raise it; we read chunks",
    "InvalidWebhookSignatureError": "we receive no webhooks",
    "WebSocketConnectionClosedError": "we open no WebSocket",
    "WebSocketQueueFullError": "we open no WebSocket",
    # httpx2
    "HTTPError": "the base class of RequestError and HTTPStatusError; never raised by itself",
    "TooManyRedirects": "our client follows no redirect",
    "CookieConflict": "we read no cookie by name",
    "SSEError": "only httpx2's own reader of event streams raises it; the SDK has its own",
    "StreamError": "the base class of misuse of a body; never raised by itself",
    "StreamConsumed": "a body is read once, by the SDK",
    "StreamClosed": "a body is closed only after the task that reads it has ended",
    "ResponseNotRead": "the SDK reads an error's body before it looks at it",
    "RequestNotRead": "our requests are not streamed",
}
