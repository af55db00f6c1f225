"""Templates are rendered in a sandbox, off the loop, and a mistake in one names its line."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from config_rig import Rig

from ask_lsp.core.action import Action, Place
from ask_lsp.core.errors import SettingsError
from ask_lsp.prompts.render import MAX_OUTPUT, VARIABLES, Renderer

VALUES: dict[str, Any] = {
    "target": "function `mean`",
    "language": "python",
    "file": "stats.py",
    "question": "Why?",
    "code": "def mean(): ...",
    "problems": [
        {"message": "undefined name `x`", "code": "F821", "source": "ruff", "line": 3},
        {"message": "too long", "code": "", "source": "", "line": 4},
    ],
    "surrounding": "class Stats: ...",
    "answer_language": "",
}


def action(prompt: str, system: str = "") -> Action:
    return Action(
        "mine", "T", "ask", prompt, system, prompt_at=Place("config.yaml", 10), system_at=Place("other.yaml", 5)
    )


async def rendered(prompt: str, **values: Any) -> str:
    return (await Renderer().render(action(prompt), {**VALUES, **values}))[1]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("{{ target }} {{ language }} {{ file }}", "function `mean` python stats.py"),
        (
            "{% for problem in problems %}\n{{ problem.line }}: {{ problem.message }}\n{% endfor %}\n",
            "3: undefined name `x`\n4: too long",
        ),
        ("{% if surrounding %}a{% else %}b{% endif %}", "a"),
        ("<{{ question }} & {{ code }}>", "<Why? & def mean(): ...>"),
        ("{# nothing #}  x  \n\n", "x"),
    ],
)
async def test_a_prompt(prompt: str, expected: str) -> None:
    """What stands in it stays as it is: a model reads no HTML escapes."""
    assert await rendered(prompt) == expected


async def test_values_are_never_templates() -> None:
    """Code under the cursor is full of braces."""
    assert await rendered("{{ code }}", code="{{ 7 * 7 }} {% raise %}") == "{{ 7 * 7 }} {% raise %}"


async def test_what_is_not_given_is_empty() -> None:
    _, question = await Renderer().render(action("[{{ question }}{{ surrounding }}{{ problems | length }}]"), {})

    assert question == "[0]"


@pytest.mark.parametrize(
    ("system", "expected"),
    [("Be short.", "Be short.\n\nAnswer in this language: German."), ("", "Answer in this language: German.")],
)
async def test_the_system_prompt_ends_with_the_language(system: str, expected: str) -> None:
    """Also that of a user's own action, which need not think of it."""
    found, _ = await Renderer().render(action("x", system), {**VALUES, "answer_language": "German"})

    assert found == expected


@pytest.mark.parametrize(
    "prompt",
    [
        "{{ code.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ problems.append(1) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ range(100000000) | list }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ '{0.__class__}'.format(code) }}",
    ],
)
async def test_a_template_reaches_nothing_of_ours(prompt: str) -> None:
    with pytest.raises(SettingsError):
        await rendered(prompt)


@pytest.mark.parametrize(
    ("prompt", "line", "words"),
    [
        ("one\ntwo\n{{ problems[9].line }}\n", 12, ""),
        ("{{ code.nothing }}", 10, "has no attribute 'nothing'"),
        ("a\n{{ 1 / 0 }}\n", 11, "ZeroDivisionError"),
        ("a\n{% for x in problems %}\nb\n{{ x.missing }}\n{% endfor %}\n", 13, "has no attribute 'missing'"),
        ("a\n{{ code + 1 }}\n", 11, "TypeError"),
        ("a\n\n{% if %}", 12, ""),
    ],
)
async def test_a_failing_template_names_its_line(prompt: str, line: int, words: str) -> None:
    """The line of the settings file, and none of the code it was about."""
    with pytest.raises(SettingsError) as refused:
        await rendered(prompt)

    sentence = str(refused.value)
    assert sentence.startswith(f"config.yaml:{line}: the prompt of actions.mine cannot be rendered: ")
    assert words in sentence
    assert sentence.endswith("Correct it and ask again.")
    assert "def mean" not in sentence


async def test_the_system_prompt_has_a_line_of_its_own() -> None:
    with pytest.raises(SettingsError, match=r"^other\.yaml:6: the system of actions\.mine"):
        await Renderer().render(action("x", "a\n{{ 1 / 0 }}"), VALUES)


async def test_a_template_without_end_is_stopped() -> None:
    prompt = "{% for a in range(9999) %}{% for b in range(9999) %}{{ code }}{% endfor %}{% endfor %}"

    with pytest.raises(SettingsError, match=f"more than {MAX_OUTPUT:,} characters"):
        await rendered(prompt)


async def test_a_template_is_compiled_once_and_rendered_off_the_loop() -> None:
    renderer = Renderer()
    seen: list[tuple[threading.Thread, Any]] = []

    class Probe:
        def __str__(self) -> str:
            seen.append((threading.current_thread(), renderer._compiled["{{ code }}"]))
            return "probe"

    for _ in range(2):
        assert (await renderer.render(action("{{ code }}"), {"code": Probe()}))[1] == "probe"

    assert threading.main_thread() not in {thread for thread, _ in seen}
    assert len({id(template) for _, template in seen}) == 1


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain {{ target }}", []),
        ("{% set x = code %}{{ x }}{% for y in problems %}{{ loop.index }}{{ y.line }}{% endfor %}", []),
        ("a\n{{ tarjet }}", [(2, "unknown variable “tarjet” - did you mean “target”?")]),
        ("{{ nothing_like_it }}", [(1, f"unknown variable “nothing_like_it” - known here: {', '.join(VARIABLES)}")]),
    ],
)
def test_what_is_said_about_a_template_before_it_is_used(template: str, expected: list[tuple[int, str]]) -> None:
    assert Renderer().check(template) == expected


@pytest.mark.parametrize("template", ["a\n{{", "a\n{% if x %}", "a\n{% nope %}", "a\n{{ x | nope }}"])
def test_a_mistake_in_the_syntax_has_its_line(template: str) -> None:
    ((line, sentence),) = Renderer().check(template)

    assert line == 2
    assert sentence.endswith("(Jinja2)")


@pytest.mark.parametrize("values", [VALUES, {"target": "selection", "problems": VALUES["problems"][:1]}, {}])
@pytest.mark.parametrize("language", ["", "Japanese"])
async def test_every_built_in_action_renders(tmp_path: Path, values: dict[str, Any], language: str) -> None:
    """With everything known and with next to nothing, and no template language is left over."""
    settings = await Rig(tmp_path).settings()
    renderer = Renderer()

    for built_in in settings.actions:
        system, question = await renderer.render(built_in, {**values, "answer_language": language})

        assert question
        assert system.endswith("Japanese.") == bool(language)
        assert not {"{{", "{%"} & {text[index : index + 2] for text in (system, question) for index in range(len(text))}
        assert "\n\n\n" not in system + question


async def test_the_question_of_the_user_is_the_prompt(tmp_path: Path) -> None:
    ask = (await Rig(tmp_path).settings()).action("ask")
    assert ask

    _, question = await Renderer().render(ask, {**VALUES, "question": "Is this {{ safe }}?"})

    assert question == "Is this {{ safe }}?"


async def test_the_reported_problems_are_listed(tmp_path: Path) -> None:
    explain_problem = (await Rig(tmp_path).settings()).action("explain_problem")
    assert explain_problem

    _, question = await Renderer().render(explain_problem, VALUES)

    assert "\n- line 3: undefined name `x` (ruff F821)\n- line 4: too long\n\n" in question
