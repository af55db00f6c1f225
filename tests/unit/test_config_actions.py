"""Actions in the settings file: the format of the built-in ones, merged over them, each on its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_rig import Rig, problems_of

from ask_lsp.core.action import Place
from ask_lsp.prompts.render import Renderer

BUILT_IN = [
    *("ask", "explain", "find_problems", "fix", "fix_all", "fix_file", "refactor", "simplify", "document", "types"),
    *("tests", "complete", "rewrite", "explain_problem", "explain_hover"),
]


async def test_the_built_in_actions(tmp_path: Path) -> None:
    """What each of them needs, and the kinds that keep a real server's fixes before ours."""
    settings = await Rig(tmp_path).settings()

    assert [action.id for action in settings.actions] == BUILT_IN
    by_id = {action.id: action for action in settings.actions}
    assert {action.id for action in settings.actions if not action.listed} == {"explain_hover"}
    assert {action.id for action in settings.actions if action.kind == "ask" and action.listed} == {"ask", "explain"}
    quick = {action.id for action in settings.actions if action.kind == "quickfix"}
    assert quick == {"fix", "fix_all", "fix_file", "explain_problem"}
    assert (by_id["ask"].needs, by_id["explain_problem"].needs) == ("question", "diagnostics")
    assert by_id["ask"].title_for("selection", "ChatGPT") == "Ask ChatGPT about selection"
    assert by_id["explain"].title_for("function `mean`", "ChatGPT") == "Explain function `mean`"


async def test_an_action_of_ones_own(tmp_path: Path) -> None:
    """It comes behind the built-in ones, and needs a title and a prompt only."""
    rig = Rig(
        tmp_path,
        """
actions:
  review:
    title: Review {target}
    prompt: |

      Review it.
    languages: [go]
    context: [symbol, diagnostics]
    profile: local
  zebra: {title: Z, prompt: z, kind: refactor.inline, needs: diagnostics, system: Be a zebra.}
  apple: {title: A, prompt: a}
  shout: {title: S, prompt: s, output: replace, scope: file}
""",
    )

    settings = await rig.settings()

    assert rig.keeper.take_problems() == []
    assert [action.id for action in settings.actions] == [*BUILT_IN, "review", "zebra", "apple", "shout"]
    review, zebra, ask = (settings.action(name) for name in ("review", "zebra", "ask"))
    shout, rewrite = settings.action("shout"), settings.action("rewrite")
    assert shout
    assert rewrite
    assert (shout.kind, shout.output, shout.scope) == ("refactor.rewrite", "replace", "file")
    assert shout.system == rewrite.system
    assert review
    assert zebra
    assert ask
    assert (review.kind, review.languages, review.context, review.profile) == (
        "ask",
        ("go",),
        ("symbol", "diagnostics"),
        "local",
    )
    assert review.system == ask.system
    assert review.prompt_at == Place("config.yaml", 6)
    assert (zebra.kind, zebra.needs, zebra.system) == ("refactor.inline", "diagnostics", "Be a zebra.")


async def test_a_built_in_action_is_changed_field_by_field(tmp_path: Path) -> None:
    """And keeps its place."""
    before = (await Rig(tmp_path).settings()).action("explain")
    settings = await Rig(tmp_path, "actions: {explain: {title: 'What is {target}?'}}\n").settings()

    after = settings.action("explain")

    assert before
    assert after
    assert after.title == "What is {target}?"
    assert (after.prompt, after.prompt_at, after.kind) == (before.prompt, before.prompt_at, before.kind)
    assert [action.id for action in settings.actions] == BUILT_IN


async def test_a_built_in_action_is_hidden_by_false(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "actions: {tests: false, document: false}\n")

    settings = await rig.settings()

    assert [action.id for action in settings.actions] == [
        name for name in BUILT_IN if name not in ("tests", "document")
    ]
    assert rig.keeper.take_problems() == []


