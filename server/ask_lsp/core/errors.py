"""Everything that can go wrong in an ask, as sentences for people.

    AskError
    ├── SettingsError            the settings are wrong
    │   └── KeyUnavailable       the key could not be had from where the settings say it is
    ├── RequestRefused           we refuse to send, or to act, and say why
    │   └── CapReached           a cap on what may be spent would be passed
    ├── ModelError               the model or its endpoint failed
    │   ├── NotReachable         no connection: refused, DNS, TLS, proxy
    │   ├── TimedOut             one of our limits ran out
    │   ├── Rejected             an HTTP error answer: wrong key, no credit, unknown model, bad request
    │   │   ├── ContextTooLong   the request does not fit the model
    │   │   └── RateLimited      429 that outlived our retries
    │   ├── Filtered             the provider's content filter
    │   └── CutOff               the answer ended before it was complete
    │       └── SaidNothing      it ended before it had begun
    └── LocalModelError          the embedded model: not installed, not pulled, did not start

Each message is one short sentence or two, ends with the next step, and never holds a key, a prompt or a traceback.
"""

from __future__ import annotations


class AskError(Exception):
    """Base of all of them. `str()` is the sentence for the user."""

    code = "error"


class SettingsError(AskError):
    """The settings are wrong, or ask for what they may not."""

    code = "settings"


class KeyUnavailable(SettingsError):
    """The key could not be had from where the settings say it is, or there is none."""

    code = "key"


class RequestRefused(AskError):
    """We refuse: bad arguments, a document that is not open, something that may not be sent."""

    code = "refused"


class CapReached(RequestRefused):
    """The request would pass a cap of `spend` or `tokens`, and nobody allowed it once."""

    code = "cap"


class ModelError(AskError):
    """The model or its endpoint failed."""

    code = "model"


class NotReachable(ModelError):
    """No connection: refused, unknown host, TLS, proxy."""

    code = "unreachable"


class TimedOut(ModelError):
    """The connect, first-token or idle limit of the profile ran out."""

    code = "timeout"


class Rejected(ModelError):
    """The endpoint answered with an HTTP error, or an `error` object in the stream."""

    code = "rejected"


class ContextTooLong(Rejected):
    """The request does not fit into the model's context window."""

    code = "context"


class RateLimited(Rejected):
    """429 that outlived our retries, or no credit left."""

    code = "rate"


class Filtered(ModelError):
    """The provider's content filter stopped the answer."""

    code = "filtered"


class CutOff(ModelError):
    """The stream ended, broke or was malformed before the answer was complete. The text so far stays."""

    code = "cut"


class SaidNothing(CutOff):
    """The model ended its answer without having said a word."""


class LocalModelError(AskError):
    """The embedded model is not installed, not pulled, or did not start."""

    code = "local"
