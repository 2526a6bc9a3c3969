"""The subcommands of programs that people warn about, as words (pure).

They are from each program's own list of commands, without those that read as an English phrase. For
programs that take any word (a target of ``make``, a script of ``npm run``) they are the words that most
projects have; other words count when they are in backticks.
"""

from __future__ import annotations

from gitmem.grounding.lexicon import words

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