@pytest.mark.parametrize(
    ("entry", "line", "words"),
    [
        ("{title: T}", 4, "“prompt” is missing in actions.bad."),
        ("{prompt: p}", 4, "“title” is missing in actions.bad."),
        ("{title: T, prompt: p, kind: source.fixAll}", 4, "“kind” in actions.bad is not a kind of ours"),
        ("{title: T, prompt: p, kind: ''}", 4, "“kind” in actions.bad is not a kind of ours"),
        ("{title: 'T {tarjet}', prompt: p}", 4, "“title” in actions.bad has an unknown field in braces"),
        ("{title: T, promt: p}", 4, "unknown key “promt” in actions.bad - did you mean “prompt”?"),
        (
            "{title: T, prompt: p, context: [symbols]}",
            4,
            "item 1 of “context” in actions.bad must be symbol or diagnostics - did you mean “symbol”?",
        ),
        (
            "{title: T, prompt: p, output: replacement}",
            4,
            "“output” in actions.bad must be chat, replace, insert_before, insert_after, insert or new_file",
        ),
        ("{title: T, prompt: p, file: ../x.md}", 4, "“file” in actions.bad must be the name of a file"),
        (
            "{title: T, prompt: p, profile: lokal}",
            4,
            "there is no profile “lokal” for actions.bad - did you mean “local”?",
        ),
        ("{title: T, prompt: '{{ code'}", 4, "“prompt” in actions.bad: "),
        ("true", 4, "“bad” in actions must be false, which hides it, or be followed by the fields that differ"),
        ("off", 4, "“bad” in actions must be followed by indented lines"),
        ("false", 4, "there is no built-in action “bad” to hide"),
        (
            "\n    title: T\n    prompt: |\n      one\n      {% if code %}\n      {{ quesion }}\n      {% endif %}\n",
            9,
            "“prompt” in actions.bad: unknown variable “quesion” - did you mean “question”?",
        ),
        ("\n    title: T\n    system: |\n      one\n      {% if %}\n    prompt: p\n", 8, "“system” in actions.bad: "),
        (
            "\n    title: T\n    prompt: >-\n      {{ code | nofilter }}\n",
            7,
            "“prompt” in actions.bad: No filter named 'nofilter' (Jinja2)",
        ),
        ("\n    title: T\n    prompt: |\n      {% for x in code %}\n      {{ x }}\n", 8, "“prompt” in actions.bad: "),
    ],
)
async def test_a_bad_action_is_off_alone(tmp_path: Path, entry: str, line: int, words: str) -> None:
    """With one message that names the line; everything else in the file holds."""
    rig = Rig(tmp_path, f"model: m\nactions:\n  good: {{title: G, prompt: g}}\n  bad: {entry}\n")

    settings = await rig.settings()

    problems = rig.keeper.take_problems()
    assert problems[0].startswith(f"config.yaml:{line}: {words}")
    assert len(problems) == 1
    assert settings.action("good") is not None
    assert settings.action("bad") is None
    assert settings.profile().model == "m"


async def test_a_bad_change_of_a_built_in_action_turns_it_off(tmp_path: Path) -> None:
    """Rather than asking what its owner did not want to be asked."""
    rig = Rig(tmp_path, "actions: {explain: {prompt: '{{ nope }}'}}\n")

    settings = await rig.settings()

    assert settings.action("explain") is None
    (problem,) = rig.keeper.take_problems()
    assert problem.endswith("The action is off until that is put right.")


@pytest.mark.parametrize("name", ["Bad", "a-b", "a.b", "ü"])
async def test_the_names_of_actions(tmp_path: Path, name: str) -> None:
    """They are parts of commands that people type."""
    (problem,) = await problems_of(tmp_path, f"actions:\n  {name}: {{title: T, prompt: p}}\n")

    assert problem.startswith("config.yaml:2: ")
    assert "use a-z, 0-9 and “_”" in problem


async def test_actions_of_a_wrong_type_are_one_sentence(tmp_path: Path) -> None:
    assert await problems_of(tmp_path, "actions: [explain]\n") == [
        "config.yaml:1: “actions” must be followed by indented lines “name: value”."
    ]


async def test_the_built_in_templates_are_sound(tmp_path: Path) -> None:
    renderer = Renderer()

    for action in (await Rig(tmp_path).settings()).actions:
        assert renderer.check(action.prompt) == []
        assert renderer.check(action.system) == []
