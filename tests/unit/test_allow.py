"""What must hold of the verdict about a file: what is never sent, what git leaves out, and where a path may go."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import threading
from pathlib import Path

import pytest

from ask_lsp.core.privacy import ALLOWED, Route, Verdict
from ask_lsp.privacy.allow import FileRules
from ask_lsp.privacy.deny_list import DENY_LIST
from ask_lsp.privacy.patterns import parse

NEVER = """
.env .env.local .env.production .ENV prod.env .envrc .env.production.local .env_backup .dev.vars
server.pem server.key Server.KEY cert.crt client.p12 client.pfx trust.jks app.keystore putty.ppk AuthKey_AB12.p8
id_rsa id_ed25519 id_ecdsa_sk id_work id_rsa.bak id_rsa-old id_rsa_work .ssh/work .ssh/deploy_key my-secret-key.asc
.gnupg/trustdb.gpg passwords.kdbx .password-store/mail.gpg login.keychain-db
.netrc _netrc .npmrc .pypirc .git-credentials .config/git/credentials .pgpass .my.cnf .htpasswd .config/gh/hosts.yml
.aws/credentials .aws/config .azure/accessTokens.json .config/gcloud/credentials.db
.config/gcloud/legacy_credentials/a/adc.json application_default_credentials.json service-account.json
service-account-prod.json service_account.json
.docker/config.json .kube/config kubeconfig kubeconfig.yaml dev.kubeconfig
terraform.tfstate terraform.tfstate.backup prod.tfvars prod.auto.tfvars prod.tfvars.json .terraformrc .vault-token
secrets.yml secrets.yaml prod-secrets.yaml secrets.json credentials.json credentials config/master.key
config/credentials.yml.enc config/credentials/production.key .cargo/credentials.toml .m2/settings.xml
.bash_history wg0.conf
.env~ .env.swp ..env.swp .envfoo .envrc.local .env.prod.example.bak .env.example~ .envs/.production/.django
.netrc.old .npmrc.bak .pypirc.orig server.key~ server.key.~2~ .server.key.swp .id_rsa.swo server.pem.bak.old
secrets.yml.bak .ssh/work~ .git/config .git/modules/inner/config .git/worktrees/one/config.bak
""".split()  # noqa: SIM905
SENT = """
.env.example .env.sample .env.template .env.dist .env.local.example .env.example.local example.env env.py
.env/bin/tool.py id_rsa.pub id_ed25519.pub
.ssh/id_rsa.pub .ssh/config id_generator.py id_map.go identity.ts keyboard.py key.py monkey
environment.py secret.py core/secret.py secrets.py secrets.go secret/main.py auth.json tokens.json credentials.py
settings.xml config.json docker/config.json kube/config.go main.tf variables.tf example.tfvars README.asc signature.asc
package.json Cargo.toml pyproject.toml certs.py keys/loader.rs secrets.example.yaml.md npmrc .gitignore history.py
main.py~ main.py.bak main.py.orig .main.py.swp key.py.old config.old git/config .env.d.ts .envrc.example environment.old
.github/config envs/production.py .env-sample .env_template
""".split()  # noqa: SIM905


@pytest.fixture
def home(tmp_path: Path) -> Path:  # type: ignore[override]
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def rules(home: Path) -> FileRules:
    return FileRules(home)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A workspace that is a git work tree."""
    folder = tmp_path / "work"
    git(folder.parent, "init", "-q", str(folder))
    return folder


