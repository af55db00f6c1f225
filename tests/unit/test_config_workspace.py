"""A workspace's own file: whoever wrote it, it can forbid and lower, never lead anywhere, and asks before it adds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from config_rig import Rig

from ask_lsp.config.action_entry import ActionEntry
from ask_lsp.config.keeper import Keeper
from ask_lsp.config.schema import Config, ProfileEntry
from ask_lsp.config.workspace import MAX_BYTES, MAX_INSTRUCTIONS, MAY_HOLD
from ask_lsp.core.privacy import Route
from ask_lsp.core.settings import Settings, UntrustedWorkspace
from ask_lsp.core.spend import Amounts
from ask_lsp.prompts import ACTIONS_FILE
from ask_lsp.prompts.render import Renderer
from ask_lsp.store.trust import TrustFile

USER = """
model: mine
spend: {per_day: 4, per_hour: null}
routes: [{paths: [a/], profile: local}]
actions: {mine: {title: M, prompt: m}, tests: false}
profiles:
  work: {base_url: "https://work.example.com/v1"}
  ollama: {base_url: "http://127.0.0.1:11434/v1"}
"""


class Project(Rig):
    """A workspace beside the user's settings, and the state directory in which trust is kept."""

    def __init__(self, tmp_path: Path, text: str | bytes | None = None, user: str = USER, **environ: str) -> None:
        super().__init__(tmp_path, user, **environ)
        self.root = tmp_path / "project"
        self.root.mkdir(exist_ok=True)
        self.own = self.root / ".ask-lsp.yaml"
        self.trust = TrustFile(tmp_path / "state")
        self.keeper = Keeper(self.environment, ACTIONS_FILE, Renderer().check, self.trust)
        if text is not None:
            self.save(text)

    def save(self, text: str | bytes) -> None:
        new = self.root / f"new{os.urandom(4).hex()}"
        new.write_bytes(text.encode() if isinstance(text, str) else text)
        if self.own.exists():
            self.own.rename(self.root / f"old{os.urandom(4).hex()}")
        new.rename(self.own)

    async def narrowed(self) -> Settings:
        return await self.keeper.current(self.root)

    async def decide(self, trusted: bool) -> None:
        """What the user answers to the question that `narrowed` leads to."""
        asked = self.keeper.untrusted(self.root)
        assert asked is not None
        await self.trust.remember(self.root, asked.digest, trusted)

    @property
    def asked(self) -> UntrustedWorkspace | None:
        return self.keeper.untrusted(self.root)

    @property
    def problems(self) -> list[str]:
        told = self.keeper.take_problems()
        assert all(sentence.startswith("project/.ask-lsp.yaml:") for sentence in told)
        return [sentence.removeprefix("project/.ask-lsp.yaml:") for sentence in told]


# ---- what it may ----


async def test_rules_count_at_once(tmp_path: Path) -> None:
    """They add to the user's, and replace none of them; nobody is asked."""
    project = Project(
        tmp_path,
        """
ignore: [generated/, "*.csv"]
routes: [{paths: [customers/], profile: work}]
spend: {per_day: 1, per_month: 9}
""",
    )

    settings = await project.narrowed()
    everywhere = await project.settings()

    assert project.problems == []
    assert project.asked is None
    assert settings.ignore == ("generated/", "*.csv")
    assert settings.routes == (Route(("a/",), "local"), Route(("customers/",), "work", str(project.root)))
    assert settings.caps.spend == Amounts(per_request=0.5, per_hour=None, per_day=1, per_month=9)
    assert settings.caps.tokens == everywhere.caps.tokens
    assert (everywhere.ignore, everywhere.caps.spend.per_day, len(everywhere.routes)) == ((), 4, 1)
    assert settings.profiles == everywhere.profiles


async def test_without_the_file_the_settings_are_the_users(tmp_path: Path) -> None:
    project = Project(tmp_path)

    assert await project.narrowed() is await project.settings()
    assert project.problems == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "ignore:\nactions:\nspend:\n", "ignore: []\nactions: {}\n"])
