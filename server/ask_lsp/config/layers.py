"""Which layer wins: defaults < user file < environment < editor settings, and which key goes with which endpoint.

A key and an endpoint are taken as a pair from one layer, or not at all. That is the rule that keeps a key from being
sent to a server that somebody else named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr

from ask_lsp.config.editor import EditorLayer
from ask_lsp.config.env import Environment
from ask_lsp.config.load import UserFile, known_profiles
from ask_lsp.config.position_encoding import ENCODINGS
from ask_lsp.config.schema import DEFAULT_MODEL, Endpoint, KeyPlace, LimitsEntry, ProfileEntry, wrong_base_url
from ask_lsp.config.words import did_you_mean, quoted
from ask_lsp.core.profile import OPENAI_BASE_URL, KeySource, Limits, Prices, Profile
from ask_lsp.core.secret import Secret
from ask_lsp.core.settings import Settings


class _Pair(NamedTuple):
    """An endpoint and its key. `moved` says that the environment led away from where the file's own values belong."""

    base_url: str
    key: KeySource | None
    problem: str | None = None
    moved: bool = False


def build_settings(
    file: UserFile,
    environment: Environment,
    editor: EditorLayer,
    selected: str | None = None,
    file_problems: tuple[str, ...] = (),
) -> tuple[Settings, list[str]]:
    """The settings in force, and sentences about all that is wrong; `file_problems` are such that are known already.

    `selected` is the profile that the user switched to while running; it must exist.
    """
    problems = [*file_problems, *file.warnings, *editor.problems]
    profiles = _profiles(file, environment, problems)
    active = _active(file, environment, editor, profiles, problems)
    if environment.model and active in profiles:
        profiles[active] = _with_model(profiles[active], environment.model)
    config, chosen = file.config, editor.settings
    review = chosen.edits.review if chosen.edits else None
    settings = Settings(
        profiles=profiles,
        active=selected or active,
        actions=file.actions,
        assistant_name=chosen.assistant_name or config.assistant_name,
        language=chosen.language or config.language,
        hover=chosen.hover or config.hover,
        hover_chosen=chosen.hover is not None or "hover" in config.model_fields_set,
        hover_wait=(config.hover_wait if chosen.hover_wait is None else chosen.hover_wait) / 1000,
        hover_profile=config.hover_profile,
        edits_review=review or config.edits.review,
        max_jobs=config.max_jobs,
        log_level=chosen.log_level or config.log_level,
        position_encoding=_position_encoding(file, environment, editor, problems),
    )
    return replace(settings, warnings=tuple(problems)), problems


