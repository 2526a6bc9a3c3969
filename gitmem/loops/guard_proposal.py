"""The guard to propose against a snag: the command, its subcommand or the path that its text names (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.grounding.lexicon import words
from gitmem.memory.guard import HEARD, SHELL, WRITERS, Guard, objection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag

_TASKS = """
    all bench build check ci clean coverage db deploy dev dist docs e2e fmt format generate install lint
    migrate package publish release run seed serve setup start stop test tests typecheck watch
"""
_PACKAGES = (
    "add audit ci install link list login outdated publish remove run test uninstall update upgrade"
)
_KNOWN = {
    "ansible": "",
    "apt": "autoremove install list purge remove search update upgrade",
    "apt-get": "autoremove clean dist-upgrade install purge remove update upgrade",
    "brew": "cleanup doctor install link list reinstall services uninstall unlink update upgrade",
    "bundle": "add audit config exec install lock outdated update",
    "cargo": """add bench build check clean clippy doc fetch fix fmt init install login metadata new nextest
        package publish remove run search test tree update vendor yank""",
    "cmake": "",
    "composer": "dump-autoload install outdated remove require update validate",
    "conda": "activate clean config create deactivate env install list remove update",
    "curl": "",
    "docker": """attach build buildx commit compose container cp create exec export image images info inspect
        kill load login logs network ps pull push restart rm rmi run save start stats stop swarm system tag
        volume""",
    "docker-compose": "build config down exec kill logs ps pull push restart rm run start stop up",
    "dotnet": "add build clean format new nuget pack publish restore run test tool watch",
    "gem": "build install list push uninstall update",
    "gh": "api auth browse cache gist issue label pr release repo run secret variable workflow",
    "git": """add am apply archive bisect blame branch bundle checkout cherry-pick clean clone commit config
        describe diff difftool fetch filter-branch filter-repo format-patch fsck gc grep init lfs log
        ls-files ls-remote ls-tree merge mergetool mv notes prune pull push range-diff rebase reflog remote
        repack replace rerere reset restore revert rev-list rev-parse rm shortlog show sparse-checkout stash
        status submodule subtree switch tag update-index update-ref worktree""",
    "go": "build env fmt generate install mod run test vet",  # go get, fix, work and list are English too
    "gradle": "assemble bootRun build check clean dependencies publish run tasks test wrapper",
    "helm": "dependency install lint list package pull push repo rollback template uninstall upgrade",
    "java": "",
    "just": "",  # just run, just test: English as well
    "kubectl": """annotate apply attach autoscale cordon cp create delete describe diff drain edit exec expose
        get label logs patch port-forward proxy replace rollout run scale set taint top uncordon wait""",
    "make": _TASKS,
    "mvn": "clean compile deploy install package site test validate verify",
    "mypy": "",
    "ninja": "all clean install test",
    "node": "",
    "npm": _PACKAGES + " build cache config dedupe exec init pack prune rebuild start stop version",
    "npx": "",
    "pip": "cache check config download freeze hash index install list show uninstall wheel",
    "pipenv": "install lock run shell sync uninstall update",
    "pnpm": _PACKAGES
    + " build dedupe dev dlx exec fetch import lint pack patch prune rebuild start store",
    "poetry": "add build cache check config env export init install lock publish remove run shell show sync update version",
    "psql": "",
    "pytest": "",
    "python": "",
    "rails": "console db destroy generate new routes runner server test",
    "rake": _TASKS,
    "rsync": "",
    "ruff": "analyze check clean config format linter rule server",
    "ruby": "",
    "rustc": "",
    "scp": "",
    "ssh": "",
    "tar": "",
    "terraform": """apply console destroy fmt force-unlock get graph import init login output plan providers
        refresh show state taint test untaint validate workspace""",
    "tox": "config devenv exec list run run-parallel",
    "uv": "add build cache export init lock pip publish python remove run self sync tool tree venv version",
    "vagrant": "box destroy halt init package plugin port provision reload resume ssh status suspend up",
    "wget": "",
    "yarn": _PACKAGES
    + " build cache config dedupe dev dlx exec init lint pack start version why workspace workspaces",
}
#: Program to its subcommands. A program without any is matched by its options alone.
SUBCOMMANDS = {program: words(known) for program, known in _KNOWN.items()}

_CODE = re.compile(r"`([^`]{3,120})`")
# A path may be run, and it may be edited.
_PATH = re.compile(r"(?:[\w.@-]+/)+[\w.@*-]*|[\w.@-]*\w\.[A-Za-z]\w{0,5}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*|--?[A-Za-z][A-Za-z0-9-]*")
_NAMED = re.compile(
    r"(?<![\w./-])(?:[\w.-]+/)*[\w-]+\.(?:bash|js|mjs|php|pl|ps1|py|rb|sh|ts)(?![\w/-])"
)
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9-]*")
# How a command begins, also after `VARIABLE=value`; and words of a program's code, which are not commands.
_COMMAND = re.compile(r"(?:[A-Z_][A-Z0-9_]*=\S* +)*(?:\.{0,2}/)?[a-z0-9_.][\w./@+-]*(?: |$)")
_CODED = re.compile(r"\w\(|^\.?[a-z_]\w*_\w*$|[:;]$|^[\d.,:%]+$")
_NOT_RUN = words("nil none null true false undefined self this")


def propose_guard(flags: Sequence[Flag]) -> tuple[tuple[str, ...], str] | None:
    """Return tools and pattern of a guard against these snags; None when they name nothing to match.

    The search goes through backticks first (a path is meant for every tool), then the paths that the
    snags are about, then the sentence: a script, or a program with one of its known subcommands or an
    option. The newest snag that names something counts. Text that no call can contain (an error's
    name, a function, a value) gives no guard, because a guard that cannot fire fixes nothing.
    """
    for flag in reversed(flags):
        for span in _CODE.findall(flag.text):
            tools = HEARD if _PATH.fullmatch(span) else SHELL
            if _sound(tools, span) and (tools == HEARD or _is_run(span)):
                return tools, span
    for flag in reversed(flags):
        for path in flag.paths:
            pattern = path.replace("**/", "*").replace("**", "*") if "*" in path else path
            if _sound(WRITERS, pattern):
                return WRITERS, pattern
    for flag in reversed(flags):
        span = _spoken(flag.text)
        if span and _sound(SHELL, span):
            return SHELL, span
    return None


def _is_run(span: str) -> bool:
    """Whether text in backticks may be part of a command, and not an error, a function or a value."""
    if _OPTION.match(span):
        return True
    coded = _CODED.search(span) or span.lower() in _NOT_RUN
    return bool(_COMMAND.match(span)) and not coded


def _spoken(text: str) -> str:
    """Return the program with subcommand and options, or the script, that a sentence names; else empty.

    With options it is a glob, because other words may stand between them in a command.
    """
    spoken = text.split()
    for at, word in enumerate(spoken):
        named, options = (
            _command(word, spoken[at + 1 : at + 4]) if word in SUBCOMMANDS else ("", [])
        )
        if options:
            return "*" + "*".join([f"{word} {named}".strip(), *options]) + "*"
        if named:
            return f"{word} {named}"
    script = _NAMED.search(text)
    return script.group() if script else ""


def _command(program: str, following: Sequence[str]) -> tuple[str, list[str]]:
    """Return the subcommand and the options that follow a program's name in a sentence."""
    named, options = "", []
    for word in following:
        bare = word.rstrip(".,;:")
        if _OPTION.fullmatch(bare):
            options.append(bare)
        elif named or options or bare not in SUBCOMMANDS[program]:
            break
        else:
            named = bare
        if bare != word:
            break
    return named, options


def _sound(tools: tuple[str, ...], pattern: str) -> bool:
    return not objection(Guard(tools, pattern, "x")) and bool(_WORD.match(pattern.lstrip("*/.")))