async def test_an_empty_file_is_fine(tmp_path: Path, text: str) -> None:
    project = Project(tmp_path, text)

    settings = await project.narrowed()

    assert project.problems == []
    assert project.asked is None
    assert settings == await project.settings()


async def test_tokens_are_lowered_as_well(tmp_path: Path) -> None:
    project = Project(tmp_path, "tokens: {per_request: 100, per_hour: 5}\n")

    caps = (await project.narrowed()).caps

    assert caps.tokens == Amounts(per_request=100, per_hour=5, per_day=1_000_000)
    assert caps.tokens_chosen


# ---- what it may not ----


@pytest.mark.parametrize("name", sorted(({*Config.model_fields, *ProfileEntry.model_fields}) - set(MAY_HOLD)))
async def test_no_other_setting_may_stand_in_it(tmp_path: Path, name: str) -> None:
    """Endpoint, key, header, proxy, profile, price, hover ...: each is an error that says where it belongs."""
    project = Project(tmp_path, f"ignore: [x]\n{name}: {{evil: https://evil.example.com}}\n", OPENAI_API_KEY="sk-env")

    settings = await project.narrowed()

    (problem,) = project.problems
    assert problem.startswith(f"2: “{name}” may not come from a workspace, whose files anybody may have written")
    assert str(project.path) in problem
    assert "evil" not in problem
    everywhere = await project.settings()
    assert settings.ignore == ("x",)
    for part in Settings.__dataclass_fields__:
        if part not in ("ignore", "warnings"):
            assert getattr(settings, part) == getattr(everywhere, part), part


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ignored: [a]\n", "1: unknown key “ignored” - did you mean “ignore”?"),
        (
            "command: [rm]\n",
            "1: unknown key “command” - known here: ignore, routes, spend, tokens, instructions or actions.",
        ),
        (
            "spend:\n  per_day: 5\n",
            "2: “per_day” in spend is higher than your cap of 4 - a workspace can only lower one.",
        ),
        ("spend: {per_day: false}\n", "1: “per_day” in spend would lift a cap - a workspace can only lower one."),
        ("spend: {per_day: null}\n", "1: “per_day” in spend would lift a cap - a workspace can only lower one."),
        (
            "tokens: {per_request: 60000}\n",
            "1: “per_request” in tokens is higher than your cap of 50,000 - a workspace can only lower one.",
        ),
        ("spend: {per_day: much}\n", "1: “per_day” in spend must be a number, or false for no limit."),
        ("spend: 3\n", "1: “spend” must be followed by indented lines “name: value”."),
        (
            "ignore: ['!keep']\n",
            "1: item 1 of “ignore” begins with “!”, which would take something off the list - this list can only add.",
        ),
        ("ignore: x\n", "1: “ignore” must be a list, as in [one, two]."),
        ("ignore:\n  - [x]\n", "2: item 1 of “ignore” must be text - put it in quotes."),
        ("routes: x\n", "1: “routes” must be a list of items with “paths” and “profile”."),
        ("routes: [{paths: [a]}]\n", "1: item 1 of “routes” needs “paths”, a list, and “profile”, a name."),
        (
            "routes: [{paths: [a], profile: work, base_url: x}]\n",
            "1: unknown key “base_url” in item 1 of “routes” - leave it out.",
        ),
        ("instructions: [a]\n", "1: “instructions” must be text."),
        ("instructions: 'a\u202eb'\n", "1: “instructions” holds characters that cannot be seen - delete them."),
        ("actions: [a]\n", "1: “actions” must be followed by indented lines “name: value”."),
    ],
)
async def test_one_mistake_is_one_sentence(tmp_path: Path, text: str, expected: str) -> None:
    project = Project(tmp_path, text)

    settings = await project.narrowed()

    assert project.problems == [expected]
    assert settings.warnings == (f"project/.ask-lsp.yaml:{expected}",)
    assert settings.caps == (await project.settings()).caps