def origin(base_url: str) -> str:
    """Scheme, host and port of an endpoint: what a key is bound to."""
    parts = urlsplit(base_url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _profiles(file: UserFile, environment: Environment, problems: list[str]) -> dict[str, Profile]:
    config = file.config
    declared = config.profiles.get("default")
    entry = declared or config
    pair = _default_pair(file, environment, entry, is_declared=declared is not None)
    nobody = not (entry.api_key or entry.base_url or entry.headers or environment.api_key or environment.base_url)
    limits = _limits(entry.limits, Limits())
    default = Profile(
        name="default",
        base_url=pair.base_url,
        model=entry.model or DEFAULT_MODEL,
        key=pair.key,
        parameters=dict(entry.parameters),
        headers={} if pair.moved else _headers(entry),
        max_output=entry.max_output,
        prediction=entry.prediction,
        prices=_prices(entry),
        limits=limits,
        problem=file.blocked or pair.problem,
        unconfigured=nobody and not file.blocked,
    )
    if declared is not None and declared.kind in ("local", "echo"):
        default = _keyless("default", declared.kind, declared, Limits())
    if pair.moved and entry.headers:
        problems.append(
            f"The headers in {file.path} belong to api.openai.com and are not sent to {_shown(pair.base_url)}. "
            "Add that base_url to the file if they should be."
        )
    profiles = {"default": default}
    for name in known_profiles(config):
        if name != "default":
            theirs = config.profiles.get(name, ProfileEntry())
            profiles[name] = _profile(name, theirs, default, pair.moved)
            if pair.moved and theirs.headers and not profiles[name].headers:
                problems.append(
                    f"The headers of profile “{name}” in {file.path} are not sent to {_shown(pair.base_url)}. "
                    "Add that base_url to the profile if they should be."
                )
    return profiles


def _default_pair(file: UserFile, environment: Environment, entry: Endpoint, is_declared: bool) -> _Pair:
    own_key = _key(entry)
    if entry.base_url is not None:
        return _Pair(entry.base_url, own_key)
    if is_declared and own_key is not None:
        return _Pair(OPENAI_BASE_URL, own_key)
    theirs = environment.base_url
    env_key = KeySource(env="OPENAI_API_KEY") if environment.api_key else None
    wrong = wrong_base_url(theirs) if theirs else None
    if wrong:
        return _Pair(OPENAI_BASE_URL, None, f"OPENAI_BASE_URL {wrong}, in the environment.")
    moved = theirs is not None and origin(theirs) != origin(OPENAI_BASE_URL)
    if own_key is not None and env_key is None:
        if moved and theirs is not None:
            return _Pair(theirs, None, _key_belongs_elsewhere(file, theirs), moved)
        return _Pair(theirs or OPENAI_BASE_URL, own_key)
    return _Pair(theirs or OPENAI_BASE_URL, env_key, None, moved)


def _key_belongs_elsewhere(file: UserFile, base_url: str) -> str:
    return (
        f"The key in {file.path} belongs to api.openai.com and is not sent to {_shown(base_url)}, which "
        "OPENAI_BASE_URL names. Write base_url beside the key if it belongs there, or set OPENAI_API_KEY as well."
    )


def _shown(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"


def _profile(name: str, entry: ProfileEntry, default: Profile, moved: bool) -> Profile:
    stands_alone = entry.base_url is not None or _key(entry) is not None
    kind = entry.kind or (name if name in ("local", "echo") and not stands_alone else "openai")
    if kind == "local" or kind == "echo":
        return _keyless(name, kind, entry, default.limits)
    limits = _limits(entry.limits, default.limits)
    if stands_alone or default.kind != "openai":
        return Profile(
            name=name,
            base_url=entry.base_url or OPENAI_BASE_URL,
            model=entry.model or DEFAULT_MODEL,
            key=_key(entry),
            parameters=dict(entry.parameters),
            headers=_headers(entry),
            max_output=entry.max_output,
            prediction=entry.prediction,
            prices=_prices(entry),
            limits=limits,
        )
    same_model = entry.model in (None, default.model)
    return replace(
        default,
        name=name,
        model=entry.model or default.model,
        parameters={**default.parameters, **entry.parameters},
        headers={} if moved else {**default.headers, **_headers(entry)},
        max_output=entry.max_output or default.max_output,
        prediction=default.prediction if entry.prediction is None else entry.prediction,
        prices=_prices(entry) or (default.prices if same_model else None),
        limits=limits,
        unconfigured=False,
    )


def _keyless(name: str, kind: Any, entry: Endpoint, limits: Limits) -> Profile:
    """A profile without an endpoint: the base_url is empty, so that a mistake cannot send anything anywhere."""
    return Profile(
        name=name,
        kind=kind,
        base_url="",
        model=entry.model or "",
        parameters=dict(entry.parameters),
        max_output=entry.max_output,
        prediction=entry.prediction,
        prices=_prices(entry),
        limits=_limits(entry.limits, limits),
    )


def _with_model(profile: Profile, model: str) -> Profile:
    """Prices go with the model they were written for."""
    return replace(profile, model=model, prices=profile.prices if model == profile.model else None)


def _active(
    file: UserFile,
    environment: Environment,
    editor: EditorLayer,
    profiles: Mapping[str, Profile],
    problems: list[str],
) -> str:
    active = file.config.profile
    for name, who in (
        (environment.profile, "ASK_LSP_PROFILE names"),
        (editor.settings.profile, "The editor's settings name"),
    ):
        if name and name in profiles:
            active = name
        elif name:
            hint = did_you_mean(name, profiles) or f". Known: {', '.join(sorted(profiles))}."
            problems.append(f"{who} the profile {quoted(name, profiles)}, which {file.path} does not define{hint}")
    return active


def _position_encoding(
    file: UserFile, environment: Environment, editor: EditorLayer, problems: list[str]
) -> str | None:
    value: str | None = file.config.position_encoding
    if environment.position_encoding in ("auto", *ENCODINGS):
        value = environment.position_encoding
    elif environment.position_encoding:
        problems.append("ASK_LSP_POSITION_ENCODING must be auto, utf-8, utf-16 or utf-32. It is ignored.")
    value = editor.settings.position_encoding or value
    return None if value == "auto" else value


def _key(entry: Endpoint) -> KeySource | None:
    place = entry.api_key
    if isinstance(place, KeyPlace):
        return KeySource(env=place.env, file=place.file, command=tuple(place.command) if place.command else None)
    if isinstance(place, SecretStr) and place.get_secret_value().strip():
        return KeySource(literal=Secret(place.get_secret_value().strip()))
    return None


def _headers(entry: Endpoint) -> dict[str, Secret]:
    return {name: Secret(value.get_secret_value()) for name, value in entry.headers.items()}


def _prices(entry: Endpoint) -> Prices | None:
    return Prices(entry.prices.input, entry.prices.output) if entry.prices else None


def _limits(entry: LimitsEntry, base: Limits) -> Limits:
    return replace(base, **{name: getattr(entry, name) for name in entry.model_fields_set})