def git(folder: Path, *arguments: str, home: Path | None = None, text: str = "") -> str:
    kept = {"PATH": os.environ["PATH"], "HOME": str(home or folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=kept, input=text.encode(), capture_output=True, timeout=60
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.decode()


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


async def test_what_is_in_no_file_may_be_sent(rules: FileRules, top: Path) -> None:
    assert await rules.verdict(None, [top]) == ALLOWED
    assert rules.route(None, [top], [Route(("*",), "local")]) is None


@pytest.mark.parametrize("name", NEVER)
async def test_names_on_the_list_are_never_sent(name: str, rules: FileRules, top: Path) -> None:
    """In a workspace, outside any, and with upper and lower case exchanged."""
    assert (await rules.verdict(top / name, [top])).kind == "denied"
    assert (await rules.verdict(Path("/nowhere") / name.swapcase(), [top])).kind == "denied"


@pytest.mark.parametrize("name", SENT)
async def test_ordinary_names_may_be_sent(name: str, rules: FileRules, top: Path) -> None:
    assert await rules.verdict(top / name, [top]) == ALLOWED


def test_every_line_of_the_list_is_a_pattern() -> None:
    lines = [line for line in DENY_LIST.splitlines() if line and not line.startswith("#")]

    assert len(parse(DENY_LIST).patterns) == len(lines) == len(set(lines)) > 150


async def test_reasons_are_words_for_people(rules: FileRules, top: Path) -> None:
    write(top / ".gitignore", "# build\n\n*.log\n")
    write(top / "web" / ".askignore", "private/\n")

    async def reason(name: str, deny: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Verdict:
        return await rules.verdict(top / name, [top], deny, ignore)

    assert await reason(".env") == Verdict("denied", "`.env` is on the list of files that are never sent")
    assert (
        await reason(".aws/config")
    ).reason == "`config` is on the list of files that are never sent (`.aws/config`)"
    assert await reason("a.log") == Verdict("ignored", "`.gitignore` (line 3: `*.log`) leaves it out")
    assert await reason("web/private/x") == Verdict("denied", "`web/.askignore` (line 1: `private/`) leaves it out")
    assert await reason("x", deny=("x",)) == Verdict("denied", "your settings (deny: `x`) leave it out")
    assert await reason("x", ignore=("x",)) == Verdict("denied", "`.ask-lsp.yaml` (ignore: `x`) leaves it out")


@pytest.mark.parametrize(
    ("pattern", "matches", "kept"),
    [
        ("*.sql", "a/dump.sql", "a/dump.py"),
        ("*.SQL", "a/dump.sql", "a/dump.py"),
        ("customers/", "src/customers/list.py", "src/customers.py"),
        ("src/billing/", "src/billing/a.py", "lib/src/billing/a.py"),
        ("/top.py", "top.py", "a/top.py"),
    ],
)
async def test_the_users_patterns_are_relative_to_the_workspace(
    pattern: str, matches: str, kept: str, rules: FileRules, top: Path
) -> None:
    assert (await rules.verdict(top / matches, [top], deny=[pattern])).kind == "denied"
    assert (await rules.verdict(top / matches, [top], ignore=[pattern])).kind == "denied"
    assert await rules.verdict(top / kept, [top], [pattern], [pattern]) == ALLOWED


async def test_a_copy_is_denied_like_what_it_is_a_copy_of(rules: FileRules, top: Path) -> None:
    for name in ("payroll.csv~", "payroll.csv.bak", ".payroll.csv.swp"):
        assert (await rules.verdict(top / name, [top], ["/payroll.csv"])).kind == "denied"
    assert await rules.verdict(top / "payroll.csv.py", [top], ["/payroll.csv"]) == ALLOWED


async def test_the_users_patterns_may_name_a_place(rules: FileRules, home: Path, tmp_path: Path, top: Path) -> None:
    (tmp_path / "ho*me").mkdir()

    assert (await rules.verdict(home / "work" / "a.py", [], deny=["~/work/"])).kind == "denied"
    assert (await rules.verdict(tmp_path / "x" / "a.py", [top], deny=[f"{tmp_path}/x/"])).kind == "denied"
    assert (await rules.verdict(tmp_path / "y" / "a.py", [top], deny=[f"{tmp_path}/x/"])) == ALLOWED
    starred = FileRules(tmp_path / "ho*me")
    assert (await starred.verdict(tmp_path / "ho*me" / "a.py", [], deny=["~/a.py"])).kind == "denied"
    assert await starred.verdict(tmp_path / "home" / "a.py", [], deny=["~/a.py"]) == ALLOWED


async def test_no_pattern_of_the_user_or_the_project_takes_a_name_off_the_list(rules: FileRules, top: Path) -> None:
    write(top / ".gitignore", "!.env\n")
    write(top / ".askignore", "!.env\n")

    assert (await rules.verdict(top / ".env", [top], deny=["!.env"], ignore=["!.env"])).kind == "denied"


async def test_random_trees_are_left_out_as_git_leaves_them_out(rules: FileRules, home: Path, tmp_path: Path) -> None:
    """.gitignore in any folder, info/exclude and the user's file together: 60 trees, each asked about every file."""
    chance = random.Random(4)
    names = ["a", "b", "c", "a.log", "b.txt"]
    lines = [
        "a",
        "/a",
        "a/",
        "!a",
        "*.log",
        "!a.log",
        "b/",
        "!b/",
        "/b/c",
        "**/c",
        "a/**",
        "!c",
        "*",
        "!*/",
        "*.txt",
        "b*",
    ]
    ignored = 0

    def some(count: int) -> str:
        return "\n".join(chance.choices(lines, k=chance.randint(0, count))) + "\n"

    for number in range(60):
        top = tmp_path / f"tree{number}"
        git(tmp_path, "init", "-q", str(top))
        paths = sorted(
            {
                "/".join([*chance.choices(["a", "b", "c"], k=depth), chance.choice(names)])
                for depth in (0, 1, 2, 3)
                for _ in range(8)
            }
        )
        files = []
        for path in paths:
            try:
                files.append(write(top / path))
            except (IsADirectoryError, NotADirectoryError, FileExistsError):
                continue
        for folder in {file.parent for file in files}:
            if chance.random() < 0.5:
                write(folder / ".gitignore", some(4))
        write(top / ".git" / "info" / "exclude", some(2))
        write(home / ".config" / "git" / "ignore", some(1))
        shown = [file.relative_to(top).as_posix() for file in files]
        expected = set(
            git(top, "check-ignore", "--no-index", "-z", "--stdin", home=home, text="\0".join(shown)).split("\0")
        )
        for file, name in zip(files, shown, strict=True):
            verdict = await rules.verdict(file, [top])
            assert (verdict.kind == "ignored") == (name in expected), (number, name, verdict)
            ignored += not verdict.allowed

    assert ignored > 100


async def test_without_a_repository_the_workspace_is_the_top(rules: FileRules, tmp_path: Path) -> None:
    top = tmp_path / "plain"
    write(tmp_path / ".gitignore", "*.py\n")
    write(top / "a" / ".gitignore", "*.log\n")

    assert (await rules.verdict(top / "a" / "x.log", [top])).kind == "ignored"
    assert await rules.verdict(top / "a" / "x.py", [top]) == ALLOWED
    assert await rules.verdict(top / "a" / "x.log", []) == ALLOWED


async def test_the_repository_above_the_workspace_counts(rules: FileRules, top: Path) -> None:
    write(top / ".gitignore", "*.log\n")
    write(top / ".askignore", "*.txt\n")

    assert (await rules.verdict(top / "a" / "b" / "x.log", [top / "a"])).kind == "ignored"
    assert (await rules.verdict(top / "a" / "b" / "x.txt", [top / "a"])).kind == "denied"


async def test_an_inner_askignore_can_take_back_what_an_outer_one_leaves_out(rules: FileRules, top: Path) -> None:
    write(top / ".askignore", "*.txt\n")
    write(top / "open" / ".askignore", "!notes.txt\n")

    assert (await rules.verdict(top / "notes.txt", [top])).kind == "denied"
    assert await rules.verdict(top / "open" / "notes.txt", [top]) == ALLOWED


async def test_a_repository_inside_another_has_its_own_gitignore_and_the_workspaces_askignore(
    rules: FileRules, top: Path
) -> None:
    write(top / ".gitignore", "inner/\n*.log\n")
    write(top / ".askignore", "*.txt\n")
    git(top, "init", "-q", "inner")
    write(top / "inner" / ".gitignore", "*.tmp\n")

    assert await rules.verdict(top / "inner" / "x.log", [top]) == ALLOWED
    assert (await rules.verdict(top / "inner" / "x.tmp", [top])).kind == "ignored"
    assert (await rules.verdict(top / "inner" / "x.txt", [top])).kind == "denied"


async def test_worktrees_and_submodules_have_the_exclude_file_that_git_reads(
    rules: FileRules, top: Path, tmp_path: Path
) -> None:
    git(top, "commit", "-q", "--allow-empty", "-m", "first")
    write(top / ".git" / "info" / "exclude", "*.shared\n")
    git(top, "worktree", "add", "-q", str(tmp_path / "tree"))
    git(tmp_path, "init", "-q", "super")
    git(tmp_path / "super", "submodule", "--quiet", "add", str(top), "sub")
    write(tmp_path / "super" / ".git" / "modules" / "sub" / "info" / "exclude", "*.sub\n")

    for folder, name in ((tmp_path / "tree", "x.shared"), (tmp_path / "super" / "sub", "x.sub")):
        assert (folder / ".git").is_file()
        assert git(folder, "check-ignore", "--no-index", name).strip() == name
        assert (await rules.verdict(folder / name, [folder])).kind == "ignored"
        assert await rules.verdict(folder / "x.py", [folder]) == ALLOWED


@pytest.mark.parametrize("where", [".gitconfig", ".config/git/config"])
async def test_the_users_own_excludes_file_counts(where: str, rules: FileRules, home: Path, top: Path) -> None:
    write(home / where, '[user]\n\tname = a\n[core]\n\teditor = vi ; the best\n\texcludesFile = "~/mine" # all\n')
    write(home / "mine", "*.bak\n")
    write(home / ".config" / "git" / "ignore", "*.py\n")

    assert (await rules.verdict(top / "x.bak", [top])) == Verdict("ignored", "`~/mine` (line 1: `*.bak`) leaves it out")
    assert await rules.verdict(top / "x.py", [top]) == ALLOWED
    assert "x.bak" in git(top, "check-ignore", "--no-index", "x.bak", "x.py", home=home)


async def test_upper_and_lower_case_are_alike_where_git_says_so(rules: FileRules, top: Path) -> None:
    write(top / ".gitignore", "*.LOG\n")
    assert await rules.verdict(top / "x.log", [top]) == ALLOWED

    git(top, "config", "core.ignoreCase", "true")

    assert (await rules.verdict(top / "x.log", [top])).kind == "ignored"


async def test_a_changed_ignore_file_counts_at_once(rules: FileRules, top: Path) -> None:
    """Also one of the same size and time: its inode or its status change tells."""
    file = write(top / ".gitignore", "a.py\n")
    assert (await rules.verdict(top / "a.py", [top])).kind == "ignored"
    status = file.stat()

    other = write(top / "other", "b.py\n")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)

    assert await rules.verdict(top / "a.py", [top]) == ALLOWED
    assert (await rules.verdict(top / "b.py", [top])).kind == "ignored"
    status = file.stat()
    file.write_text("c.py\n", encoding="utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (await rules.verdict(top / "c.py", [top])).kind == "ignored"
    file.unlink()
    assert await rules.verdict(top / "b.py", [top]) == ALLOWED


@pytest.mark.parametrize("name", [".gitignore", ".askignore", "a/.gitignore"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"caf\xe9\n"), "is not UTF-8"),
        (lambda path: path.write_text("*.a\n" * 100_000), "is larger than 256 KB"),
        (lambda path: os.mkfifo(path), "is no ordinary file"),
        (lambda path: path.symlink_to(path.name), "cannot be read"),
    ],
)
async def test_what_cannot_be_read_is_a_reason_not_to_send(
    make: object, said: str, name: str, rules: FileRules, top: Path
) -> None:
    (top / "a").mkdir()
    assert callable(make)
    make(top / name)

    verdict = await rules.verdict(top / "a" / "x.py", [top])

    assert verdict == Verdict("ignored", f"`{name}` {said}, and may leave it out")


async def test_an_unreadable_file_is_a_reason_not_to_send(
    rules: FileRules, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root reads everything, so the system's refusal is played."""
    write(top / ".gitignore", "*.log\n")

    opened = Path.open

    def refuse(self: Path, mode: str = "r") -> object:
        if self.name == ".gitignore":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, mode)

    monkeypatch.setattr(Path, "open", refuse)

    verdict = await rules.verdict(top / "x.py", [top])

    assert verdict == Verdict("ignored", "`.gitignore` cannot be read, and may leave it out")


async def test_a_folder_that_is_called_gitignore_says_nothing(rules: FileRules, top: Path) -> None:
    (top / ".gitignore").mkdir()

    assert await rules.verdict(top / "x.py", [top]) == ALLOWED


async def test_a_link_is_judged_by_both_its_names(rules: FileRules, top: Path, tmp_path: Path) -> None:
    write(top / ".gitignore", "build/\n*.gen\n")
    write(top / ".env", "KEY=1")
    write(top / "build" / "out.py")
    write(top / "a.py")
    (top / "harmless.txt").symlink_to(".env")
    (top / "linked").symlink_to("build")
    (top / "b.gen").symlink_to("a.py")
    (top / "server.key").symlink_to("a.py")
    (tmp_path / "elsewhere").symlink_to(top)

    assert (await rules.verdict(top / "harmless.txt", [top])).kind == "denied"
    assert (await rules.verdict(top / "linked" / "out.py", [top])).kind == "ignored"
    assert (await rules.verdict(top / "b.gen", [top])).kind == "ignored"
    assert (await rules.verdict(top / "server.key", [top])).kind == "denied"
    assert (
        await rules.verdict(tmp_path / "elsewhere" / "build" / "out.py", [tmp_path / "elsewhere"])
    ).kind == "ignored"
    assert await rules.verdict(tmp_path / "elsewhere" / "a.py", [tmp_path / "elsewhere"]) == ALLOWED
    assert rules.route(top / "harmless.txt", [top], [Route((".env",), "local")]) == {"local"}


async def test_a_link_is_judged_by_every_name_on_the_way(rules: FileRules, top: Path) -> None:
    write(top / "data.txt")
    write(top / "plain" / "a.py")
    (top / ".env").symlink_to("data.txt")
    (top / "foo.py").symlink_to(".env")
    (top / "far.py").symlink_to(top / "foo.py")
    (top / "private").symlink_to("plain")
    (top / "open").symlink_to("private")
    (top / "one.py").symlink_to("two.py")
    (top / "two.py").symlink_to("plain/../plain/a.py")

    for name in ("foo.py", "far.py", "plain/../foo.py"):
        assert (await rules.verdict(top / name, [top])).kind == "denied"
    assert (await rules.verdict(top / "open" / "a.py", [top], ["private/"])).kind == "denied"
    assert await rules.verdict(top / "one.py", [top], ["private/"]) == ALLOWED
    assert rules.route(top / "far.py", [top], [Route((".env",), "local")]) == {"local"}


async def test_a_path_with_dots_is_judged_by_where_it_leads(rules: FileRules, top: Path) -> None:
    write(top / ".gitignore", "build/\n")

    assert (await rules.verdict(top / "src" / ".." / "build" / "x", [top])).kind == "ignored"
    assert await rules.verdict(top / "build" / ".." / "src" / "x", [top]) == ALLOWED


async def test_a_link_in_a_circle_is_no_crash(rules: FileRules, top: Path) -> None:
    (top / "a").symlink_to("b")
    (top / "b").symlink_to("a")

    assert (await rules.verdict(top / "a" / "x.py", [top])).kind in ("allowed", "ignored")
    assert not (await rules.verdict(Path("bad\0name"), [top])).allowed


async def test_files_are_read_off_the_loop(rules: FileRules, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()
    repository = rules._files.repository

    def noting(path: Path) -> object:
        threads.add(threading.get_ident())
        return repository(path)

    monkeypatch.setattr(rules._files, "repository", noting)
    await asyncio.gather(*(rules.verdict(top / f"{number}.py", [top]) for number in range(8)))

    assert threads
    assert threading.get_ident() not in threads


def test_the_files_that_change_a_verdict_are_known(rules: FileRules, top: Path) -> None:
    for name in (".gitignore", "a/.askignore", ".ask-lsp.yaml", ".git/info/exclude", ".git/config"):
        assert rules.is_ignore_file(top / name)
    assert not rules.is_ignore_file(top / "exclude")
    assert not rules.is_ignore_file(top / "gitignore.py")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("src/a.py", None),
        ("payroll/a.py", {"local"}),
        ("payroll/open/a.py", {"local"}),
        ("src/a.sql", {"office"}),
        ("payroll/a.sql", frozenset()),
        ("PAYROLL/a.py", {"local"}),
        ("src/keep.sql", None),
        ("based/x.c", {"local"}),
        ("other/based/x.c", None),
    ],
)
def test_a_path_goes_where_every_route_for_it_allows(
    name: str, expected: set[str] | None, rules: FileRules, top: Path
) -> None:
    routes = [
        Route(("payroll/", "/hr.py"), "local"),
        Route(("payroll/",), "local"),
        Route(("*.sql", "!keep.sql"), "office"),
        Route(("/*.c",), "local", base=str(top / "based")),
    ]

    assert rules.route(top / name, [top], routes) == expected


def test_routes_hold_outside_a_workspace_too(rules: FileRules, home: Path) -> None:
    assert rules.route(home / "clients" / "a.py", [], [Route(("~/clients/",), "local")]) == {"local"}
    assert rules.route(home / "a.sql", [], [Route(("*.sql",), "local")]) == {"local"}
    assert rules.route(home / "a.py", [], [Route(("~/clients/",), "local")]) is None