async def test_long_instructions_are_refused(tmp_path: Path) -> None:
    project = Project(tmp_path, f"instructions: {'x' * (MAX_INSTRUCTIONS + 1)}\n")

    await project.narrowed()

    assert project.problems == ["1: “instructions” must have at most 4,000 characters."]
    assert project.asked is None


async def test_a_route_to_a_profile_that_is_not_there_is_a_route_to_nowhere(tmp_path: Path) -> None:
    """The files it names were to be kept from all others; they are sent to nobody until the user defines it."""
    project = Project(tmp_path, "routes:\n  - paths: [a]\n    profile: wrok\n")

    settings = await project.narrowed()

    assert project.problems == [
        "3: your settings have no profile “wrok” for this route, so its files are not sent at all"
        " - did you mean “work”?"
    ]
    assert settings.routes[-1] == Route(("a",), "wrok", str(project.root))


# ---- a wrong file ----


@pytest.mark.parametrize(
    "text",
    [
        "ignore:\n  - x\nmodle: 1\nspend: {per_day: 1}\n",
        "ignore: [x, '!y', 5]\nspend: {per_day: 1, per_hour: much}\n",
        "ignore: [x]\nspend: {per_day: 1}\nspend: {per_day: 2}\n",
        "# first\nignore: [x]\nactions: [\nspend: {per_day: 1}\n",
        "actions: {a: 'never closed}\nignore:\n- x\nspend:\n  per_day: 1\n",
        "{]\nignore: [x]\n\nspend:\n    per_day: 1\n",
        "ignore: x\nspend: {per_day: 1}\n",
    ],
)
async def test_rules_that_can_be_read_in_a_wrong_file_count(tmp_path: Path, text: str) -> None:
    """It is no way out of a rule to break the file that it stands in."""
    project = Project(tmp_path, text)

    settings = await project.narrowed()

    assert settings.ignore == ("x",)
    assert settings.caps.spend.per_day == 1
    assert project.problems


@pytest.mark.parametrize("wrong", ["ignore: [new\n", b"\xff\xfe", "- a\n", "\x00", "x" * (MAX_BYTES + 1)])
async def test_rules_go_on_to_count_while_the_file_cannot_be_read(tmp_path: Path, wrong: str | bytes) -> None:
    """And end with the file that is right again, or gone."""
    project = Project(tmp_path, "ignore: [old]\nspend: {per_day: 1}\ninstructions: Be brief.\n")
    await project.narrowed()
    await project.decide(trusted=True)
    assert (await project.narrowed()).instructions == "Be brief."

    project.save(wrong)
    settings = await project.narrowed()

    assert (settings.ignore, settings.caps.spend.per_day) == (("old",), 1)
    assert (settings.instructions, project.asked) == ("", None)
    (problem,) = project.problems
    assert problem.endswith("; the rules that were read before go on to count.")

    project.save("ignore: [new]\n")
    assert (await project.narrowed()).ignore == ("new",)
    assert project.problems == []
    project.own.unlink()
    assert (await project.narrowed()).ignore == ()


async def test_a_file_that_was_never_right_says_what_that_means(tmp_path: Path) -> None:
    project = Project(tmp_path, "ignore: [x\n")

    await project.narrowed()

    (problem,) = project.problems
    assert problem == "1: a bracket is never closed - close it; what cannot be read here does not count."


@pytest.mark.skipif(os.name != "posix", reason="links, pipes and permissions are those of POSIX")
async def test_what_is_no_plain_file_of_the_workspace_is_not_read(tmp_path: Path) -> None:
    """A link out of it could read anything for the one who wrote it; a pipe would never end."""
    outside = tmp_path / "outside.yaml"
    outside.write_text("ignore: [secret-of-somebody]\n")
    project = Project(tmp_path)

    project.own.symlink_to(outside)
    settings = await project.narrowed()
    assert settings.ignore == ()
    assert "leads out of the workspace, so it is not followed" in project.problems[0]

    project.own.unlink()
    os.mkfifo(project.own)
    await project.narrowed()
    assert "is no plain file" in project.problems[0]

    project.own.unlink()
    project.own.symlink_to(project.own)
    fresh = Project(tmp_path)
    await fresh.narrowed()
    assert "cannot be read" in fresh.problems[0]

    project.own.unlink()
    project.own.symlink_to("absent")
    fresh = Project(tmp_path)
    await fresh.narrowed()
    assert "leads nowhere" in fresh.problems[0]

    project.own.unlink()
    (project.root / "config").mkdir()
    (project.root / "config" / "ask.yaml").write_text("ignore: [inside]\n")
    project.own.symlink_to("config/ask.yaml")
    assert (await project.narrowed()).ignore == ("inside",)


