"""What a model refuses, learned from its refusals.

Models differ in the parameters they take, and no list of them stays true. So only what is configured is sent; when an
endpoint refuses a parameter by name it is renamed or dropped, and that is remembered for this endpoint and model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ask_lsp.core.conversation import Message
from ask_lsp.core.profile import OPENAI_BASE_URL, Profile
from ask_lsp.core.text import replace_surrogates

_NEVER = frozenset({"model", "messages", "stream"})
_ONE_ANSWER = ("n", "best_of")  # only the first of several answers would be read, and all of them billed
_LIMIT = "max_completion_tokens"
_OTHER_NAME = {"max_completion_tokens": "max_tokens", "max_tokens": "max_completion_tokens"}
_OTHER_ROLE = {"system": "developer", "developer": "user"}
_PREDICTING = re.compile(r"gpt-4o|gpt-4\.1")
_REFUSAL = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|extra_forbidden|extra inputs"
    r"|deprecated|must be (?:user|assistant)|only .{0,20}roles? .{0,20}supported",
    re.IGNORECASE,
)


def request_body(
    model: str, messages: Sequence[Message], parameters: Mapping[str, Any], max_output: int | None
) -> dict[str, Any]:
    """What is sent when nothing is known of the model: the configured and nothing else."""
    body = {name: value for name, value in parameters.items() if name not in _ONE_ANSWER}
    if max_output is not None:
        body.setdefault(_LIMIT, max_output)
    # Lone surrogates are legal in a document and illegal in UTF-8.
    spoken = [{"role": message.role, "content": replace_surrogates(message.text)} for message in messages]
    return body | {"model": model, "messages": spoken, "stream": True, "stream_options": {"include_usage": True}}


def takes_prediction(profile: Profile) -> bool:
    """Whether to send a predicted output: as the profile says, else for OpenAI's own models that are known to take it.

    Not with a limit on the answer, which those models refuse beside a prediction (OpenAI, "Predicted Outputs").
    """
    if profile.prediction is not None:
        return profile.prediction
    limited = profile.max_output is not None or not _OTHER_NAME.keys().isdisjoint(profile.parameters)
    return profile.base_url == OPENAI_BASE_URL and not limited and bool(_PREDICTING.match(profile.model))


class LearnedParameters:
    """What endpoints have refused since we started. Kept no longer: the next release of a server may take it.

    For each (base_url, model): a parameter's new name, or None where it is dropped; `role:system` stands for a role.
    """

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str], dict[str, str | None]] = {}

    def apply(self, base_url: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body as this endpoint and model take it."""
        changes = self._changes.get((base_url, str(body["model"])))
        if not changes:
            return dict(body)
        fitted: dict[str, Any] = {}
        for name, value in body.items():
            kept = _follow(changes, name)
            if kept is not None:
                fitted.setdefault(kept, value)
        fitted["messages"] = _with_roles(changes, body["messages"])
        return fitted

    def takes_limit(self, profile: Profile) -> bool:
        """Whether the profile's output limit is sent to its endpoint and model, under whichever name."""
        changes = self._changes.get((profile.base_url, profile.model), {})
        names = [name for name in _OTHER_NAME if name in profile.parameters] or [_LIMIT]
        return any(_follow(changes, name) is not None for name in names)

    def learn(self, base_url: str, sent: Mapping[str, Any], message: str, param: str | None) -> str | None:
        """Takes in a refusal (HTTP 400 or 422) of the body `sent`.

        Returns the name of what will be changed, or None when nothing was learned and sending again would be in vain:
        the refusal names no parameter of ours, says that its value is wrong, or changing it has been tried.
        """
        if not _REFUSAL.search(message):
            return None
        changes = self._changes.setdefault((base_url, str(sent["model"])), {})
        role = _refused_role(sent, message, param)
        if role is not None:
            name = f"role:{role}"
            if name in changes:
                return None
            changes[name] = f"role:{_OTHER_ROLE[role]}"
            return name
        named = _refused_parameter(sent, message, param)
        if named is None or named in changes:
            return None
        other = _OTHER_NAME.get(named)
        changes[named] = other if other and other not in changes and other not in sent else None
        return named


def _follow(changes: Mapping[str, str | None], name: str) -> str | None:
    seen: set[str] = set()
    current: str | None = name
    while current is not None and current in changes:
        if current in seen:
            return None
        seen.add(current)
        current = changes[current]
    return current


def _with_roles(changes: Mapping[str, str | None], messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    spoken: list[dict[str, Any]] = []
    for message in messages:
        role = (_follow(changes, f"role:{message['role']}") or "role:user").removeprefix("role:")
        if spoken and role == "user" and message["role"] == "user" and spoken[-1].get("was") == "system":
            # Templates that know no system role want user and assistant in turn as well: one message out of two.
            spoken[-1] = {"role": "user", "content": f"{spoken[-1]['content']}\n\n{message['content']}"}
        else:
            was = {"was": "system"} if role == "user" and message["role"] == "system" else {}
            spoken.append({"role": role, "content": message["content"], **was})
    return [{"role": message["role"], "content": message["content"]} for message in spoken]


def _refused_role(sent: Mapping[str, Any], message: str, param: str | None) -> str | None:
    if "role" not in message.lower() and "role" not in (param or ""):
        return None
    used = {str(spoken["role"]) for spoken in sent["messages"]}
    named = [role for role in _OTHER_ROLE if role in used and re.search(rf"\b{role}\b", message, re.IGNORECASE)]
    return named[0] if named else None


def _refused_parameter(sent: Mapping[str, Any], message: str, param: str | None) -> str | None:
    ours = [name for name in sent if name not in _NEVER]
    root = re.split(r"[.\[]", param, maxsplit=1)[0] if param else None
    if root in ours:
        return root
    found = [
        (match.start(), name) for name in ours if (match := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message))
    ]
    return min(found)[1] if found else None
