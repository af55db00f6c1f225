"""Which layer wins: defaults < user file < environment < editor settings, and which key goes with which endpoint.

A key and an endpoint are taken as a pair from one layer, or not at all. That is the rule that keeps a key from being
sent to a server that somebody else named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ask_lsp.config.editor import EditorLayer
from ask_lsp.config.env import Environment
from ask_lsp.config.load import UserFile, beside, known_profiles
from ask_lsp.config.pairs import default_pair, editor_key, own_key, unused_editor_key
from ask_lsp.config.position_encoding import ENCODINGS
from ask_lsp.config.prices import price_of
from ask_lsp.config.schema import DEFAULT_MODEL, Config, Endpoint, LimitsEntry, ProfileEntry
from ask_lsp.config.words import did_you_mean, quoted
from ask_lsp.core.privacy import Route
from ask_lsp.core.profile import OPENAI_BASE_URL, Limits, Prices, Profile, origin
from ask_lsp.core.redaction import RedactRules
from ask_lsp.core.secret import Secret
from ask_lsp.core.settings import Settings
from ask_lsp.core.spend import Amounts, Caps


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
    profiles = {name: _priced(_encrypted(profile, file)) for name, profile in profiles.items()}
    problems += unused_editor_key(environment, profiles)
    config, chosen = file.config, editor.settings
    review = chosen.edits.review if chosen.edits else None
    # That hovering sends code is for the user to say: a repository may only wish for it.
    wished = chosen.hover == "ask" and config.hover != "ask"
    settings = Settings(
        profiles=profiles,
        active=selected or active,
        actions=file.actions,
        assistant_name=chosen.assistant_name or config.assistant_name,
        language=chosen.language or config.language,
        hover=config.hover if wished else chosen.hover or config.hover,
        hover_chosen=not wished and (chosen.hover is not None or "hover" in config.model_fields_set),
        hover_wished=wished,
        hover_wait=(config.hover_wait if chosen.hover_wait is None else chosen.hover_wait) / 1000,
        hover_profile=config.hover_profile,
        edits_review=review or config.edits.review,
        max_jobs=config.max_jobs,
        log_level=chosen.log_level or config.log_level,
        position_encoding=_position_encoding(file, environment, editor, problems),
        selected=selected is not None,
        deny=tuple(config.deny),
        redact=RedactRules(
            {name.upper(): pattern for name, pattern in config.redact.patterns.items()}, tuple(config.redact.allow)
        ),
        routes=tuple(Route(tuple(route.paths), route.profile) for route in config.routes),
        caps=_caps(config),
        log_prompts=config.log_prompts,
    )
    return replace(settings, warnings=tuple(problems)), problems


def _profiles(file: UserFile, environment: Environment, problems: list[str]) -> dict[str, Profile]:
    config = file.config
    declared = config.profiles.get("default")
    entry = declared or config
    pair = default_pair(file, environment, entry, is_declared=declared is not None)
    nobody = not (entry.api_key or entry.base_url or entry.headers or pair.key or environment.base_url)
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
        # Said of the file's endpoint, not of one that the environment names.
        allow_insecure=entry.allow_insecure and not pair.moved,
        ca_bundle=_ca_bundle(entry, file),
        proxy=entry.proxy,
    )
    if declared is not None and declared.kind in ("local", "echo"):
        default = _keyless("default", declared.kind, declared, Limits())
    if pair.moved and entry.headers:
        problems.append(
            f"The headers in {file.path} belong to api.openai.com and are not sent to {origin(pair.base_url)}. "
            "Add that base_url to the file if they should be."
        )
    profiles = {"default": default}
    for name in known_profiles(config):
        if name != "default":
            theirs = config.profiles.get(name, ProfileEntry())
            profiles[name] = _profile(name, theirs, default, pair.moved, file, environment)
            if pair.moved and theirs.headers and not profiles[name].headers:
                problems.append(
                    f"The headers of profile “{name}” in {file.path} are not sent to {origin(pair.base_url)}. "
                    "Add that base_url to the profile if they should be."
                )
    return profiles


def _profile(
    name: str, entry: ProfileEntry, default: Profile, moved: bool, file: UserFile, environment: Environment
) -> Profile:
    stands_alone = entry.base_url is not None or own_key(entry) is not None
    kind = entry.kind or (name if name in ("local", "echo") and not stands_alone else "openai")
    if kind == "local" or kind == "echo":
        return _keyless(name, kind, entry, default.limits)
    limits = _limits(entry.limits, default.limits)
    if stands_alone or default.kind != "openai":
        base_url = entry.base_url or OPENAI_BASE_URL
        return Profile(
            name=name,
            base_url=base_url,
            model=entry.model or DEFAULT_MODEL,
            key=own_key(entry) or editor_key(environment, base_url),
            parameters=dict(entry.parameters),
            headers=_headers(entry),
            max_output=entry.max_output,
            prediction=entry.prediction,
            prices=_prices(entry),
            limits=limits,
            allow_insecure=entry.allow_insecure,
            ca_bundle=_ca_bundle(entry, file),
            proxy=entry.proxy,
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
        allow_insecure=(default.allow_insecure or entry.allow_insecure) and not moved,
        ca_bundle=_ca_bundle(entry, file) or default.ca_bundle,
        proxy=entry.proxy or default.proxy,
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


def _encrypted(profile: Profile, file: UserFile) -> Profile:
    """The profile with a problem, if it would send code unencrypted to another machine and nobody allowed that."""
    unencrypted = profile.kind == "openai" and not origin(profile.base_url).startswith("https:")
    if not unencrypted or profile.stays_here or profile.allow_insecure or profile.problem:
        return profile
    problem = (
        f"Profile “{profile.name}” would send code unencrypted to {origin(profile.base_url)}. Change its base_url to "
        f"https://, or write allow_insecure: true beside it in {file.path} if you trust the whole way there."
    )
    return replace(profile, problem=problem)


def _priced(profile: Profile) -> Profile:
    """The profile with what is known of its price: of the settings, else what costs nothing, else of the table."""
    if profile.prices is not None:
        return replace(profile, price_source="settings")
    if profile.stays_here:
        return replace(profile, prices=Prices(0, 0), price_source="this machine")
    known = price_of(origin(profile.base_url), profile.model)
    return profile if known is None else replace(profile, prices=known, price_source="table")


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


def _headers(entry: Endpoint) -> dict[str, Secret]:
    return {name: Secret(value.get_secret_value()) for name, value in entry.headers.items()}


def _prices(entry: Endpoint) -> Prices | None:
    prices = entry.prices
    return Prices(prices.input, prices.output, prices.cached) if prices else None


def _ca_bundle(entry: Endpoint, file: UserFile) -> str | None:
    return str(beside(entry.ca_bundle, file.path)) if entry.ca_bundle else None


def _caps(config: Config) -> Caps:
    chosen = any(getattr(config.tokens, name) is not None for name in config.tokens.model_fields_set)
    return Caps(Amounts(**dict(config.spend)), Amounts(**dict(config.tokens)), tokens_chosen=chosen)


def _limits(entry: LimitsEntry, base: Limits) -> Limits:
    return replace(base, **{name: getattr(entry, name) for name in entry.model_fields_set})