async def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path, "ignore: [x]\n")

    real = Path.open

    def refuse(path: Path, *arguments: object, **named: object) -> object:
        if path == project.own:
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **named)  # type: ignore[arg-type,call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    await project.narrowed()

    (problem,) = project.problems
    assert "this file cannot be read (permission denied) - make it readable, or delete it" in problem


# ---- trust ----

ADDS = """
instructions: |
  We write British English.
actions:
  review:
    title: Review it
    prompt: |
      Review it.
"""


async def test_actions_and_instructions_count_once_they_are_trusted(tmp_path: Path) -> None:
    project = Project(tmp_path, f"ignore: [x]\n{ADDS}")

    settings = await project.narrowed()

    assert project.problems == []
    assert project.asked is not None
    assert project.asked[:2] == (project.root, project.own)
    assert project.asked.wants == (
        "It brings an action of its own (“review”) and instructions for the model (25 characters)."
    )
    assert not project.asked.refused
    assert (settings.instructions, settings.action("review"), settings.ignore) == ("", None, ("x",))

    await project.decide(trusted=True)
    settings = await project.narrowed()

    assert project.asked is None
    assert settings.instructions == "We write British English."
    review, ask = settings.action("review"), settings.action("ask")
    assert review is not None
    assert ask is not None
    assert (review.title, review.kind, review.system) == ("Review it", "ask", ask.system)
    assert review.prompt_at is not None
    assert review.prompt_at == ("project/.ask-lsp.yaml", 9)
    assert settings.actions[:-1] == (await project.settings()).actions


async def test_a_file_that_has_changed_asks_again(tmp_path: Path) -> None:
    """Whatever has changed in it; and going back to what was trusted does not."""
    project = Project(tmp_path, ADDS)
    await project.narrowed()
    await project.decide(trusted=True)
    assert (await project.narrowed()).instructions

    project.save(f"{ADDS}# evil\n")
    settings = await project.narrowed()
    assert (settings.instructions, settings.action("review")) == ("", None)
    assert project.asked is not None

    project.save(ADDS)
    assert (await project.narrowed()).instructions


async def test_a_no_is_remembered(tmp_path: Path) -> None:
    """Nothing counts; ask.trust can still be given the facts."""
    project = Project(tmp_path, ADDS)
    await project.narrowed()
    await project.decide(trusted=False)

    settings = await project.narrowed()

    assert (settings.instructions, settings.action("review")) == ("", None)
    assert project.asked is not None
    assert project.asked.refused


async def test_trust_outlives_the_process_and_is_the_users_alone(tmp_path: Path) -> None:
    """It is kept outside the workspace, and another workspace with the same file is not trusted by it."""
    project = Project(tmp_path, ADDS)
    await project.narrowed()
    await project.decide(trusted=True)

    assert (await Project(tmp_path).narrowed()).instructions
    assert {path.name for path in project.root.iterdir()} == {".ask-lsp.yaml"}
    other = tmp_path / "other"
    other.mkdir()
    (other / ".ask-lsp.yaml").write_text(ADDS)
    assert (await project.keeper.current(other)).instructions == ""


async def test_without_a_place_to_keep_trust_nothing_is_trusted(tmp_path: Path) -> None:
    project = Project(tmp_path, ADDS)
    project.keeper = Keeper(project.environment, ACTIONS_FILE, Renderer().check)

    assert (await project.narrowed()).instructions == ""


async def test_the_question_shows_names_and_numbers_only(tmp_path: Path) -> None:
    """What a workspace has written could be made to look like the question itself."""
    actions = "".join(f"  action{number}: {{title: Trusted by ACME, prompt: x}}\n" for number in range(7))
    project = Project(tmp_path, f"actions:\n{actions}")

    await project.narrowed()

    assert project.asked is not None
    assert project.asked.wants == (
        "It brings actions of its own (“action0”, “action1”, “action2”, “action3”, “action4” and 2 more)."
    )


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("explain: {prompt: evil}", "“explain” in actions is there already - a workspace can only add actions"),
        ("mine: {title: T, prompt: evil}", "“mine” in actions is there already - a workspace can only add actions"),
        # The user has hidden it; then a workspace does not bring it back.
        ("tests: {title: T, prompt: evil}", "“tests” in actions is there already - a workspace can only add actions"),
        ("explain: false", "“explain” in actions is there already - a workspace can only add actions"),
        ("novel: false", "“novel” in actions is there already - a workspace can only add actions"),
        ("own: {title: T}", "“prompt” is missing in actions.own"),
        ("own: {title: T, prompt: 'a\U000e0041b'}", "“prompt” in actions.own holds characters that cannot be seen"),
        ("own: {title: T, prompt: p, system: 'a\u202eb'}", "“system” in actions.own holds characters that cannot be"),
        ("own: {title: T, prompt: '{{ nope }}'}", "“prompt” in actions.own: unknown variable “nope” - known here: "),
        (
            "own: {title: T, prompt: p, profile: work}",
            "“profile” in actions.own leads elsewhere - a workspace can name only one that stays on this machine",
        ),
        ("own: {title: T, prompt: p, profile: default}", "“profile” in actions.own leads elsewhere"),
        (
            "own: {title: T, prompt: p, profile: wrok}",
            "there is no profile “wrok” for actions.own - did you mean “work”?",
        ),
        (
            "own: {title: T, prompt: p, output: new_file, file: evil.sh}",
            "“file” in actions.own may not come from a workspace - leave it out, or put the action into ",
        ),
        (
            "own: {title: T, prompt: p, file: ../evil.sh}",
            "“file” in actions.own must be the name of a file, without a folder",
        ),
        ("own: {title: T, prompt: p, kind: source.fixAll}", "“kind” in actions.own is not a kind of ours"),
        ("own: {title: T, prompt: p, base_url: 'http://x'}", "unknown key “base_url” in actions.own"),
        ("own: {title: T, prompt: p, command: rm}", "unknown key “command” in actions.own"),
        ("Own: {title: T, prompt: p}", "“Own” in actions is no possible name - use a-z, 0-9 and “_”"),
    ],
)
async def test_an_action_that_would_do_more_is_off(tmp_path: Path, action: str, expected: str) -> None:
    """Even when the user trusts the file; the others in it count."""
    project = Project(tmp_path, f"actions:\n  good: {{title: G, prompt: g}}\n  {action}\n", OPENAI_API_KEY="sk-env")
    before = await project.settings()
    await project.narrowed()
    (problem,) = project.problems
    await project.decide(trusted=True)

    settings = await project.narrowed()

    assert problem.startswith(f"3: {expected}")
    assert problem.endswith("The action is off until that is put right.")
    assert [found.id for found in settings.actions] == [*(found.id for found in before.actions), "good"]
    assert settings.actions[:-1] == before.actions


@pytest.mark.parametrize("profile", ["local", "echo", "ollama"])
async def test_an_action_may_name_a_profile_that_stays_on_this_machine(tmp_path: Path, profile: str) -> None:
    project = Project(tmp_path, f"actions: {{own: {{title: T, prompt: p, profile: {profile}, system:}}}}\n")
    await project.narrowed()
    await project.decide(trusted=True)

    own = (await project.narrowed()).action("own")

    assert project.problems == []
    assert own is not None
    assert own.profile == profile


async def test_every_field_of_an_action_was_thought_of(tmp_path: Path) -> None:
    """A new one is looked at before a workspace may set it."""
    assert set(ActionEntry.model_fields) == {
        *("title", "kind", "system", "prompt", "context", "output", "file", "scope", "languages", "profile", "needs"),
        "listed",
    }


# ---- keeping it ----


async def test_nothing_is_loaded_before_somebody_asks(tmp_path: Path) -> None:
    project = Project(tmp_path, "ignore: [x]\n")

    assert project.keeper.loaded(project.root) is None
    await project.settings()
    assert project.keeper.loaded(project.root) is None

    settings = await project.narrowed()
    assert project.keeper.loaded(project.root) is settings
    assert await project.narrowed() is settings


async def test_a_change_anywhere_is_in_force_at_the_next_ask(tmp_path: Path) -> None:
    """Of the workspace's file, the user's file, the editor's settings, the profile that was chosen."""
    project = Project(tmp_path, "ignore: [x]\nspend: {per_day: 2}\n")
    await project.narrowed()

    project.save("ignore: [y]\nspend: {per_day: 2}\n")
    assert (await project.narrowed()).ignore == ("y",)

    project.write(USER.replace("per_day: 4", "per_day: 1"))
    settings = await project.narrowed()
    assert (settings.caps.spend.per_day, settings.ignore) == (1, ("y",))
    assert "higher than your cap of 1" in project.problems[0]

    await project.keeper.set_editor({"hover": "off"})
    loaded = project.keeper.loaded(project.root)
    assert loaded is not None
    assert (loaded.hover, loaded.ignore) == ("off", ("y",))

    await project.keeper.select_profile("ollama")
    settings = await project.narrowed()
    assert (settings.active, settings.selected, settings.ignore) == ("ollama", True, ("y",))

    project.own.unlink()
    assert await project.narrowed() is await project.settings()


async def test_each_workspace_has_its_own(tmp_path: Path) -> None:
    project = Project(tmp_path, "ignore: [x]\nmodle: 1\n")
    other = tmp_path / "other"
    other.mkdir()
    (other / ".ask-lsp.yaml").write_text("ignore: [z]\nmodle: 1\n")

    assert (await project.narrowed()).ignore == ("x",)
    assert (await project.keeper.current(other)).ignore == ("z",)
    assert (await project.settings()).ignore == ()
    assert [problem.partition(":")[0] for problem in project.keeper.take_problems()] == [
        "project/.ask-lsp.yaml",
        "other/.ask-lsp.yaml",
    ]


async def test_a_problem_is_told_once_until_it_was_right_in_between(tmp_path: Path) -> None:
    project = Project(tmp_path, "modle: 1\n")
    await project.narrowed()
    assert len(project.problems) == 1

    project.write(f"{USER}# saved\n")
    project.save("modle: 1\n# saved\n")
    await project.narrowed()
    assert project.problems == []

    project.save("")
    await project.narrowed()
    project.save("modle: 1\n")
    await project.narrowed()
    assert len(project.problems) == 1


async def test_many_workspaces_cost_no_more_than_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ask_lsp.config.keeper.MOST_WORKSPACES", 2)
    project = Project(tmp_path)
    roots = [tmp_path / f"root{number}" for number in range(4)]
    for root in roots:
        root.mkdir()
        (root / ".ask-lsp.yaml").write_text("ignore: [x]\n")
        assert (await project.keeper.current(root)).ignore == ("x",)

    assert [project.keeper.loaded(root) is not None for root in roots] == [False, False, True, True]


async def test_an_ask_reads_no_file_that_has_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at, and that is all."""
    project = Project(tmp_path, ADDS)
    settings = await project.narrowed()
    opened: list[object] = []
    real = Path.open

    def watched(path: Path, *arguments: object, **named: object) -> object:
        opened.append(path)
        return real(path, *arguments, **named)  # type: ignore[arg-type,call-overload]

    monkeypatch.setattr(Path, "open", watched)

    assert await project.narrowed() is settings
    assert opened == []
